"""View Logs: list, panel, Retry, sync jobs and webhook calls."""
