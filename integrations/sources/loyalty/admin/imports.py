"""The columns of both files, and how a row of each is written: by the bulk verbs, a thousand at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DEFAULT_DB_ALIAS
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field  # type: ignore[import-untyped]
from import_export.instance_loaders import BaseInstanceLoader  # type: ignore[import-untyped]
from import_export.resources import Resource  # type: ignore[import-untyped]

from integrations.core.batch import Outcome, RowResult
from integrations.sources.loyalty.admin.imports.values import Day, Moment, Text, WholeNumber, YesNo
from integrations.sources.loyalty.batch import CustomerRow, MovementRow
from integrations.sources.loyalty.customers import save_customers
from integrations.sources.loyalty.models import Reason
from integrations.sources.loyalty.movements import record_movements

REASONS = ", ".join(reason for reason in Reason.values if reason != Reason.EXPIRY)


class Column(Field):  # type: ignore[misc]
    """A column; `about` says on the page what it holds, `example` stands in the file to download."""

    def __init__(self, name: str, widget: Text, about: Any, example: str = "") -> None:
        super().__init__(attribute=name, column_name=name, widget=widget)
        self.about = about
        self.example = example


class Draft:
    """The values of one row while it is read."""


class BulkFile(Resource):  # type: ignore[misc]
    """The library reads the rows, keeps the transaction and rolls it back; after the last row the verb writes all."""

    verb: ClassVar[Callable[[Sequence[Any]], list[RowResult]]]
    permissions: ClassVar[tuple[str, ...]]
    label: ClassVar[Any]

    class Meta:
        force_init_instance = True
        import_id_fields = ()
        instance_loader_class = BaseInstanceLoader
        skip_diff = True
        use_bulk = True
        using_db_connection = DEFAULT_DB_ALIAS

    def __init__(self, digest: str = "") -> None:
        super().__init__()
        self.digest = digest
        self.drafts: list[tuple[int, Any]] = []
        self.outcomes: Counter[Outcome] = Counter()

    def row_of(self, values: dict[str, Any], number: int) -> Any:
        raise NotImplementedError

    def init_instance(self, row: Any = None) -> Draft:
        return Draft()

    def import_instance(self, instance: Draft, row: dict[str, str], **kwargs: Any) -> None:
        """Columns that the file doesn't have are blank."""
        super().import_instance(instance, {**dict.fromkeys(self.fields, ""), **row}, **kwargs)

    def save_instance(self, instance: Draft, is_create: bool, row: Any, **kwargs: Any) -> None:
        number = kwargs["row_number"]
        self.drafts.append((number, self.row_of(vars(instance), number)))

    def save_m2m(self, *args: Any, **kwargs: Any) -> None:
        """There is nothing of the kind."""

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        results = type(self).verb([row for _number, row in self.drafts])
        for (number, _row), found in zip(self.drafts, results, strict=True):
            self.outcomes[found.outcome] += 1
            if found.outcome == Outcome.REFUSED:
                error = ValidationError({found.field or NON_FIELD_ERRORS: found.message})
                result.append_invalid_row(number, {}, error)


class CustomerFile(BulkFile):
    label = _("Customers")
    permissions = ("loyalty.add_customer", "loyalty.change_customer")
    verb = save_customers

    external_id = Column("external_id", Text(), _("Your own id of the customer; it or the e-mail is needed."), "c-1001")
    email = Column("email", Text(), _("E-mail address."), "anna@example.test")
    first_name = Column("first_name", Text(), _("First name."), "Anna")
    last_name = Column("last_name", Text(), _("Last name."), "Lund")
    registered = Column("registered", YesNo(), _("yes or no. Who becomes registered loses the PIN."), "no")
    pin = Column("pin", Text(), _("4 to 12 digits or letters, only for those who aren't registered."))

    def row_of(self, values: dict[str, Any], number: int) -> CustomerRow:
        return CustomerRow(**values)


class MovementFile(BulkFile):
    label = _("Movements")
    permissions = ("loyalty.add_movement",)
    verb = record_movements

    customer_external_id = Column(
        "customer_external_id", Text(), _("Your own id of the customer; it or the e-mail is needed."), "c-1001"
    )
    email = Column("email", Text(), _("E-mail address of the customer."), "anna@example.test")
    value = Column("value", WholeNumber(), _("Points, needed: 50, or -20 when they are spent."), "50")
    reason = Column("reason", Text(), f"{REASONS}.", "order")
    moved_at = Column("moved_at", Moment(), _("When, in the shop's local time. Blank: now."), "2026-03-01 18:30")
    expires_on = Column("expires_on", Day(), _("The first day on which the points can't be used. Blank: never."))
    external_id = Column(
        "external_id",
        Text(),
        _("Your own id of the movement: one that was recorded before is left out. Without ids, the same file is."),
        "m-2001",
    )

    def row_of(self, values: dict[str, Any], number: int) -> MovementRow:
        if values["value"] is None:
            raise ValidationError({"value": _("Give the points.")})
        own = values["external_id"] or f"csv-{self.digest[:32]}-{number}"
        return MovementRow(**{**values, "external_id": own, "reason": values["reason"] or ""})


KINDS: dict[str, type[BulkFile]] = {"customers": CustomerFile, "movements": MovementFile}
