"""The admin's first page: what runs, what needs somebody, and who was told."""
