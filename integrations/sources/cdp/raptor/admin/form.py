"""The form of Raptor's settings. Secrets are fields beside the model's: a saved one is never read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from integrations.core.errors import ConfigurationError
from integrations.core.fields import stamp
from integrations.core.forms import ADDRESS_CHANGED, SecretInput, secret_hint, secret_is_set
from integrations.core.http.netguard import check_address
from integrations.sources.cdp.raptor import standing
from integrations.sources.cdp.raptor.models import SECRETS, RaptorSettings

FIELDS = ("pull", "base_url", "header_name", "activation_id", "identifier")
# Sequence numbers are the account's, and what is read is the activation's.
OTHER_DATA = {"base_url", "activation_id", "identifier"}
NEEDED = ("activation_id", "identifier")


class RaptorForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = RaptorSettings
        fields = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address_before = self.instance.base_url
        for name in SECRETS if "pull" in self.fields else ():
            self.fields[name] = self._secret_field(name)

    def _secret_field(self, name: str) -> forms.Field:
        column: Any = RaptorSettings._meta.get_field(name)
        made: forms.Field = column.formfield(widget=SecretInput)
        made.validators = [*made.validators, *column.validators]
        settings: Any = self.instance
        made.help_text = format_html("{} {}", column.help_text, secret_hint(settings, name))
        return made

    def clean_base_url(self) -> str:
        address: str = self.cleaned_data["base_url"].strip().rstrip("/")
        try:
            check_address(address)
        except ConfigurationError as error:
            raise forms.ValidationError(error.message) from None
        return address

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        settings: Any = self.instance
        has_key = secret_is_set(settings, "api_key")
        if "base_url" in cleaned and cleaned["base_url"] != self.address_before and has_key and not cleaned["api_key"]:
            self.add_error("api_key", ADDRESS_CHANGED)
        if cleaned.get("pull"):
            for name in NEEDED:
                if name in cleaned and not cleaned[name]:
                    self.add_error(name, _("Needed to read from Raptor."))
            if not cleaned.get("api_key") and not has_key and "api_key" not in self.errors:
                self.add_error("api_key", _("Needed to read from Raptor."))
        return cleaned

    def take_secrets(self, by: str) -> list[str]:
        """Put what was typed into the settings; the names of what changed."""
        typed = {name: value for name in SECRETS if (value := self.cleaned_data.get(name))}
        for name, value in typed.items():
            setattr(self.instance, name, value)
            self.instance.secrets_set = {**self.instance.secrets_set, name: stamp(by, timezone.now())}
        return list(typed)

    def go_on(self) -> None:
        """Once saved: a pull that stopped is tried again with what was entered."""
        standing.resume(from_the_start=bool(OTHER_DATA.intersection(self.changed_data)))
