"""Values: typed one way, comparable the other."""

from __future__ import annotations

import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.connectors.contactsend.send_values import EMPTY, MOMENTS, TYPES, Typed, normal, typed

ROME = ZoneInfo("Europe/Rome")
NOON = datetime.datetime(2026, 7, 1, 12, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("field_type", "raw", "sent"),
    [
        ("FLAG", True, Typed("boolean", "true")),
        ("FLAG", "no", Typed("boolean", "false")),
        ("DATE", "2026-07-01", Typed("date", "2026-07-01")),
        ("DATE", NOON, Typed("date", "2026-07-01")),
        ("DATE", "2026-07-01T23:59:00+02:00", Typed("date", "2026-07-01")),
        ("DATETIME", NOON, Typed("dateTime", "2026-07-01T14:00:00")),
        ("TIMESTAMP", "2026-07-01 14:00:00.9", Typed("dateTime", "2026-07-01T14:00:00")),
        ("TIMESTAMP", "2026-07-01", Typed("dateTime", "2026-07-01T00:00:00")),
        ("TIME", "14:00", Typed("time", "14:00:00")),
        ("DOUBLE", "1e3", Typed("double", "1000.0")),
        ("INTEGER", "7.0", Typed("int", "7")),
        ("INTEGER", True, Typed("int", "1")),
        ("POSITIVE_INTEGER", 0, Typed("int", "0")),
        ("LONG", 2**62, Typed("long", str(2**62))),
        ("CHAR", "F", Typed("string", "F")),
        ("STRING", 12, Typed("string", "12")),
        ("TEXT", "x" * 100_000, Typed("string", "x" * 100_000)),
        ("GEOGRAPHY", "Milano", Typed("string", "Milano")),
    ],
)
def test_a_value_is_sent_by_the_type_of_its_field(field_type: str, raw: Any, sent: Typed) -> None:
    assert typed(field_type, raw, ROME) == sent


@pytest.mark.parametrize("field_type", sorted({*TYPES, *MOMENTS}))
def test_nothing_empties_a_field_of_any_type(field_type: str) -> None:
    assert typed(field_type, None) == typed(field_type, "") == EMPTY
    assert normal(field_type, "") == ""


@pytest.mark.parametrize(
    ("field_type", "raw", "words"),
    [
        ("FLAG", "perhaps", "neither yes nor no"),
        ("DATE", "31.12.2026", "not a date"),
        ("TIMESTAMP", "soon", "not a date"),
        ("TIMESTAMP", datetime.datetime.max.replace(tzinfo=datetime.UTC), "not a date"),
        ("TIME", "25:00", "not a time of day"),
        ("DOUBLE", "NaN", "not a number"),
        ("DOUBLE", "1e999999", "not a number"),
        ("INTEGER", "1.5", "not a whole number"),
        ("INTEGER", 2**31, "too large"),
        ("POSITIVE_INTEGER", -1, "less than 0"),
        ("STRING", "x" * 256, "longer than 255"),
        ("TEXT", "a\x00b", "cannot be sent"),
        ("TEXT", "a\ud800b", "cannot be sent"),
        ("TEXT", ["a"], "not a single value"),
    ],
)
def test_what_a_field_cannot_hold_is_said_in_words(field_type: str, raw: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        typed(field_type, raw, ROME)


@pytest.mark.parametrize(
    ("field_type", "read", "same"),
    [
        ("FLAG", "1", "true"),
        ("INTEGER", " 007 ", "7"),
        ("DOUBLE", "12.50", "12.5"),
        ("TIMESTAMP", "2026-07-01T12:00:00.000Z", "2026-07-01T14:00:00"),
        ("STRING", "a\r\nb ", "a\nb"),
        ("INTEGER", "many", "many"),
        ("STRING", "x" * 300, "x" * 300),
    ],
)
def test_what_is_read_is_comparable(field_type: str, read: str, same: str) -> None:
    assert normal(field_type, read, ROME) == same


RAW = st.text(max_size=30) | st.integers() | st.floats() | st.booleans() | st.datetimes()


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from([*TYPES, *MOMENTS]), RAW)
def test_what_was_sent_is_the_same_when_it_comes_back(field_type: str, raw: Any) -> None:
    try:
        sent = typed(field_type, raw, ROME)
    except ValueError:
        return
    same = normal(field_type, sent.text, ROME)
    assert normal(field_type, same, ROME) == same
    assert same == sent.text or sent.type == "string"
