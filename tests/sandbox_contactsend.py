"""Contactsend in practice mode, for tests and benchmarks.

send = sandbox.contactsend()
send.seed(200)
send.save_source(locked=True)
send.settings(service_2016=True, token_seconds=5)
...
assert [entry["operation"] for entry in send.ledger()] == ["addSubscriber"]
"""

from __future__ import annotations

from functools import cached_property
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import requests

from tests.sandbox_server import JSON, Account

# The userdbs that are there from the start: with a field of last changes, without one, with identifiers of its own.
CUSTOMERS, NEWSLETTER, CLUB = 6, 7, 8
# Web forms: two of the customers, one of the newsletter.
NEWS, OFFERS, OTHER_NEWS = "230006001355", "230006001356", "230007001357"
SUBSCRIBED, UNSUBSCRIBED, PENDING = "1", "-1", "0"

SOAP = "application/soap+xml; charset=utf-8"
ENVELOPE = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:ws="http://ws.api.contactlab.com/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema">'
    "<s:Body><ws:{name}>{children}</ws:{name}></s:Body></s:Envelope>"
)


def attributes(kind: str = "string", **values: str) -> str:
    """Attributes as a call has them, each value with an xsi:type."""
    return "".join(
        f'<attributes><key>{key}</key><value xsi:type="xs:{kind}">{escape(value)}</value></attributes>'
        for key, value in values.items()
    )


class ContactsendAccount(Account):
    """A Contactsend account in practice mode."""

    @property
    def address(self) -> str:
        """The address to put into a connection."""
        return f"{self.url}/soap/services"

    @cached_property
    def keys(self) -> tuple[str, str]:
        """userKey and apiKey, as they were when first asked for."""
        settings = self.settings()
        return settings["user_key"], settings["api_key"]

    # -- the emulated API itself -----------------------------------------------------------------

    def post(self, body: str | bytes, content_type: str = SOAP) -> requests.Response:
        body = body.encode() if isinstance(body, str) else body
        return self.sandbox.http.post(self.address, data=body, headers={"Content-Type": content_type}, timeout=60)

    def api(self, operation: str, children: str = "", token: str | None = None) -> requests.Response:
        """A call with a token (a fresh one by default) before these children."""
        token = self.borrow() if token is None else token
        children = f"<token><content>{token}</content></token>{children}"
        return self.post(ENVELOPE.format(name=operation, children=children))

    def borrow(self) -> str:
        user_key, api_key = self.keys
        reply = self.borrowed(user_key, api_key)
        return ET.fromstring(reply.content).findtext(".//content") or ""

    def borrowed(self, user_key: str, api_key: str) -> requests.Response:
        children = f"<apiKey>{api_key}</apiKey><userKey>{user_key}</userKey>"
        return self.post(ENVELOPE.format(name="borrowToken", children=children))

    # -- behind it -------------------------------------------------------------------------------

    def sources(self) -> list[JSON]:
        """Every userdb: identifier, name, fields, subscriptions, locked, …; `subscribers` is how many."""
        return self.call("GET", "sources")

    def source(self, source: int = CUSTOMERS) -> JSON:
        return next(one for one in self.sources() if one["identifier"] == source)

    def save_source(self, source: int = CUSTOMERS, **options: Any) -> JSON:
        """Changes a userdb: name, locked, read_only, modified_field ("": none)."""
        return self.call("POST", "sources", id=source, **options)

    def add_field(self, name: str, type: str = "STRING", source: int = CUSTOMERS) -> None:
        self.call("POST", "fields", source=source, name=name, type=type)

    def remove_field(self, name: str, source: int = CUSTOMERS) -> None:
        self.call("DELETE", "fields", source=source, name=name)

    def seed(self, count: int, start: int = 1, source: int = CUSTOMERS, **values: str) -> list[int]:
        """Invented subscribers subscriber000001@example.test and on; not in the ledger. Their identifiers."""
        return self.call("POST", "seed", source=source, count=count, start=start, values=values)["ids"]

    def subscribers(self, source: int = CUSTOMERS, limit: int = 1_000_000, **values: str) -> list[JSON]:
        """id and values of each, oldest first, or of those with these values: subscribers(EMAIL=…)."""
        return self.call("GET", "subscribers", source=source, limit=limit, **values)["subscribers"]

    def subscriber(self, email: str, source: int = CUSTOMERS) -> dict[str, str]:
        """The values of the one subscriber with this address."""
        (found,) = self.subscribers(source, EMAIL=email)
        return found["values"]

    def save_subscriber(self, identifier: int | None = None, source: int = CUSTOMERS, **values: str) -> int:
        """Creates (no identifier) or edits a subscriber as a user would. Its identifier."""
        return self.call("POST", "subscribers", source=source, id=identifier, values=values)["id"]

    def remove_subscriber(self, identifier: int, source: int = CUSTOMERS) -> None:
        self.call("DELETE", "subscribers", source=source, id=identifier)

    def set_subscription(self, identifier: int, state: str = SUBSCRIBED, code: str = NEWS) -> None:
        """As the subscriber would, by the form: SUBSCRIBED, UNSUBSCRIBED or PENDING."""
        self.call("POST", "subscription", code=code, id=identifier, state=state)

    def tokens(self) -> JSON:
        """How many are `good`, and how many were ever `borrowed`."""
        return self.call("GET", "tokens")

    def expire_tokens(self) -> None:
        self.call("POST", "expire")

    def operations(self, since: int = 0) -> list[str]:
        """The operations that were called, in order."""
        return [call["path"].rpartition(" ")[2] for call in self.calls(since)]
