"""Persons: created, changed, and made one when their identifiers meet."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from integrations.core.batch import Outcome
from integrations.sources.cdp.models import Identifier, IdentifierType, Person, PersonEvent, Property
from integrations.sources.cdp.people import save_persons
from integrations.sources.cdp.rows import PersonRow
from integrations.sources.cdp.signals import identifiers_changed
from integrations.sources.cdp.unify import take_properties
from tests.sources.cdp.town import did, email, identifier_type, listening, names, person, persons, save

pytestmark = pytest.mark.django_db
ANNA, BO = email(1), email(2)


# -- one person -------------------------------------------------------------------------------------


def test_email_is_there_in_every_installation() -> None:
    [one] = IdentifierType.objects.all()
    assert (one.key, one.name, one.kind, one.active) == ("email", "Email", "email", True)


def test_who_is_unknown_is_created_and_who_is_known_is_changed_or_not() -> None:
    with listening(identifiers_changed) as heard:
        created = save({"email": ANNA}, city="Aarhus")
    assert created.outcome == Outcome.CREATED
    assert heard == [Identifier.objects.get().pk]
    assert save({"email": ANNA}, city="Aarhus").outcome == Outcome.UNCHANGED
    changed = save({"email": ANNA}, city="Odense", age=44)
    assert (changed.outcome, changed.id) == (Outcome.UPDATED, created.id)
    assert Person.objects.get().properties == {"city": "Odense", "age": 44}


def test_a_property_that_is_null_goes_and_one_that_is_not_named_stays() -> None:
    person(city="Aarhus", age=44)
    save({"email": ANNA}, age=None)
    assert Person.objects.get().properties == {"city": "Aarhus"}
    assert save({"email": ANNA}, age=None).outcome == Outcome.UNCHANGED


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("email", "Anna@Example.test", " anna@example.TEST "),
        ("phone", "+45 12 34 56 78", "0045-12345678"),
        ("text", " c-1 ", "c-1"),
    ],
)
def test_the_same_identifier_however_it_is_written_is_the_same_person(kind: str, one: str, other: str) -> None:
    identifier_type("own", kind)
    assert save({"own": one}).id == save({"own": other}).id
    assert Identifier.objects.count() == 1


def test_text_identifiers_differ_by_case() -> None:
    identifier_type("own")
    assert save({"own": "a"}).id != save({"own": "A"}).id


@pytest.mark.parametrize(
    ("identifiers", "field", "words"),
    [
        ({}, "identifiers", "No person is named. Give at least one of these identifiers: email, phone."),
        ({"email": "  "}, "identifiers.email", "blank"),
        ({"email": ""}, "identifiers", "No person is named"),
        ({"email": "anna"}, "identifiers.email", "not a valid e-mail"),
        ({"email": 7}, "identifiers.email", "as text"),
        ({"email": f"{'a' * 190}@example.test"}, "identifiers.email", "too long"),
        ({"email": "anna\x00@example.test"}, "identifiers.email", "control character"),
        ({"mail": ANNA}, "identifiers.mail", "There are: email, phone."),
        ({"phone": "12345678"}, "identifiers.phone", "country code"),
        ({"phone": "+45"}, "identifiers.phone", "country code"),
        ({"old": "1"}, "identifiers.old", "deactivated"),
    ],
)
def test_identifiers_that_can_not_be_used_are_refused(identifiers: dict[str, Any], field: str, words: str) -> None:
    identifier_type("phone", "phone")
    identifier_type("old", active=False)
    result = save(identifiers)
    assert (result.outcome, result.field) == (Outcome.REFUSED, field)
    assert words in result.message
    assert not Person.objects.exists()


def test_a_person_is_found_by_our_id_too() -> None:
    anna = person()
    [changed, unknown] = save_persons(
        [PersonRow({"email": BO}, {"city": "Aarhus"}, id=anna.pk), PersonRow(id=anna.pk + 1)]
    )
    assert (changed.outcome, changed.id) == (Outcome.UPDATED, anna.pk)
    assert (unknown.outcome, unknown.field) == (Outcome.REFUSED, "id")
    assert names(anna) == {ANNA, BO}


# -- properties -------------------------------------------------------------------------------------


def test_a_property_nobody_has_defined_is_made_with_the_kind_of_its_first_value() -> None:
    save({"email": ANNA}, city="Aarhus", age=44, vip=True, born="1982-05-01")
    kinds = {one.key: (one.name, one.kind) for one in Property.objects.all()}
    assert kinds == {
        "city": ("City", "text"),
        "age": ("Age", "number"),
        "vip": ("Vip", "yes_no"),
        "born": ("Born", "date"),
    }


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("city", 8000, "This is a text: write it in quotes."),
        ("age", "44", "This is a number"),
        ("age", True, "This is a number"),
        ("age", float("nan"), "too large"),
        ("age", 10**16, "too large"),
        ("vip", 1, "This is a Yes/No"),
        ("born", "May", "This is a date"),
        ("born", "2026-02-30", "This is a date"),
        ("city", "x" * 256, "too long"),
        ("city", "\x00", "control character"),
        ("city", ["Aarhus"], "a text, a number, true or false, or a date"),
        ("City", "Aarhus", "small letters"),
        ("x" * 61, "Aarhus", "small letters"),
    ],
)
def test_a_value_that_does_not_fit_refuses_its_row_and_no_other(key: str, value: Any, words: str) -> None:
    person(2, city="Aarhus", age=44, vip=True, born="1982-05-01")
    bad, good = save_persons([PersonRow({"email": ANNA}, {key: value}), PersonRow({"email": BO}, {"age": 45})])
    assert (bad.outcome, bad.field) == (Outcome.REFUSED, f"properties.{key}")
    assert words in bad.message
    assert good.outcome == Outcome.UPDATED
    assert Person.objects.count() == 1


def test_a_date_may_come_with_a_time() -> None:
    save({"email": ANNA}, born="1982-05-01")
    save({"email": ANNA}, born="1982-05-02T12:00:00Z")
    assert Person.objects.get().properties == {"born": "1982-05-02"}


def test_there_are_not_more_properties_than_a_form_can_show() -> None:
    Property.objects.bulk_create([Property(key=f"p{n}", name=f"p{n}") for n in range(500)])
    assert "500 properties already" in save({"email": ANNA}, city="Aarhus").message
    assert save({"email": ANNA}, p0="Aarhus").outcome == Outcome.CREATED


# -- unification ------------------------------------------------------------------------------------


def test_persons_whose_identifiers_meet_are_one_and_the_oldest_stays() -> None:
    identifier_type("phone", "phone")
    old, new = person(1, city="Aarhus"), Person.objects.get(pk=save({"phone": "+4512345678"}, age=44).id or 0)
    did(ANNA, external_id="e-1")
    PersonEvent.objects.update(person=new)
    moved = new.identifiers.get()
    with listening(identifiers_changed) as heard:
        result = save({"email": ANNA, "phone": "+4512345678"})
    assert (result.outcome, result.id) == (Outcome.UPDATED, old.pk)
    assert heard == [moved.pk]
    assert Person.objects.get().properties == {"city": "Aarhus", "age": 44}
    assert names(old) == {ANNA, "+4512345678"}
    assert PersonEvent.objects.get().person_id == old.pk


def test_three_persons_at_once_in_the_middle_of_a_batch() -> None:
    for key in ("shop", "till"):
        identifier_type(key)
    first = person(1)
    save({"shop": "s-1"})
    rows = [
        PersonRow({"till": "t-1"}, {"city": "Aarhus"}),
        PersonRow({"email": ANNA, "shop": "s-1", "till": "t-1"}),
        PersonRow({"till": "t-1"}, {"city": "Odense"}),
        PersonRow({"email": BO}),
    ]
    with listening(identifiers_changed) as heard:
        results = save_persons(rows)
    assert [result.outcome for result in results] == ["created", "updated", "updated", "created"]
    assert [result.id for result in results[:3]] == [first.pk] * 3
    assert Person.objects.count() == 2
    assert Person.objects.get(pk=first.pk).properties == {"city": "Odense"}
    assert names(first) == {ANNA, "s-1", "t-1"}
    assert len(heard) == 3


def test_new_persons_of_a_batch_that_meet_are_one_from_the_start() -> None:
    identifier_type("shop")
    results = save_persons(
        [PersonRow({"email": ANNA}), PersonRow({"shop": "s-1"}), PersonRow({"email": ANNA, "shop": "s-1"})]
    )
    assert len({result.id for result in results}) == Person.objects.count() == 1


def test_of_each_property_the_newer_change_stays_also_a_removal() -> None:
    one = Person(properties={"city": "Aarhus", "age": 44}, property_times={"city": 1.0, "age": 9.0, "vip": 9.0})
    other = Person(
        properties={"city": "Odense", "age": 45, "vip": True, "born": "1982-05-01"},
        property_times={"city": 2.0, "age": 2.0, "vip": 2.0},
    )
    take_properties(one, other)
    assert one.properties == {"city": "Odense", "age": 44, "born": "1982-05-01"}
    take_properties(one, Person(property_times={"city": 3.0}))
    assert one.properties == {"age": 44, "born": "1982-05-01"}


def test_all_or_nothing_keeps_nothing() -> None:
    results = save_persons([PersonRow({"email": ANNA}), PersonRow({"email": "x"})], all_or_nothing=True)
    assert {result.outcome for result in results} == {Outcome.REFUSED}
    assert not Person.objects.exists()


def test_a_person_knows_when_it_was_made_and_changed() -> None:
    anna = person()
    Person.objects.update(updated_at=timezone.now() - datetime.timedelta(days=1))
    save({"email": ANNA})
    assert Person.objects.get().updated_at < anna.updated_at
    save({"email": ANNA}, city="Aarhus")
    assert Person.objects.get().updated_at > anna.updated_at
    assert persons(3)[0] == anna
