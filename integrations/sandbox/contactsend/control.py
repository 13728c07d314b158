"""Control calls of Contactsend, below `/practice/contactsend/<account>/`. Bodies and answers are JSON.

GET    sources                                        every userdb: settings, fields, subscription systems, how many
POST   sources       {"id": 6, "name", "description", "locked", "read_only", "modified_field": "" (none)}   changes one
POST   fields        {"source": 6, "name": "ETA", "type": "INTEGER"}     adds a field, or changes its type
DELETE fields        {"source": 6, "name": "ETA"}
POST   seed          {"source": 6, "count": 1000, "start": 1, "values": {"CITTA": "Milano"}}   not in the ledger
GET    subscribers   ?source=6&limit=100&offset=0&EMAIL=…     flat, oldest first; and their number
POST   subscribers   {"source": 6, "id": null, "values": {…}}    creates (no id) or edits one as a user would
DELETE subscribers   {"source": 6, "id": 1001}
POST   subscription  {"code": "230006001355", "id": 1001, "state": "1"}     "1", "-1" or "0"
GET    tokens                                         how many are good, and how many were ever borrowed
POST   expire        every token ends now
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from integrations.sandbox.contactsend.account import ContactsendAccount
from integrations.sandbox.contactsend.sources import PENDING, SUBSCRIBED, UNSUBSCRIBED, Source
from integrations.sandbox.vendor import Data

NOT_A_FIELD = frozenset({"source", "limit", "offset"})


def told(source: Source) -> Data:
    return source.told() | {"subscribers": len(source.subscribers)}


def flat(source: Source, identifier: int) -> Data:
    return {"id": identifier, "values": source.shown(identifier)}


def source_of(account: ContactsendAccount, data: Data) -> Source:
    return account.source_of(int(data.get("source", 6)))


def sources(account: ContactsendAccount, data: Data) -> Any:
    with account.lock:
        return [told(source) for source in account.sources.values()]


def save_source(account: ContactsendAccount, data: Data) -> Any:
    with account.lock:
        source = account.source_of(int(data["id"]))
        source.set(data)
        return told(source)


def save_field(account: ContactsendAccount, data: Data) -> Any:
    with account.lock:
        source = source_of(account, data)
        source.add_field(data)
        return told(source)


def remove_field(account: ContactsendAccount, data: Data) -> Any:
    with account.lock:
        source = source_of(account, data)
        source.remove_field(data["name"])
        return told(source)


def seed(account: ContactsendAccount, data: Data) -> Any:
    """Invented subscribers number `start` and on. They aren't entered into the ledger: nobody applied them."""
    start, count = int(data.get("start", 1)), int(data.get("count", 1))
    with account.lock:
        source = source_of(account, data)
        extra = source.clean(data.get("values", {}))
        ids = [
            source.add(invented(source, number) | extra, number if source.own_identifier else None)
            for number in range(start, start + count)
        ]
    return {"created": len(ids), "ids": ids}


def invented(source: Source, number: int) -> dict[str, str]:
    values = {
        "EMAIL": f"subscriber{number:06}@example.test",
        "NOME": "Practice",
        "COGNOME": f"Subscriber {number}",
        "CELLULARE": f"+39320{number:07}",
    }
    return {name: value for name, value in values.items() if name in source.fields}


def subscribers(account: ContactsendAccount, data: Data) -> Any:
    offset, limit = int(data.get("offset", 0)), int(data.get("limit", 100))
    wanted = {name: value for name, value in data.items() if name not in NOT_A_FIELD}
    with account.lock:
        source = source_of(account, data)
        found = [
            number for number in source.subscribers if not wanted or wanted.items() <= source.shown(number).items()
        ]
        rows = [flat(source, number) for number in islice(found, offset, offset + limit)]
        return {"total": len(found), "subscribers": rows}


def save_subscriber(account: ContactsendAccount, data: Data) -> Any:
    """As someone working in Contactsend would: also while the userdb is locked for the API."""
    with account.lock:
        source = source_of(account, data)
        values = source.clean(data.get("values", {}))
        identifier = int(data["id"]) if data.get("id") else None
        if identifier is None and source.own_identifier:
            raise ValueError(f"{source.identifier_field} is missing")
        if identifier is not None and (identifier in source.subscribers or not source.own_identifier):
            source.change(identifier, values)
        else:
            identifier = source.add(values, identifier)
        return flat(source, identifier)


def remove_subscriber(account: ContactsendAccount, data: Data) -> Any:
    with account.lock:
        source, identifier = source_of(account, data), int(data["id"])
        source.remove(identifier)
        return told(source)


def set_subscription(account: ContactsendAccount, data: Data) -> Any:
    """Raises ValueError for a state that is none."""
    if data["state"] not in (SUBSCRIBED, UNSUBSCRIBED, PENDING):
        raise ValueError("the state is 1, -1 or 0")
    with account.lock:
        source, form = account.form_of(data["code"])
        source.change(int(data["id"]), {form.field: data["state"]})
        return flat(source, int(data["id"]))


def tokens(account: ContactsendAccount, data: Data) -> Any:
    with account.lock:
        return {"good": len(account.tokens.ends), "borrowed": account.tokens.borrowed}


def expire(account: ContactsendAccount, data: Data) -> Any:
    with account.lock:
        account.tokens.expire()
    return tokens(account, data)


CONTROLS: Mapping[tuple[str, str], Callable[[ContactsendAccount, Data], Any]] = {
    ("GET", "sources"): sources,
    ("POST", "sources"): save_source,
    ("POST", "fields"): save_field,
    ("DELETE", "fields"): remove_field,
    ("POST", "seed"): seed,
    ("GET", "subscribers"): subscribers,
    ("POST", "subscribers"): save_subscriber,
    ("DELETE", "subscribers"): remove_subscriber,
    ("POST", "subscription"): set_subscription,
    ("GET", "tokens"): tokens,
    ("POST", "expire"): expire,
}
