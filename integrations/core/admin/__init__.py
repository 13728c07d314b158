from integrations.core.admin import (  # noqa: F401 – these register their pages
    marketplace,
    preferences,
    tokens,
    user_fields,
)
from integrations.core.admin.log import accounts, main  # noqa: F401
from integrations.core.admin.person import erasures  # noqa: F401
