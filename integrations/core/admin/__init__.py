from integrations.core.admin import preferences, tokens  # noqa: F401 – these register their pages
from integrations.core.admin.log import accounts, main  # noqa: F401
