"""Whom an import still has, from one try to the next: Heyloyalty works imports off when it likes to.

The person's link keeps it: as which member they were shown ("": as none), and instead of a fingerprint a mark, as
nothing counts as sent.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from integrations.core.connector import Item, Outcome
from integrations.core.engine.rows import insert
from integrations.core.models import Link

# The second: since that import was sent, a look did not show the member any more.
IMPORTING, GONE = "importing", "gone"
IMPORT_MARKS = (IMPORTING, GONE)


@dataclass(frozen=True)
class Note:
    """The note of an outcome (Outcome.note): as which member a person is known, and the mark while an import has
    them."""

    member_id: str
    mark: str = ""


@dataclass(frozen=True)
class Awaited:
    """What was seen of somebody before the import that has them was worked off: as which member ("": as none), whether
    they were gone afterwards, and how long ago the last look was."""

    member_id: str = ""
    gone: bool = False
    since: datetime.timedelta = datetime.timedelta()


def awaited(item: Item) -> Awaited | None:
    """None when no import has them."""
    link = item.link
    if link is None or link.fingerprint not in IMPORT_MARKS:
        return None
    return Awaited(link.remote_id, link.fingerprint == GONE, timezone.now() - link.updated_at)


def remember(connection_id: int, outcomes: Iterable[Outcome]) -> None:
    """Keep the notes of those who were left alone, or whom an import still has; one query."""
    insert(
        Link,
        ("record_type", "key", "remote_id", "fingerprint"),
        [(one.item.record_type, one.item.key, one.note.member_id, one.note.mark) for one in outcomes if one.note],
        same={"connection_id": connection_id, "updated_at": timezone.now()},
        unique=("connection_id", "record_type", "key"),
        update=("remote_id", "fingerprint", "updated_at"),
    )
