from integrations.core.admin import marketplace, tokens, user_fields  # noqa: F401 – these register their pages
from integrations.core.admin.log import accounts, main  # noqa: F401
