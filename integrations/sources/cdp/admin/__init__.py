from integrations.sources.cdp.admin import access, attributes, audiences, person_list, vocabulary  # noqa: F401 – these register their pages
