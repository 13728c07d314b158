"""Every shape LeadSquared's webhooks send becomes flat leads and activities."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.connectors.leadsquared.payloads import EMPTY, NOT_JSON, normalise
from integrations.core.errors import RecordError

PAYLOADS = Path(__file__).parent / "payloads"
ADA = "1f0c0000-0000-0000-0000-000000000001"


def read(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


@pytest.mark.parametrize(
    "name", ["lead_created", "lead_wrapped", "lead_attributes", "lead_property_list", "leads_listed"]
)
def test_a_lead_is_read_from_every_shape(name: str) -> None:
    lead = normalise(read(name)).leads[0]
    assert (lead["ProspectID"], lead["FirstName"], lead["EmailAddress"]) == (ADA, "Ada", "ada@example.test")


def test_an_update_takes_current_and_lays_after_over_it() -> None:
    [lead] = normalise(read("lead_updated")).leads
    assert (lead["FirstName"], lead["EmailAddress"]) == ("Ada Maria", "ada@example.test")


def test_before_alone_is_better_than_nothing() -> None:
    [lead] = normalise(b'{"Before": {"ProspectID": "1"}}').leads
    assert lead == {"ProspectID": "1"}


def test_a_list_holds_several_leads() -> None:
    assert [lead["FirstName"] for lead in normalise(read("leads_listed")).leads] == ["Ada", "Bo"]


@pytest.mark.parametrize("wrap", [False, True])
def test_form_encoded_calls_are_read(wrap: bool) -> None:
    lead = json.loads(read("lead_created"))
    fields = {"data": json.dumps(lead)} if wrap else {key: value or "" for key, value in lead.items()}
    [found] = normalise(urlencode(fields).encode(), "application/x-www-form-urlencoded").leads
    assert (found["ProspectID"], found["EmailAddress"]) == (ADA, "ada@example.test")


def test_json_sent_as_plain_text_is_read() -> None:
    assert len(normalise(read("lead_created"), "text/plain").leads) == 1


def test_activities_come_single_and_grouped() -> None:
    [one] = normalise(read("activity_single")).activities
    assert (one["ActivityNote"], one["mx_Custom_1"]) == ("Bought a lamp", "A-100")
    two = normalise(read("activities_grouped")).activities
    assert [(activity["ActivityNote"], activity.get("mx_Custom_1")) for activity in two] == [
        ("Bought a lamp", None),
        ("Came by", "Aarhus"),
    ]


def test_an_activity_keeps_the_lead_it_came_with() -> None:
    [activity] = normalise(read("activity_with_lead")).activities
    assert activity["Lead"]["EmailAddress"] == "ada@example.test"


def test_what_is_no_record_is_said_and_the_others_are_read() -> None:
    found = normalise(b'[{"ProspectID": "1"}, 7, {"ProspectID": "2"}, {}]')
    assert len(found.leads) == 2
    assert found.ignored == ["Item 2 is not a record.", "A record is empty."]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", EMPTY),
        (b"   ", EMPTY),
        (b"{", NOT_JSON),
        (b"\xff\xfe", NOT_JSON),
        (b"<html>", NOT_JSON),
        (b"[" * 100_000, NOT_JSON),
        (b"7", "The call holds no lead or activity."),
        (b"{}", "A record is empty."),
        (b"[]", EMPTY),
    ],
)
def test_what_cannot_be_understood_gets_a_sentence(body: bytes, sentence: str) -> None:
    with pytest.raises(RecordError) as caught:
        normalise(body)
    assert caught.value.message == sentence


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["Before", "After", "Current", "Data", "Fields", "Attribute", "Value", "ActivityEvent", "x"]),
        inner,
    ),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_any_json_is_read_or_refused_with_a_sentence(value: Any) -> None:
    try:
        found = normalise(json.dumps(value).encode())
    except RecordError as error:
        assert error.message
    else:
        assert all(isinstance(record, dict) for record in found.leads + found.activities)
        assert found.leads or found.activities
