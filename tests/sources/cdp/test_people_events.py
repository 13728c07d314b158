"""What persons did: recorded once, checked, and moved along with its person."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from integrations.core.batch import Outcome
from integrations.sources.cdp.events import record_events
from integrations.sources.cdp.models import EventType, Person, PersonEvent
from integrations.sources.cdp.people import save_persons
from integrations.sources.cdp.rows import EventRow, PersonRow
from tests.sources.cdp.town import did, email, identifier_type, names, person, save

pytestmark = pytest.mark.django_db
ANNA, BO = email(1), email(2)
THEN = datetime.datetime(2026, 3, 9, 18, 22, 10, tzinfo=datetime.UTC)


def test_an_event_makes_its_person_and_its_type() -> None:
    result = did(
        ANNA, at=THEN, data={"amount": 120.5, "coupon": "MAY", "first": True, "ship_on": "2026-03-10", "items": [1]}
    )
    assert result.outcome == Outcome.CREATED
    event = PersonEvent.objects.get(pk=result.id)
    assert (names(event.person_id), event.at, event.type.key) == ({ANNA}, THEN, "purchase")
    assert event.data["items"] == [1]
    assert event.type.fields == {"amount": "number", "coupon": "text", "first": "yes_no", "ship_on": "date"}


def test_a_field_keeps_its_first_kind_and_new_ones_are_noted() -> None:
    did(ANNA, data={"amount": 1})
    did(ANNA, data={"amount": "2", "shop": "Aarhus"})
    assert EventType.objects.get().fields == {"amount": "number", "shop": "text"}


def test_the_same_event_again_is_a_duplicate_and_another_one_under_its_id_is_refused() -> None:
    first = did(ANNA, external_id="o-1", at=THEN, data={"amount": 1})
    again = did(ANNA.upper(), external_id=" o-1 ", at=THEN, data={"amount": 1.0})
    assert (again.outcome, again.id) == (Outcome.DUPLICATE, first.id)
    for who, values in (
        (ANNA, {"at": THEN, "data": {"amount": 2}}),
        (ANNA, {"at": THEN + datetime.timedelta(seconds=1), "data": {"amount": 1}}),
        (ANNA, {"at": THEN, "data": {"amount": 1}, "event": "visit"}),
        (BO, {"at": THEN, "data": {"amount": 1}}),
    ):
        other = did(who, external_id="o-1", **values)
        assert (other.outcome, other.field) == (Outcome.REFUSED, "external_id")
    assert PersonEvent.objects.count() == Person.objects.count() == 1


def test_an_event_without_time_is_a_duplicate_whenever_it_comes_again() -> None:
    assert [did(ANNA, external_id="o-1").outcome for _ in range(2)] == ["created", "duplicate"]


def test_a_duplicate_within_a_batch_also_of_a_person_that_turned_out_to_be_another() -> None:
    identifier_type("shop")
    person(1)
    results = record_events(
        [
            EventRow("visit", {"shop": "s-1"}, THEN, external_id="v-1"),
            EventRow("visit", {"shop": "s-1", "email": ANNA}, THEN, external_id="v-2"),
            EventRow("visit", {"email": ANNA}, THEN, external_id="v-1"),
        ]
    )
    assert [result.outcome for result in results] == ["created", "created", "duplicate"]
    assert results[0].id == results[2].id
    assert set(PersonEvent.objects.values_list("person_id", flat=True)) == {Person.objects.get().pk}


def test_a_duplicate_is_known_when_its_person_was_unified_since() -> None:
    identifier_type("shop")
    save_persons([PersonRow({"email": ANNA}), PersonRow({"shop": "s-1"})])
    [result] = record_events([EventRow("visit", {"shop": "s-1"}, THEN, external_id="v-1")])
    save({"email": ANNA, "shop": "s-1"})
    assert (did(ANNA, "visit", at=THEN, external_id="v-1").id, Person.objects.count()) == (result.id, 1)


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"event": "Purchase"}, "type", "named like purchase"),
        ({"event": "x" * 61}, "type", "at most 60"),
        ({"at": datetime.datetime(1969, 12, 31, tzinfo=datetime.UTC)}, "at", "before 1970"),
        ({"at": timezone.now() + datetime.timedelta(days=2)}, "at", "in the future"),
        ({"at": datetime.datetime.max.replace(tzinfo=datetime.timezone(-datetime.timedelta(hours=5)))}, "at", ""),
        ({"data": ["amount"]}, "data", "an object"),
        ({"data": {str(n) + "x": 1 for n in range(3)}}, "data", "a letter first"),
        ({"data": {f"x{n}": 1 for n in range(101)}}, "data", "too many fields: at most 100"),
        ({"data": {"text": "x" * 10_000}}, "data", "at most 10,000 characters"),
        ({"data": {"text": "\x00"}}, "data.text", "control character"),
        ({"data": {"text": ["\ud800"]}}, "data.text", "control character"),
        ({"data": {"items": [{"\x00": 1}]}}, "data.items", "control character"),
        ({"data": {"amount": float("inf")}}, "data.amount", "too large"),
        ({"data": {"amount": 10**400}}, "data.amount", "too large"),
        ({"data": {"deep": [[[[[[1]]]]]]}}, "data.deep", "nested too deep"),
        ({"external_id": "x" * 101}, "external_id", "at most 100"),
    ],
)
def test_what_can_not_be_recorded_is_refused(values: dict[str, Any], field: str, words: str) -> None:
    result = did(ANNA, **values)
    assert (result.outcome, result.field) == (Outcome.REFUSED, field)
    assert words in result.message
    assert not Person.objects.exists()


def test_types_built_from_data_come_to_an_end() -> None:
    EventType.objects.bulk_create([EventType(key=f"order_{n}") for n in range(500)])
    assert "500 event types already" in did(ANNA).message
    assert did(ANNA, "order_7").outcome == Outcome.CREATED


def test_a_type_has_not_more_fields_than_a_form_can_show_but_keeps_all_data() -> None:
    for part in range(2):
        did(ANNA, data={f"x{part}_{n}": 1 for n in range(60)})
    assert len(EventType.objects.get().fields) == 100
    assert [len(event.data) for event in PersonEvent.objects.all()] == [60, 60]


def test_a_time_without_zone_is_local(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Copenhagen"
    did(ANNA, at=datetime.datetime(2026, 3, 9, 12))
    assert PersonEvent.objects.get().at.hour == 11
