"""Who is on the list: asked by address."""

from __future__ import annotations

from urllib.parse import urlencode

from integrations.connectors.heyloyalty.client import HeyloyaltyClient
from integrations.connectors.heyloyalty.fields import MemberList
from integrations.connectors.heyloyalty.looking import LONGEST_QUERY, MOST_VALUES, look, portions
from tests.sandbox_heyloyalty import HeyloyaltyAccount


def test_a_call_asks_for_as_many_as_fit_an_address_and_none_is_left_out() -> None:
    short, long = (
        [f"n{number}@example.test" for number in range(250)],
        [f"{'ø' * 60}{number}@x.test" for number in range(50)],
    )
    for values in (short, long, []):
        asked = list(portions("email", values))
        assert [value for portion in asked for value in portion] == values
        assert all(len(portion) <= MOST_VALUES for portion in asked)
        assert all(len(urlencode([("filter[email][eq][]", one) for one in portion])) <= LONGEST_QUERY
                   for portion in asked)  # fmt: skip
    assert len(list(portions("email", short))) == 3


def test_those_who_are_subscribed_are_found_in_whatever_case(
    client: HeyloyaltyClient, customers: MemberList, practice: HeyloyaltyAccount
) -> None:
    there, gone = practice.save_member(email="Ada@Example.test"), practice.save_member(email="bea@example.test")
    practice.unsubscribe(gone)
    found = look(client, customers, "email", ["ada@example.test", "bea@example.test", "cy@example.test"])
    assert {address: seen.member_id for address, seen in found.items()} == {"ada@example.test": there}
