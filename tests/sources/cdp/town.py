"""An invented town's persons, and ears for what the customer data platform announces."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.dispatch import Signal

from integrations.core.batch import RowResult
from integrations.sources.cdp.events import record_events
from integrations.sources.cdp.models import Attribute, Audience, Identifier, IdentifierType, Membership, Person
from integrations.sources.cdp.people import save_persons
from integrations.sources.cdp.rows import EventRow, MembershipRow, PersonRow, ValueRow
from integrations.sources.cdp.told import tell_memberships, tell_values


def email(number: int) -> str:
    return f"anna{number}@example.test"


def identifier_type(key: str, kind: str = "text", **values: Any) -> IdentifierType:
    return IdentifierType.objects.get_or_create(key=key, defaults={"name": key.title(), "kind": kind, **values})[0]


def save(identifiers: dict[str, Any], **properties: Any) -> RowResult:
    [result] = save_persons([PersonRow(identifiers, properties)])
    return result


def person(number: int = 1, **properties: Any) -> Person:
    """Person `number`, with these properties."""
    return Person.objects.get(pk=save({"email": email(number)}, **properties).id or 0)


def persons(count: int) -> list[Person]:
    rows = [PersonRow({"email": email(number)}) for number in range(1, count + 1)]
    return list(Person.objects.filter(pk__in=[result.id for result in save_persons(rows)]).order_by("pk"))


def did(who: str, event: str = "purchase", **values: Any) -> RowResult:
    [result] = record_events([EventRow(event, {"email": who}, **values)])
    return result


def tell(audience: Audience | int | str, who: str, entered: bool = True, **values: Any) -> RowResult:
    name = audience.pk if isinstance(audience, Audience) else audience
    [result] = tell_memberships([MembershipRow(name, {"email": who}, entered, **values)])
    return result


def tell_value(attribute: Attribute | int | str, who: str, value: Any, **values: Any) -> RowResult:
    name = attribute.pk if isinstance(attribute, Attribute) else attribute
    [result] = tell_values([ValueRow(name, {"email": who}, value, **values)])
    return result


def fixed(name: str = "VIP", **values: Any) -> Audience:
    return Audience.objects.create(name=name, kind=Audience.Kind.FIXED, **values)


def members(audience: Audience) -> set[int]:
    return set(Membership.objects.filter(audience=audience).values_list("person_id", flat=True))


def names(who: Person | int) -> set[str]:
    """What names a person."""
    pk = who.pk if isinstance(who, Person) else who
    return set(Identifier.objects.filter(person_id=pk).values_list("key", flat=True))


@contextmanager
def listening(signal: Signal) -> Iterator[list[Any]]:
    """What is announced inside the block, one after the other."""
    heard: list[Any] = []

    def hear(signal: Any, sender: Any, **what: Any) -> None:
        for announced in what.values():
            heard.extend(announced)

    signal.connect(hear)
    try:
        yield heard
    finally:
        signal.disconnect(hear)
