"""What FlexPOS keeps, under the names its API uses. Rows never change: a change puts another one in their place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, NamedTuple, TypeVar

from integrations.sandbox.flexpos.times import local

Json = dict[str, Any]


class Customer(NamedTuple):
    """`cards` is an object, a list of objects or None. `extra` are further fields, given beside the others."""

    CustomerId: int
    FirstName: str | None
    LastName: str | None
    Email: str | None
    Mobile: str | None
    Address: str | None
    Zip: str | None
    City: str | None
    Country: str | None
    BirthDate: str | None
    IsActive: bool
    IsClubMember: int
    GetsNewsletter: int
    CreatedDate: int
    ModifiedDate: int
    cards: Any
    extra: Json | None = None

    def json(self) -> Json:
        data = self._asdict() | dated(CreatedDate=self.CreatedDate, ModifiedDate=self.ModifiedDate)
        return data | (data.pop("extra") or {})


class Line(NamedTuple):
    LineId: int
    ProductId: str
    ProductName: str
    CategoryName: str
    Quantity: int
    UnitPrice: float
    LineTotal: float


class Journal(NamedTuple):
    """A receipt. Without a customer it is an anonymous sale; negative quantities are returns."""

    JournalId: int
    JournalNumber: str
    Date: int
    StoreId: int
    StoreName: str
    CustomerId: int | None
    Email: str | None
    Mobile: str | None
    Total: float
    Currency: str
    Lines: tuple[Line, ...]
    ModifiedDate: int

    def json(self) -> Json:
        lines = [line._asdict() for line in self.Lines]
        return self._asdict() | dated(Date=self.Date, ModifiedDate=self.ModifiedDate) | {"Lines": lines}


class Ticket(NamedTuple):
    TicketId: int
    OrderId: int
    CustomerId: int | None
    Email: str | None
    AttractionId: int
    EventName: str
    EventDate: str
    BookedDate: int
    Zone: str
    Row: str
    Seat: str
    ProductId: str
    ProductName: str
    Quantity: int
    Price: float
    IsOnline: bool
    Status: str
    ModifiedDate: int

    def json(self) -> Json:
        return self._asdict() | dated(BookedDate=self.BookedDate, ModifiedDate=self.ModifiedDate)


class Membership(NamedTuple):
    """It is found by when it changed, but doesn't tell when that was."""

    MembershipId: int
    CustomerId: int
    AttractionId: int
    Name: str
    ValidFrom: str
    ValidTo: str
    Status: str
    ModifiedDate: int

    def json(self) -> Json:
        data = self._asdict()
        del data["ModifiedDate"]
        return data


def dated(**instants: int) -> Json:
    return {name: local(instant) for name, instant in instants.items()}


R = TypeVar("R", Customer, Journal, Ticket, Membership)


class Table(Generic[R]):
    """Rows of one kind by their id, which is their first value. Guarded by the account's lock."""

    def __init__(self, kind: str, first_id: int) -> None:
        self.kind = kind
        self.first_id = first_id
        self.version = 0
        """Changes whenever a row does."""
        self.clear()

    def clear(self) -> None:
        self.rows: dict[int, R] = {}
        self.last_id = self.first_id - 1
        self.version += 1

    def put(self, row: R) -> R:
        self.rows[row[0]] = row
        self.last_id = max(self.last_id, row[0])
        self.version += 1
        return row

    def load(self, rows: Iterable[R]) -> None:
        self.clear()
        for row in rows:
            self.put(row)

    def get(self, row_id: int) -> R:
        """Raises ValueError when there is none."""
        if row_id not in self.rows:
            raise ValueError(f"There is no {self.kind} {row_id}.")
        return self.rows[row_id]


def journal_of(values: list[Any]) -> Journal:
    """A journal as JSON kept it."""
    journal = Journal(*values)
    return journal._replace(Lines=tuple(Line(*line) for line in journal.Lines))
