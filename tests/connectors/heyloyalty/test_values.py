"""Heyloyalty's spelling of values, there and back."""

from __future__ import annotations

import datetime
import zoneinfo
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.connectors.heyloyalty.client import HeyloyaltyClient
from integrations.connectors.heyloyalty.fields import ListField, MemberList
from integrations.connectors.heyloyalty.values import Converter, changes, mobile, normal, read_values
from integrations.core.errors import ConfigurationError, RecordError
from tests.sandbox_heyloyalty import CUSTOMERS, HeyloyaltyAccount

FIELDS = [
    ListField("email", "E-mail"),
    ListField("mobile", "Mobile", "number"),
    ListField("city", "City"),
    ListField("points", "Points", "number"),
    ListField("birthdate", "Birthdate", "date"),
    ListField("club", "Club", "boolean"),
    ListField("tier", "Tier", "choice", {"1001": "Silver", "1002": "Gold"}),
    ListField("interests", "Interests", "multi", {"7": "Music", "8": "Books"}),
    ListField(
        "country", "Country", "choice", {"53": "Denmark", "204": "United Kingdom", "17": "Bosnia and Herzegovina"}
    ),
]
CUSTOMER_LIST = MemberList(1, "Customers", {field.name: field for field in FIELDS})
WITH_TIME = MemberList(1, "Customers", CUSTOMER_LIST.fields, "dd-mm-yyyy hh:ii")
convert = Converter(CUSTOMER_LIST).convert


@pytest.mark.parametrize(
    ("name", "raw", "sent"),
    [
        ("email", " Ada@example.test ", "Ada@example.test"),
        ("mobile", "20 30 40 50", "4520304050"),
        ("mobile", 20304050, "4520304050"),
        ("mobile", "+46 70 123 45 67", "46701234567"),
        ("mobile", "004520304050", "4520304050"),
        ("city", 7, "7"),
        ("city", True, "1"),
        ("city", "x" * 255, "x" * 255),
        ("points", "12.0", "12"),
        ("points", -3, "-3"),
        ("points", "1e3", "1000"),
        ("birthdate", "1979-06-02T00:00:00", "1979-06-02"),
        ("birthdate", datetime.date(1979, 6, 2), "1979-06-02"),
        ("birthdate", "2026-06-30T23:30:00Z", "2026-07-01"),
        ("club", 1, "1"),
        ("club", False, "0"),
        ("club", "Ja", "1"),
        ("tier", "gold", "1002"),
        ("interests", "music, Books,,music", ["7", "8"]),
        ("interests", ["Books"], ["8"]),
        ("country", "denmark", "53"),
        ("country", "DK", "53"),
        ("country", "gb", "204"),
        ("country", "BA", "17"),
    ],
)
def test_values_are_written_as_the_field_takes_them(name: str, raw: Any, sent: Any) -> None:
    assert convert(name, raw) == sent


@pytest.mark.parametrize(
    ("name", "raw", "reason"),
    [
        ("email", "ada", "is not an e-mail address"),
        ("mobile", "12", "is not a mobile number"),
        ("mobile", "none", "is not a mobile number"),
        ("city", "x" * 256, "is longer than 255 characters"),
        ("city", {"a": 1}, "is not a single value"),
        ("city", ["Odense"], "is not a single value"),
        ("points", "many", "is not a number"),
        ("points", "Infinity", "is not a number of at most 18 digits"),
        ("points", "1e400", "is not a number of at most 18 digits"),
        ("points", "12.5", "is not a whole number"),
        ("points", True, "is yes/no, but the field takes a number"),
        ("birthdate", "02-06-1979", "is not a date"),
        ("birthdate", "2026-02-30", "is not a date"),
        ("birthdate", "0001-01-01T00:00:00+14:00", "is not a date"),
        ("club", "perhaps", "is neither yes nor no"),
        ("tier", "Platinum", "is not one of the field's options"),
        ("tier", "1002", "is not one of the field's options"),
        ("interests", "Music,Chess", "is not one of the field's options"),
        ("interests", {"Music": True}, "is not a list of options"),
        ("interests", [["Music"]], "is not a single value"),
        ("country", "Atlantis", "is not one of the field's countries"),
        ("country", "SE", "is not one of the field's countries"),
    ],
)
def test_what_does_not_fit_is_named_by_field_and_reason(name: str, raw: Any, reason: str) -> None:
    with pytest.raises(RecordError) as caught:
        convert(name, raw)
    label = CUSTOMER_LIST.fields[name].label
    assert caught.value.message.startswith(f"{label} ({name}): what the source sent {reason}")
    assert str(raw) not in caught.value.message


def test_a_field_the_list_lost_is_about_the_mapping() -> None:
    with pytest.raises(ConfigurationError, match=r"“Customers” has no field nickname any more. Choose another"):
        convert("nickname", "Ada")


def test_dates_are_read_in_the_form_of_the_settings() -> None:
    danish = Converter(WITH_TIME, date_format="d/m/Y H:i").convert
    assert danish("birthdate", "02/06/1979 08:15") == "1979-06-02 08:15:00"
    with pytest.raises(RecordError, match="is not a date of the form d/m/Y H:i"):
        danish("birthdate", "1979-06-02")


def test_times_are_those_of_the_lists_clock_on_both_sides_of_daylight_saving() -> None:
    local = Converter(WITH_TIME).convert
    assert local("birthdate", "2026-10-25T00:30:00Z") == "2026-10-25 02:30:00"
    assert local("birthdate", "2026-10-25T01:30:00Z") == "2026-10-25 02:30:00"
    assert local("birthdate", "2026-03-29T01:00:00Z") == "2026-03-29 03:00:00"
    assert local("birthdate", "2026-10-25T02:30:00") == "2026-10-25 02:30:00"
    abroad = Converter(WITH_TIME, zone=zoneinfo.ZoneInfo("America/New_York")).convert
    assert abroad("birthdate", "2026-10-25T01:30:00Z") == "2026-10-24 21:30:00"


def test_separator_and_country_of_phones_are_settings() -> None:
    other = Converter(CUSTOMER_LIST, separator="|", region="SE").convert
    assert other("interests", "Music|Books") == ["7", "8"]
    assert other("mobile", "070-123 45 67") == "46701234567"
    assert Converter(CUSTOMER_LIST, separator="").convert("interests", "Music") == ["7"]


@given(st.integers(min_value=20_000_000, max_value=99_999_999))
def test_writing_a_mobile_twice_changes_nothing(digits: int) -> None:
    assert mobile(mobile(digits)) == mobile(digits)


@pytest.mark.parametrize(
    ("name", "sent", "read"),
    [
        ("city", "", None),
        ("city", "7", 7),
        ("city", "a\nb", "a\r\nb"),
        ("email", "Ada@Example.test", "ada@example.test"),
        ("mobile", "4520304050", "+45 20304050"),
        ("points", "45", 45),
        ("points", "45", "0045"),
        ("birthdate", "", "0000-00-00"),
        ("birthdate", "", "0000-00-00 00:00:00"),
        ("club", "1", True),
        ("club", "0", False),
        ("tier", "1002", 1002),
        ("tier", "1002", {"id": 1002}),
        ("interests", ["7", "8"], [{"id": 8}, {"id": 7}]),
        ("interests", ["7", "8"], ["8", "7"]),
        ("interests", [], None),
    ],
)
def test_what_is_read_back_in_another_form_is_unchanged(name: str, sent: Any, read: Any) -> None:
    field = CUSTOMER_LIST.fields[name]
    assert normal(field, sent) == normal(field, read)


@pytest.mark.parametrize(
    ("name", "sent", "read"),
    [
        ("city", "Odense", "odense"),
        ("points", "0", None),
        ("club", "0", None),
        ("tier", "1001", "1002"),
        ("interests", ["7"], ["7", "8"]),
        ("birthdate", "1979-06-02", "1979-06-03"),
    ],
)
def test_what_differs_is_a_change(name: str, sent: Any, read: Any) -> None:
    assert changes(CUSTOMER_LIST, {name: sent}, {name: normal(CUSTOMER_LIST.fields[name], read)}) == [name]


def test_only_what_is_sent_is_compared() -> None:
    assert changes(CUSTOMER_LIST, {"city": "Odense"}, {"city": "Odense", "points": "3"}) == []


def test_a_member_as_older_versions_write_it_is_read_too() -> None:
    member = {"id": "g-1", "email": "ada@example.test", "tier": {"id": "1002"}, "interests": [{"id": "8"}]}
    values = read_values(CUSTOMER_LIST, member)
    assert (values["email"], values["tier"], values["interests"]) == ("ada@example.test", "1002", ("8",))
    assert values["city"] is None


def test_what_was_sent_is_unchanged_when_read(client: HeyloyaltyClient, practice: HeyloyaltyAccount) -> None:
    customers = client.list_of(CUSTOMERS)
    source = {
        "email": "Ada@example.test",
        "mobile": "20 30 40 50",
        "birthdate": "1979-06-02T00:00:00",
        "country": "DK",
        "sex": "female",
        "tier": "gold",
        "interests": "Sport,Music",
        "points": "0012",
        "club_member": True,
        "city": 'Århus; "C"',
    }
    sent = {name: Converter(customers).convert(name, raw) for name, raw in source.items()}
    member = client.member(CUSTOMERS, client.upsert(CUSTOMERS, "email", sent).member_id)
    assert member is not None
    assert changes(customers, sent, read_values(customers, member)) == []
    assert changes(customers, sent | {"points": "13"}, read_values(customers, member)) == ["points"]
