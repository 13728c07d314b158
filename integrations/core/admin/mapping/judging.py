"""How source and target of a row go together, and how fields and their kinds are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.core.compatibility import Verdict, verdict
from integrations.core.connector import Field, Kind

KIND_LABELS = {
    Kind.TEXT: gettext_lazy("text"),
    Kind.NUMBER: gettext_lazy("number"),
    Kind.BOOLEAN: gettext_lazy("yes/no"),
    Kind.DATE: gettext_lazy("date"),
    Kind.DATETIME: gettext_lazy("date and time"),
    Kind.EMAIL: gettext_lazy("e-mail"),
    Kind.PHONE: gettext_lazy("phone"),
    Kind.CHOICE: gettext_lazy("choice"),
}
VERDICT_LABELS: dict[str, Any] = {
    "fits": gettext_lazy("fits"),
    "converts": gettext_lazy("converts"),
    "conflicts": gettext_lazy("conflicts"),
}
# A sign that doesn't hang on the badge's colour.
VERDICT_SIGNS: dict[str, str] = {"fits": "✓", "converts": "⇄", "conflicts": "✕"}


@dataclass(frozen=True)
class Judgement:
    """How source and target of a row go together, and a sentence when they may not."""

    verdict: Verdict
    sentence: str = ""

    @property
    def label(self) -> str:
        return str(VERDICT_LABELS[self.verdict])

    @property
    def sign(self) -> str:
        return VERDICT_SIGNS[self.verdict]


def judge(source: str, target: str, fields: Mapping[str, Field]) -> Judgement | None:
    """None when nothing is known. The source's kind is taken from the field of the same name, where there is one."""
    if not target or not fields:
        return None
    if target not in fields:
        text = _("This account has no field %(field)s: it would refuse the record. Switch the row off or change it.")
        return Judgement("conflicts", text % {"field": target})
    alike = fields.get(source.rpartition(".")[2])
    if alike is None:
        return None
    kind = fields[target].kind
    found = verdict(alike.kind, kind)
    if found != "conflicts":
        return Judgement(found)
    text = _("%(source)s sends %(from)s, %(target)s takes %(to)s: records with a value here will fail.")
    words = {"source": source, "target": target, "from": KIND_LABELS[alike.kind], "to": KIND_LABELS[kind]}
    return Judgement(found, text % words)


def target_choices(fields: Mapping[str, Field]) -> list[tuple[str, str]]:
    named = sorted(fields.values(), key=lambda field: field.label.lower())
    return [(field.name, described(field)) for field in named]


def described(field: Field) -> str:
    named = f"{field.label} · {KIND_LABELS[field.kind]}"
    return named if field.label == field.name else f"{named} ({field.name})"
