"""CSV import of persons, events, members and values: a look first, then the same bulk verbs as everywhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from integrations.sources.cdp.models import Attribute, AttributeValue, Person, PersonEvent, Property
from tests.crawl import everything_stored
from tests.sources.cdp.town import email, fixed, identifier_type, members, names, person
from tests.sources.csv_files import TABLES, check, counted, load
from tests.sources.loyalty.people import mia, shown
from tests.sources.loyalty.people import person as user

pytestmark = pytest.mark.django_db
ANNA, BO = email(1), email(2)


def test_a_look_changes_nothing_and_the_import_makes_persons_and_properties() -> None:
    identifier_type("phone", "phone")
    client = mia()
    stored = everything_stored(without=TABLES)
    rows = f"E-mail;Phone;City;Age;VIP;Born;Zip\n{ANNA};+4512345678;Aarhus;44;yes;1982-05-01;08000\n{BO};;;;no;;8000\n"
    rows = rows.replace("E-mail", "Email")
    page = check(client, rows, "persons")
    assert "What would happen" in page and counted(page, "New") == 2
    assert everything_stored(without=TABLES) == stored
    assert "Imported" in load(client, rows, "persons")
    anna = Person.objects.get(identifiers__key=ANNA)
    assert names(anna) == {ANNA, "+4512345678"}
    assert anna.properties == {"city": "Aarhus", "age": 44, "vip": True, "born": "1982-05-01", "zip": "08000"}
    assert dict(Property.objects.values_list("key", "kind"))["zip"] == "text"
    assert counted(check(client, rows, "persons"), "Unchanged") == 2


def test_a_column_of_a_known_property_is_read_by_its_type_and_a_blank_cell_changes_nothing() -> None:
    person(zip="1000", age=44)
    load(mia(), f"email,zip,age\n{ANNA},8000,\n", "persons")
    assert Person.objects.get().properties == {"zip": "8000", "age": 44}


def test_each_row_that_is_refused_says_why_at_its_column() -> None:
    person(age=44)
    page = check(mia(), f"email,age\nanna,1\n{BO},old\n,7\n{ANNA},45\n", "persons")
    for words in ("not a valid e-mail", "This is a number", "No person is named"):
        assert words in page
    assert (counted(page, "Refused"), counted(page, "Updated")) == (3, 1)
    assert re.findall(r'data-label="Column">([^<]*)<', page) == ["email", "age", "–"]


def test_columns_that_can_not_be_properties_are_named() -> None:
    page = check(mia(), f"email,first name!\n{ANNA},Anna\n", "persons")
    assert "These columns are not known: “first_name!”" in page


def test_events_are_recorded_once_also_without_ids() -> None:
    client = mia()
    rows = f"email,type,at,amount,shop\n{ANNA},purchase,2026-03-01 18:30,120.5,Aarhus\n{ANNA},visit,,,\n"
    load(client, rows, "events")
    assert counted(check(client, rows, "events"), "Recorded before") == 2
    purchase = PersonEvent.objects.get(type__key="purchase")
    assert purchase.data == {"amount": 120.5, "shop": "Aarhus"}
    assert PersonEvent.objects.get(type__key="visit").data == {}
    assert "named like purchase" in check(client, f"email,type\n{ANNA},\n", "events")


def test_members_and_values_are_told_by_name() -> None:
    client, vip, level = mia(), fixed("VIP"), Attribute.objects.create(name="Level", kind="text")
    load(client, f"email,audience,entered\n{ANNA},VIP,\n{BO},VIP,no\n", "memberships")
    assert members(vip) == {Person.objects.get(identifiers__key=ANNA).pk}
    load(client, f"email,attribute,value\n{ANNA},Level,7\n", "values")
    assert AttributeValue.objects.get(attribute=level).value == "7"
    assert "There is no such audience" in check(client, f"email,audience\n{ANNA},Cats\n", "memberships")
    assert "There is no such attribute" in check(client, f"email,attribute,value\n{ANNA},Cats,1\n", "values")


def test_everybody_imports_what_they_may_only() -> None:
    client = user("eva", None, "add_personevent")
    assert client.get(reverse("admin:cdp_person_import_kind", args=["events"])).status_code == 200
    assert client.get(reverse("admin:cdp_person_import_kind", args=["persons"])).status_code == 403


@pytest.mark.parametrize("kind", ["persons", "events", "memberships", "values"])
def test_there_is_a_file_to_fill_in_for_each(kind: str) -> None:
    person(city="Aarhus")
    header, example = mia().get(reverse("admin:cdp_person_import_template", args=[kind])).content.decode().split()[:2]
    assert header.lstrip("\ufeff").startswith("email")
    assert example.startswith("anna@example.test")


def test_a_page_says_which_columns_there_are() -> None:
    person(city="Aarhus")
    page: Any = shown(mia().get(reverse("admin:cdp_person_import")))
    for words in ("<code>email</code>", "City (Text)", "Members of fixed audiences", "become properties"):
        assert words in page
