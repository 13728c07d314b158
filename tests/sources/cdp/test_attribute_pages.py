"""Calculated attributes in the portal: calculated from events or told, looked at before, read, changed, deleted."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.sources.cdp import scratch
from integrations.sources.cdp.models import Attribute, Audience, EventType
from integrations.sources.cdp.models.people import Kind
from tests.sources.cdp.pages import (
    ADD_ATTRIBUTE,
    ATTRIBUTES,
    LIVE_ATTRIBUTE,
    all_of,
    audience,
    builder,
    page_of,
    reader,
    shown,
    version_of,
)
from tests.sources.cdp.town import did, email, tell_value

pytestmark = pytest.mark.django_db


def typed(**values: Any) -> dict[str, Any]:
    """The form as a browser sends it: what somebody spent on purchases."""
    event = EventType.objects.filter(key="purchase").first()
    form = {"name": "Spent", "source": "events", "event_type": event.pk if event else "", "aggregate": "sum"}
    return {**form, "field": "amount", "within_days": "", "kind": "number", **values}


def bought(number: int, amount: float, **data: Any) -> None:
    did(email(number), data={"amount": amount, **data})


def attribute(**values: Any) -> Attribute:
    """Built through the page, and calculated."""
    response = builder().post(ADD_ATTRIBUTE, typed(**values))
    assert response.status_code == 302, shown(response)
    made = Attribute.objects.latest("pk")
    scratch.calculate("attribute", made.pk)
    made.refresh_from_db()
    return made


def test_a_sum_is_built_calculated_and_told_in_words() -> None:
    bought(1, 100)
    bought(1, 20.5)
    made = attribute(within_days="365")
    page = shown(reader("view_personal_data").get(page_of(made)))
    for text in ("Sum of amount of purchase within 365 days", email(1), "120.5", "Number"):
        assert text in page, text
    assert "/edit/" not in page


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"aggregate": "count", "field": "amount"}, Kind.NUMBER),
        ({"aggregate": "average"}, Kind.NUMBER),
        ({"aggregate": "last", "field": "shop"}, Kind.TEXT),
        ({"aggregate": "most_frequent", "field": "shop"}, Kind.TEXT),
        ({"aggregate": "first", "field": "gift"}, Kind.YES_NO),
        ({"aggregate": "last", "field": "day"}, Kind.DATE),
        ({"aggregate": "first", "field": ""}, Kind.DATE),
    ],
)
def test_its_type_follows_from_what_is_calculated(values: dict[str, str], kind: Kind) -> None:
    bought(1, 10, shop="Aarhus", gift=True, day="2026-01-31")
    made = attribute(kind="text", **values)
    assert made.kind == kind
    assert made.values.count() == 1


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({"event_type": ""}, "event_type", "Choose the events"),
        ({"aggregate": ""}, "aggregate", "Choose a calculation"),
        ({"field": ""}, "field", "Say of which field"),
        ({"field": "gone"}, "field", "not one of the available choices"),
        ({"aggregate": "sum", "field": "shop"}, "field", "is Text"),
        ({"within_days": "0"}, "within_days", "greater than or equal to 1"),
        ({"within_days": "99999999999"}, "within_days", "less than or equal to"),
        ({"name": ""}, "name", "required"),
        ({"source": "told", "kind": ""}, "kind", "Choose a type"),
    ],
)
def test_what_cant_be_calculated_says_why_at_its_field(values: dict[str, str], field: str, says: str) -> None:
    bought(1, 10, shop="Aarhus")
    response = builder().post(ADD_ATTRIBUTE, typed(**values))
    assert says in str(response.context["form"].errors[field])
    assert not Attribute.objects.exists()


def test_a_told_one_says_how_values_come_in() -> None:
    made = attribute(source="told", kind="text", name="Rank", aggregate="sum", event_type="", field="")
    assert (made.aggregate, made.event_type, made.field) == ("", None, "")
    tell_value(made, email(3), "Gold")
    page = shown(reader("view_personal_data").get(page_of(made)))
    assert "Gold" in page
    assert f"Its id there, and in CSV files, is {made.pk}" in page


def test_the_form_looks_at_ten_of_those_who_did_it_lately() -> None:
    for number in range(12):
        bought(number, number)
    found = builder().post(LIVE_ATTRIBUTE, typed(name="")).json()
    assert found["count"] == "Sum of amount of purchase"
    assert found["html"].count("@example.test") == 10
    assert not Attribute.objects.exists()
    unfinished = reader("change_attribute").post(LIVE_ATTRIBUTE, typed(field="")).json()
    assert unfinished["html"] == "Say of which field of the events it is calculated."


def test_persons_and_texts_are_masked_for_those_who_may_not_see_personal_data() -> None:
    bought(1, 10, shop="Aarhus")
    made = attribute(aggregate="last", field="shop")
    client = reader("change_attribute")
    live_look = client.post(LIVE_ATTRIBUTE, typed(aggregate="last", field="shop")).json()
    for text in (live_look["html"], shown(client.get(page_of(made)))):
        assert email(1) not in text
        assert ">Aarhus<" not in text


def test_the_live_look_is_for_those_who_may_build() -> None:
    assert reader().post(LIVE_ATTRIBUTE, typed()).status_code == 403
    assert builder().get(LIVE_ATTRIBUTE).status_code == 403


def test_the_list_says_what_each_is_and_an_empty_one_what_it_would_be() -> None:
    client = reader()
    assert "No calculated attributes yet" in shown(client.get(ATTRIBUTES))
    bought(1, 10)
    attribute()
    page = shown(client.get(ATTRIBUTES))
    for text in ("Spent", "Sum of amount of purchase", "Number", "Calculated"):
        assert text in page, text


def test_without_events_the_form_says_how_they_come_in() -> None:
    assert "No events have come in yet" in shown(builder().get(ADD_ATTRIBUTE))


def test_values_that_dont_fit_are_a_warning_and_it_is_calculated_all_the_same() -> None:
    bought(1, 10)
    did(email(2), data={"amount": "a lot"})
    page = shown(reader().get(page_of(attribute())))
    assert "left out" in page
    assert "not kept up to date" not in page


def test_deleting_names_the_audiences_that_look_at_it() -> None:
    bought(1, 10)
    made = attribute()
    condition = {"attribute": made.pk, "is": "over", "value": 5}
    big = audience(condition, name="Big buyers")
    client = reader("delete_attribute")
    assert "Big buyers" in shown(client.get(page_of(made, "delete")))
    client.post(page_of(made, "delete"), {"post": "yes"})
    big.refresh_from_db()
    assert "doesn't exist any more" in big.problem
    assert Audience.objects.get(pk=big.pk).condition == all_of(condition)


def test_its_history_tells_what_was_changed() -> None:
    bought(1, 10)
    made = attribute()
    client = reader("change_attribute")
    changed = client.post(page_of(made, "edit"), typed(aggregate="average", version=version_of(made)))
    assert changed.status_code == 302
    assert "Sum → Average" in shown(client.get(page_of(made, "history")))
