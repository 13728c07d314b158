"""Settings of a connection as a whole: an old version or a file of them, shown as a difference and applied."""
