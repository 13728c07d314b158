"""What a row of an import does: to members, and to the activity feed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from integrations.sandbox.heyloyalty.clock import now_text
from integrations.sandbox.heyloyalty.csv_file import DateReader, columns_of, date_reader, delimiter_of
from integrations.sandbox.heyloyalty.errors import invalid
from integrations.sandbox.heyloyalty.imports import Import, Row
from integrations.sandbox.heyloyalty.lists import Activity, MemberList
from integrations.sandbox.heyloyalty.parameters import is_on
from integrations.sandbox.heyloyalty.writer import Writer

if TYPE_CHECKING:
    from integrations.sandbox.heyloyalty.account import HeyloyaltyAccount

# create: without a look whether it exists; skip: leaves those that exist as they are.
HANDLE_EXISTING = ("update", "skip", "create")
# How option ids of a multi field share a cell; the vendor doesn't say.
BETWEEN_OPTIONS = ","
TRANSACTION_COLUMNS = (
    "email",
    "product_id",
    "variation_type",
    "variation_id",
    "product_name",
    "product_price",
    "product_url",
    "original_price",
    "discount",
    "description",
    "currency",
    "event_type",
    "amount",
    "created_at",
)
NUMBERS = ("product_price", "original_price", "discount", "amount")
REQUIRED = ("delimiter", "skip_header_line", "date_format", "sendErrorsTo")


def refuse_wrong_member_import(one: MemberList, parameters: Mapping[str, Any], unknown: str) -> None:
    """Raises HeyloyaltyError for parameters that no row could be imported with."""
    columns = columns_of(parameters)
    delimiter_of(parameters)
    date_reader(str(parameters.get("date_format", "Y-m-d")))
    absent = [name for name in columns if name and name not in one.fields.fields]
    if absent and unknown == "refuse":
        raise invalid(f"The field '{absent[0]}' does not exist on the list")
    if str(parameters.get("handle_existing", "update")) not in HANDLE_EXISTING:
        raise invalid(f"handle_existing is one of {', '.join(HANDLE_EXISTING)}")
    if str(parameters.get("duplicate_field", "email")) not in columns:
        raise invalid("duplicate_field is one of fields_selected")


def refuse_wrong_tracking_import(kind: str, parameters: Mapping[str, Any]) -> None:
    """The columns of bookings aren't known: any will do. Raises HeyloyaltyError."""
    missing = [name for name in REQUIRED if not str(parameters.get(name, ""))]
    if missing:
        raise invalid(f"{missing[0]} is missing")
    delimiter_of(parameters)
    date_reader(str(parameters["date_format"]))
    columns = columns_of(parameters)
    unknown = [name for name in columns if name and name not in TRANSACTION_COLUMNS]
    if unknown and kind == "transaction":
        raise invalid(f"There is no column '{unknown[0]}'")
    if "email" not in columns:
        raise invalid("fields_selected has no email")


def member_row(account: HeyloyaltyAccount, job: Import) -> Row:
    """An empty cell empties the field. Imported members aren't asked to opt in."""
    one, parameters = account.lists[job.list_id], job.parameters
    key = str(parameters.get("duplicate_field", "email"))
    existing = str(parameters.get("handle_existing", "update"))
    automations = is_on(parameters.get("trigger_autoresponder"))
    writer = Writer(account, one, "import", now_text(), automations, webhooks=False, imported=True)
    readers = cell_readers(one, job)

    def take(cells: dict[str, str]) -> str:
        sent = {name: readers[name](cell) if cell and name in readers else cell for name, cell in cells.items()}
        values = one.fields.clean(sent, account.unknown_fields)
        found = None if existing == "create" else writer.existing(key, values)
        if found is None:
            writer.create(values, skip_opt_in=True)
            return "created"
        if existing == "skip":
            return "skipped"
        writer.write(found, values)
        return "updated"

    return take


def cell_readers(one: MemberList, job: Import) -> dict[str, Callable[[str], Any]]:
    """How cells of dates and of several options are read; others stay text."""
    format = str(job.parameters.get("date_format", "Y-m-d"))
    kept = "%Y-%m-%d %H:%M:%S" if one.with_time else "%Y-%m-%d"
    read = date_reader(format)
    readers: dict[str, Callable[[str], Any]] = {}
    for name in job.columns:
        known = one.fields.fields.get(name)
        if known and known.format == "multi":
            readers[name] = lambda cell: [option.strip() for option in cell.split(BETWEEN_OPTIONS)]
        if known and known.format == "date":
            readers[name] = lambda cell, name=name: moment(read, name, cell, format).strftime(kept)  # type: ignore[misc]
    return readers


def moment(read: DateReader, name: str, cell: str, format: str) -> Any:
    try:
        return read(cell)
    except ValueError:
        raise invalid(f"The value '{cell}' of the field '{name}' is not a date of the form {format}") from None


def activity_row(account: HeyloyaltyAccount, job: Import) -> Row:
    """A row of the activity feed. Nothing keeps the same purchase from being imported twice."""
    one, format = account.lists[job.list_id], str(job.parameters["date_format"])
    read, operation = date_reader(format), f"{job.kind}/import"

    def take(cells: dict[str, str]) -> str:
        email = cells["email"]
        if not email:
            raise invalid("The row has no email")
        for name in NUMBERS:
            refuse_no_number(name, cells.get(name, ""))
        created_at = cells.get("created_at", "")
        time = moment(read, "created_at", created_at, format).isoformat(sep=" ") if created_at else now_text()
        members = sorted(one.store.find("email", email), key=lambda member: member.state != "active")
        member_id = members[0].id if members else ""
        kind = cells.get("event_type") or job.kind
        one.activities.append(Activity(time, kind, email, member_id, cells))
        account.ledger.add(
            now_text(), operation, "activity", f"{one.id}-{len(one.activities)}", "created", email, cells
        )
        return "created"

    return take


def refuse_no_number(name: str, cell: str) -> None:
    try:
        float(cell or 0)
    except ValueError:
        raise invalid(f"The value '{cell}' of the column '{name}' is not a number") from None


ROWS: dict[str, Callable[[HeyloyaltyAccount, Import], Row]] = {
    "members": member_row,
    "transaction": activity_row,
    "booking": activity_row,
}
