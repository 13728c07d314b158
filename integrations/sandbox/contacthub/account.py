"""One practice account of Contacthub: a workspace with its nodes, sources and customers."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from integrations.sandbox.contacthub.base_schema import EXTENDED, Schema
from integrations.sandbox.contacthub.errors import no_node, too_many
from integrations.sandbox.contacthub.nodes import Node, lasting_id, practice_nodes
from integrations.sandbox.contacthub.sources import ROLES, Source, practice_source
from integrations.sandbox.contacthub.store import Customer, CustomerStore
from integrations.sandbox.recent import RecentCalls
from integrations.sandbox.vendor import Account, Data

NO_CHECK, BLOCK, MERGE = "NO_CHECK", "BLOCK", "MERGE"
# Setting -> the values it can have.
CHOICES = {"role": ROLES, "uniqueness": (BLOCK, MERGE, NO_CHECK)}
LONGEST_DELAY = 60.0
# What a settings call may change, beside latency_ms; each is explained at its first value below.
SETTINGS = ("role", "uniqueness", "reindexing", "search_delay_s", "calls_per_s")


class HubAccount(Account):
    """Workspace, sources and tokens of an account are the same after each reset."""

    changeable = SETTINGS

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.workspace = lasting_id(name, "workspace")
        # Who works in Contacthub's own pages; no source, so no token writes as this one.
        self.user_id = lasting_id(name, "user")
        self.nodes: dict[str, Node] = practice_nodes(name)
        entries = [node.id for node in self.nodes.values() if not node.is_view]
        sources = (
            practice_source(name, "Portal", "CONTACTSEND", entries[:1]),
            practice_source(name, "Web shop", "API", entries),
        )
        self.sources = {source.id: source for source in sources}
        self.extended: Schema = EXTENDED
        # What a second customer with an e-mail address of the node is: refused, merged into the first, or let be.
        self.uniqueness = BLOCK
        # 423 for whatever writes a customer.
        self.reindexing = False
        # How far lists and queries are behind; the vendor's are about 30 s.
        self.search_delay_s = 0.0
        # The vendor publishes no limit. 0: none.
        self.calls_per_s = 0
        self.recent = RecentCalls()
        self.store = CustomerStore()

    @property
    def portal(self) -> Source:
        """The source whose token the portal has."""
        return next(iter(self.sources.values()))

    @property
    def role(self) -> str:
        """Of the portal's token."""
        return self.portal.role

    @role.setter
    def role(self, role: str) -> None:
        self.portal.role = role

    def source_with(self, token: str) -> Source | None:
        return next((one for one in self.sources.values() if one.token == token and one.enabled), None)

    def node(self, node_id: Any) -> Node:
        """Raises HubError (404)."""
        if node_id not in self.nodes:
            raise no_node(str(node_id))
        return self.nodes[node_id]

    def add_node(self, name: str, description: str = "", shows: list[str] | None = None) -> Node:
        """Raises ValueError without a name, or for a view of what is no entry."""
        if not name.strip():
            raise ValueError("a node needs a name")
        if any(one not in self.nodes or self.nodes[one].is_view for one in shows or ()):
            raise ValueError("a view shows entries")
        node = Node(str(uuid4()), name.strip(), description, shows or [])
        self.nodes[node.id] = node
        return node

    def remove_node(self, node_id: str) -> None:
        """With its customers, and from the views that show it."""
        self.node(node_id)
        for customer in self.store.of_node(node_id):
            self.remove(customer)
        del self.nodes[node_id]
        for view in [node for node in self.nodes.values() if node_id in node.shows]:
            view.shows.remove(node_id)
            if not view.shows:
                del self.nodes[view.id]

    def put(self, customer: Customer) -> None:
        self.store.put(customer, self.search_delay_s)

    def remove(self, customer: Customer) -> None:
        self.store.remove(customer, self.search_delay_s)

    def refuse_above_limit(self) -> None:
        """Counts a call in the last second. Raises HubError (429) above the limit."""
        if self.recent.take(self.calls_per_s, 1.0) is not None:
            raise too_many(wait=1)

    def change_settings(self, data: Data) -> None:
        for name, values in CHOICES.items():
            if data.get(name, values[0]) not in values:
                raise ValueError(f"{name} is one of {', '.join(values)}")
        if not 0 <= float(data.get("search_delay_s", 0)) <= LONGEST_DELAY:
            raise ValueError(f"search_delay_s is a number from 0 to {LONGEST_DELAY:g}")
        super().change_settings(data)

    def clear_data(self) -> None:
        super().clear_data()
        self.store = CustomerStore()
        self.recent.clear()

    def dump(self) -> Data:
        return super().dump() | {
            "nodes": [node.dump() for node in self.nodes.values()],
            "sources": [source.dump() for source in self.sources.values()],
            "extended": self.extended,
            "updates": self.store.dump(),
        }

    def load(self, data: Data) -> None:
        self.nodes = {row["id"]: Node(**row) for row in data["nodes"]}
        self.sources = {row["id"]: Source(**row) for row in data["sources"]}
        super().load(data)
        self.extended = data["extended"]
        self.store.load(data["updates"])
