"""Audiences in the portal: built, read, changed, broken, deleted; with a live look at who would be in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.sources.cdp import definitions, uses
from integrations.sources.cdp.admin import live, persons
from integrations.sources.cdp.models import Audience, Membership
from integrations.sources.cdp.signals import removed
from tests.sources.cdp.pages import (
    ADD,
    AUDIENCES,
    LIVE,
    all_of,
    audience,
    builder,
    city,
    lives_in,
    page_of,
    reader,
    shown,
    typed,
    version_of,
)
from tests.sources.cdp.town import did, email, fixed, listening, members, person, tell
from tests.sources.loyalty.people import person as user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def town() -> None:
    city()


# -- building -------------------------------------------------------------------------------------


def test_an_audience_is_built_calculated_and_told_in_words() -> None:
    anna, _ben = person(1, city="Aarhus"), person(2, city="Odense")
    made = audience(lives_in("Aarhus"))
    assert members(made) == {anna.pk}
    page = shown(builder().get(page_of(made)))
    assert "City is “Aarhus”" in page
    assert email(1) in page
    assert email(2) not in page


def test_what_cant_be_saved_comes_back_as_it_was_typed_each_condition_with_its_sentence() -> None:
    nested = {"match": "any", "conditions": [{"property": ""}, {"event": "", "did": True, "where": []}]}
    response = builder().post(ADD, typed(lives_in(""), nested, name="", description="Typed"))
    page = shown(response)
    assert Audience.objects.count() == 0
    assert json.loads(response.context["form"]["condition"].value()) == all_of(lives_in(""), nested)
    assert response.context["errors"] == {
        "0": "Enter what it is compared with.",
        "1.0": "Choose a property.",
        "1.1": "Choose an event.",
    }
    assert "Typed" in page
    assert "Nothing was saved" in page


@pytest.mark.parametrize(
    ("state", "place", "says"),
    [
        (all_of(), "", "Add a condition"),
        (all_of(all_of()), "0", "This group is empty"),
        (all_of({"property": "gone", "is": "known"}), "0", "doesn't exist any more"),
        (all_of({"property": "city", "is": "over", "value": 3}), "0", "doesn't fit its type"),
        (all_of({"event": "purchase", "did": True, "within_days": ""}), "0", "whole number"),
        (all_of({"event": "purchase", "did": True, "where": [{"field": ""}]}), "0", "Choose the field"),
        (all_of({"attribute": ""}), "0", "Choose a calculated attribute"),
        (all_of(*[lives_in("Aarhus")] * 51), "", "up to 50"),
        (all_of(all_of(all_of(all_of(all_of(lives_in("Aarhus")))))), "", "levels deep"),
        (all_of({"property": ["city"], "is": {"a": 1}}), "0", "no condition"),
    ],
)
def test_every_wrong_condition_says_what_to_do(state: Any, place: str, says: str) -> None:
    did(email(1))
    response = builder().post(ADD, typed(condition="") | {"condition": json.dumps(state)})
    assert says in response.context["errors"][place]
    assert Audience.objects.count() == 0


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"conditions": 3}', '{"conditions": [1]}', "[" * 90_000])
def test_what_is_not_of_the_builders_making_is_refused_and_nothing_breaks(text: str) -> None:
    client = builder()
    page = shown(client.post(ADD, typed() | {"condition": text}))
    assert "could not be read" in page
    assert "could not be read" in client.post(LIVE, {"condition": text}).json()["count"]


def test_a_fixed_audience_needs_no_conditions_and_says_how_persons_come_in() -> None:
    made = audience({"property": ""}, kind="fixed", name="VIP")
    assert made.kind == Audience.Kind.FIXED
    tell(made, email(7))
    page = shown(builder().get(page_of(made)))
    assert f"Its id there, and in CSV files, is {made.pk}" in page
    assert email(7) in page
    assert "Who is in it" in page


def test_changing_the_name_keeps_the_conditions_and_how_membership_comes_about() -> None:
    made = audience(lives_in("Aarhus"))
    form = typed(lives_in("Aarhus"), name="Århus!", kind="fixed", version=version_of(made))
    assert builder().post(page_of(made, "edit"), form).status_code == 302
    made.refresh_from_db()
    assert (made.name, made.kind, made.calculating_after) == ("Århus!", Audience.Kind.CONDITIONS, None)


def test_two_audiences_cant_have_one_name() -> None:
    audience(lives_in("Aarhus"))
    assert "already exists" in shown(builder().post(ADD, typed(lives_in("Odense"))))


def test_what_somebody_else_changed_meanwhile_is_not_overwritten_unknowingly() -> None:
    made = audience(lives_in("Aarhus"))
    opened = version_of(made)
    client = builder()
    client.post(page_of(made, "edit"), typed(lives_in("Odense"), version=opened))
    late = client.post(page_of(made, "edit"), typed(lives_in("Skagen"), version=opened))
    assert "bo has changed this while your page was open" in shown(late)
    made.refresh_from_db()
    assert made.condition == all_of(lives_in("Odense"))
    again = late.context["form"]["version"].value()
    assert client.post(page_of(made, "edit"), typed(lives_in("Skagen"), version=again)).status_code == 302


# -- looking --------------------------------------------------------------------------------------


def test_the_live_look_counts_and_names_ten() -> None:
    for number in range(12):
        person(number, city="Aarhus")
    person(20, city="Odense")
    found = builder().post(LIVE, typed(lives_in("Aarhus"))).json()
    assert found["count"] == "12 persons"
    assert found["html"].count("@example.test") == 10
    assert found["errors"] == {}
    assert Audience.objects.count() == 0


def test_the_live_look_says_which_condition_is_not_complete() -> None:
    found = builder().post(LIVE, typed(lives_in("Aarhus"), {"property": ""})).json()
    assert found["errors"] == {"1": "Choose a property."}
    assert "Finish the conditions" in found["count"]


def test_identifiers_are_masked_for_those_who_may_not_see_personal_data() -> None:
    person(1, city="Aarhus")
    made = audience(lives_in("Aarhus"))
    client = reader("change_audience")
    live_look = client.post(LIVE, typed(lives_in("Aarhus"))).json()
    page = shown(client.get(page_of(made)))
    for text in (live_look["html"], page):
        assert email(1) not in text
        assert "masked" in text


def test_the_live_look_ends_at_its_cap_and_at_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        person(number, city="Aarhus")
    client = builder()
    monkeypatch.setattr(live, "FIRST", 5)
    monkeypatch.setattr(live, "CAP", 7)
    assert client.post(LIVE, typed(lives_in("Aarhus"))).json()["count"] == "Over 7 persons"
    monkeypatch.setattr(live, "CAP", 1000)
    monkeypatch.setattr(live, "SECONDS", -1.0)
    found = client.post(LIVE, typed(lives_in("Aarhus"))).json()
    assert found["count"] == "At least 0 persons"
    assert "of all persons were looked at" in found["html"]


def test_the_live_look_is_for_those_who_may_build_by_post_and_with_a_token() -> None:
    form = typed(lives_in("Aarhus"))
    assert reader().post(LIVE, form).status_code == 403
    assert builder().get(LIVE).status_code == 403
    assert user("cleo", None, "change_audience", checks_csrf=True).post(LIVE, form).status_code == 403
    assert user("ada", None, "add_audience").post(LIVE, form).status_code == 200


def test_who_may_only_look_has_no_form_and_cant_save_or_delete() -> None:
    made = audience(lives_in("Aarhus"))
    client = reader()
    page = shown(client.get(page_of(made)))
    assert "City is “Aarhus”" in page
    assert "/edit/" not in page
    assert "Delete audience" not in page
    for method in (client.get, client.post):
        assert method(page_of(made, "edit")).status_code == 403
        assert method(ADD).status_code == 403
    assert client.post(page_of(made, "delete"), {"post": "yes"}).status_code == 403
    assert user("nobody", None).get(page_of(made)).status_code == 403
    assert builder().get(page_of(made).replace(str(made.pk), str(2**70))).status_code == 404


# -- the list and an audience's page -----------------------------------------------------------------


def test_the_list_says_who_is_in_each_how_many_and_what_needs_attention() -> None:
    person(1, city="Aarhus")
    audience(lives_in("Aarhus"))
    broken = audience(lives_in("Odense"), name="Broken")
    Audience.objects.filter(pk=broken.pk).update(problem="Something is gone.")
    fixed("Named by the shop")
    page = shown(builder().get(AUDIENCES))
    for text in ("Persons: City is “Aarhus”", "Calculated", "Needs attention", "told by import or API", "Fixed"):
        assert text in page, text


def test_the_list_takes_the_same_queries_for_more_audiences() -> None:
    client = builder()
    audience(lives_in("Aarhus"))
    client.get(AUDIENCES)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(AUDIENCES)
    for number in range(5):
        audience(lives_in("Odense"), name=f"More {number}")
    with CaptureQueriesContext(connection) as many:
        client.get(AUDIENCES)
    assert len(many) == len(few)


def test_an_empty_list_says_what_an_audience_is_and_a_form_without_anything_to_choose_what_to_do() -> None:
    client = builder()
    assert "No audiences yet" in shown(client.get(AUDIENCES))
    assert "nothing yet that conditions could look at" not in shown(client.get(ADD))
    city().delete()
    assert "nothing yet that conditions could look at" in shown(client.get(ADD))


def test_persons_are_paged_by_id_and_found_by_how_an_identifier_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persons, "PER_PAGE", 3)
    for number in range(1, 8):
        person(number, city="Aarhus")
    made = audience(lives_in("Aarhus"))
    client, seen, address = builder(), [], page_of(made)
    while address:
        response = client.get(address)
        seen += [one.name for one in response.context["people"]]
        address = page_of(made) + response.context["next_url"] if response.context["next_url"] else ""
    assert seen == [email(number) for number in range(1, 8)]
    back = client.get(page_of(made) + response.context["previous_url"])
    assert [one.name for one in back.context["people"]] == [email(4), email(5), email(6)]
    found = client.get(page_of(made), {"q": "ANNA7@"})
    assert [one.name for one in found.context["people"]] == [email(7)]
    assert "Nobody in this audience" in shown(client.get(page_of(made), {"q": "%"}))
    assert client.get(page_of(made), {"after": "9" * 30, "before": "x"}).status_code == 200


def test_the_page_of_an_audience_takes_the_same_queries_for_more_persons() -> None:
    person(1, city="Aarhus")
    made, client = audience(lives_in("Aarhus")), builder()
    client.get(page_of(made))
    with CaptureQueriesContext(connection) as few:
        client.get(page_of(made))
    for number in range(2, 20):
        person(number, city="Aarhus")
    with CaptureQueriesContext(connection) as many:
        client.get(page_of(made))
    assert len(many) == len(few)


def test_while_it_is_calculated_the_page_shows_how_far_it_has_come_and_follows() -> None:
    for number in range(4):
        person(number, city="Aarhus")
    made = audience(lives_in("Aarhus"))
    page = shown(builder().get(page_of(made)))
    assert "data-refresh" not in page
    half = Membership.objects.filter(audience=made).order_by("person_id")[1].person_id
    Audience.objects.filter(pk=made.pk).update(calculating_after=half)
    page = shown(user("bea", None, "view_audience").get(page_of(made)))
    assert "data-refresh" in page
    assert 'role="progressbar"' in page


def test_a_property_that_vanishes_makes_a_warning_that_the_form_leads_out_of() -> None:
    anna = person(1, city="Aarhus")
    made = audience(lives_in("Aarhus"))
    city().delete()
    definitions.recheck()
    client = builder()
    page = shown(client.get(page_of(made)))
    assert "It is not kept up to date any more." in page
    assert "“city”, which doesn't exist any more" in page
    assert members(made) == {anna.pk}
    form = client.get(page_of(made, "edit"))
    assert "doesn't exist any more" in form.context["errors"]["0"]
    city()
    definitions.recheck()
    assert "not kept up to date" not in shown(client.get(page_of(made)))


# -- history and deletion ---------------------------------------------------------------------------


def test_the_history_tells_conditions_in_words() -> None:
    made, client = audience(lives_in("Aarhus")), builder()
    client.post(page_of(made, "edit"), typed(lives_in("Odense"), version=version_of(made)))
    page = shown(client.get(page_of(made, "history")))
    assert "Persons: City is “Aarhus” → Persons: City is “Odense”" in page
    assert "bo" in page


@pytest.fixture
def activation() -> Iterator[None]:
    def mine(kind: str, pk: int, user: Any) -> list[uses.Use]:
        return [uses.Use("Newsletter list", "/admin/", f"The field of {kind} {pk} says that it was removed.")]

    uses.register(mine)
    yield
    uses._sources.remove(mine)


def test_deleting_says_first_what_happens_at_the_receivers(activation: None) -> None:
    person(1, city="Aarhus")
    made, client = audience(lives_in("Aarhus")), builder()
    assert "Newsletter list" in shown(client.get(page_of(made)))
    page = shown(client.get(page_of(made, "delete")))
    assert f"The field of audience {made.pk} says that it was removed." in page
    assert "at the moment: 1." in page
    with listening(removed) as heard:
        client.post(page_of(made, "delete"), {"post": "yes"})
    assert [one.name for one in heard] == ["From Aarhus"]
    assert not Audience.objects.exists()
    assert not Membership.objects.exists()


def test_without_an_activation_nothing_is_changed_elsewhere() -> None:
    made = fixed()
    client = builder()
    assert "No activation uses it: no receiver is changed." in shown(client.get(page_of(made, "delete")))
    assert "No activation uses it yet" in shown(client.get(page_of(made)))
