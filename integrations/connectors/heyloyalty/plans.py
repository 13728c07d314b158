"""What is to be done with a member, once it is decided."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from integrations.connectors.heyloyalty.bulk import Seen
from integrations.connectors.heyloyalty.values import Value
from integrations.core.connector import SKIP_REASONS, Item, Outcome, Result, Skip

# Reads a member by id, in whatever state; None: nobody.
Read = Callable[[str], Mapping[str, Any] | None]


class Act(enum.StrEnum):
    """CREATE: whoever has the address is found by Heyloyalty. ANEW: a new member, whoever had it before. UPDATE: the
    member that the list shows. PATCH: the member we know, whose address on the list is another one."""

    CREATE = "create"
    ANEW = "anew"
    UPDATE = "update"
    PATCH = "patch"


@dataclass(frozen=True, eq=False)
class Plan:
    """What to do, with which values. `key` is the address as `bulk.key_of` gives it, `seen` the member as the list
    shows it. `watched`: if it subscribes somebody again who unsubscribed, that is taken back."""

    item: Item
    key: str
    act: Act
    row: Mapping[str, Value]
    member_id: str = ""
    seen: Seen | None = None
    watched: bool = False


def known_id(item: Item) -> str:
    """The id of the member that this record became; "" when it became none yet."""
    return item.link.remote_id if item.link else ""


def skipped(item: Item, reason: Skip) -> Outcome:
    return Outcome(item, Result.SKIPPED, SKIP_REASONS[reason], reason)


def there_already(item: Item, seen: Seen, *, creates: bool = True) -> Outcome:
    """The list has all the values. What an earlier try may have written counts as written by it: as new, if it was not
    known and may have been created."""
    if not item.maybe_applied:
        return Outcome(item, Result.UNCHANGED, _("The list has these values already."), remote_id=seen.member_id)
    result = Result.NEW if not known_id(item) and creates else Result.UPDATED
    message = _("Heyloyalty has it already: an earlier try arrived, though no answer came back.")
    return Outcome(item, result, message, remote_id=seen.member_id)
