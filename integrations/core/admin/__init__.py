from integrations.core.admin import tokens  # noqa: F401 – these register their pages
from integrations.core.admin.log import accounts, main  # noqa: F401
from integrations.core.admin.person import erasures  # noqa: F401
