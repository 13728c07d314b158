"""When a source may be changed, as Contactlab's table has it. Pure.

The table's principle: one source, one node, one userdb; data of two must not mix. Source of the rows: "Configurare una
sorgente plug-in Contactsend". Its printed columns are lost: the reading is the one rule that yields every row's count.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _


class Change(enum.StrEnum):
    NODE = "node"
    API_KEY = "apikey"
    USERDB = "userdb"
    SUBSCRIPTIONS = "subscriptions"
    MAPPING = "mapping"
    USER_KEY = "userkey"


class Need(enum.StrEnum):
    """The table's columns, in its order."""

    DISABLED = "source disabled"
    CURRENT_NODE_EMPTY = "current node empty"
    NEW_NODE_EMPTY = "new node empty"
    USERDB_EMPTY = "userdb empty"


D, C, N, U = Need.DISABLED, Need.CURRENT_NODE_EMPTY, Need.NEW_NODE_EMPTY, Need.USERDB_EMPTY
TABLE: Mapping[frozenset[Change], frozenset[Need]] = {
    frozenset({Change.NODE}): frozenset({D, N}),
    frozenset({Change.API_KEY}): frozenset({D, C}),
    frozenset({Change.NODE, Change.API_KEY}): frozenset({D, N}),
    frozenset({Change.USERDB}): frozenset({D, C, U}),
    frozenset({Change.NODE, Change.USERDB}): frozenset({D, N, U}),
    frozenset({Change.SUBSCRIPTIONS}): frozenset({D}),
    frozenset({Change.MAPPING}): frozenset({D}),
    # Not in the table; our reading.
    frozenset({Change.USER_KEY}): frozenset({D}),
}
"""Which userdb must be empty: the one that is used after the change."""


def needs(changes: Collection[Change]) -> tuple[Need, ...]:
    """What must be so before these changes, in the table's order. Rows that aren't in the table unite those they are
    made of; a node that is left behind needn't be empty."""
    wanted = frozenset(changes)
    found = TABLE.get(wanted)
    if found is None:
        found = frozenset().union(*(row for changed, row in TABLE.items() if changed <= wanted))
        found -= {C} if Change.NODE in wanted else set()
    return tuple(need for need in Need if need in found)


@dataclass(frozen=True)
class Facts:
    """How things are: None for a count that can't be read now."""

    disabled: bool
    # It is disabled, but what was under way hasn't ended.
    finishing: bool = False
    current_node: int | None = None
    new_node: int | None = None
    userdb: int | None = None


@dataclass(frozen=True)
class WayStep:
    """A step on the way to a change: what to do, how it is now, and whether it is done."""

    text: str
    done: bool
    detail: str = ""


TO_DO = {
    D: _("Disable the source"),
    C: _("Empty the current node"),
    N: _("Empty the new node"),
    U: _("Empty the userdb"),
}
MAKE, SWITCH_ON = _("Make the change"), _("Enable the source")
CUSTOMERS, SUBSCRIBERS = _("it has %(number)s customers"), _("it has %(number)s subscribers")
FINISHING = _("what is under way ends within a minute")
UNREADABLE = _("how many it has can't be read now")


def is_met(need: Need, facts: Facts) -> bool:
    if need == D:
        return facts.disabled and not facts.finishing
    return _count(need, facts) == 0


def way(changes: Collection[Change], facts: Facts) -> list[WayStep]:
    """The steps to these changes: what is needed first, then the change, then enabling again. Empty without a need."""
    wanted = needs(changes)
    if not wanted:
        return []
    steps = [WayStep(str(TO_DO[need]), is_met(need, facts), _detail(need, facts)) for need in wanted]
    return [*steps, WayStep(str(MAKE), False), WayStep(str(SWITCH_ON), False)]


def allowed(changes: Collection[Change], facts: Facts) -> bool:
    return all(is_met(need, facts) for need in needs(changes))


def _count(need: Need, facts: Facts) -> int | None:
    return {C: facts.current_node, N: facts.new_node, U: facts.userdb}[need]


def _detail(need: Need, facts: Facts) -> str:
    if is_met(need, facts):
        return ""
    if need == D:
        return str(FINISHING) if facts.disabled else ""
    number = _count(need, facts)
    if number is None:
        return str(UNREADABLE)
    return str((SUBSCRIBERS if need == U else CUSTOMERS) % {"number": f"{number:,}"})
