"""Files of the bulk import, and the comparison of before and after: pure."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.connectors.heyloyalty.bulk import (
    LARGEST_FILE,
    Became,
    ImportSettings,
    Seen,
    Told,
    expect,
    files,
    key_of,
    line,
    page_size,
    split,
    tell,
)
from integrations.connectors.heyloyalty.fields import ListField, MemberList

ADA = "ada@example.test"
BO = "bo@example.test"
FIELDS = [
    ListField("email", "E-mail"),
    ListField("mobile", "Mobile", "number"),
    ListField("city", "City"),
    ListField("points", "Points", "number"),
    ListField("interests", "Interests", "multi", {"7": "Music", "8": "Books"}),
]
CUSTOMERS = MemberList(1, "Customers", {field.name: field for field in FIELDS})
SETTINGS = ImportSettings(errors_to="it@example.test")


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline=""), delimiter=";"))


def seen(**values: Any) -> list[Seen]:
    return [Seen("g-1", values)]


def test_columns_stand_in_the_order_that_is_told() -> None:
    (file,) = files(CUSTOMERS, [{"city": "Odense", "interests": ["7", "8"], "email": ADA}], SETTINGS)
    assert read(file.csv) == [[ADA, "Odense", "7,8"]]
    assert file.parameters == {
        "fields_selected": ["email", "city", "interests"],
        "duplicate_field": "email",
        "handle_existing": "update",
        "delimiter": ";",
        "skip_header_line": "0",
        "date_format": "Y-m-d",
        "trigger_autoresponder": "0",
        "sendErrorsTo": "it@example.test",
    }


def test_rows_share_a_file_only_with_those_of_the_same_fields() -> None:
    rows = [{"email": ADA, "city": "Odense"}, {"email": BO}, {"city": "", "email": "cy@example.test"}]
    made = list(files(CUSTOMERS, rows, SETTINGS))
    assert [file.parameters["fields_selected"] for file in made] == [["email", "city"], ["email"]]
    assert [read(file.csv) for file in made] == [[[ADA, "Odense"], ["cy@example.test", ""]], [[BO]]]


def test_settings_become_parameters() -> None:
    with_time = MemberList(1, "Customers", CUSTOMERS.fields, "dd-mm-yyyy hh:ii")
    (file,) = files(with_time, [{"mobile": "4520304050"}], ImportSettings("mobile", automations=True))
    told = {name: file.parameters[name] for name in ("duplicate_field", "trigger_autoresponder", "date_format")}
    assert told == {"duplicate_field": "mobile", "trigger_autoresponder": "1", "date_format": "Y-m-d H:i:s"}


def test_files_stay_below_the_largest_size() -> None:
    rows = [{"email": f"m{number}@example.test", "city": "x" * 250} for number in range(20_000)]
    made = list(files(CUSTOMERS, rows, SETTINGS))
    assert len(made) == 3
    assert all(len(file.csv) <= LARGEST_FILE for file in made)
    assert [row[0] for file in made for row in read(file.csv)] == [row["email"] for row in rows]


def test_a_line_larger_than_a_file_is_a_file() -> None:
    assert list(split([["x" * 20], ["y"], ["z"]], largest=10)) == [b'"' + b"x" * 20 + b'"\n', b'"y"\n"z"\n']


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=2, max_size=2)))
def test_what_was_written_is_what_is_read(rows: list[list[str]]) -> None:
    assert [row for content in split(rows, largest=40) for row in read(content)] == rows


@given(st.text(st.sampled_from(";,\"\n\r\\'=x"), max_size=12))
def test_no_value_leaves_its_cell(value: str) -> None:
    assert read(line([value, "next"])) == [[value, "next"]]


@pytest.mark.parametrize(
    ("row", "before", "told"),
    [
        ({"email": ADA, "city": "Odense"}, [], Told.NEW),
        ({"email": ADA, "city": "Odense"}, seen(email=ADA, city=None), Told.UPDATED),
        ({"email": ADA, "city": "Odense"}, seen(email=ADA, city="Odense", points="3"), Told.UNCHANGED),
        ({"email": ADA, "city": ""}, seen(email=ADA, city=None), Told.UNCHANGED),
        ({"email": ADA, "city": ""}, seen(email=ADA, city="Odense"), Told.UPDATED),
        ({"email": "Ada@example.test"}, seen(email=ADA), Told.UNCHANGED),
        ({"email": ADA, "interests": ["8", "7"]}, seen(email=ADA, interests=("7", "8")), Told.UNCHANGED),
    ],
)
def test_it_is_known_before_what_an_import_would_do(row: Any, before: list[Seen], told: Told) -> None:
    assert expect(CUSTOMERS, {ADA: row}, {ADA: before}) == {ADA: told}


ODENSE = {"email": ADA, "city": "Odense"}


@pytest.mark.parametrize(
    ("before", "after", "became"),
    [
        ([], [], Became(Told.FAILED)),
        ([], seen(email=ADA, city="Odense"), Became(Told.NEW, "g-1")),
        ([], seen(email=ADA, city="ODENSE C"), Became(Told.NEW, "g-1")),
        (seen(email=ADA, city=None), seen(email=ADA, city="Odense"), Became(Told.UPDATED, "g-1")),
        (seen(email=ADA, city=None), seen(email=ADA, city="ODENSE C"), Became(Told.UPDATED, "g-1")),
        (seen(email=ADA, city=None), seen(email=ADA, city=None), Became(Told.FAILED, "g-1")),
        (seen(email=ADA, city=None, points="1"), seen(email=ADA, city=None, points="2"), Became(Told.FAILED, "g-1")),
        (seen(email=ADA, city="Odense"), seen(email=ADA, city="Odense"), Became(Told.UNCHANGED, "g-1")),
        (seen(email=ADA, city="Odense"), [], Became(Told.FAILED)),
    ],
)
def test_before_and_after_tell_what_became_of_a_member(before: Any, after: Any, became: Became) -> None:
    assert tell(CUSTOMERS, {ADA: ODENSE}, {ADA: before}, {ADA: after}) == {ADA: became}


def test_a_key_is_the_same_however_it_is_written() -> None:
    assert key_of(CUSTOMERS, "email", "Ada@Example.test") == key_of(CUSTOMERS, "email", ADA) == ADA
    assert key_of(CUSTOMERS, "mobile", "+45 20304050") == key_of(CUSTOMERS, "mobile", 4520304050)
    assert key_of(CUSTOMERS, "email", None) == ""


def test_a_page_is_smaller_when_members_carry_many_options() -> None:
    countries = {str(number): f"Country number {number}" for number in range(250)}
    large = MemberList(1, "Customers", CUSTOMERS.fields | {"country": ListField("country", "C", "choice", countries)})
    huge = MemberList(1, "Customers", {"x": ListField("x", "X", "choice", {"1": "x" * 50_000_000})})
    assert page_size(CUSTOMERS) == 5000
    assert 1000 < page_size(large) < 2500
    assert page_size(huge) == 1
