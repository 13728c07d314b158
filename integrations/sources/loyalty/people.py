"""Whom rows are about: our id, the caller's own id or the e-mail."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.utils.translation import gettext as _

from integrations.core.batch import Refused
from integrations.sources.loyalty.batch import MovementRow, PinRow
from integrations.sources.loyalty.models import Customer, email_key_of
from integrations.sources.loyalty.rules import is_storable

Name = TypeVar("Name", int, str)

LAST_ID = 2**63 - 1


@dataclass(frozen=True)
class Directory:
    """Ids of customers, by what they are named by."""

    by_id: dict[int, int]
    by_external_id: dict[str, int]
    by_email_key: dict[str, int]

    @property
    def ids(self) -> set[int]:
        return {*self.by_id.values(), *self.by_external_id.values(), *self.by_email_key.values()}

    def customer_of(self, row: MovementRow | PinRow) -> int:
        """The customer that a row names, by the first of its names. Raises Refused."""
        if row.customer_id is not None:
            return _known("customer_id", self.by_id.get(row.customer_id))
        if row.customer_external_id:
            return _known("customer_external_id", self.by_external_id.get(row.customer_external_id.strip()))
        if row.email:
            return _known("email", self.by_email_key.get(email_key_of(row.email) or ""))
        raise Refused("customer_id", _("No customer is named. Give our id, your own id or the e-mail address."))


def unknown(field: str) -> Refused:
    return Refused(field, _("There is no such customer. Correct the row, or create the customer first."))


def _known(field: str, customer_id: int | None) -> int:
    if customer_id is None:
        raise unknown(field)
    return customer_id


def named_in(rows: Iterable[MovementRow | PinRow]) -> Directory:
    """Those of the customers named in these rows that exist. At most three queries."""
    rows = list(rows)
    return look_up(
        [row.customer_id for row in rows],
        [row.customer_external_id for row in rows if row.customer_id is None],
        [row.email for row in rows if row.customer_id is None and not row.customer_external_id],
    )


def look_up(ids: Iterable[int | None], external_ids: Iterable[str | None], emails: Iterable[str | None]) -> Directory:
    """Customers with any of these names."""
    keys = (email_key_of(email) for email in emails if email)
    return Directory(
        _found("pk", {pk for pk in ids if pk is not None and 0 < pk <= LAST_ID}),
        _found("external_id", {name.strip() for name in external_ids if name and is_storable(name)}),
        _found("email_key", {key for key in keys if key and is_storable(key)}),
    )


def _found(column: str, wanted: Collection[Name]) -> dict[Name, int]:
    if not wanted:
        return {}
    return dict(Customer.objects.filter(**{f"{column}__in": wanted}).values_list(column, "pk"))
