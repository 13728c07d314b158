"""CSV import of customers and movements: look at what would happen, then let it happen."""
