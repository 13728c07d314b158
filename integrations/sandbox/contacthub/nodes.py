"""A workspace's nodes: entries that hold customers, and views (aggregate nodes) that show those of several entries."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5


@dataclass(slots=True)
class Node:
    """`shows`: the entries whose customers a view shows; an entry has none."""

    id: str
    name: str
    description: str = ""
    shows: list[str] = field(default_factory=list)

    @property
    def is_view(self) -> bool:
        return bool(self.shows)

    @property
    def entries(self) -> list[str]:
        return self.shows or [self.id]

    def told(self) -> dict[str, Any]:
        known = {"id": self.id, "name": self.name, "description": self.description, "imageUrl": None}
        return known | {"sourcePriority": [], "mandatoryProperties": []}

    def dump(self) -> dict[str, Any]:
        return asdict(self)


def lasting_id(*names: str) -> str:
    """The same after each reset."""
    return str(uuid5(NAMESPACE_URL, "/".join(("contacthub", *names))))


def practice_nodes(account: str) -> dict[str, Node]:
    shop = Node(lasting_id(account, "node", "shop"), "Shop", "Customers of the web shop")
    newsletter = Node(lasting_id(account, "node", "newsletter"), "Newsletter", "Empty at first")
    everybody = Node(lasting_id(account, "node", "everybody"), "Everybody", "Both nodes", [shop.id, newsletter.id])
    return {node.id: node for node in (shop, newsletter, everybody)}
