"""A list's fields, and names for new ones."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.connectors.heyloyalty.client import HeyloyaltyClient
from integrations.connectors.heyloyalty.fields import (
    CHOICE,
    FIXED,
    ListField,
    MemberList,
    core_fields,
    field_name,
    new_field,
    read_list,
    remembered,
)
from integrations.core.connector import Field, Kind
from tests.sandbox_heyloyalty import CUSTOMERS, HeyloyaltyAccount


def test_fields_are_described_for_edit_mapping(customers: MemberList) -> None:
    fields = {field.name: field for field in core_fields(customers)}
    assert fields["email"] == Field(
        "email", "E-mail", Kind.EMAIL, required=True, unique=True, max_length=255, type="text"
    )
    assert fields["mobile"] == Field(
        "mobile", "Mobile", Kind.PHONE, unique=True, type=customers.fields["mobile"].format
    )
    assert fields["tier"] == Field("tier", "Tier", Kind.CHOICE, options=("Silver", "Gold"), type="choice")
    assert fields["interests"].options == ("Music", "Books", "Sport")
    assert [fields[name].kind for name in ("birthdate", "points", "club_member", "city")] == [
        Kind.DATE,
        Kind.NUMBER,
        Kind.BOOLEAN,
        Kind.TEXT,
    ]


def test_a_list_is_remembered_by_its_fields_well_enough_to_convert(customers: MemberList) -> None:
    known = remembered(core_fields(customers))
    assert {name: one.format for name, one in known.fields.items()} == {
        name: one.format for name, one in customers.fields.items()
    }
    assert known.fields["interests"].option_id("books") == "Books"
    assert known.with_time == customers.with_time


@pytest.mark.parametrize(
    ("duplicates", "unique"),
    [
        ("disallow", {"email", "mobile"}),
        ("allow_email", {"mobile"}),
        ("allow_mobile", {"email"}),
        ("allow", set()),
    ],
)
def test_what_is_unique_follows_from_the_list(
    client: HeyloyaltyClient, practice: HeyloyaltyAccount, duplicates: str, unique: set[str]
) -> None:
    practice.save_list(duplicates=duplicates)
    fields = core_fields(client.list_of(CUSTOMERS), match="mobile")
    assert {field.name for field in fields if field.unique} == unique
    assert [field.name for field in fields if field.required] == ["mobile"]


def test_dates_have_a_time_when_the_list_has(client: HeyloyaltyClient, practice: HeyloyaltyAccount) -> None:
    practice.save_list(date_format="dd-mm-yyyy hh:ii")
    found = client.list_of(CUSTOMERS)
    assert found.import_date == "Y-m-d H:i:s"
    assert {field.name: field.kind for field in core_fields(found)}["birthdate"] == Kind.DATETIME


def test_a_field_that_is_gone_is_missing(client: HeyloyaltyClient, practice: HeyloyaltyAccount) -> None:
    practice.remove_field("tier")
    assert client.list_of(CUSTOMERS).missing(["email", "tier", "nickname"]) == ["tier", "nickname"]


def test_an_option_is_found_whatever_its_case_but_the_exact_one_first() -> None:
    field = ListField("size", "Size", CHOICE, {"1": "s", "2": "S", "3": "Medium"})
    assert [field.option_id(label) for label in ("S", "s", " medium ", "Large")] == ["2", "1", "3", None]


@pytest.mark.parametrize("fields", [[], {}])
def test_a_list_without_fields_is_read(fields: Any) -> None:
    assert read_list({"id": "3", "fields": fields}) == MemberList(3, "3", {})


@pytest.mark.parametrize("options", [{"7": "Yes"}, [{"id": 7, "label": "Yes"}]])
def test_options_are_read_as_a_map_or_a_list(options: Any) -> None:
    vip = {"name": "vip", "label": "VIP", "format": "choice", "options": options}
    for fields in ({"vip": vip}, [vip]):
        found = read_list({"id": 3, "fields": fields}).fields["vip"]
        assert found == ListField("vip", "VIP", CHOICE, {"7": "Yes"})


def test_no_options_as_php_writes_them_are_none() -> None:
    assert read_list({"id": 3, "fields": {"vip": {"name": "vip", "options": []}}}).fields["vip"].options == {}


def test_a_new_field_is_what_the_api_documents() -> None:
    assert new_field("raptor_aud_test", "Test", CHOICE, ["Yes", "No"]) == {
        "type": "custom",
        "name": "raptor_aud_test",
        "label": "Test",
        "format": "choice",
        "options": [{"label": "Yes"}, {"label": "No"}],
    }
    assert new_field("points", "p" * 300, "number")["label"] == "p" * 255


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Årskort & café 2", "aarskort_and_cafe_2"),
        ("SMØRREBRØD / ÆBLER", "smoerrebroed_aebler"),
        ("A\N{COMBINING RING ABOVE}rhus", "aarhus"),
        ("2024-kunder", "field_2024_kunder"),
        ("  ", "field"),
        ("日本", "field"),
        ("E-mail", "e_mail"),
        ("Email", "email_2"),
        ("x" * 80, "x" * 50),
    ],
)
def test_a_label_gets_a_safe_name(label: str, name: str) -> None:
    assert field_name(label) == name


def test_names_that_are_taken_are_numbered() -> None:
    taken = {"vip", "vip_2", "y" * 50}
    assert field_name("VIP", taken) == "vip_3"
    assert field_name("y" * 60, taken) == "y" * 48 + "_2"
    assert field_name("VIP", taken, prefix="raptor_aud_") == "raptor_aud_vip"


@given(st.lists(st.text(max_size=80), max_size=15), st.sampled_from(["", "raptor_aud_"]))
def test_names_are_always_safe_and_never_the_same(labels: list[str], prefix: str) -> None:
    taken: set[str] = set()
    for label in labels:
        name = field_name(label, taken, prefix)
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,49}", name)
        assert name not in taken | FIXED
        taken.add(name)
