"""What the API answers: shapes, pages, filters."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox_flexpos import FlexPOSAccount
from tests.sandbox_server import Sandbox

NOON = "2026-03-09T11:00:00Z"
METTE = {
    "FirstName": "Mette", "LastName": "Holm", "Email": "mette@example.test", "Mobile": "20112233",
    "Address": "Algade 3", "Zip": "4000", "City": "Roskilde", "BirthDate": "1979-06-02T00:00:00",
    "IsClubMember": 1, "cards": {"Cardnumber": 1234, "Cardname": "Pension"},
}  # fmt: skip


@pytest.fixture
def shop(sandbox: Sandbox) -> FlexPOSAccount:
    """Without limits; it is noon of 9 March in Denmark."""
    shop = sandbox.flexpos()
    shop.unlimited()
    shop.at(NOON)
    return shop


def page(shop: FlexPOSAccount, name: str, **params: Any) -> dict[str, Any]:
    attractions = name in ("Attractions", "Memberships")
    reply = shop.api(name, shop.token(attractions), attractions, **params)
    assert reply.status_code == 200, reply.text
    return reply.json()


def ids(answer: dict[str, Any]) -> list[int]:
    return [next(iter(row.values())) for row in answer["Data"]]


def test_a_customer_has_the_vendors_fields(shop: FlexPOSAccount) -> None:
    customer_id = shop.customer(**METTE)
    answer = page(shop, "Customers")
    assert answer["Data"] == [
        {
            "CustomerId": customer_id, "FirstName": "Mette", "LastName": "Holm", "Email": "mette@example.test",
            "Mobile": "20112233", "Address": "Algade 3", "Zip": "4000", "City": "Roskilde", "Country": "DK",
            "BirthDate": "1979-06-02T00:00:00", "IsActive": True, "IsClubMember": 1, "GetsNewsletter": 0,
            "CreatedDate": "2026-03-09T12:00:00", "ModifiedDate": "2026-03-09T12:00:00",
            "cards": {"Cardnumber": 1234, "Cardname": "Pension"},
        }
    ]  # fmt: skip
    assert answer | {"Data": []} == {"Data": [], "Page": 1, "PageSize": 100, "TotalCount": 1}


def test_a_journal_has_lines(shop: FlexPOSAccount) -> None:
    customer_id = shop.customer(**METTE)
    shop.sale(customer_id, {"7711": 2, "8102": 1})
    (journal,) = page(shop, "Journals")["Data"]
    assert journal == {
        "JournalId": 880001, "JournalNumber": "10001", "Date": "2026-03-09T12:00:00", "StoreId": 3,
        "StoreName": "Roskilde", "CustomerId": customer_id, "Email": "mette@example.test", "Mobile": "20112233",
        "Total": 169.95, "Currency": "DKK", "ModifiedDate": "2026-03-09T12:00:00",
        "Lines": [
            {"LineId": 1, "ProductId": "7711", "ProductName": "Kaffe", "CategoryName": "Café", "Quantity": 2,
             "UnitPrice": 35.0, "LineTotal": 70.0},
            {"LineId": 2, "ProductId": "8102", "ProductName": "Krus", "CategoryName": "Butik", "Quantity": 1,
             "UnitPrice": 99.95, "LineTotal": 99.95},
        ],
    }  # fmt: skip


def test_a_return_is_negative_and_an_anonymous_sale_has_no_customer(shop: FlexPOSAccount) -> None:
    shop.sale(shop.customer(**METTE), {"7711": -1})
    shop.sale(None, {"7711": 1})
    back, anonymous = page(shop, "Journals")["Data"]
    assert (back["Total"], back["Lines"][0]["Quantity"], back["Lines"][0]["LineTotal"]) == (-35.0, -1, -35.0)
    assert (anonymous["CustomerId"], anonymous["Email"], anonymous["Mobile"]) == (None, None, None)


def test_a_ticket_names_event_and_seat(shop: FlexPOSAccount) -> None:
    customer_id = shop.customer(**METTE)
    shop.ticket(customer_id, 14, quantity=2)
    (ticket,) = page(shop, "Tickets")["Data"]
    assert list(ticket) == [
        "TicketId", "OrderId", "CustomerId", "Email", "AttractionId", "EventName", "EventDate", "BookedDate", "Zone",
        "Row", "Seat", "ProductId", "ProductName", "Quantity", "Price", "IsOnline", "Status", "ModifiedDate",
    ]  # fmt: skip
    assert (ticket["EventName"], ticket["Quantity"], ticket["Price"]) == ("Sommershow", 2, 295.0)
    assert (ticket["BookedDate"], ticket["EventDate"]) == ("2026-03-09T12:00:00", "2026-03-19T19:30:00")
    assert (ticket["CustomerId"], ticket["Status"]) == (customer_id, "Paid")


def test_a_ticket_can_be_refunded_later(shop: FlexPOSAccount) -> None:
    ticket = shop.ticket(None)
    shop.forward(minutes=5)
    shop.ticket_status(ticket["TicketId"], "Refunded")
    (refunded,) = page(shop, "Tickets", ModifiedFrom="2026-03-09T12:05:00")["Data"]
    assert (refunded["Status"], refunded["BookedDate"]) == ("Refunded", "2026-03-09T12:00:00")


def test_attractions_and_memberships_are_read_from_their_own_api(shop: FlexPOSAccount) -> None:
    customer_id = shop.customer(**METTE)
    shop.ticket(customer_id, 15)
    attractions = page(shop, "Attractions")
    assert attractions["TotalCount"] == 5
    assert attractions["Data"][0] == {
        "AttractionId": 14, "Name": "Sommershow", "Type": "Event", "IsMembership": False,
        "ValidFrom": "2026-01-01T00:00:00", "ValidTo": "2026-12-31T00:00:00",
    }  # fmt: skip
    assert page(shop, "Memberships")["Data"] == [
        {
            "MembershipId": 1, "CustomerId": customer_id, "AttractionId": 15, "Name": "Årskort",
            "ValidFrom": "2026-03-09T00:00:00", "ValidTo": "2027-03-09T00:00:00", "Status": "Active",
        }
    ]  # fmt: skip
    shop.forward(minutes=5)
    assert page(shop, "Memberships", ModifiedFrom="2026-03-09T12:05:00")["TotalCount"] == 0
    shop.membership_status(1, "Expired")
    assert page(shop, "Memberships", ModifiedFrom="2026-03-09T12:05:00")["Data"][0]["Status"] == "Expired"


def test_pages_hold_a_hundred_and_at_most_five_hundred(shop: FlexPOSAccount) -> None:
    shop.seed(customers=1_040)
    by_default = [page(shop, "Customers", Page=number) for number in (1, 11, 12)]
    assert [len(answer["Data"]) for answer in by_default] == [100, 40, 0]
    assert [(answer["Page"], answer["TotalCount"]) for answer in by_default] == [(1, 1040), (11, 1040), (12, 1040)]
    largest = [page(shop, "Customers", Page=number, PageSize=5_000) for number in (1, 2, 3)]
    assert [(len(answer["Data"]), answer["PageSize"]) for answer in largest] == [(500, 500), (500, 500), (40, 500)]
    assert len({row for answer in largest for row in ids(answer)}) == 1040
    assert [call["records"] for call in shop.calls() if "Customers" in call["path"]][-3:] == [500, 500, 40]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"Page": "0"}, "Page must be a positive number"),
        ({"PageSize": "many"}, "PageSize must be a positive number"),
        ({"ModifiedFrom": "2026-03-09"}, "ModifiedFrom must be of the form yyyy-MM-ddTHH:mm:ss"),
        ({"ModifiedTo": "2026-03-09T00:00:00Z"}, "ModifiedTo must be of the form yyyy-MM-ddTHH:mm:ss"),
        ({"ModifiedFrom": "2026-02-30T00:00:00"}, "ModifiedFrom is not a date that exists"),
        ({"ModifiedFrom": "2025-03-09T11:59:59"}, "ModifiedFrom must be within the last year"),
        ({"IsActive": "1"}, "IsActive must be true or false"),
        ({"IsClubMember": "true"}, "IsClubMember must be 0 or 1"),
    ],
)
def test_a_wrong_parameter_is_400_with_a_message(
    shop: FlexPOSAccount, parameters: dict[str, str], message: str
) -> None:
    reply = shop.api("Customers", shop.token(), **parameters)
    assert (reply.status_code, reply.json()) == (400, {"Message": message})


def test_a_year_back_is_just_allowed(shop: FlexPOSAccount) -> None:
    assert page(shop, "Journals", ModifiedFrom="2025-03-09T12:00:00")["TotalCount"] == 0


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({}, {"all", "lapsed", "silent"}),
        ({"IsActive": "true"}, {"all", "silent"}),
        ({"IsActive": "False"}, {"lapsed"}),
        ({"IsClubMember": 1}, {"all", "lapsed"}),
        ({"IsClubMember": 0}, {"silent"}),
        ({"GetsNewsletter": 1}, {"all", "lapsed"}),
        ({"isactive": "true", "getsnewsletter": 1}, {"all"}),
    ],
)
def test_customers_are_filtered(shop: FlexPOSAccount, parameters: dict[str, Any], names: set[str]) -> None:
    shop.customer(FirstName="all", IsActive=True, IsClubMember=1, GetsNewsletter=1)
    shop.customer(FirstName="lapsed", IsActive=False, IsClubMember=1, GetsNewsletter=1)
    shop.customer(FirstName="silent", IsActive=True, IsClubMember=0, GetsNewsletter=0)
    answer = page(shop, "Customers", **parameters)
    assert {row["FirstName"] for row in answer["Data"]} == names
    assert answer["TotalCount"] == len(names)


def test_a_change_is_seen_by_the_next_call(shop: FlexPOSAccount) -> None:
    customer_id = shop.customer(**METTE)
    assert page(shop, "Customers")["Data"][0]["City"] == "Roskilde"
    shop.customer(customer_id, City="Odense")
    assert page(shop, "Customers")["Data"][0]["City"] == "Odense"
    shop.reset(data_only=True)
    assert shop.customer(FirstName="Anne") == customer_id
    assert page(shop, "Customers")["Data"][0]["FirstName"] == "Anne"
