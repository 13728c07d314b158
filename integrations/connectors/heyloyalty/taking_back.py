"""Nobody who unsubscribed is subscribed again by a write of ours: where that can only be seen afterwards, it is taken
back.

Heyloyalty hides who unsubscribed and has no option that leaves them alone; what upsert and import do about them isn't
documented. If they are activated again, a member whom the list did not show turns out to have been there for long. If
they unsubscribe between our look and the import, they come back after they were gone, or as a new member. Whoever
unsubscribed before we knew them and becomes a new member can't be told from somebody who was never there.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.connectors.heyloyalty.bulk import Seen
from integrations.connectors.heyloyalty.client import NotFound, Written
from integrations.connectors.heyloyalty.consent import age, is_unsubscribed
from integrations.connectors.heyloyalty.plans import Plan
from integrations.core.connector import SKIP_REASONS, Outcome, Result, Skip
from integrations.core.engine.rows import insert
from integrations.core.errors import SyncError
from integrations.core.http import Call
from integrations.core.models import Link

if TYPE_CHECKING:
    from integrations.connectors.heyloyalty.list_connector import ListConnector

# By the vendor's own clock, between a member's creation and our write: whoever joined after our look is younger.
NEWCOMER = datetime.timedelta(minutes=10)
TAKEN_BACK = _(
    "The person had unsubscribed, which Heyloyalty doesn't show beforehand. Writing to them subscribed them again: the "
    "portal has unsubscribed them at once, and leaves them alone from now on."
)
NOT_TAKEN_BACK = _(
    "The person had unsubscribed, writing to them subscribed them again, and the portal could not take that back: "
    "%(reason)s Unsubscribe the member in Heyloyalty."
)


def after_import(one: Plan, now: Seen, gone: Collection[str], shown: int) -> bool:
    """Whether an import subscribed this person again. `gone`: keys of members whom a look between did not show any
    more; `shown`: how many the look that found them did. One that shows a single member proves nothing about the look
    before: Heyloyalty may have understood several addresses otherwise."""
    if not one.watched or now.age is None:
        return False
    if one.seen is not None and now.member_id != one.seen.member_id:
        return now.age < NEWCOMER
    return shown > 1 and (one.key in gone if one.seen is not None else now.age > NEWCOMER)


def after_upsert(connector: ListConnector, one: Plan, written: Written) -> Outcome:
    """Of an upsert that found somebody whom the list did not show."""
    member = connector.heyloyalty.member(connector.member_list.id, written.member_id)
    if member is not None and is_unsubscribed(member):
        return _left_alone(one, written.member_id, str(SKIP_REASONS[Skip.CONSENT]), written.call)
    here_for = age(member) if member is not None else None
    if member is None or str(member.get("opt_in")) == "0" or here_for is None or here_for < NEWCOMER:
        return Outcome(one.item, Result.UPDATED, remote_id=written.member_id, call=written.call)
    return take_back(connector, one, written.member_id, written.call)


def take_back(connector: ListConnector, one: Plan, member_id: str, call: Call) -> Outcome:
    try:
        connector.heyloyalty.unsubscribe(connector.member_list.id, member_id)
    except NotFound:
        pass
    except SyncError as error:
        message = NOT_TAKEN_BACK % {"reason": error.message}
        return Outcome(one.item, Result.FAILED, message, "consent", call=call, note=member_id)
    return _left_alone(one, member_id, str(TAKEN_BACK), call)


def _left_alone(one: Plan, member_id: str, message: str, call: Call) -> Outcome:
    """`note`: by which member the person is known from now on."""
    return Outcome(one.item, Result.SKIPPED, message, Skip.CONSENT, call=call, note=member_id)


def remember(connection_id: int, outcomes: Iterable[Outcome]) -> None:
    """As which member somebody is known who was left alone, or whom an import still has: who is gone from the list by
    the next time is read by it. The link has no fingerprint: nothing counts as sent."""
    insert(
        Link,
        ("record_type", "key", "remote_id"),
        [(one.item.record_type, one.item.key, one.note) for one in outcomes if one.note],
        same={"connection_id": connection_id, "fingerprint": "", "updated_at": timezone.now()},
        unique=("connection_id", "record_type", "key"),
        update=("remote_id", "updated_at"),
    )
