"""The rows of Edit Mapping as a form: what is wrong with a row is said at the row, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
    UnfoldBooleanWidget,
)

from integrations.core.admin.mapping.judging import Judgement, judge, target_choices
from integrations.core.connector import Field
from integrations.core.mapping import MappingRow
from integrations.core.models import FieldMapping

BLANK_ROWS = 3
MAX_ROWS = 500
SOURCES_LIST = "mapping-sources"
COLUMNS = ("source", "target", "default", "enabled", "is_key", "position")


def typed(**attributes: str) -> forms.Widget:
    return cast(forms.Widget, UnfoldAdminTextInputWidget({"autocomplete": "off", "spellcheck": "false", **attributes}))


class MappingRowForm(forms.Form):
    """One row. `fields_known` are the account's fields by name, `sources_known` those of the source; without any
    the target, or the source, is typed."""

    id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    source = forms.CharField(label=gettext_lazy("Source field"), required=False, max_length=200)
    target = forms.CharField(label=gettext_lazy("Target field"), required=False, max_length=200)
    default = forms.CharField(label=gettext_lazy("Default Value"), required=False, max_length=500)
    enabled = forms.BooleanField(label=gettext_lazy("On"), required=False, initial=True)
    is_key = forms.BooleanField(label=gettext_lazy("Search key"), required=False)
    position = forms.IntegerField(label=gettext_lazy("Position"), required=False, min_value=0, max_value=9999)

    def __init__(
        self,
        fields_known: Mapping[str, Field],
        sources_known: Mapping[str, Field],
        keyed: bool,
        number: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.fields_known = fields_known
        self.sources_known = sources_known
        self.keyed = keyed
        if not keyed:
            del self.fields["is_key"]
        self._dress(number)

    def _dress(self, number: int) -> None:
        self.fields["source"].widget = self._source_widget()
        self.fields["target"].widget = self._target_widget()
        self.fields["default"].widget = UnfoldAdminTextInputWidget({"autocomplete": "off"})
        self.fields["enabled"].widget = UnfoldBooleanSwitchWidget()
        if self.keyed:
            self.fields["is_key"].widget = UnfoldBooleanWidget()
        self.fields["position"].widget = UnfoldAdminIntegerFieldWidget({"min": "0", "max": "9999"})
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = _("%(column)s, row %(row)s") % {"column": field.label, "row": number}

    def _source_widget(self) -> forms.Widget:
        if self.sources_known:
            return self._select("source", [(name, name) for name in sorted(self.sources_known)])
        return typed(list=SOURCES_LIST)

    def _target_widget(self) -> forms.Widget:
        return self._select("target", target_choices(self.fields_known)) if self.fields_known else typed()

    def _select(self, name: str, known: list[tuple[str, str]]) -> forms.Widget:
        present = str(self[name].value() or "")
        choices = [("", "–"), *known]
        if present and present not in dict(known):
            choices.insert(1, (present, _("%(value)s (not found in the account)") % {"value": present}))
        select: forms.Widget = UnfoldAdminSelectWidget(choices=choices)
        return select

    @property
    def judgement(self) -> Judgement | None:
        if problem := self._source_problem(str(self["source"].value() or "")):
            return Judgement("conflicts", problem)
        return judge(str(self["source"].value() or ""), str(self["target"].value() or ""), self.fields_known)

    @property
    def suggested(self) -> bool:
        """It was added by Suggest mappings, and nobody has saved it yet."""
        return bool(self.initial and self.initial.get("suggested"))

    @property
    def filled(self) -> bool:
        return any(self.cleaned_data.get(name) for name in ("source", "target", "default"))

    def _source_problem(self, source: str) -> str:
        if not source or not self.sources_known or source in self.sources_known:
            return ""
        text = _("The source sends no field %(field)s. Choose another, switch the row off, or press Refresh fields.")
        return text % {"field": source}

    def clean(self) -> dict[str, Any]:
        row = super().clean() or self.cleaned_data
        if self.is_removed() or not self.filled:
            return row
        if not row.get("target"):
            self.add_error("target", _("Choose the field of the destination that this row fills."))
        if row.get("enabled") and not row.get("source") and not row.get("default"):
            self.add_error("source", _("Name the source field, or give a Default Value."))
        if row.get("enabled") and (problem := self._source_problem(row.get("source", ""))):
            self.add_error("source", problem)
        if row.get("is_key"):
            self._check_key(row)
        return row

    def _check_key(self, row: dict[str, Any]) -> None:
        target = row.get("target", "")
        field = self.fields_known.get(target)
        if not row.get("enabled"):
            self.add_error("is_key", _("A search key must be switched on."))
        if field is not None and not field.unique:
            self.add_error(
                "is_key", _("%(field)s is not a unique field: leads can't be found by it.") % {"field": target}
            )
        found = judge(row.get("source", ""), target, self.fields_known)
        if found is not None and found.verdict == "conflicts":
            self.add_error("target", _("A search key must fit: %(why)s") % {"why": found.sentence})

    def is_removed(self) -> bool:
        return bool(self.cleaned_data.get("DELETE"))


class MappingRows(forms.BaseFormSet):  # type: ignore[type-arg]
    """All rows of one record type. `most_keys` is how many search keys there can be; 0 hides the column."""

    def __init__(
        self, *, fields_known: Mapping[str, Field], sources_known: Mapping[str, Field], most_keys: int, **kwargs: Any
    ) -> None:
        self.most_keys = most_keys
        self.fields_known = fields_known
        self.sources_known = sources_known
        super().__init__(prefix="rows", **kwargs)

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        known = {"fields_known": self.fields_known, "sources_known": self.sources_known}
        return {**super().get_form_kwargs(index), **known, "keyed": bool(self.most_keys), "number": (index or 0) + 1}

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].widget = UnfoldBooleanWidget()
            label = _("Delete row %(row)s") % {"row": (index or 0) + 1}
            form.fields["DELETE"].widget.attrs["aria-label"] = label

    def kept(self) -> list[Any]:
        """The forms of rows to keep, by position."""
        forms_kept = [form for form in self.forms if not form.is_removed() and form.filled]
        last = len(self.forms) + 9999
        return sorted(forms_kept, key=lambda form: last if (at := form.cleaned_data.get("position")) is None else at)

    def clean(self) -> None:
        if any(form.errors for form in self.forms if not form.is_removed()):
            return
        seen: set[str] = set()
        for form in self.kept():
            target = form.cleaned_data["target"]
            if target in seen:
                form.add_error("target", _("Another row already fills %(field)s.") % {"field": target})
            seen.add(target)
        if self.most_keys:
            self._check_keys([form for form in self.kept() if form.cleaned_data["is_key"]])

    def _check_keys(self, keys: list[Any]) -> None:
        if not keys:
            raise forms.ValidationError(
                _("Mark the row of at least one unique field as search key: existing leads are found by it.")
            )
        for form in keys[self.most_keys :]:
            text = _("There can be %(number)s search keys at most: the first and the secondary one.")
            form.add_error("is_key", text % {"number": self.most_keys})


RowsForm: Any = forms.formset_factory(
    MappingRowForm, formset=MappingRows, extra=BLANK_ROWS, can_delete=True, max_num=MAX_ROWS, absolute_max=MAX_ROWS
)


def saved_rows(rows: Iterable[FieldMapping], keys: Collection[str]) -> list[dict[str, Any]]:
    """Initial rows. Search keys are those of the settings: `keys`, target fields."""
    saved = [{"id": row.pk, **{name: getattr(row, name) for name in COLUMNS}} for row in rows]
    return [{**row, "is_key": row["target"] in keys} for row in saved]


def typed_rows(formset: Any, *, blank: bool = False) -> list[dict[str, Any]]:
    """What stands in a submitted form, as initial rows of a new one: for buttons that don't save. `blank` rows, too,
    keep each row in its place."""
    rows = []
    for form in formset.forms:
        row = {name: form[name].value() for name in ("id", *COLUMNS, "DELETE") if name in form.fields}
        if blank or any(row.get(name) for name in ("source", "target", "default")):
            rows.append(row)
    return rows


def tried_rows(formset: Any) -> list[MappingRow]:
    """The mapping as it stands in a submitted form, whether or not it could be saved."""
    rows = []
    for row in typed_rows(formset):
        source, target, default = (str(row.get(name) or "").strip() for name in ("source", "target", "default"))
        if target and (source or default) and not row.get("DELETE"):
            rows.append(MappingRow(source, target, default, bool(row.get("enabled")), bool(row.get("is_key"))))
    return rows
