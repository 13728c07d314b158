"""What follows when a person's data, a definition or the time changes."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from django_q.models import Schedule

from integrations.sources.cdp import definitions, passing, recalculation, scratch, setup, tasks
from integrations.sources.cdp.models import Attribute, Audience, PersonEvent, Property
from integrations.sources.cdp.signals import removed, renamed
from tests.sources.cdp.crowd import (
    DAY,
    act,
    all_of,
    announced,
    any_of,
    attribute,
    audience,
    calculated,
    change,
    did,
    fresh,
    happens,
    know,
    members,
    person,
    values,
)
from tests.sources.cdp.town import listening

pytestmark = pytest.mark.django_db
NOON = datetime.datetime(2026, 3, 10, 12, tzinfo=datetime.UTC)
AARHUS = {"property": "city", "is": "equal", "value": "Aarhus"}


def finish(one: Audience | Attribute) -> None:
    kind = "attribute" if isinstance(one, Attribute) else "audience"
    while scratch.go_on(kind, one.pk):
        pass


def test_a_person_enters_and_leaves_as_its_properties_change() -> None:
    know(city="text")
    aarhus = audience(AARHUS)
    anna = person()
    with announced() as heard:
        change(anna, city="Aarhus")
        change(anna, city="Aarhus")
        change(anna, city="Odense")
    assert [(one.audience_id, one.person_id, one.entered) for one in heard] == [
        (aarhus.pk, anna.pk, True),
        (aarhus.pk, anna.pk, False),
    ]
    assert (members(aarhus), fresh(aarhus).size) == (set(), 0)


def test_an_event_changes_the_attribute_first_and_then_the_audience_that_looks_at_it() -> None:
    purchase = happens("purchase", amount="number")
    spent = attribute(event_type=purchase, aggregate="sum", field="amount", within_days=30)
    big = audience({"attribute": spent.pk, "is": "over", "value": 100})
    anna = person()
    act(anna, purchase, amount=60)
    assert members(big) == set()
    act(anna, purchase, amount=60)
    assert (values(spent), members(big)) == ({anna.pk: 120}, {anna.pk})


def test_an_attribute_from_scratch_takes_its_audiences_along() -> None:
    purchase = happens("purchase", amount="number")
    spent = attribute(event_type=purchase, aggregate="sum", field="amount")
    big = audience({"attribute": spent.pk, "is": "over", "value": 100})
    anna = person()
    did(anna, purchase, amount=200)
    calculated(spent)
    assert members(big) == {anna.pk}


def test_a_fixed_audience_is_left_alone() -> None:
    know(city="text")
    fixed = audience(AARHUS, kind="fixed")
    anna = person()
    change(anna, city="Aarhus")
    calculated(fixed)
    assert (members(fixed), fresh(fixed).calculating_after) == (set(), None)


def test_only_those_leave_whose_events_crossed_the_border(django_assert_num_queries: Any) -> None:
    visit = happens("visit")
    people = [person() for _ in range(3)]
    with time_machine.travel(NOON, tick=False) as clock:
        lately = audience({"event": "visit", "within_days": 7})
        absent = audience({"event": "visit", "did": False, "within_days": 7})
        for hours, who in enumerate(people):
            act(who, visit, NOON + datetime.timedelta(hours=hours) - DAY)
        calculated(lately, absent)
        with announced() as heard:
            clock.move_to(NOON + 6 * DAY + datetime.timedelta(minutes=30), tick=False)
            passing.pass_time()
        assert [(one.audience_id, one.person_id, one.entered) for one in heard] == [
            (lately.pk, people[0].pk, False),
            (absent.pk, people[0].pk, True),
        ]
        passing.pass_time()
        assert (fresh(lately).passed_until, fresh(lately).calculating_after) == (timezone.now(), None)
        assert members(lately) == {who.pk for who in people[1:]}


def test_when_very_many_leave_everybody_is_calculated_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "MOST", 2)
    visit = happens("visit")
    people = [person() for _ in range(3)]
    with time_machine.travel(NOON, tick=False) as clock:
        lately = audience({"event": "visit", "within_days": 7})
        for who in people:
            act(who, visit, NOON)
        clock.move_to(NOON + 8 * DAY, tick=False)
        passing.pass_time()
        assert (fresh(lately).calculating_after, len(members(lately))) == (0, 3)
        finish(lately)
        assert members(lately) == set()


def test_dates_come_nearer_at_midnight() -> None:
    know(born="date")
    anna = person(born="2026-03-12")
    with time_machine.travel(NOON, tick=False) as clock:
        soon = audience({"property": "born", "is": "within_next", "value": 1})
        calculated(soon)
        for hours, expected in ((11, None), (12, 0)):
            clock.move_to(NOON + datetime.timedelta(hours=hours), tick=False)
            passing.pass_time()
            assert fresh(soon).calculating_after == expected
        finish(soon)
        assert members(soon) == {anna.pk}


def test_a_clock_that_is_behind_does_not_bring_back_what_has_passed() -> None:
    visit = happens("visit")
    anna = person()
    with time_machine.travel(NOON, tick=False):
        lately = audience({"event": "visit", "within_days": 7})
        Audience.objects.update(passed_until=NOON + datetime.timedelta(minutes=1))
        act(anna, visit, NOON - 7 * DAY + datetime.timedelta(seconds=30))
    assert members(lately) == set()


def test_an_edit_starts_again_and_a_killed_calculation_goes_on_where_it_stood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "SLICE", 1)
    know(city="text")
    people = [person(city="Aarhus"), person(city="Odense"), person(city="Aarhus")]
    one = Audience(name="One", condition=all_of(AARHUS))
    definitions.save_audience(one)
    scratch.go_on("audience", one.pk)
    assert (fresh(one).calculating_after, members(one)) == (people[0].pk, {people[0].pk})
    # The next worker, whoever it is.
    scratch.go_on("audience", one.pk)
    assert fresh(one).calculating_after == people[1].pk
    one.condition = all_of(AARHUS | {"value": "Odense"})
    definitions.save_audience(one)
    assert fresh(one).calculating_after == 0
    with announced() as heard:
        finish(one)
    assert [(change.person_id, change.entered) for change in heard] == [(people[0].pk, False), (people[1].pk, True)]
    assert (fresh(one).size, fresh(one).calculating_after) == (1, None)


def test_a_change_of_words_calculates_nothing_and_tells_the_new_name() -> None:
    know(city="text")
    one = audience(AARHUS)
    one.name, one.description = "Aarhus", "Everybody there"
    with listening(renamed) as heard:
        definitions.save_audience(one)
        definitions.save_audience(one)
    assert [(told.kind, told.id, told.name) for told in heard] == [("audience", one.pk, "Aarhus")]
    assert fresh(one).calculating_after is None


def test_a_property_that_vanished_leaves_everybody_as_they_were_until_it_is_back() -> None:
    know(city="text")
    aarhus = audience(any_of(AARHUS))
    anna, bo = person(), person()
    change(anna, city="Aarhus")
    Property.objects.filter(key="city").delete()
    definitions.recheck()
    assert "the property “city”, which doesn't exist any more" in fresh(aarhus).problem
    with announced() as heard:
        change(anna, city="Odense")
        change(bo, city="Aarhus")
        calculated(aarhus)
    assert (heard, members(aarhus)) == ([], {anna.pk})
    know(city="number")
    definitions.recheck()
    assert "a value that isn't a number" in fresh(aarhus).problem
    know(city="text")
    definitions.recheck()
    assert (fresh(aarhus).problem, fresh(aarhus).calculating_after) == ("", 0)
    finish(aarhus)
    assert members(aarhus) == {bo.pk}


def test_an_attribute_can_be_deleted_although_an_audience_uses_it() -> None:
    told = attribute()
    anna = person()
    rich = audience({"attribute": told.pk, "is": "over", "value": 5})
    told.values.create(person=anna, number=6)
    calculated(rich)
    with listening(removed) as heard:
        definitions.delete_attribute(told)
    assert [(one.kind, one.name) for one in heard] == [("attribute", told.name)]
    assert f"the calculated attribute {heard[0].id}" in fresh(rich).problem
    assert members(rich) == {anna.pk}


def test_nobody_leaves_an_audience_that_is_deleted() -> None:
    know(city="text")
    aarhus = audience(AARHUS)
    change(person(), city="Aarhus")
    with listening(removed) as heard, announced() as changes:
        definitions.delete_audience(aarhus)
    assert [(one.kind, one.name) for one in heard] == [("audience", aarhus.name)]
    assert changes == []
    assert not Audience.objects.exists()


def test_the_minute_repairs_passes_time_and_asks_for_whoever_was_killed(
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(city="text")
    aarhus = audience(AARHUS)
    person(city="Aarhus")
    recalculation.from_scratch("audience", aarhus.pk)
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(recalculation, "async_task", lambda *arguments: asked.append(arguments))
    for worked_until, expected in ((DAY, 0), (-DAY, 1), (None, 2)):
        Audience.objects.update(worked_until=worked_until and timezone.now() + worked_until)
        with django_capture_on_commit_callbacks(execute=True):
            tasks.every_minute()
        assert len(asked) == expected
    assert asked[0] == ("integrations.sources.cdp.tasks.calculate", "audience", aarhus.pk)
    tasks.calculate("audience", aarhus.pk)
    assert (fresh(aarhus).size, fresh(aarhus).calculating_after, fresh(aarhus).worked_until) == (1, None, None)


def test_two_workers_are_not_at_one_calculation(monkeypatch: pytest.MonkeyPatch) -> None:
    know(city="text")
    aarhus = audience(AARHUS)
    person(city="Aarhus")
    recalculation.from_scratch("audience", aarhus.pk)
    Audience.objects.update(worked_until=timezone.now() + DAY)
    tasks.calculate("audience", aarhus.pk)
    assert fresh(aarhus).calculating_after == 0
    # The other one goes on for as long as it may, and then hands on.
    Audience.objects.update(worked_until=None)
    monkeypatch.setattr(scratch, "BUDGET", -1)
    tasks.calculate("audience", aarhus.pk)
    assert (fresh(aarhus).worked_until, len(members(aarhus))) == (None, 1)


def test_a_calculation_of_what_was_deleted_ends() -> None:
    tasks.calculate("audience", 7)
    assert scratch.go_on("attribute", 7) is False
    recalculation.from_scratch("audience", 7)


def test_the_schedule_is_written() -> None:
    setup.write_schedules()
    schedule = Schedule.objects.get(name="Customer data: minute")
    assert (schedule.func, schedule.minutes) == ("integrations.sources.cdp.tasks.every_minute", 1)


def test_the_memory_of_a_slice_does_not_grow_with_the_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "SLICE", 10)
    know(city="text")
    for _ in range(25):
        person(city="Aarhus")
    aarhus = audience(AARHUS)
    with announced() as heard:
        sizes = []
        recalculation.from_scratch("audience", aarhus.pk)
        while scratch.go_on("audience", aarhus.pk):
            sizes.append(len(heard))
    assert sizes == [10, 20, 25]
    assert PersonEvent.objects.count() == 0
