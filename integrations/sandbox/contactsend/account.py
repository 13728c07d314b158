"""One practice account of Contactsend: its keys, what it allows, and its userdbs."""

from __future__ import annotations

from hashlib import sha1

from integrations.sandbox.contactsend.errors import no_form, no_source
from integrations.sandbox.contactsend.sources import Source, Subscription, loaded, practice_sources
from integrations.sandbox.contactsend.tokens import Tokens
from integrations.sandbox.vendor import Account, Data

TOKEN_SECONDS = 15 * 60.0
# What an answer is spoilt with before it leaves; `spoilt.py` makes them.
HOSTILE = ("none", "xml_bomb", "attribute_bomb", "quadratic_bomb", "dtd", "external_entity", "external_dtd")
# What a settings call may change, beside latency_ms; each is explained at its first value below.
SETTINGS = ("user_key", "api_key", "ip_authorized", "service_2016", "token_seconds", "page_cap", "hostile", "elsewhere")


class ContactsendAccount(Account):
    """Every name has keys of its own, the same after each reset: 40 hexadecimal digits each."""

    changeable = SETTINGS

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.user_key = key("user", name)
        self.api_key = key("api", name)
        # Contactlab lets in known IP addresses only.
        self.ip_authorized = True
        # The service as its WSDL of 2016 has it: the newer operations are unknown.
        self.service_2016 = False
        self.token_seconds = TOKEN_SECONDS
        # Most items of a page where the caller chooses. PROPOSED: the vendor's isn't known.
        self.page_cap = 100
        self.hostile = "none"
        # What an external entity points to.
        self.elsewhere = "http://127.0.0.1:9/elsewhere"
        self.tokens = Tokens()
        self.sources: dict[int, Source] = practice_sources()

    def source_of(self, identifier: int) -> Source:
        """Raises ContactsendError."""
        if identifier not in self.sources:
            raise no_source(identifier)
        return self.sources[identifier]

    def form_of(self, code: str) -> tuple[Source, Subscription]:
        """The userdb and subscription system of a web form. Raises ContactsendError."""
        for source in self.sources.values():
            for subscription in source.subscriptions:
                if subscription.code == code:
                    return source, subscription
        raise no_form()

    def entered(self, at: str, operation: str, source: Source, identifier: int, outcome: str, *names: str) -> None:
        """Into the ledger."""
        key = source.subscribers.get(identifier, {}).get("EMAIL", "")
        self.ledger.add(at, operation, "subscriber", f"{source.identifier}/{identifier}", outcome, key, names)

    def change_settings(self, data: Data) -> None:
        if data.get("hostile", "none") not in HOSTILE:
            raise ValueError(f"hostile is one of {', '.join(HOSTILE)}")
        if float(data.get("token_seconds", 1)) <= 0 or int(data.get("page_cap", 1)) < 1:
            raise ValueError("token_seconds and page_cap are more than 0")
        super().change_settings(data)

    def clear_data(self) -> None:
        super().clear_data()
        for source in self.sources.values():
            source.clear()

    def dump(self) -> Data:
        """Tokens aren't kept: a restart ends them."""
        sources = list(self.sources.values())
        rows = [[one.identifier, number, values] for one in sources for number, values in one.subscribers.items()]
        return super().dump() | {"sources": [one.told() for one in sources], "subscribers": rows}

    def load(self, data: Data) -> None:
        super().load(data)
        self.sources = {one.identifier: one for one in map(loaded, data["sources"])}
        for source, identifier, values in data["subscribers"]:
            self.sources[source].subscribers[identifier] = values


def key(kind: str, name: str) -> str:
    return sha1(f"contactsend/{kind}/{name}".encode(), usedforsecurity=False).hexdigest()
