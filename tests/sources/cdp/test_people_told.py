"""Fixed memberships and values that are told: what was told last is so, however it comes in."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from integrations.core.batch import Outcome
from integrations.sources.cdp.models import (
    Attribute,
    AttributeValue,
    Audience,
    EventType,
    Membership,
    Person,
    ToldMembership,
)
from integrations.sources.cdp.rows import MembershipRow
from integrations.sources.cdp.signals import memberships_changed, values_changed
from integrations.sources.cdp.told import tell_memberships
from tests.sources.cdp.town import (
    email,
    fixed,
    identifier_type,
    listening,
    members,
    person,
    save,
    tell,
    tell_value,
)

pytestmark = pytest.mark.django_db
ANNA, BO = email(1), email(2)
NOW = datetime.datetime(2026, 3, 9, 12, tzinfo=datetime.UTC)


def hours(number: int) -> datetime.datetime:
    return NOW + datetime.timedelta(hours=number)


# -- memberships ------------------------------------------------------------------------------------


def test_entering_and_leaving_is_announced_once_each_and_counted() -> None:
    vip, anna = fixed(), person()
    with listening(memberships_changed) as heard:
        outcomes = [
            tell(vip, ANNA, entered, at=hours(n)).outcome for n, entered in enumerate([True, True, False, False])
        ]
    assert outcomes == ["updated", "unchanged", "updated", "unchanged"]
    assert [(change.person_id, change.entered) for change in heard] == [(anna.pk, True), (anna.pk, False)]
    assert (members(vip), Audience.objects.get().size) == (set(), 0)


def test_the_time_of_entering_is_the_told_one() -> None:
    tell(fixed(), ANNA, at=NOW)
    assert Membership.objects.get().entered_at == NOW


def test_what_is_older_than_what_was_told_last_changes_nothing() -> None:
    vip = fixed()
    tell(vip, ANNA, at=hours(1))
    tell(vip, ANNA, at=hours(5))
    assert tell(vip, ANNA, False, at=hours(3)).outcome == Outcome.UNCHANGED
    assert members(vip)
    tell(vip, ANNA, False, at=hours(6))
    assert tell(vip, ANNA, at=hours(5)).outcome == Outcome.UNCHANGED
    assert not members(vip)
    assert ToldMembership.objects.get().at == hours(6)


def test_the_order_within_a_batch_does_not_matter_and_a_repeated_batch_does_nothing() -> None:
    vip = fixed()
    rows = [
        MembershipRow(vip.pk, {"email": ANNA}, False, hours(2)),
        MembershipRow(vip.pk, {"email": ANNA}, True, hours(1)),
        MembershipRow(vip.pk, {"email": BO}, True, hours(1)),
    ]
    tell_memberships(rows)
    with listening(memberships_changed) as heard:
        assert {result.outcome for result in tell_memberships(rows)} == {Outcome.UNCHANGED}
    assert (heard, members(vip)) == ([], {Person.objects.get(identifiers__key=BO).pk})


def test_an_audience_is_named_by_our_id_or_by_raptors() -> None:
    vip = fixed(external_id="5d822e81")
    assert tell("5d822e81", ANNA).outcome == Outcome.UPDATED
    assert members(vip)


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"at": hours(24 * 365 * 10)}, "at", "in the future"),
        ({"at": datetime.datetime(1969, 1, 1, tzinfo=datetime.UTC)}, "at", "before 1970"),
    ],
)
def test_impossible_times_are_refused(values: dict[str, Any], field: str, words: str) -> None:
    result = tell(fixed(), ANNA, **values)
    assert (result.outcome, result.field) == (Outcome.REFUSED, field)
    assert words in result.message


def test_audiences_that_do_not_exist_or_have_conditions_are_refused() -> None:
    by_conditions = Audience.objects.create(name="Cat owners")
    for audience, words in ((by_conditions.pk, "follows from its conditions"), (7**30, "no such"), ("\x00", "no such")):
        result = tell(audience, ANNA)
        assert (result.outcome, result.field) == (Outcome.REFUSED, "audience")
        assert words in result.message


def test_of_persons_that_turn_out_to_be_one_what_was_told_last_is_so() -> None:
    identifier_type("shop")
    stays, goes, only = fixed("Stays"), fixed("Goes"), fixed("Only the other")
    old, new = person(1), person(2)
    tell(stays, ANNA, False, at=hours(1))
    tell(stays, BO, True, at=hours(2))
    tell(goes, ANNA, True, at=hours(1))
    tell(goes, BO, False, at=hours(2))
    tell(only, BO, True, at=hours(1))
    with listening(memberships_changed) as heard:
        save({"email": ANNA, "shop": "s-1"})
        save({"email": BO, "shop": "s-1"})
    assert Person.objects.get() == old
    assert [members(one) for one in (stays, goes, only)] == [{old.pk}, set(), {old.pk}]
    assert set(Audience.objects.values_list("name", "size")) == {("Stays", 1), ("Goes", 0), ("Only the other", 1)}
    assert sorted((one.audience_id, one.person_id, one.entered) for one in heard) == sorted(
        [
            (stays.pk, old.pk, True),
            (stays.pk, new.pk, False),
            (goes.pk, old.pk, False),
            (only.pk, old.pk, True),
            (only.pk, new.pk, False),
        ]
    )
    assert tell(stays, ANNA, False, at=hours(1)).outcome == Outcome.UNCHANGED


# -- values -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("text", "gold", "gold"),
        ("number", 1840.5, 1840.5),
        ("yes_no", False, 0),
        ("date", "2026-03-09T12:00:00Z", NOW),
        ("date", "2026-03-09", NOW.replace(hour=0)),
    ],
)
def test_values_are_kept_by_kind_and_announced_once(kind: str, value: Any, kept: Any) -> None:
    attribute = Attribute.objects.create(name="Level", kind=kind)
    with listening(values_changed) as heard:
        assert tell_value(attribute, ANNA, value, at=hours(1)).outcome == Outcome.UPDATED
        assert tell_value(attribute, ANNA, value, at=hours(2)).outcome == Outcome.UNCHANGED
    assert AttributeValue.objects.get().value == kept
    assert len(heard) == 1


def test_a_value_can_be_taken_away_and_what_is_older_comes_too_late() -> None:
    attribute = Attribute.objects.create(name="Level", kind="text")
    tell_value(attribute, ANNA, "gold", at=hours(1))
    assert tell_value(attribute, ANNA, None, at=hours(3)).outcome == Outcome.UPDATED
    assert tell_value(attribute, ANNA, "silver", at=hours(2)).outcome == Outcome.UNCHANGED
    assert not AttributeValue.objects.exists()


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [("number", "12", "a number"), ("date", "May", "a date"), ("yes_no", 1, "Yes/No"), ("text", "x" * 256, "too long")],
)
def test_values_that_do_not_fit_are_refused(kind: str, value: Any, words: str) -> None:
    result = tell_value(Attribute.objects.create(name="Level", kind=kind), ANNA, value)
    assert (result.outcome, result.field) == (Outcome.REFUSED, "value")
    assert words in result.message


def test_calculated_attributes_are_not_told() -> None:
    attribute = Attribute.objects.create(
        name="Orders", event_type=EventType.objects.create(key="purchase"), aggregate="count"
    )
    assert "calculated from events" in tell_value(attribute, ANNA, 7).message
    assert "no such attribute" in tell_value(attribute.pk + 1, ANNA, 7).message


def test_of_persons_that_turn_out_to_be_one_the_newer_value_stays() -> None:
    level, shoes = Attribute.objects.create(name="Level", kind="text"), Attribute.objects.create(name="Shoes")
    old, _new = person(1), person(2)
    identifier_type("shop")
    tell_value(level, ANNA, "gold", at=hours(1))
    tell_value(level, BO, "silver", at=hours(2))
    tell_value(shoes, ANNA, 44, at=hours(2))
    tell_value(shoes, BO, 45, at=hours(1))
    save({"email": ANNA, "shop": "s-1"})
    save({"email": BO, "shop": "s-1"})
    assert {one.attribute_id: (one.person_id, one.value) for one in AttributeValue.objects.all()} == {
        level.pk: (old.pk, "silver"),
        shoes.pk: (old.pk, 44),
    }


def test_told_now_when_nobody_says_when() -> None:
    tell(fixed(), ANNA)
    assert timezone.now() - ToldMembership.objects.get().at < datetime.timedelta(minutes=1)
