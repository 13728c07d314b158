"""CSV import of a source's rows: a look at what a file would do, then the import, both by a worker."""
