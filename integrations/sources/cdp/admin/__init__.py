"""The pages of the customer data platform."""
