from integrations.sources.cdp.admin import attributes, audiences  # noqa: F401 – these register their pages
