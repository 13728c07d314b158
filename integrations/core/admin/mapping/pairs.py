"""Edit Mapping of a record type that is kept equal on both sides: each field of the source with a drop-down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldBooleanSwitchWidget, UnfoldBooleanWidget

from integrations.core.admin.mapping.judging import KIND_LABELS, Judgement, judge
from integrations.core.admin.mapping.rows import MAX_ROWS, MappingRowForm, MappingRows
from integrations.core.compatibility import Verdict, verdict
from integrations.core.connector import Field
from integrations.core.models import FieldMapping

WORST: tuple[Verdict, ...] = ("conflicts", "converts", "fits")
# What makes two mappings differ; their order doesn't.
COMPARED = ("source", "target", "default", "enabled", "is_key")


def judge_pair(source: Field | None, target: str, fields: Mapping[str, Field]) -> Judgement | None:
    """How two fields go together in both directions, the worse one; None when one of them isn't known."""
    if source is None or target not in fields:
        return judge("", target, fields)
    there, back = (source, fields[target]), (fields[target], source)
    directions = [there] if source.read_only else [there, back]
    verdicts = [verdict(one.kind, other.kind) for one, other in directions]
    if verdicts[0] == "conflicts":
        text = _("%(one)s is %(from)s, %(other)s takes %(to)s: records with a value here will fail.")
        return Judgement("conflicts", _named(text, *there))
    if "conflicts" in verdicts:
        text = _("%(one)s is %(from)s, %(other)s takes %(to)s: a change there that can't be read as that will fail.")
        return Judgement("converts", _named(text, *back))
    return Judgement(min(verdicts, key=WORST.index))


def _named(text: str, one: Field, other: Field) -> str:
    kinds = {"from": KIND_LABELS[one.kind], "to": KIND_LABELS[other.kind]}
    return text % {"one": one.label, "other": other.label, **kinds}


class PairRowForm(MappingRowForm):
    """A field of the source and the one that goes with it. Without one it isn't kept equal."""

    default = position = None  # type: ignore[assignment]
    is_key = forms.BooleanField(label=gettext_lazy("Matching"), required=False)

    def __init__(self, target_side: str, **kwargs: Any) -> None:
        self.target_side = target_side
        super().__init__(**kwargs)

    def _dress(self, number: int) -> None:
        self.fields["target"].label = self.target_side
        name = self.source_field.label if self.source_field else str(self["source"].value() or number)
        self.fields["source"].widget = forms.HiddenInput()
        self.fields["target"].widget = self._target_widget()
        self.fields["enabled"].widget = UnfoldBooleanSwitchWidget()
        self.fields["is_key"].widget = UnfoldBooleanWidget()
        for column in ("target", "enabled", "is_key"):
            words = {"column": self.fields[column].label, "field": name}
            self.fields[column].widget.attrs["aria-label"] = _("%(column)s, %(field)s") % words

    @property
    def source_field(self) -> Field | None:
        return self.sources_known.get(str(self["source"].value() or ""))

    @property
    def judgement(self) -> Judgement | None:
        source = str(self["source"].value() or "")
        target = str(self["target"].value() or "")
        if target and (problem := self._source_problem(source)):
            return Judgement("conflicts", problem)
        return judge_pair(self.source_field, target, self.fields_known)

    @property
    def filled(self) -> bool:
        return bool(self.cleaned_data.get("target"))

    def clean(self) -> dict[str, Any]:
        return {**super().clean(), "default": ""}

    def _check_key(self, row: dict[str, Any]) -> None:
        if not row.get("enabled"):
            self.add_error("is_key", _("A matching pair must be switched on."))
        found = judge_pair(self.sources_known.get(row.get("source", "")), row.get("target", ""), self.fields_known)
        if found is not None and found.verdict == "conflicts":
            self.add_error("target", _("A matching pair must fit: %(why)s") % {"why": found.sentence})


class PairRows(MappingRows):
    def __init__(self, *, target_side: str, **kwargs: Any) -> None:
        self.target_side = target_side
        super().__init__(**kwargs)

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "target_side": self.target_side}

    def _check_keys(self, keys: list[Any]) -> None:
        if not keys:
            raise forms.ValidationError(
                _("Mark at least one pair of fields as matching: a person is found on the other side by it.")
            )


PairsForm: Any = forms.formset_factory(PairRowForm, formset=PairRows, extra=0, max_num=MAX_ROWS, absolute_max=MAX_ROWS)


def with_every_source(rows: list[dict[str, Any]], sources: Iterable[str]) -> list[dict[str, Any]]:
    """These rows and one for each field that has none, in the order of the fields; what isn't known comes last."""
    order = {name: place for place, name in enumerate(sources)}
    present = {row["source"] for row in rows}
    blank = [{"source": name, "target": "", "enabled": True} for name in order if name not in present]
    return sorted([*rows, *blank], key=lambda row: order.get(row["source"], len(order)))


def is_changed(saved: Iterable[FieldMapping], kept: Iterable[dict[str, Any]]) -> bool:
    """Whether these rows make another mapping than the saved ones."""
    before = {tuple(getattr(row, name) for name in COMPARED) for row in saved}
    return before != {tuple(row.get(name, False) for name in COMPARED) for row in kept}
