"""The pages of CSV imports."""
