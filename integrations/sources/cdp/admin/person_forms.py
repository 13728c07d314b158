"""The forms of a person's page. They check what was typed; the bulk verb decides, and its sentences land here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from integrations.core.batch import Refused, RowResult
from integrations.sources.cdp.identifiers import Types, look_up
from integrations.sources.cdp.kinds import typed
from integrations.sources.cdp.models import IdentifierType, Person, Property
from integrations.sources.cdp.models.people import LONGEST_VALUE, Kind
from integrations.sources.cdp.rows import PersonRow

YES_NO = [("", "–"), ("yes", _("Yes")), ("no", _("No"))]


class _Refusable(forms.Form):
    """A form whose row may still be refused when it is written."""

    def refuse(self, field: str, message: str) -> None:
        """Show why, at the field if this form has it."""
        name = field.rpartition(".")[2]
        self.add_error(name if name in self.fields else None, message)

    def refuse_row(self, result: RowResult) -> None:
        self.refuse(result.field, result.message)


class PropertiesForm(_Refusable):
    """One field a property. Only what was changed is written: what somebody else changed meanwhile stays."""

    def __init__(self, person: Person, data: Any = None) -> None:
        super().__init__(data, auto_id="property-%s")
        self.person = person
        self.kinds: dict[str, str] = {}
        for one in Property.objects.all():
            self.kinds[one.key] = one.kind
            self.fields[one.key] = _field(one, person.properties.get(one.key))

    def clean(self) -> dict[str, Any]:
        values = {}
        for name in self.changed_data:
            text = self.cleaned_data.get(name, "")
            try:
                values[name] = typed(text, self.kinds[name], name) if text else None
            except Refused as refused:
                self.refuse(refused.field, refused.message)
        self.values = values
        return self.cleaned_data

    def row(self) -> PersonRow:
        return PersonRow(id=self.person.pk, properties=self.values)


def _field(one: Property, value: Any) -> forms.Field:
    shown = "" if value is None else ("yes" if value else "no") if isinstance(value, bool) else str(value)
    common: dict[str, Any] = {"label": one.name, "required": False, "initial": shown, "show_hidden_initial": True}
    if one.kind == Kind.YES_NO:
        return forms.ChoiceField(choices=YES_NO, widget=UnfoldAdminSelectWidget, **common)
    widget = UnfoldAdminTextInputWidget()
    if one.kind == Kind.DATE:
        widget.input_type = "date"
    return forms.CharField(widget=widget, **common)


class IdentifierForm(_Refusable):
    """Another identifier of a person; one that belongs to somebody else makes both one, when that is meant."""

    type = forms.ModelChoiceField(
        IdentifierType.objects.filter(active=True),
        label=_("Person identifier"),
        empty_label=None,
        to_field_name="key",
        widget=UnfoldAdminSelectWidget,
    )
    value = forms.CharField(label=_("Value"), max_length=LONGEST_VALUE, widget=UnfoldAdminTextInputWidget)

    def __init__(self, person: Person | None, data: Any = None) -> None:
        super().__init__(data, auto_id="identifier-%s")
        self.person = person

    @property
    def identifiers(self) -> Mapping[str, str]:
        return {self.cleaned_data["type"].key: self.cleaned_data["value"]}

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return self.cleaned_data
        try:
            names = Types().read_some(self.identifiers)
        except Refused as refused:
            self.add_error("value", refused.message)
            return self.cleaned_data
        self.other = next((one.person_id for one in look_up(names).values()), None)
        if self.other is not None and (self.person is None or self.other != self.person.pk):
            self._ask()
        return self.cleaned_data

    def _ask(self) -> None:
        words = {"number": self.other}
        if self.person is None:
            self.add_error("value", _("Person %(number)s has this identifier already.") % words)
            return
        self.fields["same"] = forms.BooleanField(
            label=_("They are the same person"), required=False, widget=UnfoldBooleanWidget
        )
        if not self.data.get("same"):
            self.add_error(
                "value",
                _("Person %(number)s has this identifier. If they are the same person, say so below: the older one "
                  "stays, with everything of both. It can't be undone.") % words,
            )  # fmt: skip

    def row(self) -> PersonRow:
        return PersonRow(self.identifiers, id=None if self.person is None else self.person.pk)
