"""The customer data platform's API over HTTP: one by one and in batches, what is refused, and that a repeat is none."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.sources.cdp.models import Attribute, AttributeValue, Audience, Person, PersonEvent
from integrations.sources.cdp.signals import memberships_changed, values_changed
from tests.core.api_client import Program, refused
from tests.sources.cdp.town import did, email, fixed, identifier_type, listening, members, person, tell, tell_value

pytestmark = pytest.mark.django_db
PERSONS, EVENTS = "/api/cdp/persons", "/api/cdp/events"
MEMBERSHIPS, VALUES = "/api/cdp/memberships", "/api/cdp/attribute-values"
ANNA = email(1)
THEN = "2026-03-09T18:22:10Z"


@pytest.fixture
def shop() -> Program:
    return Program("cdp")


def event(**changes: Any) -> dict[str, Any]:
    return {"type": "purchase", "identifiers": {"email": ANNA}, "at": THEN, "external_id": "o-1", **changes}


# -- persons ----------------------------------------------------------------------------------------


def test_a_person_is_created_changed_found_and_read(shop: Program) -> None:
    body = {"identifiers": {"email": ANNA}, "properties": {"city": "Aarhus"}}
    created = shop.post(PERSONS, body)
    assert created.status_code == 201
    pk = created.json()["id"]
    assert shop.post(PERSONS, body).json() == {"outcome": "unchanged", "id": pk}
    assert shop.post(PERSONS, {"id": pk, "properties": {"age": 44}}).json() == {"outcome": "updated", "id": pk}
    vip, level = fixed(), Attribute.objects.create(name="Level", kind="text")
    tell(vip, ANNA)
    tell_value(level, ANNA, "gold")
    [found] = shop.get(PERSONS, identifier="email", value=ANNA.upper()).json()["rows"]
    assert found == shop.get(f"{PERSONS}/{pk}").json()
    assert {name: found[name] for name in ("identifiers", "properties", "audiences", "attributes")} == {
        "identifiers": {"email": [ANNA]},
        "properties": {"city": "Aarhus", "age": 44},
        "audiences": [vip.pk],
        "attributes": {str(level.pk): "gold"},
    }


def test_persons_and_events_are_listed_page_by_page(shop: Program) -> None:
    ids = [person(number).pk for number in range(1, 6)]
    first = shop.get(PERSONS, limit=3).json()
    second = shop.get(PERSONS, limit=3, after=first["next"]).json()
    assert [row["id"] for page in (first, second) for row in page["rows"]] == ids
    assert second["next"] is None
    for number in range(3):
        did(ANNA, external_id=f"o-{number}")
    page = shop.get(f"{PERSONS}/{ids[0]}/events", limit=2).json()
    assert [row["external_id"] for row in page["rows"]] == ["o-0", "o-1"]
    assert len(shop.get(f"{PERSONS}/{ids[0]}/events", after=page["next"]).json()["rows"]) == 1


def test_a_person_is_deleted_and_those_who_listen_hear_that_they_left(shop: Program) -> None:
    anna = person()
    did(ANNA)
    tell(fixed(), ANNA)
    tell_value(Attribute.objects.create(name="Level", kind="text"), ANNA, "gold")
    with listening(memberships_changed) as left, listening(values_changed) as changed:
        assert shop.client.delete(f"{PERSONS}/{anna.pk}").status_code == 204
    assert [(one.person_id, one.entered) for one in left] == [(anna.pk, False)]
    assert [one.person_id for one in changed] == [anna.pk]
    assert not Person.objects.exists() and not PersonEvent.objects.exists()
    assert Audience.objects.get().size == 0
    assert refused(shop.client.delete(f"{PERSONS}/{anna.pk}"), 404)


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "identifiers", "No person is named"),
        ({"identifiers": {"mail": ANNA}}, "identifiers.mail", "There are: email."),
        ({"identifiers": {"email": 7}}, "identifiers.email", "as text"),
        ({"identifiers": [ANNA]}, "identifiers", "an object"),
        ({"identifiers": {"email": ANNA}, "properties": {"a b": 1}}, "properties.a b", "named like city"),
        ({"identifiers": {"email": ANNA}, "city": "Aarhus"}, "city", "no field of this name"),
        ({"id": 7}, "id", "no such person"),
    ],
)
def test_persons_that_can_not_be_saved(shop: Program, body: Any, field: str, words: str) -> None:
    refused_field, message = refused(shop.post(PERSONS, body), 422)
    assert (refused_field, words in message) == (field, True), message


def test_a_search_needs_both_parts_and_an_identifier_that_exists(shop: Program) -> None:
    assert "or neither" in refused(shop.get(PERSONS, value=ANNA), 422)[1]
    assert "There are: email." in refused(shop.get(PERSONS, identifier="mail", value=ANNA), 422)[1]
    assert shop.get(PERSONS, identifier="email", value=ANNA).json() == {"rows": [], "next": None}
    assert refused(shop.get(f"{PERSONS}/{2**63}"), 404)


# -- events -----------------------------------------------------------------------------------------


def test_an_event_is_recorded_once(shop: Program) -> None:
    created = shop.post(EVENTS, event(data={"amount": 120.5}))
    assert created.status_code == 201
    again = shop.post(EVENTS, event(data={"amount": 120.5}))
    assert (again.status_code, again.json()) == (200, {"outcome": "duplicate", "id": created.json()["id"]})
    field, message = refused(shop.post(EVENTS, event(data={"amount": 1})), 409)
    assert (field, "Use a new one" in message) == ("external_id", True)
    assert PersonEvent.objects.get().data == {"amount": 120.5}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"external_id": None}, "external_id"),
        ({"at": "2026-03-09"}, "at"),
        ({"at": "2999-03-09T00:00:00Z"}, "at"),
        ({"type": "Purchase"}, "type"),
        ({"data": {"amount": 1e400}}, "data.amount"),
        ({"data": []}, "data"),
    ],
)
def test_events_that_can_not_be_recorded(shop: Program, changes: Any, field: str) -> None:
    assert refused(shop.post(EVENTS, event(**changes)), 422)[0] == field


# -- memberships and values -------------------------------------------------------------------------


def test_memberships_and_values_are_told(shop: Program) -> None:
    vip, level = fixed(external_id="5d822e81"), Attribute.objects.create(name="Spent", kind="number")
    person_id = shop.post(MEMBERSHIPS, {"audience": vip.pk, "identifiers": {"email": ANNA}, "entered": True}).json()[
        "id"
    ]
    assert members(vip) == {person_id}
    body = {"audience": "5d822e81", "identifiers": {"email": ANNA}, "entered": False}
    assert shop.post(MEMBERSHIPS, {**body, "at": THEN}).json()["outcome"] == "unchanged"
    assert shop.post(MEMBERSHIPS, body).json()["outcome"] == "updated"
    assert not members(vip)
    value = {"attribute": level.pk, "identifiers": {"email": ANNA}, "value": 1840.5}
    assert shop.post(VALUES, value).json() == {"outcome": "updated", "id": person_id}
    assert AttributeValue.objects.get().number == 1840.5
    assert refused(shop.post(VALUES, {**value, "value": "much"}), 422)[0] == "value"
    for audience in (True, 1.5, None, []):
        assert refused(shop.post(MEMBERSHIPS, {**body, "audience": audience}), 422)[0] == "audience"


# -- batches ----------------------------------------------------------------------------------------


def test_each_row_of_a_batch_has_an_answer_of_its_own(shop: Program) -> None:
    identifier_type("shop")
    rows = [
        {"identifiers": {"email": ANNA}},
        {"identifiers": {"email": "anna"}},
        {"email": ANNA},
        {"identifiers": {"shop": "s-1", "email": ANNA}},
    ]
    answer = shop.post(f"{PERSONS}/batch", {"rows": rows}).json()
    assert answer["counts"] == {"created": 1, "refused": 2, "updated": 1}
    assert [row["index"] for row in answer["rows"]] == [0, 1, 2, 3]
    assert answer["rows"][0]["id"] == answer["rows"][3]["id"] == Person.objects.get().pk


@pytest.mark.parametrize(
    ("path", "row"),
    [
        (PERSONS, {"identifiers": {"email": ANNA}}),
        (EVENTS, event()),
        (MEMBERSHIPS, {"audience": "vip", "identifiers": {"email": ANNA}, "entered": True, "at": THEN}),
        (VALUES, {"attribute": "spent", "identifiers": {"email": ANNA}, "value": 7, "at": THEN}),
    ],
)
def test_a_repeated_batch_changes_nothing_and_all_or_nothing_keeps_nothing(shop: Program, path: str, row: Any) -> None:
    fixed(external_id="vip")
    Attribute.objects.create(name="Spent", external_id="spent")
    held = shop.post(f"{path}/batch", {"rows": [row, {}], "all_or_nothing": True})
    assert held.status_code == 422
    assert not Person.objects.exists()
    assert set(shop.post(f"{path}/batch", {"rows": [row]}).json()["counts"]) <= {"created", "updated"}
    assert set(shop.post(f"{path}/batch", {"rows": [row]}).json()["counts"]) <= {"duplicate", "unchanged"}


def test_a_token_of_another_source_may_not(shop: Program) -> None:
    assert refused(Program("loyalty").get(PERSONS), 403)
    assert refused(Program(token=None).post(EVENTS, event()), 401)
