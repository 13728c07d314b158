"""A thousand rows cost as many statements as ten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.core.batch import Outcome, RowResult
from integrations.sources.cdp.events import record_events
from integrations.sources.cdp.models import Attribute, Audience, Person
from integrations.sources.cdp.people import save_persons
from integrations.sources.cdp.rows import EventRow, MembershipRow, PersonRow, ValueRow
from integrations.sources.cdp.told import tell_memberships, tell_values
from tests.sources.cdp.town import did, email, fixed, identifier_type, persons, save

pytestmark = pytest.mark.django_db
# A batch of any size: look-ups, locks, writes and its savepoint.
MOST = 25
MOST_WHEN_UNIFYING = 60


def new(number: int) -> PersonRow:
    return PersonRow({"email": f"new{number}@example.test", "shop": f"n-{number}"}, {"city": "Aarhus"})


def changed(number: int) -> PersonRow:
    return PersonRow({"email": email(number)}, {"city": "Odense", "age": number})


def unified(number: int) -> PersonRow:
    return PersonRow({"email": email(number), "shop": f"s-{number}"})


def event(number: int) -> EventRow:
    return EventRow("purchase", {"email": email(number)}, data={"amount": 1}, external_id=f"o-{number}")


def visit(number: int) -> EventRow:
    return EventRow("visit", {"cookie": f"v-{number}"}, data={"page": "/"})


def member(number: int) -> MembershipRow:
    return MembershipRow("vip", {"email": email(number)})


def value(number: int) -> ValueRow:
    return ValueRow("level", {"email": email(number)}, "gold")


@pytest.mark.parametrize(
    ("verb", "row"),
    [
        (save_persons, new),
        (save_persons, changed),
        (save_persons, unified),
        (record_events, event),
        (record_events, visit),
        (tell_memberships, member),
        (tell_values, value),
    ],
    ids=lambda value: value.__name__,
)
def test_statements_do_not_grow_with_the_rows(
    verb: Callable[[Sequence[Any]], list[RowResult]], row: Callable[[int], Any]
) -> None:
    for key in ("shop", "cookie"):
        identifier_type(key)
    fixed(external_id="vip")
    Attribute.objects.create(name="Level", kind="text", external_id="level")
    persons(1010)
    save_persons([PersonRow({"shop": f"s-{number}"}, {"age": 1}) for number in range(1, 1011)])
    save({"email": email(1)}, city="Aarhus")
    did(email(1), "visit", data={"page": "/"})
    did(email(1), data={"amount": 1})
    verb([row(number) for number in range(1, 3)])

    def cost(numbers: range) -> int:
        with CaptureQueriesContext(database) as statements:
            results = verb([row(number) for number in numbers])
        assert {result.outcome for result in results} <= {Outcome.CREATED, Outcome.UPDATED}
        return len(statements)

    few = cost(range(3, 13))
    assert cost(range(13, 1011)) == few <= (MOST_WHEN_UNIFYING if row is unified else MOST)


def test_unifying_moves_everything_with_as_many_statements_for_a_thousand() -> None:
    identifier_type("shop")
    persons(300)
    vip = fixed(external_id="vip")
    save_persons([PersonRow({"shop": f"s-{number}"}) for number in range(1, 301)])
    record_events([EventRow("visit", {"shop": f"s-{number}"}) for number in range(1, 301)])
    tell_memberships([MembershipRow("vip", {"shop": f"s-{number}"}) for number in range(1, 301)])

    def cost(numbers: range) -> int:
        with CaptureQueriesContext(database) as statements:
            save_persons([unified(number) for number in numbers])
        return len(statements)

    assert cost(range(1, 11)) == cost(range(11, 301)) <= MOST_WHEN_UNIFYING
    assert Person.objects.count() == Audience.objects.get(pk=vip.pk).size == 300
