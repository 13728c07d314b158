"""What can be done to the members of a list, whoever asks: API, import, page or control call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from integrations.sandbox.heyloyalty.errors import invalid
from integrations.sandbox.heyloyalty.lists import AUTOMATIONS, MemberList
from integrations.sandbox.heyloyalty.members import Member, Values

if TYPE_CHECKING:
    from integrations.sandbox.heyloyalty.account import HeyloyaltyAccount


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes to a list at the time `now` under the account's lock; `operation` is what the ledger calls it.

    Raises HeyloyaltyError. An import sets off `automations` when asked to, and never `webhooks`.
    """

    account: HeyloyaltyAccount
    member_list: MemberList
    operation: str
    now: str
    automations: bool = True
    webhooks: bool = True
    imported: bool = False

    def create(self, values: Values, skip_opt_in: bool) -> Member:
        """A new member; on a list with double opt-in it waits for the answer to a mail."""
        refuse_nameless(values)
        pending = self.member_list.double_opt_in and not skip_opt_in
        self.refuse_duplicates(values, None)
        member = self.member_list.store.add(values, self.now, int(not pending), self.imported)
        self.enter(member, "created", member.values)
        if pending:
            self.account.mails.add(self.now, "opt_in", member.key, "Please confirm", self.member_list.id)
        else:
            self.announce(member, "subscribe")
        return member

    def change(self, member: Member, values: Values) -> None:
        """Writes what was sent, nothing else; whoever unsubscribed stays so."""
        refuse_nameless({**member.values, **values})
        if member.state == "active":
            self.refuse_duplicates(values, member)
        changed = self.member_list.store.change(member, values, self.now)
        self.enter(member, "updated", changed)
        self.announce(member, "update", bool(changed))

    def replace(self, member: Member, values: Values) -> None:
        """Empties what was not sent, and subscribes again whoever unsubscribed."""
        everything = {**dict.fromkeys(member.values), **values}
        if member.unsubscribed_at:
            self.reactivate(member, everything)
        else:
            self.change(member, everything)

    def reactivate(self, member: Member, values: Values) -> None:
        refuse_nameless({**member.values, **values})
        self.refuse_duplicates({**member.values, **values}, member)
        changed = self.member_list.store.change(member, values, self.now)
        member.unsubscribed_at = None
        self.enter(member, "reactivated", changed)
        self.announce(member, "subscribe")

    def confirm(self, member: Member) -> None:
        """The link in the opt-in mail."""
        if member.opt_in:
            raise invalid("The member is not waiting for a confirmation")
        self.refuse_duplicates(member.values, member)
        member.opt_in = 1
        self.enter(member, "confirmed", ())
        self.announce(member, "subscribe")

    def unsubscribe(self, member: Member, obscure: bool = False) -> None:
        """`obscure` empties the fields, too. Whoever has unsubscribed already isn't announced again."""
        if not member.unsubscribed_at:
            member.unsubscribed_at = self.now
            self.enter(member, "unsubscribed", ())
            self.announce(member, "unsubscribe")
        if obscure:
            self.member_list.store.change(member, dict.fromkeys(member.values), self.now)

    def upsert(self, field: str, values: Values, search_temporary: bool, skip_opt_in: bool) -> tuple[str, Member]:
        """ "create" or "update", and the member."""
        found = self.existing(field, values, search_temporary)
        if found is None:
            return "create", self.create(values, skip_opt_in)
        self.write(found, values)
        return "update", found

    def write(self, member: Member, values: Values) -> None:
        if member.unsubscribed_at:
            self.reactivate(member, values)
        else:
            self.change(member, values)

    def existing(self, field: str, values: Values, search_temporary: bool = False) -> Member | None:
        """The one member whose `field` has this value. Those that unsubscribed count only if the account says so."""
        value = values.get(field)
        if not value:
            raise invalid(f"The member has no {field}")
        found = self.member_list.store.find(field, value)
        states = ("active", "pending") if search_temporary else ("active",)
        here = [member for member in found if member.state in states]
        if len(here) > 1:
            raise invalid(f"More than one member has this {field}")
        if here:
            return here[0]
        gone = [member for member in found if member.unsubscribed_at]
        if gone and self.account.unsubscribed == "refuse":
            raise invalid("The member has unsubscribed")
        return gone[-1] if gone and self.account.unsubscribed == "reactivate" else None

    def refuse_duplicates(self, values: Values, member: Member | None) -> None:
        for name in self.member_list.unique:
            value = values.get(name)
            others = self.member_list.store.find(name, value) if value else []
            if any(other is not member and other.state == "active" for other in others):
                raise invalid(f"A member with this {name} already exists")

    def announce(self, member: Member, type: str, changed: bool = True) -> None:
        """Mails and webhooks; an update that changes nothing sets off webhooks only."""
        if self.automations and changed and type in self.member_list.automations:
            self.account.mails.add(self.now, "automation", member.key, AUTOMATIONS[type], self.member_list.id)
        if self.webhooks:
            self.account.webhooks.announce(self.member_list, member, type)

    def enter(self, member: Member, outcome: str, fields: Iterable[str]) -> None:
        self.account.ledger.add(self.now, self.operation, "member", member.id, outcome, member.key, fields)


def refuse_nameless(values: Values) -> None:
    if not values.get("email") and not values.get("mobile"):
        raise invalid("A member needs an email or a mobile")
