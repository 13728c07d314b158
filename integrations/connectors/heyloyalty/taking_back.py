"""Nobody who unsubscribed is subscribed again by a write of ours: where that can only be seen afterwards, it is taken
back.

Heyloyalty hides who unsubscribed and has no option that leaves them alone; what upsert and import do about them isn't
documented. If they are activated again, a member whom the list did not show turns out to have been there for long. If
they unsubscribe between our look and the import, they come back after they were gone, or as a new member. Whoever
unsubscribed before we knew them and becomes a new member can't be told from somebody who was never there.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from integrations.connectors.heyloyalty.awaited import GONE, Awaited, Note
from integrations.connectors.heyloyalty.bulk import Seen
from integrations.connectors.heyloyalty.client import NotFound, Written
from integrations.connectors.heyloyalty.consent import age, is_unsubscribed
from integrations.connectors.heyloyalty.looking import shows_all
from integrations.connectors.heyloyalty.plans import Plan
from integrations.core.connector import SKIP_REASONS, Item, Outcome, Result, Skip
from integrations.core.errors import SyncError, TemporaryError
from integrations.core.http import Call

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


def is_back(connector: ListConnector, was: Awaited, now: Seen, shown: int) -> bool:
    """Whether an import subscribed this person again. `shown`: how many the look that found them did."""
    if was.member_id == now.member_id:
        return was.gone
    if now.age is None:
        return False
    if was.member_id:
        return now.age < NEWCOMER
    if now.age < NEWCOMER + was.since:
        return False
    # Else the look before proves nothing: Heyloyalty may understand several addresses otherwise.
    return shown > 1 or shows_all(connector.heyloyalty, connector.member_list, connector.match_on)


def after_upsert(connector: ListConnector, one: Plan, written: Written) -> Outcome:
    """Of an upsert that found somebody whom the list did not show."""
    member = connector.heyloyalty.member(connector.member_list.id, written.member_id)
    if member is not None and is_unsubscribed(member):
        return _left_alone(one.item, written.member_id, str(SKIP_REASONS[Skip.CONSENT]), written.call)
    here_for = age(member) if member is not None else None
    if member is None or str(member.get("opt_in")) == "0" or here_for is None or here_for < NEWCOMER:
        return Outcome(one.item, Result.UPDATED, remote_id=written.member_id, call=written.call)
    return take_back(connector, one.item, written.member_id, written.call)


def take_back(connector: ListConnector, item: Item, member_id: str, call: Call | None = None) -> Outcome:
    """`call`: the one that subscribed them, if it is known. It is tried again after what passes, and with Retry."""
    try:
        undone = connector.heyloyalty.unsubscribe(connector.member_list.id, member_id)
    except NotFound as error:
        return _left_alone(item, member_id, str(TAKEN_BACK), call or error.call)
    except SyncError as error:
        message = NOT_TAKEN_BACK % {"reason": error.message}
        result = Result.WAITING if isinstance(error, TemporaryError) else Result.FAILED
        return Outcome(item, result, message, "consent", call=call or error.call, note=Note(member_id, GONE))
    return _left_alone(item, member_id, str(TAKEN_BACK), call or undone)


def _left_alone(item: Item, member_id: str, message: str, call: Call | None) -> Outcome:
    """By which member the person is known from now on is noted: who is gone from the list by the next time is read by
    it."""
    return Outcome(item, Result.SKIPPED, message, Skip.CONSENT, call=call, note=Note(member_id))
