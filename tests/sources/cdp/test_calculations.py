"""Calculated attributes: what events add up to, and what is said when they don't."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import time_machine

from integrations.sources.cdp import definitions, passing, recalculation, scratch
from integrations.sources.cdp.models import Attribute, EventType, PersonEvent
from integrations.sources.cdp.signals import ValueChange
from tests.sources.cdp.crowd import (
    DAY,
    act,
    ago,
    announced,
    attribute,
    calculated,
    did,
    fresh,
    happens,
    person,
    values,
)

pytestmark = pytest.mark.django_db
FIELDS = {"amount": "number", "category": "text", "gift": "yes_no", "due": "date"}
START = datetime.datetime(2026, 3, 10, 12, tzinfo=datetime.UTC)


@pytest.fixture
def purchase() -> EventType:
    return happens("purchase", **FIELDS)


def value(of: EventType, data: list[dict[str, Any]], **definition: Any) -> Any:
    """What an attribute makes of these events, a day apart, the last one today."""
    who = person()
    for days, one in enumerate(reversed(data)):
        did(who, of, START - days * DAY, **one)
    with time_machine.travel(START, tick=False):
        one = attribute(event_type=of, **definition)
        calculated(one)
    return values(one).get(who.pk)


def test_numbers(purchase: EventType) -> None:
    data = [{"amount": 0.1}, {"amount": 0.2}, {"amount": "5"}, {}, {"amount": None}]
    assert value(purchase, data, aggregate="count") == 5
    assert value(purchase, data, aggregate="count", within_days=2) == 2
    assert value(purchase, data, aggregate="sum", field="amount") == 0.3
    assert value(purchase, data, aggregate="average", field="amount") == 0.15
    assert value(purchase, data, aggregate="first", field="amount") == 0.1
    assert value(purchase, data, aggregate="last", field="amount") == 0.2
    assert value(purchase, [{}], aggregate="sum", field="amount") is None
    assert value(purchase, [], aggregate="count") is None


def test_text_yes_no_and_dates(purchase: EventType) -> None:
    data = [{"category": name} for name in ("b", "a", "a", "c", "b")]
    assert value(purchase, data, kind="text", aggregate="first", field="category") == "b"
    assert value(purchase, data, kind="text", aggregate="most_frequent", field="category") == "b"
    assert value(purchase, data[:-1], kind="text", aggregate="most_frequent", field="category") == "a"
    assert value(purchase, [{"category": "x" * 300}], kind="text", aggregate="last", field="category") == "x" * 255
    gifts = [{"gift": True}, {"gift": False}]
    assert value(purchase, gifts, kind="yes_no", aggregate="last", field="gift") == 0
    dates = [{"due": "2026-02-01T08:00:00Z"}, {"due": "2026-02-30"}]
    assert value(purchase, dates, kind="date", aggregate="last", field="due") == datetime.datetime(
        2026, 2, 1, tzinfo=datetime.UTC
    )


def test_without_a_field_a_date_is_when_it_happened(purchase: EventType) -> None:
    data: list[dict[str, Any]] = [{}, {}, {}]
    assert value(purchase, data, kind="date", aggregate="last") == START
    assert value(purchase, data, kind="date", aggregate="first") == START - 2 * DAY


def test_it_says_how_many_values_do_not_fit(purchase: EventType) -> None:
    anna, bo = person(), person()
    did(anna, purchase, amount="free")
    did(anna, purchase, amount=5)
    did(bo, purchase, ago(40), amount="free")
    spent = attribute(event_type=purchase, aggregate="sum", field="amount", within_days=30)
    calculated(spent)
    assert fresh(spent).problem == "1 value of “amount” isn't Number and was left out."
    act(bo, purchase, amount="gratis")
    act(bo, purchase, amount=7)
    assert fresh(spent).problem == "2 values of “amount” aren't Number and were left out."
    assert values(spent) == {anna.pk: 5, bo.pk: 7}
    definitions.recheck()
    assert fresh(spent).calculating_after is None
    PersonEvent.objects.filter(data__amount__in=["free", "gratis"]).delete()
    calculated(spent)
    assert fresh(spent).problem == ""


def test_only_real_changes_are_announced(purchase: EventType) -> None:
    anna = person()
    spent = attribute(event_type=purchase, aggregate="sum", field="amount")
    with announced() as heard:
        act(anna, purchase, amount=5)
        act(anna, purchase, amount=0)
        calculated(spent)
    assert [(one.attribute_id, one.person_id) for one in heard if isinstance(one, ValueChange)] == [(spent.pk, anna.pk)]


def test_a_value_goes_when_its_last_event_leaves_the_time(purchase: EventType) -> None:
    anna = person()
    with time_machine.travel(START, tick=False) as clock:
        spent = attribute(event_type=purchase, aggregate="sum", field="amount", within_days=7)
        act(anna, purchase, amount=5)
        clock.move_to(START + 7 * DAY - datetime.timedelta(seconds=1), tick=False)
        passing.pass_time()
        assert values(spent) == {anna.pk: 5}
        clock.move_to(START + 7 * DAY, tick=False)
        passing.pass_time()
        assert values(spent) == {}


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ({"aggregate": "sum", "field": "shop"}, "no field “shop” any more"),
        ({"aggregate": "sum"}, "of which field"),
        ({"aggregate": "sum", "field": "category"}, "“category” is Text now, which doesn't fit the type Number"),
        ({"aggregate": "last", "kind": "date", "field": "amount"}, "“amount” is Number now"),
        ({"aggregate": "count", "kind": "text"}, "“How many” gives a number"),
    ],
)
def test_a_definition_that_does_not_fit_says_so(purchase: EventType, definition: dict[str, Any], words: str) -> None:
    one = Attribute(name="A", event_type=purchase, **definition)
    definitions.save_attribute(one)
    assert words in fresh(one).problem
    assert fresh(one).calculating_after is None


def test_a_type_that_no_longer_fits_leaves_the_values_until_it_is_repaired(purchase: EventType) -> None:
    anna = person()
    spent = attribute(event_type=purchase, aggregate="sum", field="amount")
    act(anna, purchase, amount=5)
    EventType.objects.update(fields=FIELDS | {"amount": "text"})
    definitions.recheck()
    assert "“amount” is Text now" in fresh(spent).problem
    act(anna, purchase, amount=6)
    assert values(spent) == {anna.pk: 5}
    EventType.objects.update(fields=FIELDS)
    definitions.recheck()
    assert (fresh(spent).problem, fresh(spent).calculating_after) == ("", 0)
    scratch.go_on("attribute", spent.pk)
    assert values(spent) == {anna.pk: 11}


def test_an_event_type_can_be_deleted_and_its_attributes_say_so() -> None:
    visit = happens("visit")
    visits = attribute(event_type=visit, aggregate="count")
    visit.delete()
    definitions.recheck()
    assert "doesn't exist any more" in fresh(visits).problem
    scratch.go_on("attribute", visits.pk)


def test_told_values_of_another_type_go_when_the_type_changes() -> None:
    anna, bo = person(), person()
    told = attribute()
    told.values.create(person=anna, number=1)
    told.values.create(person=bo, number=5)
    told.kind = "yes_no"
    definitions.save_attribute(told)
    while scratch.go_on("attribute", told.pk):
        pass
    assert values(told) == {anna.pk: 1}
    told.kind = "text"
    definitions.save_attribute(told)
    while scratch.go_on("attribute", told.pk):
        pass
    assert values(told) == {}


def test_progress_is_a_share_of_the_persons(monkeypatch: pytest.MonkeyPatch, purchase: EventType) -> None:
    monkeypatch.setattr(scratch, "SLICE", 2)
    for _ in range(4):
        person()
    visits = attribute(event_type=purchase, aggregate="count")
    assert recalculation.progress(visits) is None
    recalculation.from_scratch("attribute", visits.pk)
    assert recalculation.progress(fresh(visits)) == 0
    scratch.go_on("attribute", visits.pk)
    assert 0 < (recalculation.progress(fresh(visits)) or 0) < 100
    while scratch.go_on("attribute", visits.pk):
        pass
    assert (recalculation.progress(fresh(visits)), fresh(visits).calculated_at is not None) == (None, True)
