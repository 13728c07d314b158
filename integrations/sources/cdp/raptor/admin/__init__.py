from integrations.sources.cdp.raptor.admin import access, calls, notices, settings  # noqa: F401 – these register their pages
