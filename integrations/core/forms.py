"""Form parts shared by all settings pages."""

from __future__ import annotations

from typing import Any

from django.forms import PasswordInput
from django.utils.translation import gettext_lazy as _


class SecretInput(PasswordInput):
    """Write-only: what is saved is never rendered; leaving it blank keeps it (see SettingsForm)."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"autocomplete": "off", "spellcheck": "false", **(attrs or {})}, render_value=False)


SAVED = _("Saved – leave blank to keep.")
