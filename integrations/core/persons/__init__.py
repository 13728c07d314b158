"""One person over all connections: found by whatever names them, and erased."""
