"""Who meets a condition: every operator, on both databases; and that no plan reads everybody for one person."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.sources.cdp.conditions import catalogue, check, parse
from integrations.sources.cdp.matching import Span, persons
from integrations.sources.cdp.models import Attribute, AttributeValue, Audience, EventType, Person
from tests.sources.cdp.crowd import (
    DAY,
    act,
    ago,
    all_of,
    any_of,
    attribute,
    audience,
    did,
    happens,
    know,
    members,
    person,
)

pytestmark = pytest.mark.django_db
NOON = datetime.datetime(2026, 3, 10, 12, tzinfo=datetime.UTC)


def found(*conditions: Any, among: Any = None) -> set[int]:
    known, group = catalogue(), parse(all_of(*conditions))
    check(group, known)
    return set(persons(group, timezone.now(), known, among=among).values_list("pk", flat=True))


def meets(value: Any, kind: str, test: dict[str, Any]) -> bool:
    """Whether a person whose property has this value is found; nothing is known of `None`."""
    know(thing=kind)
    who = person() if value is None else person(thing=value)
    return who.pk in found({"property": "thing", **test})


TEXT = [
    ("Aarhus", {"is": "equal", "value": "Aarhus"}, True),
    ("aarhus", {"is": "equal", "value": "Aarhus"}, False),
    ("Ålborg 100%", {"is": "contains", "value": "rg 100%"}, True),
    ("Aarhus", {"is": "contains", "value": "%"}, False),
    ("Aarhus", {"is": "contains", "value": "arh"}, True),
    ("Aarhus", {"is": "starts_with", "value": "Aa"}, True),
    ("Aarhus", {"is": "starts_with", "value": "arhus"}, False),
    ("Aarhus", {"is": "not_equal", "value": "Odense"}, True),
    ("Aarhus", {"is": "not_equal", "value": "Aarhus"}, False),
    (None, {"is": "not_equal", "value": "Aarhus"}, True),
    (None, {"is": "equal", "value": "Aarhus"}, False),
    (None, {"is": "unknown"}, True),
    ("Aarhus", {"is": "unknown"}, False),
    ("", {"is": "known"}, True),
    # Of another type: as if nothing were known.
    (5, {"is": "known"}, False),
    (5, {"is": "not_equal", "value": "5"}, True),
    ({"a": 1}, {"is": "unknown"}, True),
]
NUMBER = [
    (5, {"is": "equal", "value": 5.0}, True),
    (5.5, {"is": "not_equal", "value": 5}, True),
    (None, {"is": "not_equal", "value": 5}, True),
    (5, {"is": "over", "value": 5}, False),
    (5, {"is": "at_least", "value": 5}, True),
    (4.99, {"is": "under", "value": 5}, True),
    (5, {"is": "at_most", "value": 5}, True),
    (None, {"is": "under", "value": 5}, False),
    ("5", {"is": "known"}, False),
    (True, {"is": "known"}, False),
    (10**400, {"is": "unknown"}, True),
    (-(2**63), {"is": "under", "value": 0}, True),
]
YES_NO = [
    (True, {"is": "yes"}, True),
    (False, {"is": "yes"}, False),
    (False, {"is": "no"}, True),
    (None, {"is": "no"}, False),
    (1, {"is": "yes"}, False),
    ("true", {"is": "known"}, False),
    (False, {"is": "known"}, True),
]
DATE = [
    ("2026-03-09", {"is": "on", "value": "2026-03-09"}, True),
    ("2026-03-09T23:59:59Z", {"is": "on", "value": "2026-03-09"}, True),
    ("2026-03-09", {"is": "before", "value": "2026-03-09"}, False),
    ("2026-03-08", {"is": "before", "value": "2026-03-09"}, True),
    ("2026-03-09", {"is": "after", "value": "2026-03-09"}, False),
    ("2026-03-10", {"is": "after", "value": "2026-03-09"}, True),
    ("2026-03-10", {"is": "within_last", "value": 0}, True),
    ("2026-03-03", {"is": "within_last", "value": 7}, True),
    ("2026-03-02", {"is": "within_last", "value": 7}, False),
    ("2026-03-11", {"is": "within_last", "value": 7}, False),
    ("2026-03-02", {"is": "longer_ago", "value": 7}, True),
    ("2026-03-03", {"is": "longer_ago", "value": 7}, False),
    ("2026-03-10", {"is": "within_next", "value": 7}, True),
    ("2026-03-17", {"is": "within_next", "value": 7}, True),
    ("2026-03-18", {"is": "within_next", "value": 7}, False),
    ("2026-02-30", {"is": "known"}, False),
    ("2100-02-29", {"is": "known"}, False),
    ("2024-02-29", {"is": "known"}, True),
    ("2026-3-9", {"is": "known"}, False),
    ("2026-03-09x", {"is": "known"}, False),
    ("0000-01-01", {"is": "known"}, False),
    (20260309, {"is": "known"}, False),
    (None, {"is": "longer_ago", "value": 7}, False),
]
CASES = [
    *(("text", *case) for case in TEXT),
    *(("number", *case) for case in NUMBER),
    *(("yes_no", *case) for case in YES_NO),
    *(("date", *case) for case in DATE),
]


@pytest.mark.parametrize(("kind", "value", "test", "expected"), CASES)
def test_operators(kind: str, value: Any, test: dict[str, Any], expected: bool) -> None:
    with time_machine.travel(NOON, tick=False):
        assert meets(value, kind, test) is expected


@override_settings(TIME_ZONE="Pacific/Auckland")
def test_days_are_those_of_the_portals_time_zone() -> None:
    timezone.get_default_timezone.cache_clear()
    try:
        with time_machine.travel(NOON, tick=False):
            assert meets("2026-03-11", "date", {"is": "within_last", "value": 0})
            last = attribute(kind="date")
            who = person()
            # 00:30 of the 11th in Auckland.
            AttributeValue.objects.create(attribute=last, person=who, moment=NOON - datetime.timedelta(minutes=30))
            assert found({"attribute": last.pk, "is": "on", "value": "2026-03-11"}) == {who.pk}
            assert not found({"attribute": last.pk, "is": "before", "value": "2026-03-11"})
    finally:
        timezone.get_default_timezone.cache_clear()


def test_all_any_and_groups_in_groups() -> None:
    know(city="text", age="number")
    anna, bo, cleo = person(city="Aarhus", age=20), person(city="Odense", age=40), person(age=40)
    aarhus = {"property": "city", "is": "equal", "value": "Aarhus"}
    old = {"property": "age", "is": "over", "value": 30}
    known = {"property": "city", "is": "known"}
    assert found(any_of(aarhus, old)) == {anna.pk, bo.pk, cleo.pk}
    assert found(known, any_of(aarhus, all_of(old))) == {anna.pk, bo.pk}
    assert found() == set()
    assert found(any_of(all_of(), aarhus)) == {anna.pk}
    assert found(all_of(), aarhus) == set()
    assert found(old, among=[anna.pk, bo.pk]) == {bo.pk}
    assert found(old, among=Span(bo.pk, cleo.pk)) == {cleo.pk}


def test_how_often_somebody_did_something_within_a_time() -> None:
    visit = happens("visit")
    people = [person() for _ in range(4)]
    for number, who in enumerate(people):
        for _ in range(number):
            did(who, visit, ago(1))
        did(who, visit, ago(10))

    def those(**values: Any) -> list[int]:
        inside = found({"event": "visit", "within_days": 7, **values})
        return [number for number, who in enumerate(people) if who.pk in inside]

    assert those() == [1, 2, 3]
    assert those(did=False) == [0]
    assert those(times={"is": "at_least", "number": 2}) == [2, 3]
    assert those(times={"is": "exactly", "number": 2}) == [2]
    assert those(times={"is": "at_most", "number": 2}) == [1, 2]
    assert those(within_days=None, times={"is": "exactly", "number": 1}) == [0]


def test_an_event_leaves_its_time_exactly_when_it_is_over() -> None:
    visit, anna = happens("visit"), person()
    with time_machine.travel(NOON, tick=False):
        event = did(anna, visit, NOON - 7 * DAY)
        assert not found({"event": "visit", "within_days": 7})
        type(event).objects.update(at=event.at + datetime.timedelta(microseconds=1))
        assert found({"event": "visit", "within_days": 7}) == {anna.pk}


def test_only_events_count_whose_data_meet_every_test() -> None:
    purchase = happens("purchase", **{"amount": "number", "Størrelse, cm": "text"})
    anna, bo = person(), person()
    did(anna, purchase, amount=200)
    did(anna, purchase, **{"amount": 50, "Størrelse, cm": "L"})
    did(bo, purchase, **{"amount": 200, "Størrelse, cm": "L"})
    large = {"field": "Størrelse, cm", "is": "equal", "value": "L"}
    dear = {"field": "amount", "is": "over", "value": 100}
    assert found({"event": "purchase", "where": [dear]}) == {anna.pk, bo.pk}
    assert found({"event": "purchase", "where": [dear, large]}) == {bo.pk}
    assert found({"event": "purchase", "did": False, "where": [dear, large]}) == {anna.pk}


def test_attributes_of_every_kind() -> None:
    anna, bo = person(), person()
    spent, liked = attribute(), attribute(kind="text")
    opted, last = attribute(kind="yes_no"), attribute(kind="date")
    AttributeValue.objects.create(attribute=spent, person=anna, number=600)
    AttributeValue.objects.create(attribute=liked, person=anna, text="Shoes")
    AttributeValue.objects.create(attribute=opted, person=anna, number=0)
    AttributeValue.objects.create(attribute=last, person=anna, moment=timezone.now())
    assert found({"attribute": spent.pk, "is": "over", "value": 500}) == {anna.pk}
    assert found({"attribute": spent.pk, "is": "not_equal", "value": 600}) == {bo.pk}
    assert found({"attribute": liked.pk, "is": "contains", "value": "hoe"}) == {anna.pk}
    assert found({"attribute": opted.pk, "is": "no"}) == {anna.pk}
    assert found({"attribute": opted.pk, "is": "unknown"}) == {bo.pk}
    assert found({"attribute": last.pk, "is": "within_last", "value": 1}) == {anna.pk}
    # A value of before its type changed isn't one any more.
    Attribute.objects.filter(pk=spent.pk).update(kind="text")
    assert found({"attribute": spent.pk, "is": "known"}) == set()


def crowd(number: int) -> tuple[list[Person], EventType]:
    """So many persons with events that an index is worth its while."""
    purchase = happens("purchase", amount="number")
    people = Person.objects.bulk_create([Person(properties={"age": n}) for n in range(number)])
    rows = [
        (who.pk, purchase.pk, ago(days), {"amount": days}) for days in range(5) for who in people
    ]  # by time, as they come in
    from integrations.core.engine.rows import insert
    from integrations.sources.cdp.models import PersonEvent

    insert(PersonEvent, ("person_id", "type_id", "at", "data"), rows)
    return people, purchase


def plans(queries: list[dict[str, str]]) -> list[str]:
    explain = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
    answers = []
    with connection.cursor() as cursor:
        for sql in (one["sql"] for one in queries):
            if sql.startswith("SELECT") and "pg_advisory" not in sql:
                cursor.execute(explain + sql)
                answers += [f"{' '.join(map(str, row))}" for row in cursor.fetchall()]
    return answers


@pytest.mark.parametrize("analysed", [False, True])
def test_one_persons_change_reads_no_table_of_persons_or_events(analysed: bool) -> None:
    know(age="number")
    people, purchase = crowd(3000)
    spent = attribute(event_type=purchase, aggregate="sum", field="amount", within_days=3)
    dear = {"field": "amount", "is": "over", "value": 0}
    event = {"event": "purchase", "within_days": 3, "times": {"is": "at_least", "number": 2}, "where": [dear]}
    many = audience({"property": "age", "is": "over", "value": 10}, event)
    rich = audience(any_of({"attribute": spent.pk, "is": "over", "value": 5}, {"event": "purchase", "did": False}))
    from tests.sources.cdp.crowd import calculated

    calculated(spent, many, rich)
    assert len(members(many)) == 2989
    if analysed:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    with CaptureQueriesContext(
        connection,
    ) as captured:
        act(people[1500], purchase, amount=100)
    read = plans(captured.captured_queries)
    assert read
    scans = ("Seq Scan on cdp_person", "Seq Scan on cdp_membership", "Seq Scan on cdp_attributevalue")
    wrong = [
        line
        for line in read
        if any(scan in line for scan in scans)
        or "cdp_event_time" in line
        or ("SCAN" in line and "json_each" not in line and any(t in line for t in ("cdp_person", "U0", "U1")))
    ]
    assert not wrong


def test_a_thousand_persons_take_as_many_queries_as_one() -> None:
    from django.db import transaction

    from integrations.sources.cdp import recalculation

    know(age="number")
    people, purchase = crowd(1000)
    spent = attribute(event_type=purchase, aggregate="sum", field="amount")
    audience({"property": "age", "is": "over", "value": 10})
    audience({"attribute": spent.pk, "is": "over", "value": 5})
    numbers = []
    for some in (people[100:101], people):
        with transaction.atomic(), CaptureQueriesContext(connection) as captured:
            recalculation.persons_changed([who.pk for who in some], everything=True, new_events=[])
        numbers.append(len(captured))
    assert numbers[0] == numbers[1] <= 22
    assert Audience.objects.filter(size__gt=900).count() == 2
