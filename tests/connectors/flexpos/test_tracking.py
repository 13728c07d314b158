"""Receipts and tickets in the activity feed: once, or somebody looks."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.connectors.flexpos.orders import journals, tickets
from integrations.core.engine import retry
from integrations.core.models import Connection, Event
from tests.connectors.flexpos import till
from tests.connectors.flexpos.rows import row
from tests.sandbox_heyloyalty import HeyloyaltyAccount

ME = {"Email": "mette@example.test"}


def sale(**changes: Any) -> list[Any]:
    return journals([row("journal_sale", **ME | changes)]).records


def feed(practice: HeyloyaltyAccount, number: int) -> list[dict[str, Any]]:
    """The activity feed, once so many imports are worked off."""
    practice.wait_for_imports(number)
    return practice.activities()


def outcomes(connection: Connection) -> list[tuple[str, str]]:
    return [(event.outcome, event.code) for event in till.drain(connection)]


def test_each_line_of_a_receipt_is_in_the_feed(connection: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    till.queue(connection, sale())
    assert outcomes(connection) == 2 * [("new", "")]
    first, second = feed(practice, 1)
    assert (first["time"], first["kind"], first["email"]) == ("2026-03-09 12:41:00", "bought", ME["Email"])
    assert first["values"] == first["values"] | {
        "product_id": "7711",
        "product_name": "Kaffe",
        "variation_type": "Café",
        "amount": "2",
        "product_price": "35.0",
        "currency": "DKK",
        "description": "Roskilde",
    }
    assert second["values"]["product_name"] == "Krus"


def test_a_return_is_in_the_feed_as_one(connection: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    till.queue(connection, journals([row("journal_return", **ME)]).records)
    till.drain(connection)
    [line] = feed(practice, 1)
    assert (line["kind"], line["values"]["amount"]) == ("returned", "-1")


def test_a_ticket_is_a_booking_with_its_seat(connection: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    till.queue(connection, tickets([row("ticket_paid", **ME)]).records)
    assert outcomes(connection) == [("new", "")]
    [booking] = feed(practice, 1)
    assert (booking["kind"], booking["time"]) == ("booking", "2026-03-09 12:50:00")
    assert booking["values"] == booking["values"] | {"event_name": "Sommershow", "seat": "12", "status": "Paid"}


def test_the_same_line_read_again_is_sent_once(connection: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    for _ in range(2):
        till.queue(connection, sale())
        till.drain(connection)
    assert (len(feed(practice, 1)), Event.objects.count()) == (2, 2)


def test_a_batch_is_one_call(connection: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    till.queue(connection, [line for number in range(150) for line in sale(JournalId=900_000 + number)])
    assert outcomes(connection) == 300 * [("new", "")]
    # The first take is smaller than a batch.
    assert len(practice.imports()) <= 2
    assert len(feed(practice, len(practice.imports()))) == 300


def test_a_sale_without_an_address_is_skipped_and_the_others_are_sent(
    connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    till.queue(connection, [*sale(), *sale(JournalId=900_000, Email=None)])
    assert outcomes(connection) == [*2 * [("new", "")], *2 * [("skipped", "no-email")]]


def test_a_date_that_does_not_fit_fails_alone(connection: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    till.queue(connection, [*sale(), *sale(JournalId=900_000, Date="09/03/2026")])
    assert outcomes(connection) == [*2 * [("new", "")], *2 * [("failed", "refused")]]
    assert "Check Date format" in Event.objects.filter(outcome="failed")[0].message


def test_another_date_format_is_understood(connection: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    FlexPOSConnection.objects.update(date_format="d/m/Y H:i")
    till.queue(connection, sale(Date="09/03/2026 12:41"))
    till.drain(connection)
    assert feed(practice, 1)[0]["time"] == "2026-03-09 12:41:00"


def test_what_may_have_arrived_is_not_sent_again_until_somebody_has_looked(
    connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    practice.fault("applied_unanswered", path="transaction")
    till.queue(connection, sale())
    assert outcomes(connection) == 2 * [("waiting", "temporary")]
    assert outcomes(connection) == 2 * [("failed", "unsure")]
    assert len(feed(practice, 1)) == 2
    event = Event.objects.first()
    assert event is not None
    assert "activity feed" in event.message
    practice.fault("applied_unanswered", path="transaction")
    retry.retry(connection.pk, [event.pk])
    assert ("waiting", "temporary") in outcomes(connection)
    # Its answer got lost again: nobody has looked since.
    assert outcomes(connection) == 2 * [("failed", "unsure")]
    retry.retry(connection.pk, [event.pk])
    assert ("updated", "") in outcomes(connection)


def test_a_vendor_that_is_busy_is_asked_again_by_itself(
    connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    practice.fault("unavailable", path="transaction")
    till.queue(connection, sale())
    assert outcomes(connection) == 2 * [("waiting", "temporary")]
    assert outcomes(connection) == 2 * [("new", "")]
    assert len(feed(practice, 1)) == 2


@pytest.mark.parametrize("tracking_id", ["", "tracking-of-another"])
def test_a_wrong_tracking_id_stops_the_connection_and_keeps_the_orders(
    connection: FlexPOSConnection, practice: HeyloyaltyAccount, tracking_id: str
) -> None:
    FlexPOSConnection.objects.update(tracking_id=tracking_id)
    till.queue(connection, sale())
    assert outcomes(connection) == 2 * [("waiting", "configuration")]
    connection.refresh_from_db()
    assert "Tracking ID" in connection.state_reason
    FlexPOSConnection.objects.update(tracking_id=practice.tracking_id)
    connection.set_state(Connection.State.ENABLED)
    assert outcomes(connection) == 2 * [("new", "")]
