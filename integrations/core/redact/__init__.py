"""What may be shown: secrets masked by value and by name, personal data masked, vendor text made inert."""

from integrations.core.redact.mask import MASK, mask_values
from integrations.core.redact.personal import mask_payload, mask_personal, pseudonym
from integrations.core.redact.redactor import BODY_LIMIT, Redactor, redact
from integrations.core.redact.secret_names import is_secret_name
from integrations.core.redact.vendor_text import LONGEST_REASON, clean, safe_words, without_addresses

__all__ = [
    "BODY_LIMIT",
    "LONGEST_REASON",
    "MASK",
    "Redactor",
    "clean",
    "is_secret_name",
    "mask_payload",
    "mask_personal",
    "mask_values",
    "pseudonym",
    "redact",
    "safe_words",
    "without_addresses",
]
