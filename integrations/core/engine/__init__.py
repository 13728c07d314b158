"""One durable path for everything: capture → queue → drain → settle. The events table is the queue."""
