"""A customer of FlexPOS as a record, and how they are found on the list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.connectors.flexpos.customers import (
    EMAIL,
    MOBILE,
    NO_EMAIL,
    NO_MOBILE,
    WRONG_EMAIL,
    WRONG_MOBILE,
    CustomerFilter,
    Match,
    customers,
    match,
)
from integrations.core.connector import Record
from integrations.core.mapping import read_path
from tests.connectors.flexpos.rows import mette, row


def one(*rows: dict[str, Any], **options: Any) -> Record:
    (record,) = customers(rows, **options).records
    return record


def test_a_customer_is_a_record_with_its_times_as_sent_and_as_instants() -> None:
    assert one(mette()) == Record(
        "member",
        "50211",
        mette(Instants={"CreatedDate": "2023-01-04T08:12:00+00:00", "ModifiedDate": "2026-03-08T23:03:11+00:00"}),
        "mette@example.test",
        source_time=datetime(2026, 3, 8, 23, 3, 11, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("name", "number"), [("customer_card_object", 1234), ("customer_card_list", 1234), ("customer_card_null", None)]
)
def test_nested_data_is_reached_by_its_path_in_every_shape(name: str, number: int | None) -> None:
    assert read_path(one(row(name)).payload, "cards.Cardnumber") == number


@pytest.mark.parametrize(
    ("chosen", "field"),
    [("active", "IsActive"), ("club_member", "IsClubMember"), ("newsletter", "GetsNewsletter")],
)
def test_what_the_filter_leaves_out_is_left_out_here_too(chosen: str, field: str) -> None:
    rows = [mette(CustomerId=number, Email=f"c{number}@example.test") for number in range(12)]
    yes: tuple[Any, ...] = (True, 1, "1", "true", "True", " TRUE ")
    no: tuple[Any, ...] = (False, 0, "0", "false", None, "")
    for found, value in zip(rows, (*yes, *no), strict=True):
        found[field] = value
    answer = customers(rows, CustomerFilter(**{chosen: True}))
    assert [record.key for record in answer.records] == ["0", "1", "2", "3", "4", "5"]
    assert (answer.filtered, answer.merged) == (6, 0)
    assert len(customers(rows).records) == 12


def test_a_customer_without_the_field_of_the_filter_is_left_out() -> None:
    assert customers([{"CustomerId": 1}], CustomerFilter(newsletter=True)).filtered == 1


def test_the_same_customer_twice_is_the_newest_whatever_the_order() -> None:
    old, new = mette(City="Ribe"), mette(City="Vejle", ModifiedDate="2026-03-09T00:03:12")
    for rows in ([old, new], [new, old]):
        assert one(*rows).payload["City"] == "Vejle"
        assert customers(rows).merged == 1


def test_of_two_of_the_same_time_the_later_is_kept() -> None:
    assert one(mette(City="Ribe"), mette(City="Vejle")).payload["City"] == "Vejle"
    undated = [mette(City="Ribe", ModifiedDate=None), mette(City="Vejle", ModifiedDate=None)]
    assert one(*undated).payload["City"] == "Vejle"


def test_in_the_repeated_hour_the_order_they_came_in_decides() -> None:
    first, second = mette(City="Ribe", ModifiedDate="2026-10-25T02:30:00"), mette(ModifiedDate="2026-10-25T02:10:00")
    assert one(first, second).payload["City"] == "Roskilde"
    assert one(first).source_time == one(second).source_time


def test_two_customers_with_one_match_value_are_one_person() -> None:
    rows = [mette(), mette(CustomerId=7, Email=" METTE@example.test", ModifiedDate="2026-03-09T00:00:00")]
    assert one(*rows).key == "50211"
    assert customers(rows).merged == 1
    others = [mette(), mette(CustomerId=7, Mobile="+45 20 11 22 33", Email="other@example.test")]
    assert one(*others, match_on=MOBILE).key == "7"
    assert len(customers(others).records) == 2


def test_customers_without_a_match_value_stay_apart() -> None:
    rows = [mette(CustomerId=1, Email=None), mette(CustomerId=2, Email=None)]
    assert [record.key for record in customers(rows).records] == ["1", "2"]


def test_the_newest_version_decides_whether_a_customer_is_wanted() -> None:
    rows = [mette(GetsNewsletter=1), mette(GetsNewsletter=0, ModifiedDate="2026-03-09T00:03:12")]
    answer = customers(rows, CustomerFilter(newsletter=True))
    assert (answer.records, answer.filtered, answer.merged) == ([], 1, 1)


@pytest.mark.parametrize("missing", [None, ""])
def test_a_customer_without_an_id_is_a_problem_and_hides_nobody(missing: Any) -> None:
    good, bad, worse = mette(), mette(CustomerId=missing, Email="anne@example.test"), {}
    records = customers([bad, good, worse]).records
    assert [bool(record.problem) for record in records] == [True, False, True]
    assert records[0].problem.startswith("FlexPOS sent this without CustomerId")
    assert len({record.key for record in records}) == 3
    assert "anne" not in records[0].key
    assert records[0].key == customers([bad]).records[0].key


def test_a_date_that_is_none_is_no_instant() -> None:
    record = one(mette(ModifiedDate="soon", CreatedDate=None))
    assert (record.source_time, record.payload["Instants"]) == (None, {})
    assert record.payload["ModifiedDate"] == "soon"


def test_a_customer_of_two_megabytes_is_one_record() -> None:
    assert len(one(mette(FillerText="x" * 2 * 1024 * 1024), mette(CustomerId=50211)).key) == 5


@pytest.mark.parametrize(
    ("email", "found"),
    [
        ("Mette.Holm@Example.Test ", Match("mette.holm@example.test")),
        (None, Match(None, NO_EMAIL)),
        (" ", Match(None, NO_EMAIL)),
        ("mette", Match(None, WRONG_EMAIL)),
        ("mette@example.test, anne@example.test", Match(None, WRONG_EMAIL)),
        (["mette@example.test"], Match(None, WRONG_EMAIL)),
        (12, Match(None, WRONG_EMAIL)),
    ],
)
def test_a_member_is_found_by_email_in_lower_case(email: Any, found: Match) -> None:
    assert match(mette(Email=email), EMAIL) == found


@pytest.mark.parametrize(
    ("mobile", "found"),
    [
        ("20112233", Match("+4520112233")),
        (20112233, Match("+4520112233")),
        ("20 11 22 33", Match("+4520112233")),
        ("+45 20112233", Match("+4520112233")),
        ("004520112233", Match("+4520112233")),
        ("+46 70 123 45 67", Match("+46701234567")),
        ("12", Match(None, WRONG_MOBILE)),
        ("ring til mig", Match(None, WRONG_MOBILE)),
        ("2011223344556677", Match(None, WRONG_MOBILE)),
        (True, Match(None, WRONG_MOBILE)),
        ({"Number": "20112233"}, Match(None, WRONG_MOBILE)),
        (["20112233"], Match(None, WRONG_MOBILE)),
        ("", Match(None, NO_MOBILE)),
        (None, Match(None, NO_MOBILE)),
    ],
)
def test_a_member_is_found_by_mobile_with_the_country_denmark(mobile: Any, found: Match) -> None:
    assert match(mette(Mobile=mobile), MOBILE) == found


def test_another_region_can_be_home() -> None:
    assert match(mette(Mobile="070-123 45 67"), MOBILE, region="SE") == Match("+46701234567")


def test_a_reason_never_holds_what_was_sent() -> None:
    assert "12" not in match(mette(Mobile="12"), MOBILE).reason
