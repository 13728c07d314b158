from integrations.sources.cdp.admin import access  # noqa: F401 – it registers its pages
