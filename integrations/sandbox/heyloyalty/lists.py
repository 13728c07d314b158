"""The lists of an account: settings, fields, members and the activity feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from integrations.sandbox.heyloyalty.errors import invalid
from integrations.sandbox.heyloyalty.fields import FIXED, FieldBook
from integrations.sandbox.heyloyalty.members import Member, MemberStore
from integrations.sandbox.heyloyalty.parameters import is_on

DENMARK = 1
# Whose second appearance on the list is refused.
UNIQUE = {
    "allow": (),
    "allow_email": ("mobile",),
    "allow_mobile": ("email",),
    "disallow": ("email", "mobile"),
}
AUTOMATIONS = {"subscribe": "Welcome", "update": "Profile updated"}
MINIMAL = [{"name": name} for name in ("firstname", "lastname", "email", "mobile")]
PRACTICE_FIELDS = [
    *({"name": name} for name in FIXED),
    {"name": "tier", "label": "Tier", "format": "choice", "options": [{"label": "Silver"}, {"label": "Gold"}]},
    {
        "name": "interests",
        "label": "Interests",
        "format": "multi",
        "options": [{"label": "Music"}, {"label": "Books"}, {"label": "Sport"}],
    },
    {"name": "last_visit", "label": "Last visit", "format": "date"},
    {"name": "points", "label": "Points", "format": "number"},
    {"name": "club_member", "label": "Club member", "format": "boolean"},
    {"name": "card_number", "label": "Card number"},
]


@dataclass(slots=True)
class Activity:
    """An event of the activity feed; `values` are its columns. No member has the address when `member_id` is empty."""

    time: str
    kind: str
    email: str
    member_id: str
    values: dict[str, str]


@dataclass(slots=True)
class MemberList:
    """`tracking_id` is empty without tracking; `automations` are the changes that set off a mail."""

    id: int
    name: str
    created_at: str
    country_id: int = DENMARK
    date_format: str = "dd-mm-yyyy"
    duplicates: str = "disallow"
    double_opt_in: bool = False
    tracking_id: str = ""
    automations: list[str] = field(default_factory=lambda: ["subscribe"])
    fields: FieldBook = field(init=False)
    store: MemberStore = field(init=False)
    activities: list[Activity] = field(init=False)

    def __post_init__(self) -> None:
        self.fields = FieldBook(self.id, self.with_time)
        self.clear()

    def clear(self) -> None:
        self.store = MemberStore()
        self.activities = []

    @property
    def with_time(self) -> bool:
        return "h" in self.date_format.lower()

    @property
    def unique(self) -> tuple[str, ...]:
        return UNIQUE[self.duplicates]

    def change(self, options: Mapping[str, Any]) -> None:
        """What an API, page or control call may set beside fields. Raises HeyloyaltyError before anything changes."""
        duplicates = str(options.get("duplicates", self.duplicates))
        if duplicates not in UNIQUE:
            raise invalid(f"duplicates is one of {', '.join(UNIQUE)}")
        name = str(options.get("name", self.name)).strip()
        country = str(options.get("country_id", self.country_id))
        if not name or not country.isdecimal():
            raise invalid("A list needs a name, and country_id is a number")
        automations = [str(one) for one in options.get("automations", self.automations)]
        if set(automations) - set(AUTOMATIONS):
            raise invalid(f"automations are {', '.join(AUTOMATIONS)}")
        self.name, self.country_id, self.duplicates, self.automations = name, int(country), duplicates, automations
        self.double_opt_in = is_on(options.get("double_opt-in", self.double_opt_in))
        self.tracking_id = str(options.get("tracking_id", self.tracking_id))
        self.date_format = str(options.get("date_format", self.date_format))
        self.fields.refresh(self.with_time)

    def remove_fields(self, names: set[str]) -> None:
        self.fields.remove(names)
        self.store.forget_fields(names)

    def row(self) -> dict[str, Any]:
        """A row of GET /lists."""
        return {
            "id": self.id,
            "name": self.name,
            "created_at": self.created_at,
            "members": sum(1 for _ in self.store.active()),
            "open_rate": 0,
            "click_rate": 0,
        }

    def listed(self) -> dict[str, Any]:
        """The answer to GET /lists/{id}. Whether it has tracking isn't told there."""
        return {
            "id": self.id,
            "name": self.name,
            "country_id": self.country_id,
            "date_format": self.date_format,
            "duplicates": self.duplicates,
            "fields": {one.name: one.listed() for one in self.fields.fields.values()},
        }

    def settings(self) -> dict[str, Any]:
        """Everything but fields, members and activities."""
        return {
            "id": self.id,
            "name": self.name,
            "created_at": self.created_at,
            "country_id": self.country_id,
            "date_format": self.date_format,
            "duplicates": self.duplicates,
            "double_opt_in": self.double_opt_in,
            "tracking_id": self.tracking_id,
            "automations": list(self.automations),
        }

    def dump(self) -> dict[str, Any]:
        return {"settings": self.settings(), "fields": self.fields.dump()}

    def dump_members(self) -> list[list[Any]]:
        """Rows of list id and the values of a Member, in their order."""
        return [
            [self.id, m.id, m.created_at, m.updated_at, dict(m.values), m.unsubscribed_at, m.opt_in, m.imported]
            for m in self.store.members.values()
        ]

    def dump_activities(self) -> list[dict[str, Any]]:
        return [asdict(activity) | {"list_id": self.id} for activity in self.activities]


def practice_lists(account: str, now: str) -> dict[int, MemberList]:
    """ "Customers" with tracking, and a second list without."""
    customers = MemberList(1, "Customers", now, tracking_id=f"tracking-{account}")
    customers.fields.put(PRACTICE_FIELDS, 0)
    newsletter = MemberList(2, "Newsletter", now)
    newsletter.fields.put(MINIMAL, 0)
    return {one.id: one for one in (customers, newsletter)}


def loaded(data: Mapping[str, Any]) -> MemberList:
    """A list from `dump()`, without members and activities."""
    one = MemberList(**data["settings"])
    one.fields.load(data["fields"])
    one.fields.refresh(one.with_time)
    return one


def load_members(lists: Mapping[int, MemberList], rows: list[list[Any]]) -> None:
    for list_id, *values in rows:
        lists[list_id].store.put(Member(*values))


def load_activities(lists: Mapping[int, MemberList], rows: list[dict[str, Any]]) -> None:
    for row in rows:
        lists[row.pop("list_id")].activities.append(Activity(**row))
