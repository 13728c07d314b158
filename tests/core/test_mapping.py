"""Source path → target field, pure."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.core.mapping import Mapped, MappingRow, map_record, read_path

NESTED = {
    "name": "Ada",
    "cards": [{"Cardnumber": None}, {"Cardnumber": "77"}],
    "address": {"city": {"name": "Ribe"}},
    "a.b": "dotted",
    "empty": "",
    "zero": 0,
    "no": False,
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "Ada"),
        ("cards.Cardnumber", "77"),
        ("address.city.name", "Ribe"),
        ("a.b", "dotted"),
        ("zero", 0),
        ("no", False),
        ("name.first", None),
        ("nowhere.at.all", None),
        ("cards.nothing", None),
    ],
)
def test_a_path_reaches_into_objects_and_lists(path: str, value: Any) -> None:
    assert read_path(NESTED, path) == value


def test_what_the_source_does_not_send_is_left_out_and_may_have_a_default() -> None:
    rows = [
        MappingRow("name", "FirstName"),
        MappingRow("empty", "City", default="Odense"),
        MappingRow("nothing", "Company"),
        MappingRow("", "Origin", default="Portal"),
        MappingRow("zero", "Points", default="5"),
        MappingRow("name", "LastName", enabled=False, default="x"),
    ]
    assert map_record(rows, NESTED) == Mapped(
        values={"FirstName": "Ada", "Points": 0}, defaults={"City": "Odense", "Origin": "Portal"}
    )


@given(st.dictionaries(st.text(), st.text()), st.dictionaries(st.text(), st.text()))
def test_equal_values_have_equal_fingerprints_whatever_their_order(one: dict[str, str], other: dict[str, str]) -> None:
    turned = dict(reversed(one.items()))
    assert Mapped(one).fingerprint() == Mapped(turned).fingerprint()
    assert (Mapped(one).fingerprint() == Mapped(other).fingerprint()) == (one == other)
    assert not one or Mapped(one).fingerprint() != Mapped(defaults=one).fingerprint()


@given(
    st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)), st.text()
)
def test_no_path_breaks_on_any_payload(payload: Any, path: str) -> None:
    read_path(payload, path)


def test_another_separator_leads_into_nested_data() -> None:
    rows = [MappingRow("cards/Cardnumber", "card"), MappingRow("a.b", "plain")]
    payload = {"cards": [None, {"Cardnumber": 1234}], "a.b": "x"}
    assert map_record(rows, payload, "/").values == {"card": 1234, "plain": "x"}
