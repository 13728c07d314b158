"""Form parts shared by all settings pages."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, ClassVar

from cryptography.fernet import InvalidToken
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import INPUT_CLASSES, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from integrations.core import meanwhile
from integrations.core.errors import ConfigurationError
from integrations.core.fields import secret_names
from integrations.core.http.netguard import check_address
from integrations.core.models import Connection
from integrations.core.models.access import AccessBy

SAVED = _("Saved – leave blank to keep.")
NOT_SAVED = _("Not set yet.")
ADDRESS_CHANGED = _(
    "The API address was changed: enter this again. Saved keys are never sent to an address they were not entered for."
)
NOT_LISTED = _("“%(value)s” is not one of the choices this account offers. Choose one from the list.")
OWN_ROLE = _("Choose at least one role that you have yourself, or you could not open this connection again. %(roles)s")

OWN_FIELD = _(
    "Your own value of “%(field)s” is not Yes: you could not open this connection again. Ask an administrator to set "
    "it for you first."
)
NOTIFY_WHOM = _("Enter whom to notify, or switch the notification off.")
NOTIFIED = _("The e-mail address of whoever is told when a job fails or the sync stops, once each time.")
NO_FIELD = _("Choose the field that decides. Administrators define such fields under Users and roles.")
NO_ROLE = _("You have no role, so you could not open this connection again. Ask an administrator to give you one.")


class SecretInput(forms.PasswordInput):
    """Write-only: what is saved is never rendered; leaving it blank keeps it (see SettingsForm)."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        look = {"class": " ".join(INPUT_CLASSES), "autocomplete": "new-password", "spellcheck": "false"}
        super().__init__({**look, **(attrs or {})}, render_value=False)


@dataclass(frozen=True)
class Live:
    """Choices read from the vendor's account, or why they can't be had (then the field takes typed text): a problem,
    or what is still to be entered for them (`first`)."""

    choices: list[tuple[str, str]] = field(default_factory=list)
    problem: str = ""
    first: str = ""


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]
    """One step of a connection's settings page.

    Secrets are fields beside the model's: the form never reads a saved one. `typed_secrets()` are those to save.
    """

    # The fields that make up an API address: changing it demands the secrets that go there again.
    address_fields: ClassVar[tuple[str, ...]] = ()
    # Set by the admin for one request.
    secrets: ClassVar[tuple[str, ...]] = ()
    live: ClassVar[dict[str, Live]] = {}
    user: ClassVar[Any] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.destinations_before = self.instance.destinations() if self.instance.pk else {}
        self.written_to_before = self.instance.written_to() if self.instance.pk else None
        for name in self.secrets:
            self.fields[name] = self._secret_field(name)
        if "notify_to" in self.fields and not self.fields["notify_to"].help_text:
            self.fields["notify_to"].help_text = NOTIFIED
        for name, live in self.live.items():
            if name in self.fields:
                self._offer(name, live)

    def typed_secrets(self) -> dict[str, str]:
        return {name: value for name in self.secrets if (value := self.cleaned_data.get(name))}

    # -- secrets and address ----------------------------------------------------------------------

    def _secret_field(self, name: str) -> forms.Field:
        column: Any = self.instance._meta.get_field(name)
        made: forms.Field = column.formfield(widget=SecretInput)
        made.help_text = format_html("{} {}", column.help_text, secret_hint(self.instance, name))
        return made

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.address_fields and not set(self.address_fields) & set(self.errors):
            self._check_addresses()

    def _check_addresses(self) -> None:
        destinations = self.instance.destinations()
        for address in sorted(set(destinations.values()) - {""}):
            if field := self._field_of(address):
                try:
                    check_address(address)
                except ConfigurationError as error:
                    self.add_error(field, error.message)
        if self.errors:
            return
        for name, address in destinations.items():
            moved = self.destinations_before.get(name, address) not in ("", address)
            if moved and name not in self.typed_secrets() and secret_is_set(self.instance, name):
                self.add_error(name if name in self.secrets else self._field_of(address), ADDRESS_CHANGED)

    def _field_of(self, address: str) -> str | None:
        """The field of this step in which an address was typed or chosen."""
        filled = [name for name in self.address_fields if self.cleaned_data.get(name)]
        return next(
            (name for name in filled if str(self.cleaned_data[name]) in address), filled[-1] if filled else None
        )

    # -- live choices -----------------------------------------------------------------------------

    def _offer(self, name: str, live: Live) -> None:
        """A list to choose from when the vendor answered, else a text field; the present value always stays."""
        present = str(self.initial.get(name) or "")
        if not live.choices:
            self.fields[name].widget = UnfoldAdminTextInputWidget()
            return
        choices = list(live.choices)
        if present and present not in dict(choices):
            choices.insert(0, (present, _now("%(value)s (not found in the account)") % {"value": present}))
        if not self.fields[name].required:
            choices.insert(0, ("", "–"))
        self.fields[name].widget = UnfoldAdminSelectWidget(choices=choices)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if "access_by" in self.fields and not self.errors:
            self._check_access(cleaned)
        elif not self.instance.pk and not self._is_free and not self.user.groups.exists():
            self.add_error(None, NO_ROLE)
        if cleaned.get("notify") and not cleaned.get("notify_to", True):
            self.add_error("notify_to", NOTIFY_WHOM)
        for name, live in self.live.items():
            value = cleaned.get(name)
            if live.choices and value and value != self.initial.get(name) and value not in dict(live.choices):
                self.add_error(name, ValidationError(NOT_LISTED, params={"value": value}))
        if self.instance.pk and (seen := meanwhile.seen_snapshot(self.instance, self.data)):
            meanwhile.merge(self, seen)
        return cleaned

    # -- settings every connection has ------------------------------------------------------------

    def clean_notify_to(self) -> str:
        address: str = self.cleaned_data["notify_to"]
        if address:
            validate_email(address)
        return address

    @property
    def _is_free(self) -> bool:
        """Whoever fills in this form has access anyway."""
        return self.user is None or self.user.is_superuser

    def _check_access(self, cleaned: dict[str, Any]) -> None:
        """Who saves this must not lock themselves out."""
        if cleaned["access_by"] == AccessBy.USER_FIELD:
            field = cleaned["access_field"]
            if field is None:
                self.add_error("access_field", NO_FIELD)
            elif not self._is_free and not field.values.filter(user=self.user.pk).exists():
                self.add_error("access_field", ValidationError(OWN_FIELD, params={"field": field}))
        elif not self._is_free:
            own = list(self.user.groups.all())
            if not set(own) & set(cleaned["access_roles"]):
                yours = ", ".join(str(role) for role in own)
                named = _now("Yours: %s.") % yours if own else _now("Ask an administrator.")
                self.add_error("access_roles", ValidationError(OWN_ROLE, params={"roles": named}))


def secret_is_set(connection: Connection, name: str) -> bool:
    """Whether a value is saved; one that can't be decrypted any more counts."""
    try:
        return bool(getattr(connection, name))
    except InvalidToken:
        return True


def missing_secrets(connection: Connection, among: Collection[str] | None = None) -> list[str]:
    """Labels of the secrets nobody has entered yet, of all or of these."""
    model = type(connection)
    return [
        str(model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
        for name in secret_names(model)
        if (among is None or name in among)
        and name not in connection.optional_secrets
        and not secret_is_set(connection, name)
    ]


def secret_hint(connection: Connection, name: str) -> str:
    """“Saved – leave blank to keep. Set on … by ….”"""
    if not connection.pk or not secret_is_set(connection, name):
        return str(NOT_SAVED)
    stamp = connection.secrets_set.get(name)
    if not stamp:
        return str(SAVED)
    at = timezone.localtime(datetime.datetime.fromisoformat(stamp["at"]))
    when = formats.date_format(at, "DATETIME_FORMAT")
    return f"{SAVED} {_now('Set on %(when)s by %(by)s.') % {'when': when, 'by': stamp['by']}}"
