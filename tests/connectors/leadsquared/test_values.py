"""LeadSquared's spelling of phones, dates, numbers and yes/no."""

from __future__ import annotations

import zoneinfo
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.connectors.leadsquared.values import Converter, phone
from integrations.core.connector import Field, Kind
from integrations.core.errors import RecordError

COPENHAGEN = zoneinfo.ZoneInfo("Europe/Copenhagen")
convert = Converter(COPENHAGEN, "+45").convert


def field(kind: Kind, **more: Any) -> Field:
    return Field("mx_Field", "My field", kind, **more)


@pytest.mark.parametrize(
    ("raw", "written"),
    [
        ("20 30 40 50", "+45-20304050"),
        ("20304050", "+45-20304050"),
        (20304050, "+45-20304050"),
        ("+45 20 30 40 50", "+45-20304050"),
        ("+45-20304050", "+45-20304050"),
        ("004520304050", "+45-20304050"),
        ("+1 (202) 555-0143", "+1-2025550143"),
        ("+39 06 1234 5678", "+39-0612345678"),
    ],
)
def test_a_phone_gets_the_default_country_code_only_when_it_has_none(raw: Any, written: str) -> None:
    assert phone(raw, "+45") == written


@given(st.integers(min_value=20000000, max_value=99999999))
def test_writing_a_phone_twice_changes_nothing(number: int) -> None:
    try:
        once = phone(number, "+45")
    except ValueError:
        return
    assert phone(once, "+1") == once


@pytest.mark.parametrize(
    ("kind", "raw", "written"),
    [
        (Kind.DATETIME, "2026-07-01 12:00:00.000", "2026-07-01 10:00:00"),
        (Kind.DATETIME, "2026-12-01 12:00:00", "2026-12-01 11:00:00"),
        (Kind.DATETIME, "2026-12-01T12:00:00Z", "2026-12-01 12:00:00"),
        (Kind.DATETIME, "/Date(1417453996000+0000)/", "2014-12-01 17:13:16"),
        (Kind.DATE, "1990-05-17", "1990-05-17 00:00:00"),
        (Kind.BOOLEAN, "Yes", "1"),
        (Kind.BOOLEAN, False, "0"),
        (Kind.NUMBER, " 12.50 ", "12.50"),
        (Kind.NUMBER, 1e3, "1000.0"),
        (Kind.TEXT, 7, "7"),
        (Kind.TEXT, True, "1"),
        (Kind.EMAIL, " ada@example.test ", "ada@example.test"),
    ],
)
def test_values_are_written_as_the_field_takes_them(kind: Kind, raw: Any, written: str) -> None:
    assert convert(raw, field(kind)) == written


def test_an_option_is_found_whatever_its_case() -> None:
    assert convert("gold", field(Kind.CHOICE, options=("Silver", "Gold"))) == "Gold"


@pytest.mark.parametrize(
    ("kind", "raw", "reason"),
    [
        (Kind.NUMBER, True, "is yes/no, but the field takes a number"),
        (Kind.NUMBER, "many", "is not a number"),
        (Kind.NUMBER, "NaN", "is not a number"),
        (Kind.BOOLEAN, "2", "is neither yes nor no"),
        (Kind.DATE, "soon", "is not a date"),
        (Kind.DATETIME, "2026-02-30 00:00:00", "is not a date"),
        (Kind.DATETIME, "0001-01-01 00:00:00", "is not a date"),
        (Kind.EMAIL, "ada", "is not an e-mail address"),
        (Kind.PHONE, "12", "is not a phone number"),
        (Kind.PHONE, "call me", "is not a phone number"),
        (Kind.TEXT, {"a": 1}, "is not a single value"),
        (Kind.TEXT, "x" * 61, "is longer than 60 characters"),
    ],
)
def test_what_does_not_fit_names_the_field_and_never_the_value(kind: Kind, raw: Any, reason: str) -> None:
    with pytest.raises(RecordError) as caught:
        convert(raw, field(kind, max_length=60))
    assert caught.value.message.startswith(f"My field (mx_Field): what the source sent {reason}.")
    assert not isinstance(raw, str) or raw not in caught.value.message or len(raw) < 3


def test_an_unknown_option_fails() -> None:
    with pytest.raises(RecordError, match="not one of the field's options"):
        convert("Platinum", field(Kind.CHOICE, options=("Silver", "Gold")))
