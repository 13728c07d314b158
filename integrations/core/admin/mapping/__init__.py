"""Edit Mapping."""
