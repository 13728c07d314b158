"""The rows of Subscription synchronisation as a form, checked against the userdb's subscription systems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from integrations.connectors.contactsend.models import SubscriptionRow
from integrations.connectors.contactsend.send_types import SendSubscription

MOST = 100
COLUMNS = SubscriptionRow.COLUMNS


def column(name: str, **options: Any) -> forms.CharField:
    found: Any = SubscriptionRow._meta.get_field(name)
    return forms.CharField(label=found.verbose_name, max_length=found.max_length, required=False, **options)


class SubscriptionRowForm(forms.Form):
    """One row. `systems` by registration field; without any they are typed."""

    hub_subscription_id = column("hub_subscription_id")
    registration_field = column("registration_field")
    webform_code = column("webform_code")

    def __init__(self, systems: Mapping[str, SendSubscription], number: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.systems = systems
        for name in COLUMNS:
            self.fields[name].widget = UnfoldAdminTextInputWidget({"autocomplete": "off", "spellcheck": "false"})
        if systems:
            self.fields["registration_field"].widget = UnfoldAdminSelectWidget(choices=self._choices())
        for name in COLUMNS:
            words = {"column": self.fields[name].label, "row": number}
            self.fields[name].widget.attrs["aria-label"] = _("%(column)s, row %(row)s") % words

    def _choices(self) -> list[tuple[str, str]]:
        known = [(field, f"{system.name} ({field})") for field, system in self.systems.items()]
        present = str(self["registration_field"].value() or "")
        if present and present not in self.systems:
            known.insert(0, (present, _("%(value)s (not found in the account)") % {"value": present}))
        return [("", "–"), *known]

    @property
    def filled(self) -> bool:
        return any(self.cleaned_data.get(name) for name in COLUMNS) and not self.cleaned_data.get("DELETE")

    def clean(self) -> dict[str, Any]:
        row = super().clean() or self.cleaned_data
        if not self.filled:
            return row
        if not row.get("hub_subscription_id"):
            self.add_error("hub_subscription_id", _("Enter the ID that the subscription has in Contacthub."))
        if not row.get("registration_field"):
            self.add_error("registration_field", _("Choose the subscription system of Contactsend."))
        elif self.systems and row["registration_field"] not in self.systems:
            self.add_error("registration_field", _("The userdb has no such subscription system. Choose another."))
        else:
            self._check_code(row)
        return row

    def _check_code(self, row: dict[str, Any]) -> None:
        """A code that wasn't typed is the system's own."""
        system = self.systems.get(row["registration_field"])
        row["webform_code"] = row.get("webform_code") or (system.webform_code if system else "")
        if not row["webform_code"]:
            self.add_error("webform_code", _("Enter the Webform Code of this subscription system."))
        elif system is not None and row["webform_code"] != system.webform_code:
            text = _("This is the code of another form: the Webform Code of %(name)s is %(code)s.")
            self.add_error("webform_code", text % {"name": system.name, "code": system.webform_code})


class SubscriptionRows(forms.BaseFormSet):  # type: ignore[type-arg]
    def __init__(self, *, systems: Mapping[str, SendSubscription], **kwargs: Any) -> None:
        self.systems = systems
        super().__init__(prefix="rows", **kwargs)

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "systems": self.systems, "number": (index or 0) + 1}

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["DELETE"].widget = UnfoldBooleanWidget()
        form.fields["DELETE"].widget.attrs["aria-label"] = _("Remove row %(row)s") % {"row": (index or 0) + 1}

    def kept(self) -> list[dict[str, str]]:
        return [{name: form.cleaned_data[name] for name in COLUMNS} for form in self.forms if form.filled]

    def clean(self) -> None:
        if any(form.errors for form in self.forms):
            return
        twice = {
            "hub_subscription_id": _("Another row has this subscription already."),
            "registration_field": _("Another row has this subscription system already."),
        }
        filled = [form for form in self.forms if form.filled]
        for name, sentence in twice.items():
            seen: set[str] = set()
            for form in filled:
                value = form.cleaned_data.get(name, "")
                if value in seen:
                    form.add_error(name, sentence)
                seen.add(value)


RowsForm: Any = forms.formset_factory(
    SubscriptionRowForm, formset=SubscriptionRows, extra=0, can_delete=True, max_num=MOST, absolute_max=MOST
)


def shown(rows: Iterable[SubscriptionRow]) -> list[dict[str, str]]:
    return [{name: getattr(row, name) for name in COLUMNS} for row in rows]


def typed(formset: Any) -> list[dict[str, Any]]:
    """What stands in a submitted form, for a button that doesn't save."""
    rows = [{name: form[name].value() for name in (*COLUMNS, "DELETE")} for form in formset.forms]
    return [row for row in rows if any(row[name] for name in COLUMNS)]


def by_field(systems: Sequence[SendSubscription] | None) -> dict[str, SendSubscription]:
    return {one.registration_field: one for one in systems or ()}
