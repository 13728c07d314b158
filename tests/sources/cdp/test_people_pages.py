"""The pages of persons and of what names and describes them: who may do what, and that they stay fast."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.sources.cdp.models import Attribute, Audience, IdentifierType, Person, Property
from integrations.sources.cdp.people import save_persons
from integrations.sources.cdp.rows import PersonRow
from tests.crawl import crawl
from tests.sources.cdp.town import did, email, fixed, identifier_type, names, person, persons, save, tell, tell_value
from tests.sources.loyalty.people import mia, sam, shown
from tests.sources.loyalty.people import person as user

pytestmark = pytest.mark.django_db
LIST, ADD = reverse("admin:cdp_person_changelist"), reverse("admin:cdp_person_add")
TYPES, PROPERTIES = reverse("admin:cdp_identifiertype_changelist"), reverse("admin:cdp_property_changelist")
EVENT_TYPES = reverse("admin:cdp_eventtype_changelist")
ANNA, BO = email(1), email(2)


def page_of(who: Person, page: str = "change") -> str:
    return reverse(f"admin:cdp_person_{page}", args=[who.pk])


def post(client: Client, address: str, data: dict[str, Any]) -> str:
    return shown(client.post(address, data, follow=True))


# -- the list ---------------------------------------------------------------------------------------


def test_an_empty_list_says_how_persons_come_in() -> None:
    client = mia()
    page = shown(client.get(LIST))
    for words in ("No persons yet", "Import", "API", "Add person"):
        assert words in page
    assert "No event types yet" in shown(client.get(EVENT_TYPES))
    assert "No properties yet" in shown(client.get(PROPERTIES))


@pytest.mark.parametrize("text", [ANNA, ANNA.upper(), "anna1", "+45 12 34 56 78", "+4512"])
def test_a_person_is_found_by_any_identifier_or_how_it_begins(text: str) -> None:
    identifier_type("phone", "phone")
    save({"email": ANNA, "phone": "+4512345678"})
    save({"email": "zoe@example.test"})
    page = shown(mia().get(LIST, {"q": text}))
    assert f"{ANNA} · +4512345678" in page
    assert "zoe" not in page


def test_a_person_is_found_by_a_number_of_the_portals_country(settings: Any) -> None:
    settings.PHONE_COUNTRY = "DK"
    identifier_type("phone", "phone")
    save({"email": ANNA, "phone": "+4512345678"})
    assert f"{ANNA} · +4512345678" in shown(mia().get(LIST, {"q": "12 34 56 78"}))


def test_a_search_that_finds_nobody_says_what_it_looks_for() -> None:
    person()
    assert "No person found" in shown(mia().get(LIST, {"q": "zoe"}))


def test_the_list_costs_as_much_with_many_and_counts_nothing() -> None:
    client = mia()
    persons(3)

    def cost(**query: str) -> int:
        with CaptureQueriesContext(connection) as statements:
            assert client.get(LIST, query).status_code == 200
        assert not any("COUNT(" in one["sql"] or "DISTINCT" in one["sql"] for one in statements if "cdp_" in one["sql"])
        return len(statements)

    few, found = cost(), cost(q="anna")
    save_persons([PersonRow({"email": email(n)}) for n in range(10, 200)])
    assert (cost(), cost(q="anna")) == (few, found)


def test_filters_by_other_columns_are_not_offered() -> None:
    assert mia().get(LIST, {"properties__city": "Aarhus"}).status_code in (302, 400)


# -- a person ---------------------------------------------------------------------------------------


def test_a_person_shows_everything_known() -> None:
    anna = person(city="Aarhus", vip=True)
    tell(fixed("Cat owners"), ANNA)
    tell_value(Attribute.objects.create(name="Lifetime value"), ANNA, 1840.5)
    did(ANNA, data={"amount": 120.5}, external_id="o-1")
    page = shown(mia().get(page_of(anna)))
    for words in (ANNA, "Aarhus", "Cat owners", "Lifetime value", "1,840.5", "purchase", "120.5", "o-1"):
        assert words in page


def test_support_sees_no_personal_data_unless_allowed() -> None:
    anna = person(city="Aarhus")
    did(ANNA, data={"to": "bo@example.test"})
    client = sam()
    for address in (LIST, page_of(anna)):
        page = shown(client.get(address))
        assert ANNA not in page and "bo@example.test" not in page and "Aarhus" not in page
    assert "masked" in shown(client.get(page_of(anna)))
    assert ANNA in shown(user("sid", "Support", "view_personal_data").get(page_of(anna)))


def test_events_are_shown_newest_first_a_page_at_a_time() -> None:
    anna, now = person(), timezone.now()
    for number in range(30):
        did(ANNA, at=now - datetime.timedelta(days=number // 2), external_id=f"o-{number:02}-")
    client = mia()
    first = shown(client.get(page_of(anna)))
    assert "o-00-" in first and "o-29-" not in first
    older = first.partition('href="?after=')[2].partition("#")[0]
    second = shown(client.get(page_of(anna), {"after": older}))
    assert "o-29-" in second and "o-00-" not in second
    assert sum(f"o-{number:02}-" in first for number in range(30)) == 25
    assert sum(f"o-{number:02}-" in second for number in range(30)) == 5


def test_properties_are_changed_and_what_somebody_else_changed_stays() -> None:
    anna = person(city="Aarhus", age=44, vip=True, born="1982-05-01")
    save({"email": ANNA}, city="Odense")
    was = {"city": "Aarhus", "age": "44", "vip": "yes", "born": "1982-05-01"}
    data = {f"initial-{key}": value for key, value in was.items()}
    page = post(mia(), page_of(anna), {**was, **data, "age": "45.5", "vip": "no", "born": ""})
    assert "The person is saved." in page
    anna.refresh_from_db()
    assert anna.properties == {"city": "Odense", "age": 45.5, "vip": False}
    assert "Changed Age" in LogEntry.objects.latest("pk").change_message.replace("Vip, ", "").replace("Born, ", "")


def test_a_value_that_does_not_fit_is_refused_at_its_field() -> None:
    anna = person(age=44)
    assert "This is a number" in post(mia(), page_of(anna), {"age": "old", "initial-age": "44"})
    anna.refresh_from_db()
    assert anna.properties == {"age": 44}


def test_a_person_is_added_unless_somebody_has_the_identifier() -> None:
    client = mia()
    assert "The person is saved." in post(client, ADD, {"type": "email", "value": ANNA})
    anna = Person.objects.get()
    assert f"Person {anna.pk} has this identifier already." in post(client, ADD, {"type": "email", "value": ANNA})
    assert "not a valid e-mail" in post(client, ADD, {"type": "email", "value": "anna"})


def test_an_identifier_of_somebody_else_makes_both_one_only_when_that_is_meant() -> None:
    old, new = persons(2)
    client, address = mia(), page_of(new, "identifier")
    page = post(client, address, {"type": "email", "value": ANNA})
    assert f"Person {old.pk} has this identifier." in page and "They are the same person" in page
    assert Person.objects.count() == 2
    page = post(client, address, {"type": "email", "value": ANNA, "same": "on"})
    assert "This is the older person, who stayed." in page
    assert names(Person.objects.get()) == {ANNA, BO}
    assert "The identifier is saved." in post(client, page_of(old, "identifier"), {"type": "email", "value": email(3)})


def test_a_person_is_deleted_and_the_log_names_nobody() -> None:
    anna = person(city="Aarhus")
    vip = fixed()
    tell(vip, ANNA)
    client = mia()
    post(client, page_of(anna), {"city": "Odense", "initial-city": "Aarhus"})
    assert "can't be undone" in shown(client.get(page_of(anna, "delete")))
    post(client, page_of(anna, "delete"), {"post": "yes"})
    assert not Person.objects.exists()
    assert Audience.objects.get().size == 0
    assert [entry.object_repr for entry in LogEntry.objects.all()] == [f"Person {anna.pk}"]


def test_support_changes_nothing() -> None:
    anna = person(city="Aarhus")
    client = sam()
    assert client.post(page_of(anna), {"city": "Odense"}).status_code == 403
    assert client.post(page_of(anna, "identifier"), {"type": "email", "value": BO}).status_code == 403
    assert client.post(page_of(anna, "delete"), {"post": "yes"}).status_code == 403
    assert client.get(ADD).status_code == 403
    assert client.get(reverse("admin:cdp_person_import")).status_code == 403
    assert user("nobody", None).get(LIST).status_code == 403
    assert names(anna) == {ANNA}


@pytest.mark.parametrize("pk", ["0", "99999999999999999999", "x"])
def test_a_person_who_is_not_there_is_not_found(pk: str) -> None:
    assert mia().get(f"{LIST}{pk}/change/").status_code == 404


# -- identifiers, properties, event types -----------------------------------------------------------


def test_an_identifier_is_added_renamed_and_deactivated_but_never_deleted() -> None:
    client = mia()
    add = reverse("admin:cdp_identifiertype_add")
    assert "Cookie" in post(client, add, {"name": "Cookie", "key": "cookie", "kind": "text", "active": "on"})
    cookie = IdentifierType.objects.get(key="cookie")
    change = reverse("admin:cdp_identifiertype_change", args=[cookie.pk])
    post(client, change, {"name": "Browser", "key": "other", "kind": "email"})
    cookie.refresh_from_db()
    assert (cookie.name, cookie.key, cookie.kind, cookie.active) == ("Browser", "cookie", "text", False)
    assert "has or had this name" in post(client, add, {"name": "cookie", "key": "c2", "kind": "text", "active": "on"})
    assert "already exists" in post(client, add, {"name": "Other", "key": "cookie", "kind": "text", "active": "on"})
    assert client.post(reverse("admin:cdp_identifiertype_delete", args=[cookie.pk]), {"post": "yes"}).status_code == 403
    page = shown(client.get(TYPES))
    assert "Deactivated" in page and "never used again" in page


def test_a_property_is_added_renamed_and_deleted() -> None:
    client = mia()
    post(client, reverse("admin:cdp_property_add"), {"name": "City", "key": "city", "kind": "text"})
    city = Property.objects.get()
    post(client, reverse("admin:cdp_property_change", args=[city.pk]), {"name": "Town", "kind": "number"})
    city.refresh_from_db()
    assert (city.name, city.kind) == ("Town", "text")
    assert "Persons keep their values" in shown(client.get(reverse("admin:cdp_property_delete", args=[city.pk])))
    post(client, reverse("admin:cdp_property_delete", args=[city.pk]), {"post": "yes"})
    assert not Property.objects.exists()


def test_event_types_show_what_is_known_of_each() -> None:
    did(ANNA, data={"amount": 1, "shop": "Aarhus"})
    client = mia()
    assert "amount (Number), shop (Text)" in shown(client.get(EVENT_TYPES))
    assert client.get(reverse("admin:cdp_eventtype_add")).status_code == 403


# -- all pages --------------------------------------------------------------------------------------


@pytest.mark.parametrize("client_of", [mia, sam], ids=["marketing", "support"])
def test_every_page_that_can_be_reached_opens(client_of: Any) -> None:
    person(city="Aarhus")
    did(ANNA, data={"amount": 1})
    tell(fixed(), ANNA)
    reached = {address: response.status_code for address, response in crawl(client_of())}
    assert set(reached.values()) <= {200}
    assert {LIST, TYPES, PROPERTIES, EVENT_TYPES} <= reached.keys()
    assert any(address.startswith(LIST) and address.endswith("/change/") for address in reached)
