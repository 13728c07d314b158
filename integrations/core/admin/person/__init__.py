"""Find a person: the timeline over all connections, and Erase person."""
