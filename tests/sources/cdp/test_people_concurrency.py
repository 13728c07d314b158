"""Several connections at once: nobody is there twice, nothing is lost, nobody waits for ever."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from django.db import connection as database  # noqa: F401 – for the condition of `skipif`

from integrations.core.batch import Outcome
from integrations.sources.cdp.events import record_events
from integrations.sources.cdp.models import Audience, Identifier, Person, PersonEvent, Property
from integrations.sources.cdp.people import save_persons
from integrations.sources.cdp.rows import EventRow, MembershipRow, PersonRow
from integrations.sources.cdp.told import tell_memberships
from tests.at_once import at_once, outcomes
from tests.sources.cdp.town import email, fixed, identifier_type, members, names

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "database.vendor == 'sqlite'",
        reason="SQLite lets one transaction write at a time (IMMEDIATE), and the tests' is in memory",
    ),
]
ROUNDS = 10


def test_a_new_person_who_comes_twice_at_once_is_created_once() -> None:
    for number in range(ROUNDS):
        rows = [PersonRow({"email": f"n{number}-{n}@example.test"}, {f"p{number}": n}) for n in range(20)]
        saved = outcomes(at_once(lambda rows=rows: save_persons(rows), lambda rows=rows: save_persons(rows[::-1])))
        assert saved == {Outcome.CREATED: 20, Outcome.UNCHANGED: 20}
    assert Person.objects.count() == Identifier.objects.count() == 20 * ROUNDS
    assert Property.objects.count() == ROUNDS


def test_the_same_events_at_once_are_recorded_once() -> None:
    for number in range(ROUNDS):
        rows = [
            EventRow(f"visit_{number}", {"email": email(n)}, data={"n": n}, external_id=f"{number}-{n}")
            for n in range(20)
        ]
        saved = outcomes(at_once(lambda rows=rows: record_events(rows), lambda rows=rows: record_events(rows[::-1])))
        assert saved == {Outcome.CREATED: 20, Outcome.DUPLICATE: 20}
    assert PersonEvent.objects.count() == 20 * ROUNDS


def test_persons_unified_from_several_sides_at_once_are_one() -> None:
    for key in ("shop", "till", "cookie"):
        identifier_type(key)
    vip = fixed()
    for number in range(ROUNDS):
        keys = {"email": email(number), "shop": f"s-{number}", "till": f"t-{number}", "cookie": f"c-{number}"}
        save_persons([PersonRow({key: value}) for key, value in keys.items()])
        pairs = [("email", "shop"), ("shop", "till"), ("till", "cookie")]
        random.Random(number).shuffle(pairs)
        meet = [{key: keys[key] for key in pair} for pair in pairs]
        at_once(
            lambda meet=meet: save_persons([PersonRow(meet[0])]),
            lambda meet=meet: record_events([EventRow("visit", meet[1])]),
            lambda meet=meet: tell_memberships([MembershipRow(vip.pk, meet[2])]),
            lambda keys=keys: record_events([EventRow("visit", {"cookie": keys["cookie"]})]),
        )
        person_id = Identifier.objects.get(key=email(number)).person_id
        assert names(person_id) == set(keys.values())
        assert person_id in members(vip)
    assert Person.objects.count() == len(members(vip)) == Audience.objects.get().size == ROUNDS
    assert PersonEvent.objects.count() == 2 * ROUNDS


def test_batches_in_opposite_order_do_not_wait_for_each_other_for_ever() -> None:
    identifier_type("shop")
    everybody = range(50)
    save_persons([PersonRow({"email": email(n)}) for n in everybody])
    vip = fixed()
    for number in range(ROUNDS):
        events = [EventRow("visit", {"email": email(n)}) for n in everybody]
        changed = [PersonRow({"email": email(n), "shop": f"{n}-{number}"}, {"round": number}) for n in everybody]
        told = [MembershipRow(vip.pk, {"email": email(n)}, number % 2 == 0) for n in everybody]
        done = at_once(
            lambda events=events: record_events(events),
            lambda events=events: record_events(events[::-1]),
            lambda changed=changed: save_persons(changed[::-1]),
            lambda told=told: tell_memberships(told),
        )
        assert Outcome.REFUSED not in outcomes(done)
    assert PersonEvent.objects.count() == 2 * ROUNDS * 50
    assert Counter(Person.objects.values_list("properties__round", flat=True)) == {ROUNDS - 1: 50}
    assert not members(vip)
