"""A workspace's sources: each has a token, and a role that says which calls the token may make."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any
from uuid import uuid4

from integrations.sandbox.contacthub.nodes import lasting_id

ADMIN, USER, GUEST = "ADMIN", "USER", "GUEST"
TRUSTED, UNTRUSTED, UPDATES = "TRUSTED_APPLICATION", "UNTRUSTED_APPLICATION", "PLATFORM_UPDATES"
ROLES = (ADMIN, USER, GUEST, TRUSTED, UNTRUSTED, UPDATES)
PROVIDERS = (
    "API", "JavaScript", "MAGENTO", "CONTACTSEND", "CONTACTPLAN", "ANDROID_SDK", "OBJECTIVEC_SDK", "NODEJS_SDK",
    "JAVA_SDK", "SCALA_SDK", "DOTNET_SDK",
)  # fmt: skip

EVERYBODY = frozenset(ROLES)
# Group of calls -> who may make them. Where the published API is silent (properties), as narrow as its neighbours.
ALLOWED = {
    "me": EVERYBODY,
    "list": EVERYBODY - {UPDATES},
    "read": EVERYBODY - {UPDATES, UNTRUSTED},
    "write": frozenset({ADMIN, USER, TRUSTED, UNTRUSTED}),
    "delete": frozenset({ADMIN, USER, TRUSTED}),
    "updates": frozenset({ADMIN, USER, UPDATES}),
    "nodes": frozenset({ADMIN, USER, GUEST}),
    "workspace": frozenset({ADMIN}),
}


@dataclass(slots=True)
class Source:
    id: str
    name: str
    token: str
    role: str = USER
    provider: str = "API"
    description: str = ""
    nodes: list[str] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)
    enabled: bool = True

    def told(self) -> dict[str, Any]:
        """The role of a token isn't told."""
        return {name: value for name, value in asdict(self).items() if name != "role"}

    def dump(self) -> dict[str, Any]:
        return asdict(self)


def new_token() -> str:
    return sha256(uuid4().bytes).hexdigest()


def practice_source(account: str, name: str, provider: str, nodes: list[str]) -> Source:
    token = sha256(f"contacthub/{account}/{name}".encode()).hexdigest()
    return Source(lasting_id(account, "source", name), name, token, provider=provider, nodes=nodes)
