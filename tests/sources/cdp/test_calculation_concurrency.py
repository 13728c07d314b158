"""Persons, calculations, definitions and time at once: nobody is missed, nothing is announced twice, nobody waits for
ever."""

from __future__ import annotations

import random
from collections.abc import Iterator
from threading import Lock

import pytest
from django.db import connection as database  # noqa: F401 – the reason to skip asks it

from integrations.sources.cdp import definitions, passing, recalculation, scratch
from integrations.sources.cdp.models import Attribute, Audience, Membership, Person, Property
from integrations.sources.cdp.signals import MembershipChange, memberships_changed
from tests.sources.cdp.crowd import act, all_of, change, happens, know, members, person, values
from tests.sources.loyalty.test_concurrency import at_once

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "database.vendor == 'sqlite'",
        reason="SQLite lets one transaction write at a time (IMMEDIATE), and the tests' is in memory",
    ),
]
ROUNDS, PEOPLE = 12, 12
CITIES = ("Aarhus", "Odense", "Ribe")


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(scratch, "SLICE", 3)
    yield


def moves(people: list[Person], seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        change(chance.choice(people), city=chance.choice(CITIES))


def calculates(kind: str, pk: int) -> None:
    for _ in range(3):
        recalculation.from_scratch(kind, pk)
        while scratch.go_on(kind, pk):
            pass


def edits(pk: int) -> None:
    for number in range(ROUNDS):
        one = Audience.objects.get(pk=pk)
        one.condition = all_of({"property": "city", "is": "equal", "value": CITIES[number % 2]})
        definitions.save_audience(one)


@pytest.mark.parametrize("seed", range(3))
def test_memberships_are_exact_after_everything_at_once(seed: int) -> None:
    know(city="text")
    one = Audience.objects.create(name="One", condition=all_of({"property": "city", "is": "equal", "value": "Aarhus"}))
    people = [person() for _ in range(PEOPLE)]
    heard: list[MembershipChange] = []
    guard = Lock()

    def hear(changes: list[MembershipChange], **kwargs: object) -> None:
        # Inside the transaction, with the audience locked: in the order of the changes.
        with guard:
            heard.extend(changes)

    memberships_changed.connect(hear)
    try:
        at_once(
            lambda: moves(people, seed),
            lambda: moves(people, seed + 100),
            lambda: calculates("audience", one.pk),
            lambda: calculates("audience", one.pk),
            lambda: edits(one.pk),
            passing.pass_time,
        )
        while scratch.go_on("audience", one.pk):
            pass
    finally:
        memberships_changed.disconnect(hear)
    wanted = Audience.objects.get(pk=one.pk).condition["conditions"][0]["value"]
    assert members(one) == set(Person.objects.filter(properties__city=wanted).values_list("pk", flat=True))
    inside: set[int] = set()
    for told in heard:
        assert told.entered == (told.person_id not in inside)
        (inside.add if told.entered else inside.remove)(told.person_id)
    assert inside == members(one)
    assert Audience.objects.get(pk=one.pk).size == Membership.objects.filter(audience=one).count()


def test_attributes_and_the_audiences_on_them_do_not_wait_for_each_other_for_ever() -> None:
    purchase = happens("purchase", amount="number")
    spent = Attribute.objects.create(name="Spent", event_type=purchase, aggregate="sum", field="amount")
    rich = Audience.objects.create(name="R", condition=all_of({"attribute": spent.pk, "is": "at_least", "value": 15}))
    people = [person() for _ in range(PEOPLE)]

    def buys(ordered: list[Person]) -> None:
        for who in ordered * 2:
            act(who, purchase, amount=5)

    at_once(
        lambda: buys(people),
        lambda: buys(people[::-1]),
        lambda: calculates("attribute", spent.pk),
        lambda: calculates("audience", rich.pk),
    )
    assert values(spent) == {who.pk: 20 for who in people}
    assert members(rich) == {who.pk for who in people}


def test_a_property_that_vanishes_and_returns_among_changes_leaves_nobody_behind() -> None:
    know(city="text")
    one = Audience.objects.create(name="One", condition=all_of({"property": "city", "is": "equal", "value": "Aarhus"}))
    people = [person() for _ in range(PEOPLE)]

    def comes_and_goes() -> None:
        for _ in range(4):
            Property.objects.filter(key="city").delete()
            definitions.recheck()
            know(city="text")
            definitions.recheck()

    at_once(lambda: moves(people, 1), lambda: moves(people, 2), comes_and_goes, lambda: calculates("audience", one.pk))
    definitions.recheck()
    while scratch.go_on("audience", one.pk):
        pass
    assert members(one) == set(Person.objects.filter(properties__city="Aarhus").values_list("pk", flat=True))
