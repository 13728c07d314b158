"""Accounts while a batch works on them: locked and read together, written together."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable
from operator import attrgetter

from django.utils import timezone

from integrations.core.engine.rows import insert
from integrations.sources.loyalty.ledger import Ledger
from integrations.sources.loyalty.models import Account, Customer, Movement

ACCOUNT_COLUMNS = (
    "customer_id", "balance", "next_expiry", "next_expiry_points", "last_change_at", "last_change_value", "revision",
)  # fmt: skip
MOVEMENT_COLUMNS = (
    "account_id", "external_id", "value", "reason", "moved_at", "expires_on", "remaining", "created_at",
)  # fmt: skip

# When points expire next, and how many.
Expiry = tuple[datetime.date | None, int]
NO_EXPIRY: Expiry = (None, 0)


class OpenAccount:
    """One locked account with its customer and what is left of its earnings.

    Without `earnings` (None) they are not read, and the account only earns: its ledger then holds the new ones, beside
    the balance and the next expiry of before.
    """

    def __init__(self, account: Account, earnings: Iterable[Movement] | None) -> None:
        self.account = account
        self.ledger = Ledger(earnings or ())
        self.unread = account.balance if earnings is None else 0
        self.unread_expiry = (account.next_expiry, account.next_expiry_points) if earnings is None else NO_EXPIRY
        self.used: dict[int, Movement] = {}
        self.changed = False

    def earn(self, movement: Movement) -> None:
        movement.remaining = movement.value
        self.ledger.earn(movement)
        self._note(movement)

    def spend(self, movement: Movement, on: datetime.date) -> None:
        """Raises NotEnough."""
        self._use(self.ledger.spend(-movement.value, on))
        self._note(movement)

    def expire(self, today: datetime.date, zone: datetime.tzinfo) -> list[Movement]:
        """A movement for each date that has come, dated at its local midnight."""
        lost, dropped = self.ledger.expire(today)
        self._use(dropped)
        movements = [self._expiry(date, points, zone) for date, points in lost.items()]
        for movement in movements:
            self._note(movement)
        return movements

    def _expiry(self, date: datetime.date, points: int, zone: datetime.tzinfo) -> Movement:
        midnight = datetime.datetime.combine(date, datetime.time.min, zone).astimezone(datetime.UTC)
        return Movement(account_id=self.account.pk, value=-points, reason=Movement.Reason.EXPIRY, moved_at=midnight)

    def _use(self, movements: Iterable[Movement]) -> None:
        self.used.update((movement.pk, movement) for movement in movements if movement.pk is not None)

    def _note(self, movement: Movement) -> None:
        account = self.account
        if account.last_change_at is None or account.last_change_at <= movement.moved_at:
            account.last_change_at, account.last_change_value = movement.moved_at, movement.value
        account.revision += 1
        self.changed = True

    def sum_up(self) -> Account:
        """The account with the balance and next expiry that follow from its earnings."""
        account = self.account
        account.balance = self.unread + self.ledger.balance
        expiry = _sooner(self.unread_expiry, self.ledger.next_expiry or NO_EXPIRY)
        account.next_expiry, account.next_expiry_points = expiry
        return account


def _sooner(one: Expiry, other: Expiry) -> Expiry:
    if one[0] == other[0]:
        return one[0], one[1] + other[1]
    return min(one, other, key=lambda expiry: expiry[0] or datetime.date.max)


def lock(customer_ids: Collection[int]) -> dict[int, Account]:
    """The accounts of these customers, with the customer as it is once the lock is held; by id.

    Always in the order of the ids, so that two batches wait for each other rather than for ever.
    """
    locked = Account.objects.select_for_update().filter(pk__in=customer_ids).order_by("pk")
    accounts = {account.pk: account for account in locked}
    # Not by a join: PostgreSQL would join the customer as it was before the wait.
    for customer in Customer.objects.filter(pk__in=accounts):
        accounts[customer.pk].customer = customer
    return accounts


def open_accounts(customer_ids: Collection[int], *, spending: Collection[int]) -> dict[int, OpenAccount]:
    """Lock these accounts; by id. Those in `spending` with what is left of their earnings: the others only earn."""
    accounts = lock(customer_ids)
    earnings: dict[int, list[Movement]] = {pk: [] for pk in spending}
    if earnings:
        unused = Movement.objects.filter(account_id__in=spending, remaining__gt=0)
        for movement in unused.order_by("pk"):
            earnings[movement.account_id].append(movement)
    return {pk: OpenAccount(account, earnings.get(pk)) for pk, account in accounts.items()}


def close_accounts(opened: Iterable[OpenAccount], movements: Collection[Movement]) -> list[Account]:
    """Write new movements (they get their ids) and the accounts they changed; returns those."""
    changed = [one for one in opened if one.changed]
    used = [movement for one in changed for movement in one.used.values()]
    accounts = [one.sum_up() for one in changed]
    _insert_movements(movements)
    _write_remaining(used)
    write_accounts(accounts)
    return accounts


def write_accounts(accounts: Collection[Account]) -> None:
    """Insert accounts, or write over those that exist."""
    rows = ((*_plain(account, ACCOUNT_COLUMNS),) for account in accounts)
    insert(Account, ACCOUNT_COLUMNS, rows, unique=("customer_id",), update=ACCOUNT_COLUMNS[1:])


def _insert_movements(movements: Collection[Movement]) -> None:
    now = timezone.now()
    for movement in movements:
        movement.created_at = now
    ids = insert(Movement, MOVEMENT_COLUMNS, [_plain(movement, MOVEMENT_COLUMNS) for movement in movements])
    for movement, pk in zip(movements, ids, strict=True):
        movement.pk = pk


def _write_remaining(movements: Iterable[Movement]) -> None:
    columns = ("id", *MOVEMENT_COLUMNS)
    rows = [_plain(movement, columns) for movement in movements]
    insert(Movement, columns, rows, unique=("id",), update=("remaining",))


def _plain(row: object, columns: tuple[str, ...]) -> list[object]:
    """Values of `columns`; dates as JSON has them."""
    values = attrgetter(*columns)(row)
    return [value.isoformat() if type(value) is datetime.date else value for value in values]
