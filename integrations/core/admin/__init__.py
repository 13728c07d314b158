from integrations.core.admin import log, log_accounts  # noqa: F401 – registers the log's pages
