"""Recording movements of points, a thousand with a constant number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core.announce import announce
from integrations.core.batch import Outcome, Refused, RowResult, in_chunks
from integrations.sources.loyalty.accounts import close_accounts, open_accounts
from integrations.sources.loyalty.batch import MovementRow
from integrations.sources.loyalty.ledger import NotEnough
from integrations.sources.loyalty.models import LoyaltySettings, Movement
from integrations.sources.loyalty.people import Directory, named_in, unknown
from integrations.sources.loyalty.rules import check_movement, is_storable
from integrations.sources.loyalty.signals import accounts_changed
from integrations.sources.loyalty.states import state_of

Booked = tuple[Outcome, Movement]


def record_movements(rows: Sequence[MovementRow], *, all_or_nothing: bool = False) -> list[RowResult]:
    """Record movements in the order of `rows`; a result for each. Good rows are kept, unless `all_or_nothing`.

    Spending uses the points that expire first, of those not expired on the day it happened. A movement whose
    `external_id` was recorded before is a duplicate, or refused if it isn't the same. Raises DatabaseError only.
    """
    return in_chunks(rows, _record, all_or_nothing=all_or_nothing)


def _record(rows: Sequence[MovementRow]) -> list[RowResult]:
    batch = _Batch(rows)
    results: list[Booked | RowResult] = []
    for index, row in enumerate(rows):
        try:
            results.append(batch.book(row))
        except Refused as refused:
            results.append(refused.result(index))
    batch.write()
    return [
        result if isinstance(result, RowResult) else RowResult(index, result[0], result[1].pk)
        for index, result in enumerate(results)
    ]


class _Batch:
    """A chunk of movements and the accounts they are of."""

    def __init__(self, rows: Sequence[MovementRow]) -> None:
        self.zone = LoyaltySettings.load().zone
        self.people = named_in(rows)
        self.accounts = open_accounts(self.people.ids, spending=_spenders(self.people, rows))
        self.now = timezone.now()
        self.recorded = _recorded(rows)
        self.new: list[Movement] = []

    def book(self, row: MovementRow) -> Booked:
        """Raises Refused, having changed nothing."""
        movement = check_movement(row, self.zone, self.now)
        movement.account_id = self.people.customer_of(row)
        if movement.external_id and (known := self.recorded.get(movement.external_id)):
            if not _is_same(known, movement, row):
                raise Refused("external_id", _("Another movement was recorded under this id. Use a new one."))
            return Outcome.DUPLICATE, known
        self._move(movement)
        self.new.append(movement)
        if movement.external_id:
            self.recorded[movement.external_id] = movement
        return Outcome.CREATED, movement

    def _move(self, movement: Movement) -> None:
        account = self.accounts.get(movement.account_id)
        if account is None:  # deleted a moment ago
            raise unknown("customer_id")
        if movement.value > 0:
            account.earn(movement)
            return
        try:
            account.spend(movement, movement.moved_at.astimezone(self.zone).date())
        except NotEnough as error:
            text = _("There are not enough points: %(available)s can be used on that day.")
            raise Refused("value", text % {"available": error.available}) from None

    def write(self) -> None:
        changed = close_accounts(self.accounts.values(), self.new)
        announce(accounts_changed, states=[state_of(account) for account in changed])


def _spenders(people: Directory, rows: Iterable[MovementRow]) -> set[int]:
    spenders = set()
    for row in rows:
        # Points that are no number are refused when their row's turn comes.
        if isinstance(row.value, int) and row.value < 0:
            with suppress(Refused):
                spenders.add(people.customer_of(row))
    return spenders


def _recorded(rows: Iterable[MovementRow]) -> dict[str, Movement]:
    """Movements that are there under an id of these rows. Asked for with the accounts locked: a row of another batch
    for the same account is seen."""
    names = {name for row in rows if (name := (row.external_id or "").strip()) and is_storable(name)}
    found = Movement.objects.filter(external_id__in=names)
    return {movement.external_id: movement for movement in found if movement.external_id}


def _is_same(known: Movement, movement: Movement, row: MovementRow) -> bool:
    same = (known.account_id, known.value, known.reason, known.expires_on) == (
        movement.account_id,
        movement.value,
        movement.reason,
        movement.expires_on,
    )
    return same and (row.moved_at is None or known.moved_at == movement.moved_at)
