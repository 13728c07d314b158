"""CSV files of customers and movements: the columns of both, and what row each line is."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from integrations.core.imports.columns import BulkFile, Column
from integrations.core.imports.kinds import import_file
from integrations.core.imports.values import Day, Moment, Text, YesNo
from integrations.sources.loyalty.batch import CustomerRow, MovementRow
from integrations.sources.loyalty.customers import save_customers
from integrations.sources.loyalty.models import Reason
from integrations.sources.loyalty.movements import record_movements

REASONS = ", ".join(reason for reason in Reason.values if reason != Reason.EXPIRY)
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,15}")


class Points(Text):
    """The library's own widget reads 12.7 points as 12."""

    def read(self, text: str) -> int:
        if not WHOLE_NUMBER.fullmatch(text) or not text.isascii():
            raise ValueError(str(_("Points are a whole number without separators, below 0 when they are spent.")))
        return int(text)


@import_file("loyalty.customer", "customers")
class CustomerFile(BulkFile):
    label = _("Customers")
    permissions = ("loyalty.add_customer", "loyalty.change_customer")
    verb = save_customers

    external_id = Column(
        "external_id", Text(), _("Your own id of the customer; it or the e-mail is needed."), "c-1001", key=True
    )
    email = Column("email", Text(), _("E-mail address."), "anna@example.test", key=True)
    first_name = Column("first_name", Text(), _("First name."), "Anna")
    last_name = Column("last_name", Text(), _("Last name."), "Lund")
    registered = Column("registered", YesNo(), _("yes or no. Who becomes registered loses the PIN."), "no")
    pin = Column(
        "pin",
        Text(),
        _("4 to 12 digits or letters, only for those who aren't registered."),
        permission="loyalty.view_pin",
        forbidden=_("Your account may not import PINs. Take the column “pin” out, or ask an administrator."),
        secret=True,
    )

    def row_of(self, values: dict[str, Any], number: int) -> CustomerRow:
        return CustomerRow(**values)


@import_file("loyalty.customer", "movements")
class MovementFile(BulkFile):
    label = _("Movements")
    permissions = ("loyalty.add_movement",)
    verb = record_movements

    customer_external_id = Column(
        "customer_external_id",
        Text(),
        _("Your own id of the customer; it or the e-mail is needed."),
        "c-1001",
        key=True,
    )
    email = Column("email", Text(), _("E-mail address of the customer."), "anna@example.test", key=True)
    value = Column("value", Points(), _("Points, needed: 50, or -20 when they are spent."), "50")
    reason = Column("reason", Text(), f"{REASONS}.", "order")
    moved_at = Column("moved_at", Moment(), _("When, in the shop's local time. Blank: now."), "2026-03-01 18:30")
    expires_on = Column("expires_on", Day(), _("The first day on which the points can't be used. Blank: never."))
    external_id = Column(
        "external_id",
        Text(),
        _("Your own id of the movement: one that was recorded before is left out. Without ids, the same file is."),
        "m-2001",
        key=True,
    )

    def row_of(self, values: dict[str, Any], number: int) -> MovementRow:
        if values["value"] is None:
            raise ValidationError({"value": _("Give the points.")})
        own = values["external_id"] or self.own_id(number)
        return MovementRow(**{**values, "external_id": own, "reason": values["reason"] or ""})
