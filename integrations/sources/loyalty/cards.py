"""Customers while a batch works on them: read together, changed in memory, written together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from operator import attrgetter
from typing import Any

from django.utils import timezone

from integrations.core.announce import announce
from integrations.core.engine.rows import insert
from integrations.sources.loyalty.accounts import lock, write_accounts
from integrations.sources.loyalty.batch import CustomerRow
from integrations.sources.loyalty.models import Account, Customer, email_key_of
from integrations.sources.loyalty.pin_mails import queue_pin_mails
from integrations.sources.loyalty.signals import accounts_changed, pins_changed
from integrations.sources.loyalty.states import state_of

# What a row may change, and which of that others are told of as a change of the account.
CHANGEABLE = ("external_id", "email", "first_name", "last_name", "registered", "pin")
ANNOUNCED = {"email", "first_name", "last_name", "registered"}
COLUMNS = (*CHANGEABLE, "email_key", "pin_changed_at", "created_at", "updated_at")


class Cards:
    """The customers of a batch, with their accounts locked, by whatever they are found by."""

    def __init__(self, customer_ids: Collection[int]) -> None:
        self.now = timezone.now()
        self.by_id = {pk: account.customer for pk, account in lock(customer_ids).items()}
        known = self.by_id.values()
        self.by_external_id = {customer.external_id: customer for customer in known if customer.external_id}
        self.by_email_key = {customer.email_key: customer for customer in known if customer.email_key}
        # By identity: a new customer has no id yet.
        self.new: list[Customer] = []
        self.changed: dict[int, Customer] = {}
        self.renamed: dict[int, Customer] = {}
        self.announced: dict[int, Customer] = {}
        self.pins: list[tuple[Customer, str, int]] = []

    def of_email(self, email: str | None) -> Customer | None:
        return self.by_email_key.get(email_key_of(email) or "") if email else None

    def add(self) -> Customer:
        """A new customer, to be filled by `change()`."""
        customer = Customer(created_at=self.now)
        Account(customer=customer)
        self.new.append(customer)
        self.announced[id(customer)] = customer
        return customer

    def change(self, customer: Customer, row: CustomerRow) -> bool:
        """Give a customer the values of a row that was checked; whether that changed anything."""
        wanted = {name: value for name in CHANGEABLE if (value := getattr(row, name)) is not None}
        changes = {name: value for name, value in wanted.items() if value != getattr(customer, name)}
        if not changes:
            return False
        if changes.keys() & {"external_id", "email"}:
            self._rename(customer, changes)
        for name, value in changes.items():
            setattr(customer, name, value)
        customer.updated_at = self.now
        customer.account.revision += 1
        self._note_pin(customer, changes)
        self.changed[id(customer)] = customer
        if changes.keys() & ANNOUNCED:
            self.announced[id(customer)] = customer
        return True

    def _rename(self, customer: Customer, changes: dict[str, Any]) -> None:
        self.renamed[id(customer)] = customer
        if external_id := changes.get("external_id"):
            self.by_external_id.pop(customer.external_id or "", None)
            self.by_external_id[external_id] = customer
        if "email" in changes:
            self.by_email_key.pop(customer.email_key or "", None)
            customer.email_key = email_key_of(changes["email"])
            if customer.email_key:
                self.by_email_key[customer.email_key] = customer

    def _note_pin(self, customer: Customer, changes: dict[str, Any]) -> None:
        if customer.registered:
            customer.pin, customer.pin_changed_at = None, None
        elif pin := changes.get("pin"):
            customer.pin_changed_at = self.now
            self.pins.append((customer, pin, customer.account.revision))

    def write(self) -> None:
        """Write what was changed, with history and PIN mails, and tell who listens."""
        if not self.changed:
            return
        old = [customer for customer in self.changed.values() if customer.pk]
        self._write_customers(old)
        write_accounts([customer.account for customer in self.changed.values()])
        Customer.history.bulk_history_create(old, update=True, default_date=self.now)
        Customer.history.bulk_history_create(self.new, default_date=self.now)
        queue_pin_mails({customer.pk: customer for customer, _, _ in self.pins}.values())
        announce(accounts_changed, states=[state_of(customer.account) for customer in self.announced.values()])
        announce(
            pins_changed,
            states=[
                replace(state_of(customer.account), pin=pin, registered=False, revision=revision)
                for customer, pin, revision in self.pins
            ],
        )

    def _write_customers(self, old: list[Customer]) -> None:
        renamed = [customer.pk for customer in self.renamed.values() if customer.pk]
        if renamed:
            # An e-mail may go from one of them to the other: a row at a time would meet the other's.
            Customer.objects.filter(pk__in=renamed).update(external_id=None, email="")
        values = attrgetter(*COLUMNS)
        rows = ((customer.pk, *values(customer)) for customer in old)
        insert(Customer, ("id", *COLUMNS), rows, unique=("id",), update=COLUMNS)
        ids = insert(Customer, COLUMNS, map(values, self.new))
        for customer, pk in zip(self.new, ids, strict=True):
            customer.pk = pk
            customer.account.customer = customer
