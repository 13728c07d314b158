"""One practice account of FlexPOS: its two realms, its clock, its quirks, and what the tills wrote."""

from __future__ import annotations

from typing import Any

from integrations.sandbox.flexpos.realms import Realm
from integrations.sandbox.flexpos.rows import Customer, Journal, Membership, Table, Ticket, journal_of
from integrations.sandbox.flexpos.times import Clock, utc
from integrations.sandbox.vendor import Account, Data

CALLS_PER_MINUTE = 60
TOKEN_SECONDS = 3600
ORDERS = {"id": "By number", "oldest_first": "Oldest change first", "newest_first": "Newest change first"}
KEYS = ("client_id", "client_secret", "attraction_client_id", "attraction_client_secret")
# Account attribute, which is also its setting -> what the settings page calls it.
NUMBERS = {
    "calls_per_minute": "Calls a minute, of each API (0: no limit)",
    "minute_s": "How long such a minute lasts, in seconds",
    "token_seconds": "How long a token is valid, in seconds",
    "latency_ms": "Delay of every call, in milliseconds",
}
QUIRKS = {
    "mixed_cards": "Invented customers have cards as an object, as a list, or none",
    "messy_emails": "Invented customers lack an e-mail address, or have capitals in it",
    "bare_mobiles": "Invented customers have mobile numbers without +45",
    "ignores_filters": "Filters (IsActive, IsClubMember, GetsNewsletter) are ignored",
    "ignores_dates": "ModifiedFrom and ModifiedTo are ignored",
    "repeats_page": "The first page is answered whatever page is asked for",
    "edits_between_pages": "After each page a till saves its first row and the last of all, so that rows shift",
    "repeated_hour_is_first": "A time in October’s repeated hour means its first time (else the second)",
}


class FlexPOSAccount(Account):
    """Account `shop` has client `practice-shop` with secret `practice-secret-shop`, for attractions
    `practice-attractions-shop` with `practice-attractions-secret-shop`, and so on for every name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.client_id = f"practice-{name}"
        self.client_secret = f"practice-secret-{name}"
        self.attraction_client_id = f"practice-attractions-{name}"
        self.attraction_client_secret = f"practice-attractions-secret-{name}"
        self.calls_per_minute = CALLS_PER_MINUTE
        self.minute_s = 60.0
        self.token_seconds = TOKEN_SECONDS
        self.order = "id"
        self.forbidden = ""
        """Resources this account's clients may not read, comma-separated: Tickets,Memberships."""
        self.mixed_cards = self.messy_emails = self.bare_mobiles = True
        self.ignores_filters = self.ignores_dates = self.repeats_page = False
        self.edits_between_pages = self.repeated_hour_is_first = False
        self.clock = Clock()
        self.customers: Table[Customer] = Table("customer", 50_001)
        self.journals: Table[Journal] = Table("journal", 880_001)
        self.tickets: Table[Ticket] = Table("ticket", 33_001)
        self.memberships: Table[Membership] = Table("membership", 1)
        self.realms = {"main": Realm(), "attractions": Realm()}
        self.found: dict[str, tuple[object, list[Any]]] = {}
        """Resource -> the last query and its rows: a hundred thousand rows aren't filtered again for each page."""

    def pair(self, realm: str) -> tuple[str, str]:
        """Client id and secret."""
        if realm == "main":
            return self.client_id, self.client_secret
        return self.attraction_client_id, self.attraction_client_secret

    def settings(self) -> Data:
        names = (*KEYS, *NUMBERS, "order", "forbidden", *QUIRKS)
        return {name: getattr(self, name) for name in names}

    def change_settings(self, data: Data) -> None:
        if data.get("order", "id") not in ORDERS:
            raise ValueError(f"no order called {data['order']!r}; there are: {', '.join(ORDERS)}")
        for name in QUIRKS:
            if not isinstance(data.get(name, False), bool):
                raise ValueError(f"{name} is true or false")
        super().change_settings(data)

    def note(self, operation: str, kind: str, row_id: int, outcome: str, key: str | None, fields: list[str]) -> None:
        """Enters a change into the ledger."""
        self.ledger.add(utc(self.clock.now()), operation, kind, str(row_id), outcome, key or "", fields)

    def clear_data(self) -> None:
        super().clear_data()
        for table in (self.customers, self.journals, self.tickets, self.memberships):
            table.clear()
        for realm in self.realms.values():
            realm.recent.clear()

    def dump(self) -> Data:
        return super().dump() | {
            "clock": self.clock.dump(),
            "customers": list(self.customers.rows.values()),
            "journals": list(self.journals.rows.values()),
            "tickets": list(self.tickets.rows.values()),
            "memberships": list(self.memberships.rows.values()),
        }

    def load(self, data: Data) -> None:
        super().load(data)
        self.clock.load(data["clock"])
        self.customers.load(Customer(*row) for row in data["customers"])
        self.journals.load(journal_of(row) for row in data["journals"])
        self.tickets.load(Ticket(*row) for row in data["tickets"])
        self.memberships.load(Membership(*row) for row in data["memberships"])
