"""What Edit Mapping's previews are made of: reading only, badges, suggestions, checks and verdicts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from integrations.core.admin.mapping.judging import judge
from integrations.core.admin.mapping.sources import with_suggestions
from integrations.core.connector import Connector, Field, Kind, RecordType
from integrations.core.errors import RecordError
from integrations.core.http import HttpClient
from integrations.core.http.reading import WouldWrite, reading_only
from integrations.core.mapping import MappingRow
from integrations.core.preview.fields import EXAMPLES, State, check, make
from integrations.core.preview.suggest import meaning, suggest
from integrations.core.preview.trial import Cell, Fate, Trial
from integrations.core.preview.words import LOOKS, verdict
from tests.core.scripted_server import Reply, ScriptedServer

CONNECTORS = Path(__file__).parents[2] / "integrations" / "connectors"


# -- reading only -------------------------------------------------------------------------------------


def test_nothing_but_look_ups_leaves_the_machine() -> None:
    with ScriptedServer(Reply()) as server, HttpClient(server.url, vendor="Vendor") as client:
        with reading_only():
            client.get("a")
            client.post("b", json={}, reads=True)
            for method, reads in (("POST", None), ("PUT", None), ("PATCH", None), ("DELETE", None), ("GET", False)):
                with pytest.raises(WouldWrite):
                    client.request(method, "c", reads=reads)
        client.post("d", json={})
        assert [request.target for request in server.requests] == ["/a", "/b", "/d"]


def test_no_connector_can_take_a_held_call_for_a_failure() -> None:
    assert not issubclass(WouldWrite, Exception)


def test_connectors_start_no_threads() -> None:
    """One of their own would not know that only reading is allowed."""
    starts = re.compile(r"\bThread\(|ThreadPoolExecutor|start_new_thread|multiprocessing")
    assert [path.name for path in CONNECTORS.rglob("*.py") if starts.search(path.read_text())] == []


# -- badges -------------------------------------------------------------------------------------------

FIELDS = {
    field.name: field
    for field in (
        Field("EmailAddress", "E-mail", Kind.EMAIL),
        Field("FirstName", "First Name"),
        Field("mx_City", "City"),
        Field("Mobile", "Mobile Number", Kind.PHONE),
        Field("mx_Zip", "Postal code", Kind.NUMBER),
        Field("CreatedOn", "Created", Kind.DATETIME, read_only=True),
    )
}


@pytest.mark.parametrize(
    ("source", "target", "label", "sign"),
    [
        ("FirstName", "mx_City", "fits", "✓"),
        ("FirstName", "EmailAddress", "converts", "⇄"),
        ("EmailAddress", "mx_Zip", "conflicts", "✕"),
        ("FirstName", "mx_Gone", "conflicts", "✕"),
    ],
)
def test_a_badge_has_a_word_and_a_sign(source: str, target: str, label: str, sign: str) -> None:
    found = judge(source, target, FIELDS)
    assert found is not None
    assert (found.label, found.sign) == (label, sign)


# -- suggestions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [("E-mail Address", "EmailAddress"), ("mail", "EMAIL"), ("Fødselsdag", "DateOfBirth"), ("zip_code", "Postnr")],
)
def test_names_of_one_meaning_are_one(one: str, other: str) -> None:
    assert meaning(one) == meaning(other)


def test_unmapped_fields_are_paired_by_name_or_label_and_meaning() -> None:
    sources = ["shop.city", "mail", "Given", "phone_mobile", "mobilephone", "zip"]
    assert suggest(FIELDS, {"FirstName"}, sources, {}) == [
        ("mail", "EmailAddress"),
        ("shop.city", "mx_City"),
        ("mobilephone", "Mobile"),
        ("zip", "mx_Zip"),
    ]


def test_each_source_is_suggested_once_and_read_only_fields_never() -> None:
    twice = {name: Field(name, "City") for name in ("city_1", "city_2")}
    assert suggest(twice, (), ["city"], {}) == [("city", "city_1")]
    assert suggest(FIELDS, (), ["CreatedOn"], {}) == []


def test_a_source_whose_kind_conflicts_is_not_suggested() -> None:
    known = {"zip": Field("zip", "Zip", Kind.EMAIL)}
    assert suggest(FIELDS, (), ["zip"], known) == []


def test_suggested_rows_come_last_or_in_the_rows_that_the_sources_have() -> None:
    rows, number = with_suggestions([{"source": "a", "target": "A"}], [("b", "B")], two_way=False)
    assert (rows[-1]["source"], rows[-1]["suggested"], number) == ("b", True, 1)
    rows, number = with_suggestions(
        [{"source": "a", "target": "A"}, {"source": "b", "target": ""}], [("a", "X"), ("b", "B")], two_way=True
    )
    assert ([row["target"] for row in rows], number) == (["A", "B"], 1)


# -- checks -------------------------------------------------------------------------------------------


class Doubling(Connector):
    """Takes numbers, and doubles them in the field “double”."""

    def convert(self, record_type: str, target: str, raw: Any) -> Any:
        if not str(raw).isdigit():
            raise RecordError(f"{target}: is not a number.")
        return 2 * int(raw) if target == "double" else raw


def doubling(*rows: MappingRow) -> Doubling:
    connector = Doubling(None)
    connector.try_mapping("thing", rows)
    return connector


@pytest.mark.parametrize(
    ("row", "payload", "state", "value"),
    [
        (MappingRow("a", "same"), {"a": 3}, State.FINE, 3),
        (MappingRow("a", "double"), {"a": 3}, State.CONVERTED, 6),
        (MappingRow("a", "same"), {}, State.EMPTY, None),
        (MappingRow("a", "double", "4"), {"a": ""}, State.EMPTY, 8),
        (MappingRow("a", "same"), {"a": "x"}, State.REFUSED, None),
        (MappingRow("a", "same", "none"), {}, State.REFUSED, None),
        (MappingRow("", "same", "7"), {}, State.EMPTY, "7"),
    ],
)
def test_a_row_makes_of_a_payload(row: MappingRow, payload: dict[str, Any], state: State, value: Any) -> None:
    made = make(doubling(row), "thing", row, payload)
    assert (made.state, made.value) == (state, value)


def test_a_check_counts_by_field_and_keeps_different_examples() -> None:
    off = MappingRow("b", "off", enabled=False)
    connector = doubling(MappingRow("a", "same"), MappingRow("b", "double"), off)
    payloads = [{"a": value, "b": 1} for value in ("x", "x", "y", "z", "w", 5)]
    result = check(connector, "thing", payloads)
    same, double = result.reports
    assert (result.records, result.unfit) == (6, 5)
    assert (same.counts[State.REFUSED], same.counts[State.FINE]) == (5, 1)
    assert [made.came for made in same.refused] == ["x", "y", "z"][:EXAMPLES]
    assert [(made.came, made.value) for made in double.converted] == [(1, 2)]


# -- verdicts -----------------------------------------------------------------------------------------

LEAD = RecordType("lead", "Lead", "Leads")


def cell(*, changed: bool = True) -> Cell:
    return Cell("mx_City", "city", "a", "b", "c", changed)


@pytest.mark.parametrize(
    ("trial", "sentence"),
    [
        (Trial(Fate.CREATE, [cell(), cell()], calls=1), "Would create this lead: 2 fields, 1 call."),
        (
            Trial(Fate.UPDATE, [cell(), cell(), cell(changed=False)], by="Mobile", calls=1),
            "Would update this lead by Mobile Number: 2 fields change, 1 call.",
        ),
        (Trial(Fate.UPDATE, [cell()], calls=2), "Would update this lead: 1 field changes, 2 calls."),
        (Trial(Fate.UPDATE, [], by="Gone", calls=1), "Would update this lead by Gone: no field changes, 1 call."),
        (Trial(Fate.SEND, [cell()], calls=1), "Would send this lead: 1 field, 1 call."),
        (Trial(Fate.UNCHANGED, [], "It is equal."), "Nothing would be sent: It is equal."),
        (Trial(Fate.SKIP, [], "No consent."), "Would be skipped: No consent."),
        (Trial(Fate.REFUSE, [], "100 % wrong."), "Would be refused: 100 % wrong."),
        (Trial(Fate.WAIT, [], "It is away."), "Would wait: It is away."),
    ],
)
def test_every_verdict_is_a_sentence(trial: Trial, sentence: str) -> None:
    assert verdict(trial, LEAD, FIELDS) == sentence
    assert trial.fate in LOOKS
