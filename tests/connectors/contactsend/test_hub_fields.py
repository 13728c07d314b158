"""Contacthub's fields: which there are, and how they are read and written."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.connectors.contactsend.hub import HubClient
from integrations.connectors.contactsend.hub_fields import hub_fields, read_hub, write_hub
from integrations.connectors.contactsend.hub_leaves import READ_ONLY
from integrations.connectors.contactsend.hub_values import join, read_moment, split, write_moment
from integrations.core.connector import Field, Kind
from integrations.core.errors import ConfigurationError, RecordError
from tests.sandbox_contacthub import ContacthubAccount

ADA = "ada@example.test"
EXTENDED = {
    "type": "object",
    "properties": {
        "level": {"type": ["string", "null"], "enum": ["silver", "gold"], "title": "Loyalty level"},
        "size": {"type": "string", "enum": ["S", None]},
        "points": {"type": ["integer", "null"]},
        "amount": {"type": "number"},
        "member": {"type": "boolean"},
        "since": {"type": ["string", "null"], "format": "date"},
        "seen": {"type": ["string", "null"], "format": "date-time"},
        "mail": {"type": "string", "format": "email", "maxLength": 20},
        "note": {"type": "string"},
        "shops": {"type": "array", "items": {"type": "string"}},
        "numbers": {"type": "array", "items": {"type": "integer"}},
        "visits": {"type": "array", "items": {"type": "object", "properties": {}}},
        "grid": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
        "anything": {"type": "array"},
        "untold": {},
        "odd.name": {"type": "string"},
        "bike": {"type": ["object", "null"], "properties": {"colour": {"type": "string"}}},
    },
}


def fields() -> dict[str, Field]:
    return {field.name: field for field in hub_fields(EXTENDED)}


def test_every_value_of_a_customer_can_be_mapped_but_no_list_of_objects(hub_client: HubClient) -> None:
    found = {field.name for field in hub_fields(hub_client.extended_schema())}
    assert {
        "id", "nodeId", "externalId", "enabled", "registeredAt", "updatedAt", "tags.auto", "tags.manual",
        "base.firstName", "base.contacts.email", "base.address.city", "base.address.geo.lat", "base.dob",
        "extended.loyaltyLevel", "extended.favouriteShops", "extended.preferences.size",
    } <= found  # fmt: skip
    left_out = (
        "otherContacts",
        "mobileDevices",
        "educations",
        "likes",
        "jobs",
        "subscriptions",
        "password",
        "purchases",
    )
    assert not [name for name in found if any(part in name for part in left_out)]
    assert sorted(READ_ONLY) == ["id", "nodeId", "registeredAt", "updatedAt"]


def test_declared_fields_have_their_kinds() -> None:
    found = fields()
    assert found["extended.level"] == Field("extended.level", "Loyalty level", Kind.CHOICE, options=("silver", "gold"))
    assert found["extended.size"].options == ("S",)
    assert found["extended.mail"] == Field("extended.mail", "mail", Kind.EMAIL, max_length=20)
    assert found["extended.bike.colour"].label == "bike › colour"
    kinds = [found[f"extended.{name}"].kind for name in ("points", "amount", "member", "since", "seen", "shops")]
    assert kinds == [Kind.NUMBER, Kind.NUMBER, Kind.BOOLEAN, Kind.DATE, Kind.DATETIME, Kind.TEXT]
    assert not {"visits", "grid", "anything", "untold", "odd.name", "bike"} & {
        name.removeprefix("extended.") for name in found
    }
    assert found["tags.manual"].max_length == 255


@pytest.mark.parametrize("schema", [None, {}, {"properties": []}, {"properties": {"x": 1}}, {"type": 7}])
def test_without_a_declared_schema_there_are_the_others(schema: Any) -> None:
    assert {field.name.partition(".")[0] for field in hub_fields(schema)} >= {"base", "tags", "id"}
    assert not [field for field in hub_fields(schema) if field.name.startswith("extended")]


def test_values_are_read_by_their_path() -> None:
    customer = {
        "id": "c-1",
        "enabled": False,
        "base": {"firstName": "Ada", "contacts": {"email": ADA}, "address": None},
        "tags": {"auto": [], "manual": ["vip", "new"]},
        "extended": {"points": 5, "shops": ["Odense", "Aarhus"], "numbers": [1, 2], "bike": {"colour": "red"}},
    }
    read = {
        path: read_hub(customer, path)
        for path in (
            "id", "enabled", "base.firstName", "base.contacts.email", "base.address.city", "tags.manual", "tags.auto",
            "extended.points", "extended.shops", "extended.numbers", "extended.bike.colour", "extended.bike",
        )
    }  # fmt: skip
    assert list(read.values()) == [
        "c-1", False, "Ada", ADA, None, "vip|new", None, 5, "Odense|Aarhus", "1|2", "red", None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        (["x" * 101], "a tag of more than 100 characters"),
        (["x" * 90] * 3, "more than 255 characters in all its tags"),
        (["a|b"], r"holds “\|”"),
    ],
)
def test_tags_that_do_not_fit_are_a_record_s_problem(tags: list[str], words: str) -> None:
    with pytest.raises(RecordError, match=f"tags.manual: what Contacthub has .*{words}") as caught:
        read_hub({"tags": {"manual": tags}}, "tags.manual")
    assert tags[0] not in caught.value.message
    assert read_hub({"tags": {"manual": ["x" * 100, "y" * 100]}}, "tags.manual")


def test_a_new_customer_is_written_without_what_is_empty() -> None:
    values = {
        "base.contacts.email": ADA,
        "base.firstName": "",
        "base.dob": None,
        "base.timezone": "",
        "externalId": "",
        "tags.manual": "vip|new|vip",
        "extended.level": "gold",
        "extended.points": "5",
        "extended.numbers": "1|2",
        "id": "ignored",
        "updatedAt": "ignored",
    }
    assert write_hub(values, EXTENDED) == {
        "base": {"contacts": {"email": ADA}},
        "tags": {"manual": ["vip", "new"]},
        "extended": {"level": "gold", "points": 5, "numbers": [1, 2]},
    }


def current(**parts: Any) -> dict[str, Any]:
    customer = {"externalId": "C-1", "enabled": True, "tags": {"auto": ["a"], "manual": ["vip"]}}
    base = {"firstName": "Ada", "timezone": "Europe/Rome", "contacts": {"email": ADA}, "address": None}
    return customer | {"base": base, "extended": {"level": "gold", "points": 5}} | parts


def test_a_patch_holds_only_what_changes() -> None:
    same = {
        "base.firstName": "Ada",
        "base.contacts.email": ADA,
        "base.contacts.phone": "",
        "base.address.city": None,
        "extended.points": "5",
        "extended.shops": "",
        "tags.manual": "vip",
        "enabled": "1",
    }
    assert write_hub(same, EXTENDED, current()) == {}
    changed = same | {"base.address.city": "Odense", "extended.points": "6"}
    assert write_hub(changed, EXTENDED, current()) == {
        "base": {"address": {"city": "Odense"}},
        "extended": {"points": 6},
    }


def test_an_emptied_value_is_null_but_never_in_an_enum_nor_where_null_is_not_taken() -> None:
    emptied = dict.fromkeys(
        ("base.firstName", "base.timezone", "externalId", "enabled", "extended.level", "extended.points", "tags.manual")
    )
    assert write_hub(emptied, EXTENDED, current()) == {
        "base": {"firstName": None},
        "extended": {"points": None},
        "tags": {"auto": ["a"], "manual": []},
    }
    with_note = current(extended={"note": "x", "size": "S", "since": "2024-01-01"})
    cleared = write_hub({"extended.note": "", "extended.size": "", "extended.since": ""}, EXTENDED, with_note)
    assert cleared == {"extended": {"note": "", "size": None, "since": None}}


def test_the_other_list_of_tags_is_kept_when_one_changes() -> None:
    assert write_hub({"tags.manual": "vip|new"}, EXTENDED, current()) == {
        "tags": {"auto": ["a"], "manual": ["vip", "new"]}
    }


def test_a_time_is_the_same_however_it_is_written() -> None:
    there = current(extended={"seen": "2024-03-09T11:31:31.842+0000"})
    for again in ("2024-03-09T12:31:31.842456+01:00", "2024-03-09 11:31:31.842"):
        assert write_hub({"extended.seen": again}, EXTENDED, there) == {}
    later = write_hub({"extended.seen": "2024-03-09 11:31:32"}, EXTENDED, there)
    assert later == {"extended": {"seen": "2024-03-09T11:31:32.000+0000"}}


@pytest.mark.parametrize(
    ("path", "raw", "value"),
    [
        ("base.firstName", 7, "7"),
        ("base.firstName", datetime.date(2024, 3, 9), "2024-03-09"),
        ("base.dob", datetime.date(1984, 2, 11), "1984-02-11"),
        ("base.dob", datetime.datetime(1984, 2, 11, 23), "1984-02-11"),
        ("base.dob", "1984-02-11T00:00:00", "1984-02-11"),
        ("extended.points", Decimal("5.0"), 5),
        ("extended.amount", "9.5", 9.5),
        ("extended.member", "sì", True),
        ("extended.member", 0, False),
        ("extended.level", " gold ", "gold"),
    ],
)
def test_values_become_what_contacthub_takes(path: str, raw: Any, value: Any) -> None:
    body: Any = write_hub({path: raw}, EXTENDED)
    for part in path.split("."):
        body = body[part]
    assert body == value
    assert type(body) is type(value)


@pytest.mark.parametrize(
    ("path", "raw", "words"),
    [
        ("base.firstName", ["Ada"], "is not a single value"),
        ("base.dob", "11/02/1984", "is not a date"),
        ("extended.points", "five", "is not a number"),
        ("extended.points", "5.5", "is not a whole number"),
        ("extended.points", "1e99", "18 digits"),
        ("extended.points", "NaN", "18 digits"),
        ("extended.member", "perhaps", "neither yes nor no"),
        ("extended.level", "platinum", "not one of the values"),
        ("extended.mail", "x" * 21, "longer than 20"),
        ("extended.seen", "soon", "is not a date and time"),
        ("extended.numbers", "1|two", "is not a number"),
        ("tags.manual", "x" * 101, "a tag of more than 100"),
    ],
)
def test_what_contacthub_would_not_take_is_told_by_field_and_never_repeated(path: str, raw: Any, words: str) -> None:
    with pytest.raises(RecordError, match=f"^{path}: what was sent .*{words}") as caught:
        write_hub({path: raw}, EXTENDED)
    assert str(raw) not in caught.value.message


def test_a_field_that_is_gone_is_a_matter_of_the_mapping() -> None:
    with pytest.raises(ConfigurationError, match=r"no field extended\.shoeSize any more"):
        write_hub({"extended.shoeSize": "43"}, EXTENDED)


def test_what_is_written_is_taken_and_read_back_the_same(hub_client: HubClient, hub: ContacthubAccount) -> None:
    schema = hub_client.extended_schema()
    values = {
        "externalId": "C-1",
        "base.firstName": "Ada",
        "base.dob": "1984-02-11",
        "base.timezone": "Europe/Rome",
        "base.contacts.email": ADA,
        "base.contacts.mobilePhone": "+393331112223",
        "base.address.geo.lat": 55.4,
        "base.socialProfile.facebook": "ada",
        "extended.loyaltyLevel": "gold",
        "extended.points": 5,
        "extended.clubMember": True,
        "extended.lastPurchaseAt": "2024-03-09T11:31:31.842+0000",
        "extended.favouriteShops": "Odense|Aarhus",
        "extended.preferences.colour": "red",
        "tags.manual": "vip|new",
        "tags.auto": "seen",
    }
    customer = hub_client.create_customer(hub.shop, write_hub(values, schema)).customer
    assert {path: read_hub(customer, path) for path in values} == values
    assert write_hub(values, schema, customer) == {}
    emptied = dict.fromkeys(values, "")
    after = hub_client.patch_customer(customer["id"], write_hub(emptied, schema, customer)).customer
    kept = {"externalId", "base.timezone", "extended.loyaltyLevel"}
    assert {path for path in values if read_hub(after, path) is not None} == kept


@given(st.lists(st.text(max_size=30), max_size=10))
def test_a_joined_list_is_taken_apart_as_it_was_or_refused(items: list[str]) -> None:
    clean = list(dict.fromkeys(item.strip() for item in items if item.strip()))
    if any("|" in item for item in clean):
        with pytest.raises(ValueError, match="separates"):
            join(clean)
    else:
        assert split(join(clean)) == clean


@given(st.datetimes(timezones=st.just(datetime.UTC)))
def test_a_moment_is_read_as_it_was_written_to_the_millisecond(moment: datetime.datetime) -> None:
    assert read_moment(write_moment(moment)) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)
