"""Creating and changing customers and their PINs, a thousand with a constant number of queries."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _

from integrations.core.batch import Outcome, Refused, Row, RowResult, in_chunks
from integrations.sources.loyalty.batch import CustomerRow, PinRow
from integrations.sources.loyalty.cards import Cards
from integrations.sources.loyalty.models import Customer, LoyaltySettings
from integrations.sources.loyalty.people import look_up, named_in, unknown
from integrations.sources.loyalty.rules import check_customer, check_pin

Saved = tuple[Outcome, Customer]


def save_customers(rows: Sequence[CustomerRow], *, all_or_nothing: bool = False) -> list[RowResult]:
    """Create or change customers in the order of `rows`; a result for each. Good rows are kept, unless
    `all_or_nothing`. Raises DatabaseError only.
    """
    return in_chunks(rows, _save, all_or_nothing=all_or_nothing)


def change_pins(rows: Sequence[PinRow], *, all_or_nothing: bool = False) -> list[RowResult]:
    """Give unregistered customers new PINs, in the order of `rows`; a result for each. Good rows are kept, unless
    `all_or_nothing`. Raises DatabaseError only.
    """
    return in_chunks(rows, _change_pins, all_or_nothing=all_or_nothing)


def _save(rows: Sequence[CustomerRow]) -> list[RowResult]:
    _take_turn()
    people = look_up((row.id for row in rows), (row.external_id for row in rows), (row.email for row in rows))
    cards = Cards(people.ids)
    return _written(cards, rows, lambda row: _save_row(cards, check_customer(row)))


def _take_turn() -> None:
    """Batches that may take or free an e-mail or id come one after the other: none can take what another one has."""
    LoyaltySettings.load()
    LoyaltySettings.objects.select_for_update().get(pk=1)


def _change_pins(rows: Sequence[PinRow]) -> list[RowResult]:
    people = named_in(rows)
    cards = Cards(people.ids)

    def change(row: PinRow) -> Saved:
        pin = check_pin(row.pin)
        customer = cards.by_id.get(people.customer_of(row))
        if customer is None:  # deleted a moment ago
            raise unknown("customer_id")
        return _apply(cards, customer, CustomerRow(pin=pin))

    return _written(cards, rows, change)


def _written(cards: Cards, rows: Sequence[Row], save: Callable[[Row], Saved]) -> list[RowResult]:
    results: list[Saved | RowResult] = []
    for index, row in enumerate(rows):
        try:
            results.append(save(row))
        except Refused as refused:
            results.append(refused.result(index))
    cards.write()
    return [
        result if isinstance(result, RowResult) else RowResult(index, result[0], result[1].pk)
        for index, result in enumerate(results)
    ]


def _save_row(cards: Cards, row: CustomerRow) -> Saved:
    customer = _find(cards, row)
    _check_free(cards, row, customer)
    if customer is not None:
        return _apply(cards, customer, row)
    if not row.external_id and not row.email:
        raise Refused("email", _("A new customer needs an e-mail address or an id of your own."))
    _check_pin_allowed(row, registered=False)
    customer = cards.add()
    cards.change(customer, row)
    return Outcome.CREATED, customer


def _apply(cards: Cards, customer: Customer, row: CustomerRow) -> Saved:
    _check_pin_allowed(row, registered=customer.registered)
    return (Outcome.UPDATED if cards.change(customer, row) else Outcome.UNCHANGED), customer


def _find(cards: Cards, row: CustomerRow) -> Customer | None:
    if row.id is not None:
        if row.id not in cards.by_id:
            raise unknown("id")
        return cards.by_id[row.id]
    if row.external_id and (customer := cards.by_external_id.get(row.external_id)):
        return customer
    by_email = cards.of_email(row.email)
    if by_email is not None and (not row.external_id or by_email.external_id is None):
        return by_email
    return None


def _check_free(cards: Cards, row: CustomerRow, customer: Customer | None) -> None:
    if row.external_id and cards.by_external_id.get(row.external_id, customer) is not customer:
        raise Refused("external_id", _("Another customer has this id."))
    holder = cards.of_email(row.email)
    if holder is not None and holder is not customer:
        raise Refused("email", _("Another customer has this e-mail address."))


def _check_pin_allowed(row: CustomerRow, *, registered: bool) -> None:
    if row.pin is not None and (registered if row.registered is None else row.registered):
        raise Refused("pin", _("A registered customer has no PIN. Leave it out."))
