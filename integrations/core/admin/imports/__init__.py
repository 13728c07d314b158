"""CSV import of a source's rows: look at what would happen, then let it happen."""
