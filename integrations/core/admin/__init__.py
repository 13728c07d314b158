from integrations.core.admin.log import accounts, main  # noqa: F401 – they register the log's pages
