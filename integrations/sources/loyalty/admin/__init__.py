from integrations.sources.loyalty.admin import access, customers, ellity, pin_mails, settings  # noqa: F401 – these register their pages
