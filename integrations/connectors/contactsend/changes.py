"""Which of the edit rules' changes somebody is about to make, and how things are on both sides just now."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from typing import Any

from cryptography.fernet import InvalidToken
from django.db.models.functions import Now

from integrations.connectors.contactsend import edit_rules, hub, send
from integrations.connectors.contactsend.connector import Contactsend
from integrations.connectors.contactsend.edit_rules import Change, Facts, Need, WayStep
from integrations.connectors.contactsend.models import ContactsendConnection
from integrations.core.errors import SyncError
from integrations.core.models import Connection, Lease

# After these nobody known to the portal is who they were.
MOVES = frozenset({Change.NODE, Change.API_KEY, Change.USERDB})


def node_of(connection: ContactsendConnection) -> tuple[str, str, str]:
    return hub.address(connection.hub_address), connection.workspace.strip(), connection.node_id


def userdb_of(connection: ContactsendConnection) -> tuple[str, str]:
    return send.bare(connection.send_address), connection.userdb_id


def saved(connection: ContactsendConnection) -> ContactsendConnection:
    """As it is in the database by now, in the state that it is to be taken in."""
    found: ContactsendConnection = ContactsendConnection.objects.get(pk=connection.pk)
    found.state = connection.state
    return found


def with_secrets(connection: ContactsendConnection, typed: Mapping[str, str]) -> ContactsendConnection:
    """A copy as it would be with the secrets somebody typed."""
    wanted = copy.copy(connection)
    for name, value in typed.items():
        setattr(wanted, name, value)
    return wanted


def changes(before: ContactsendConnection, after: ContactsendConnection) -> frozenset[Change]:
    """What differs of node, account and userdb."""
    found = {
        Change.NODE: node_of(before) != node_of(after),
        Change.API_KEY: userdb_of(before)[0] != userdb_of(after)[0] or is_other(before, after, "api_key"),
        Change.USERDB: before.userdb_id != after.userdb_id,
        Change.USER_KEY: is_other(before, after, "user_key"),
    }
    return frozenset(change for change, is_made in found.items() if is_made)


def is_other(before: Any, after: Any, secret: str) -> bool:
    """Of a saved one that can't be decrypted any more nobody can tell: it doesn't count as changed."""
    try:
        return bool(getattr(before, secret) != getattr(after, secret))
    except InvalidToken:
        return False


def way(
    made: Collection[Change], before: ContactsendConnection, after: ContactsendConnection | None = None
) -> list[WayStep]:
    """The steps to these changes, [] when nothing stands in the way. Of a source that was never enabled everything can
    be changed."""
    if not made or before.state == Connection.State.DRAFT:
        return []
    found = facts(made, before, after or before)
    return [] if edit_rules.allowed(made, found) else edit_rules.way(made, found)


def is_aggregate(connection: ContactsendConnection) -> bool:
    """Whether its node is a view of others. False where the token may not ask."""
    try:
        with closing(hub.HubClient(connection.hub_address, connection.workspace, connection.hub_token)) as client:
            return any(node.is_aggregate for node in client.nodes() if node.id == connection.node_id)
    except (SyncError, InvalidToken):
        return False


def facts(made: Collection[Change], before: ContactsendConnection, after: ContactsendConnection) -> Facts:
    """Asked live, and only what these changes need."""
    wanted = edit_rules.needs(made)
    return Facts(
        disabled=before.state in Connection.OFF,
        finishing=is_at_work(before),
        current_node=_count(before, _customers) if Need.CURRENT_NODE_EMPTY in wanted else None,
        new_node=_count(after, _customers) if Need.NEW_NODE_EMPTY in wanted else None,
        userdb=_count(after, _subscribers) if Need.USERDB_EMPTY in wanted else None,
    )


def is_at_work(connection: ContactsendConnection) -> bool:
    """Whether a worker still reads or sends."""
    return Lease.objects.filter(connection_id=connection.pk, until__gt=Now()).exists()


def _customers(connector: Contactsend) -> int:
    return connector.hub.count_customers(connector.node)


def _subscribers(connector: Contactsend) -> int:
    return connector.send.count(connector.userdb)


def _count(connection: ContactsendConnection, look: Callable[[Contactsend], int]) -> int | None:
    """None when it can't be read now."""
    try:
        with closing(Contactsend(connection)) as connector:
            return look(connector)
    except (SyncError, InvalidToken):
        return None
