"""What both accounts have to choose from, as the source page shows it: (value, label)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from integrations.connectors.contactsend.hub import HubClient
from integrations.connectors.contactsend.hub_answers import Node
from integrations.connectors.contactsend.send import SendClient
from integrations.connectors.contactsend.send_types import SendSource

# Each costs a call of a few a second, while somebody waits for the page.
COUNTED = 15


def nodes(hub: HubClient) -> list[tuple[str, str]]:
    """With the number of their customers; aggregate ones are marked."""
    found = hub.nodes()
    counts = {node.id: hub.count_customers(node.id) for node in found[:COUNTED]}
    return [(node.id, _node(node, counts.get(node.id))) for node in found]


def _node(node: Node, number: int | None) -> str:
    parts = [node.name]
    if number is not None:
        parts.append(_("%(number)s customers") % {"number": f"{number:,}"})
    if node.is_aggregate:
        parts.append(_("aggregate"))
    return " · ".join(parts)


def databases(send: SendClient) -> list[tuple[str, str]]:
    """With the number of their subscribers."""
    found = send.sources()
    counts = {one.id: send.count(one.id) for one in found[:COUNTED]}
    return [(str(one.id), _database(one, counts.get(one.id))) for one in found]


def _database(source: SendSource, number: int | None) -> str:
    parts = [f"{source.name} ({source.id})"]
    if number is not None:
        parts.append(_("%(number)s subscribers") % {"number": f"{number:,}"})
    if source.read_only:
        parts.append(_("read-only"))
    return " · ".join(parts)
