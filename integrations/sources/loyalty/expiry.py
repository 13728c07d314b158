"""Points that are lost on a date: what will expire, and booking what has."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator

from django.db import connection, models, transaction
from django.db.models import Min, Sum
from django.db.models.functions import Cast

from integrations.core.announce import announce
from integrations.sources.loyalty.accounts import close_accounts, open_accounts
from integrations.sources.loyalty.models import LoyaltySettings, Movement
from integrations.sources.loyalty.signals import accounts_changed
from integrations.sources.loyalty.states import state_of

# PostgreSQL's sum of whole numbers is a decimal one: slow to read, and no number of points.
TOTAL = Cast(Sum("remaining"), models.BigIntegerField())
PAGE = 10_000
CHUNK = 1000


def expiring_of(customer_ids: Collection[int], date: datetime.date) -> dict[int, int]:
    """The points these customers lose on that date, by id, of those who lose some."""
    lost = Movement.objects.filter(account_id__in=customer_ids, expires_on=date, remaining__gt=0)
    return dict(lost.values_list("account_id").annotate(total=TOTAL))


def expiring(date: datetime.date, *, after_customer_id: int = 0) -> Iterator[tuple[int, int]]:
    """(customer id, points lost on that date) of every customer who loses some, by id; a page in memory at a time."""
    while page := _page(date, after_customer_id, PAGE):
        yield from page
        after_customer_id = page[-1][0]


def _page(date: datetime.date, after_customer_id: int, size: int) -> list[tuple[int, int]]:
    """Read by the cursor: the ORM took as long with the rows as the database (tests/bench, loyalty)."""
    lost = Movement.objects.filter(expires_on=date, remaining__gt=0, account_id__gt=after_customer_id)
    page = lost.values_list("account_id").annotate(total=TOTAL).order_by("account_id")[:size]
    with connection.cursor() as cursor:
        cursor.execute(*page.query.sql_with_params())
        found: list[tuple[int, int]] = cursor.fetchall()
        return found


def expire_points(now: datetime.datetime | None = None) -> int:
    """Turn points whose date has come, in the time zone of the settings, into movements; returns how many movements.

    One for each account and date, dated at the local midnight. A thousand accounts a transaction: safe to be stopped,
    repeated, and run twice at once.
    """
    settings = LoyaltySettings.load()
    today = settings.today(now)
    count = 0
    for date in iter(lambda: _first_date(today), None):
        after = 0
        while page := _page(date, after, CHUNK):
            count += _expire([customer_id for customer_id, _ in page], today, settings.zone)
            after = page[-1][0]
    return count


def _first_date(today: datetime.date) -> datetime.date | None:
    due = Movement.objects.filter(expires_on__lte=today, remaining__gt=0)
    date: datetime.date | None = due.aggregate(first=Min("expires_on"))["first"]
    return date


@transaction.atomic
def _expire(customer_ids: list[int], today: datetime.date, zone: datetime.tzinfo) -> int:
    opened = open_accounts(customer_ids, spending=customer_ids)
    movements = [movement for one in opened.values() for movement in one.expire(today, zone)]
    changed = close_accounts(opened.values(), movements)
    announce(accounts_changed, states=[state_of(account) for account in changed])
    return len(movements)
