"""Who is meant on the other side: by the pair, else by the fields marked as matching."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from integrations.connectors.contactsend.hub_errors import NoSuchCustomer
from integrations.connectors.contactsend.pairs import PairState
from integrations.connectors.contactsend.reconcile import Side, Where
from integrations.connectors.contactsend.send_types import SendSubscriber
from integrations.connectors.contactsend.send_values import typed
from integrations.connectors.contactsend.sides import Row
from integrations.core.errors import RecordError, TemporaryError

if TYPE_CHECKING:
    from integrations.connectors.contactsend.connector import Contactsend

SEVERAL = {
    Where.HUB: _(
        "%(number)s customers have the same %(field)s, so it can't be told which one is meant. Leave one of them in "
        "Contacthub, then press Retry."
    ),
    Where.SEND: _(
        "%(number)s subscribers have the same %(field)s, so it can't be told which one is meant. Leave one of them in "
        "Contactsend, then press Retry."
    ),
}
NO_KEY = _(
    "By now this person has nothing in %(fields)s, so nobody is found on the other side. Fill it in, then press Retry."
)
UNTIL_NOW = _(
    "Until a moment ago somebody else had these matching values. It will be tried again, once "
    "that change has been carried over."
)


def has_key(connector: Contactsend, side: Side) -> bool:
    return any(side.values.get(row.field) for row in connector.shape.keys)


class Gone(Exception):
    """The pair's other half was deleted where it was, and nobody took its place."""


def find_subscriber(connector: Contactsend, known: int, hub: Side) -> SendSubscriber | None:
    """As it is now; None for a person who is new there. Raises RecordError when several match, Gone."""
    if known and (found := connector.send.subscriber(connector.userdb, known)):
        return found
    row, value = _first_key(connector, hub)
    candidates = connector.send.find(connector.userdb, row.field, typed(row.type, value, connector.shape.zone))
    matching = [one for one in candidates if _agree(connector, hub, connector.shape.of_send(one.values))]
    subscriber: SendSubscriber | None = _only(matching, row, Where.SEND, known=bool(known))
    return subscriber


def find_customer(connector: Contactsend, known: str, send: Side) -> dict[str, Any] | None:
    """As it is now; None for a person who is new there. Raises RecordError when several match, Gone."""
    if known:
        try:
            return connector.hub.customer(known)
        except NoSuchCustomer:
            pass  # deleted, and perhaps there again under another id
    row, value = _first_key(connector, send)
    candidates = _by(connector, row.path, value)
    matching = [one for one in candidates if _agree(connector, connector.shape.of_hub(one), send)]
    found = _only(matching, row, Where.HUB, known=bool(known))
    # Lists are some seconds behind.
    return connector.hub.customer(found["id"]) if found else None


def make_sure_of_one(connector: Contactsend, where: Where, rival: PairState, side: Side) -> None:
    """Whether `side`, on the side `where`, may have the other half of somebody who is found by the same values: only
    once that one is gone. Raises RecordError when there are two of them; TemporaryError while the other one is
    becoming somebody else."""
    other = _still_there(connector, where, rival)
    if other is None:
        return
    if connector.shape.match(other) == connector.shape.match(side):
        raise RecordError(_several(2, connector.shape.keys[0], where))
    raise TemporaryError(str(UNTIL_NOW))


def _still_there(connector: Contactsend, where: Where, rival: PairState) -> Side | None:
    if where == Where.SEND:
        found = connector.send.subscriber(connector.userdb, rival.send_id)
        return connector.shape.of_send(found.values) if found else None
    try:
        return connector.shape.of_hub(connector.hub.customer(rival.hub_id))
    except NoSuchCustomer:
        return None


def _by(connector: Contactsend, path: str, value: str) -> list[dict[str, Any]]:
    """Whether a search sees the case of letters isn't known."""
    node, lower = connector.node, value.lower()
    found = connector.hub.find_by(node, path, value)
    return found if found or value == lower else connector.hub.find_by(node, path, lower)


def _first_key(connector: Contactsend, side: Side) -> tuple[Row, str]:
    for row in connector.shape.keys:
        if value := side.values.get(row.field):
            return row, value
    raise RecordError(NO_KEY % {"fields": ", ".join(row.field for row in connector.shape.keys)})


def _agree(connector: Contactsend, hub: Side, send: Side) -> bool:
    """Whether no matching field says otherwise."""
    pairs = ((hub.values.get(row.field), send.values.get(row.field)) for row in connector.shape.keys)
    return all(not ours or not theirs or ours.casefold() == theirs.casefold() for ours, theirs in pairs)


def _only(found: list[Any], row: Row, where: Where, *, known: bool) -> Any:
    if len(found) > 1:
        raise RecordError(_several(len(found), row, where))
    if known and not found:
        raise Gone
    return found[0] if found else None


def _several(number: int, row: Row, where: Where) -> str:
    return str(SEVERAL[where] % {"number": number, "field": row.field})
