"""How an audience or a calculated attribute stands: calculated, being calculated, or kept from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from integrations.sources.cdp.models import Person
from integrations.sources.cdp.problems import Definition, is_hindered

NOTHING = "–"
# A cell of a list that may take several lines, also on a narrow screen.
WORDS = '<span class="cdp-words">{}</span>'


@dataclass(frozen=True)
class Standing:
    """`state` changes when the page has to be shown anew; `hindered`: its problem keeps it from being calculated;
    `facts` are (label, value)."""

    title: str
    state: str
    under_way: bool = False
    percent: int = 0
    problem: str = ""
    hindered: bool = False
    facts: list[tuple[str, Any]] = field(default_factory=list)


def standing_of(thing: Definition, *, told: bool, facts: list[tuple[str, Any]]) -> Standing:
    """`told`: it is not calculated here at all."""
    if told:
        return Standing(thing.name, _("Told by import or API"), facts=facts)
    under_way = thing.calculating_after is not None
    return Standing(
        title=thing.name,
        state=state_of(thing)[1],
        under_way=under_way,
        percent=_percent(thing.calculating_after or 0) if under_way else 100,
        problem=thing.problem,
        hindered=is_hindered(thing),
        facts=[*facts, (_("Calculated"), shown_time(thing.calculated_at) if thing.calculated_at else _("not yet"))],
    )


def state_of(thing: Definition) -> tuple[str, str]:
    """The look of its badge, and the word on it."""
    if is_hindered(thing):
        return "danger", _("Needs attention")
    if thing.calculating_after is not None:
        return "info", _("Being calculated")
    if not thing.calculated_at:
        return "default", _("Not calculated yet")
    return ("converts", _("Values left out")) if thing.problem else ("success", _("Calculated"))


def shown_time(at: Any) -> str:
    return formats.date_format(timezone.localtime(at), "DATETIME_FORMAT") if at else NOTHING


def _percent(after: int) -> int:
    last = Person.objects.aggregate(last=Max("pk"))["last"] or 1
    return min(99, 100 * after // last)
