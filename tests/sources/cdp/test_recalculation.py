"""What follows when a person's data change."""

from __future__ import annotations

import pytest

from tests.sources.cdp.crowd import act, announced, attribute, audience, change, happens, know, members, person, values

pytestmark = pytest.mark.django_db


def test_a_person_enters_and_leaves_as_its_properties_change() -> None:
    know(city="text")
    aarhus = audience({"property": "city", "is": "equal", "value": "Aarhus"})
    anna = person()
    with announced() as heard:
        change(anna, city="Aarhus")
        change(anna, city="Aarhus")
        change(anna, city="Odense")
    assert [(one.audience_id, one.person_id, one.entered) for one in heard] == [
        (aarhus.pk, anna.pk, True),
        (aarhus.pk, anna.pk, False),
    ]
    assert members(aarhus) == set()


def test_an_event_changes_the_attribute_first_and_then_the_audience_that_looks_at_it() -> None:
    purchase = happens("purchase", amount="number")
    spent = attribute(event_type=purchase, aggregate="sum", field="amount", within_days=30)
    big = audience({"attribute": spent.pk, "is": "over", "value": 100})
    anna = person()
    act(anna, purchase, amount=60)
    assert members(big) == set()
    act(anna, purchase, amount=60)
    assert (values(spent), members(big)) == ({anna.pk: 120}, {anna.pk})
