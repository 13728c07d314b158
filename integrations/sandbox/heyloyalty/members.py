"""The members of one list, found by id and – after the first look-up – by any field without a search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from integrations.sandbox.heyloyalty.errors import not_found
from integrations.sandbox.heyloyalty.values import Value

Values = Mapping[str, Value | None]
ACTIVE, PENDING, UNSUBSCRIBED = "active", "pending", "unsubscribed"


@dataclass(slots=True)
class Member:
    """`values` has what is filled in only. `opt_in` 0: the confirmation mail wasn't answered yet."""

    id: str
    created_at: str
    updated_at: str
    values: dict[str, Value]
    unsubscribed_at: str | None = None
    opt_in: int = 1
    imported: bool = False

    @property
    def state(self) -> str:
        if self.unsubscribed_at:
            return UNSUBSCRIBED
        return ACTIVE if self.opt_in else PENDING

    @property
    def key(self) -> str:
        """The address it is known by."""
        return str(self.values.get("email") or self.values.get("mobile") or "")


def key_of(value: Any) -> str:
    return str(value).casefold()


class MemberStore:
    """Guarded by the account's lock."""

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}
        self.indexes: dict[str, dict[str, tuple[str, ...]]] = {"email": {}, "mobile": {}}

    def get(self, member_id: str) -> Member:
        """Raises HeyloyaltyError."""
        try:
            return self.members[member_id.lower()]
        except KeyError:
            raise not_found() from None

    def find(self, field: str, value: Any) -> list[Member]:
        """Every member with this value, whatever its state, oldest first."""
        if field not in self.indexes:
            self.indexes[field] = {}
            for member in self.members.values():
                self._index(member, [field])
        return [self.members[member_id] for member_id in self.indexes[field].get(key_of(value), ())]

    def active(self) -> Iterator[Member]:
        """Those that lists show: neither unsubscribed nor waiting for their confirmation."""
        return (member for member in self.members.values() if member.opt_in and not member.unsubscribed_at)

    def add(self, values: Values, now: str, opt_in: int = 1, imported: bool = False) -> Member:
        filled = {name: value for name, value in values.items() if value is not None}
        member = Member(str(uuid4()), now, now, filled, None, opt_in, imported)
        self.put(member)
        return member

    def put(self, member: Member) -> None:
        self.members[member.id] = member
        self._index(member, self.indexes)

    def change(self, member: Member, values: Values, now: str) -> list[str]:
        """Writes what was sent, None empties; the names of what changed."""
        changed = [name for name, value in values.items() if member.values.get(name) != value]
        self._unindex(member, changed)
        for name in changed:
            value = values[name]
            if value is None:
                del member.values[name]
            else:
                member.values[name] = value
        self._index(member, changed)
        member.updated_at = now
        return changed

    def forget_fields(self, names: set[str]) -> None:
        for name in names & set(self.indexes):
            self.indexes[name] = {}
        for member in self.members.values():
            for name in names & set(member.values):
                del member.values[name]

    def _index(self, member: Member, names: Any) -> None:
        for name in names:
            value = member.values.get(name)
            if name in self.indexes and value is not None:
                index, key = self.indexes[name], key_of(value)
                index[key] = (*index.get(key, ()), member.id)

    def _unindex(self, member: Member, names: Any) -> None:
        for name in names:
            value = member.values.get(name)
            if name in self.indexes and value is not None:
                index, key = self.indexes[name], key_of(value)
                index[key] = tuple(one for one in index[key] if one != member.id)
