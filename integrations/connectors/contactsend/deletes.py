"""Who was deleted on one side: left alone on the other, or deleted there, too, as the settings say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from integrations.connectors.contactsend.hub_errors import NoSuchCustomer
from integrations.connectors.contactsend.pairs import Note, PairState
from integrations.connectors.contactsend.reconcile import Where
from integrations.connectors.contactsend.send_faults import SubscriberNotFound
from integrations.core.connector import Item, Outcome, Result, Skip
from integrations.core.http import Call

if TYPE_CHECKING:
    from integrations.connectors.contactsend.connector import Contactsend

LEFT_ALONE = _("Deleted on one side; the settings say to leave the other side alone.")
CARRIED = _("Deleted on one side, so it was deleted on the other, too.")
NOBODY = _("Deleted on one side; the other side doesn't have this person either.")
THERE_AGAIN = _("Deleted, and there again by now.")


def carry(connector: Contactsend, item: Item, pair: PairState) -> Outcome:
    """A deletion that one side told of."""
    if item.payload["side"] == Where.SEND and connector.send.subscriber(connector.userdb, item.payload["id"]):
        # Told as something new, should it be removed later.
        note = Note(replace(pair, event_id=item.event_id)) if pair.hub_id else None
        return Outcome(item, Result.SKIPPED, str(THERE_AGAIN), Skip.OLDER, note=note)
    return _delete_other(connector, item, pair, Where(item.payload["side"]))


def other_half_gone(connector: Contactsend, item: Item, pair: PairState) -> Outcome:
    """A change of somebody whose other half turns out to be deleted: it is not brought back. Or of somebody who was
    deleted right after it."""
    if not connector.carries_deletes or not pair.hub_id:
        return Outcome(item, Result.SKIPPED, str(LEFT_ALONE), Skip.GONE)
    subscriber = connector.send.subscriber(connector.userdb, pair.send_id)
    return _delete_other(connector, item, pair, Where.HUB if subscriber else Where.SEND)


def _delete_other(connector: Contactsend, item: Item, pair: PairState, deleted: Where) -> Outcome:
    """`deleted` is the side where the person is gone."""
    if not pair.hub_id:
        return Outcome(item, Result.SKIPPED, str(NOBODY), Skip.GONE)
    if not connector.carries_deletes:
        return Outcome(item, Result.SKIPPED, str(LEFT_ALONE), Skip.GONE)
    call: Call | None = None
    try:
        if deleted == Where.HUB:
            call = connector.send.remove(connector.userdb, pair.send_id).call
        else:
            call = connector.hub.delete_customer(pair.hub_id)
    except (NoSuchCustomer, SubscriberNotFound):
        return Outcome(item, Result.SKIPPED, str(NOBODY), Skip.GONE, note=Note(pair, gone=True))
    return Outcome(item, Result.UPDATED, str(CARRIED), call=call, note=Note(pair, gone=True))
