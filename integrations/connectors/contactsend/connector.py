"""How Contacthub ↔ Contactsend works: one node's customers and one userdb's subscribers are kept equal."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.connectors.contactsend import (
    card,
    checks,
    choices,
    collect_hub,
    collect_send,
    deletes,
    first_sync,
    preview,
)
from integrations.connectors.contactsend.accounts import BothAccounts
from integrations.connectors.contactsend.collect_hub import CUSTOMER
from integrations.connectors.contactsend.finding import Gone, has_key
from integrations.connectors.contactsend.hub_errors import NoSuchCustomer
from integrations.connectors.contactsend.hub_fields import hub_fields
from integrations.connectors.contactsend.jobs import FIRST, FROM_HUB, FROM_SEND, NIGHTLY
from integrations.connectors.contactsend.meeting import Meeting
from integrations.connectors.contactsend.models import ContactsendConnection, Deletes
from integrations.connectors.contactsend.pairs import Note, drop_pairs, keep, keep_lost
from integrations.connectors.contactsend.people import Known, People
from integrations.connectors.contactsend.reconcile import Where
from integrations.connectors.contactsend.send_faults import SubscriberNotFound
from integrations.connectors.contactsend.send_types import SendSubscription
from integrations.connectors.contactsend.send_values import Typed
from integrations.connectors.contactsend.sides import digest
from integrations.connectors.contactsend.userdb import DEFAULT_MAPPING, core_fields
from integrations.core.connector import (
    CheckStep,
    Estimate,
    Field,
    Item,
    Job,
    Outcome,
    Page,
    Record,
    RecordType,
    Skip,
    Standing,
)
from integrations.core.errors import ConfigurationError, RecordError
from integrations.core.mapping import Mapped, MappingRow
from integrations.core.models import Run
from integrations.core.registry import register

EVERY = datetime.timedelta(seconds=30)
AT_NIGHT = datetime.time(3)
# What `describe` tells the fields of Contacthub's customers by.
HUB_FIELDS = "contacthub"
OF_ANOTHER_PAIR = gettext_lazy(
    "This change was read when the source had another node or userdb. Nothing was sent: whom it is about may not be "
    "in the present ones. There is nothing to retry."
)


@register(ContactsendConnection)
class Contactsend(BothAccounts):
    label = "Contacthub ↔ Contactsend"
    summary = gettext_lazy(
        "Customers of Contacthub and subscribers of Contactsend, with their newsletters, are kept equal."
    )
    flow = card.FLOW
    needs = card.NEEDS
    record_types = (
        RecordType(
            CUSTOMER,
            gettext_lazy("Customer"),
            gettext_lazy("Customers"),
            DEFAULT_MAPPING,
            source=HUB_FIELDS,
            two_way=True,
        ),
    )

    job_labels = {
        FROM_HUB: gettext_lazy("Changes in Contacthub"),
        FROM_SEND: gettext_lazy("Changes in Contactsend"),
        NIGHTLY: gettext_lazy("All of Contactsend"),
        FIRST: gettext_lazy("First sync"),
    }

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self.people = People(connection.pk)

    # -- what the settings page asks ---------------------------------------------------------------

    def describe(self, record_type: str) -> list[Field]:
        return hub_fields(self.extended_schema) if record_type == HUB_FIELDS else core_fields(self.source)

    def nodes(self) -> list[tuple[str, str]]:
        return choices.nodes(self.hub)

    def databases(self) -> list[tuple[str, str]]:
        return choices.databases(self.send)

    def systems(self) -> list[SendSubscription] | None:
        """The subscription systems of the userdb; None where the service can't tell."""
        return self.send.subscriptions(self.userdb)

    def check(self) -> Iterator[CheckStep]:
        return checks.steps(self)

    def jobs(self) -> dict[str, Job]:
        by_walking = not self.connection.last_modified_field
        jobs = {
            FROM_HUB: Job(every=EVERY, poll=True),
            FROM_SEND: Job(every=EVERY, gives_way_to=(FIRST,), bulk=by_walking, poll=True),
        }
        if not by_walking:
            # No time tells who was removed, and what was changed in the hour that a clock repeats in autumn.
            jobs[NIGHTLY] = Job(at=AT_NIGHT, gives_way_to=(FIRST,), bulk=True, poll=True)
        return jobs

    def estimate(self, job: str) -> Estimate:
        return first_sync.estimate(self)

    # -- in ----------------------------------------------------------------------------------------

    def collect(self, job: str, run: Run) -> Iterator[Page]:
        if not self.shape.keys:
            raise ConfigurationError(
                _(
                    "No pair of fields is marked as matching, so nobody can be found on the other side. Mark one "
                    "under Show fields to be mapped."
                )
            )
        for page in self._pages(job, run):
            for record in page.records:
                record.payload["of"] = self.of
            yield page

    def _pages(self, job: str, run: Run) -> Iterator[Page]:
        cursor = self.cursor(job)
        if job == FIRST:
            return first_sync.pages(self, cursor, run)
        if job == NIGHTLY:
            return collect_send.everything(self, cursor)
        return collect_hub.changes(self, cursor) if job == FROM_HUB else collect_send.changes(self, cursor)

    @property
    def of(self) -> dict[str, str]:
        """Where what is read belongs to."""
        own = self.connection
        return {"workspace": own.workspace, "node": own.node_id, "userdb": own.userdb_id}

    @property
    def carries_deletes(self) -> bool:
        return self.connection.deletes == Deletes.CARRY

    # -- out ---------------------------------------------------------------------------------------

    def refresh(self, items: Sequence[Item]) -> None:
        """The pairs of the items, as they are by now."""
        self.people.look_up(self.shape, items)

    def prepare(self, item: Item) -> Mapped | Skip:
        payload = item.payload
        if "side" not in payload:
            raise RecordError(
                _("What came in was deleted after the retention period. Change the person again to send it.")
            )
        if payload.get("of", self.of) != self.of:
            raise RecordError(str(OF_ANOTHER_PAIR))
        if payload.get("operation"):
            return Mapped({"event": item.event_id})
        from_hub = payload["side"] == Where.HUB
        side = self.shape.of_hub(payload["customer"]) if from_hub else self.shape.of_send(payload["values"])
        if not has_key(self, side):
            return Skip.NO_KEY
        if from_hub and not item.retried and self._is_echo(item, digest(side)):
            return Skip.ECHO
        return Mapped({"side": payload["side"], "values": side.values, "subscriptions": side.subscriptions})

    def _is_echo(self, item: Item, seen: str) -> bool:
        """What we wrote: written by us, and just as we left it."""
        by = (item.payload["customer"].get("sourceInfo") or {}).get("updatedBy")
        return bool(by) and by == self.connection.source_id and seen == self.people.pair(item).hub_seen

    def deliver(self, record_type: str, items: Sequence[Item]) -> Iterable[Outcome]:
        for item in items:
            with self.people.turn(item) as known:
                outcome = self._meet(item, known)
                if isinstance(outcome.note, Note):
                    self.people.note(outcome.note)
            yield outcome

    def _meet(self, item: Item, known: Known) -> Outcome:
        if item.payload.get("operation"):
            return deletes.carry(self, item, known.pair)
        try:
            return Meeting(self, item, known).hold()
        except (Gone, NoSuchCustomer, SubscriberNotFound):
            # Also in between: it was there when it was looked for.
            return deletes.other_half_gone(self, item, known.pair)

    def identifier(self, values: Mapping[str, Typed]) -> int | None:
        """What a new subscriber is called, where the userdb wants to be told."""
        if not self.source.brings_identifiers:
            return None
        value = values.get(self.source.identifier_field)
        if value is None or not value.text.isdecimal():
            raise RecordError(
                _(
                    "The userdb's subscribers are identified by %(field)s, and this customer has nothing for it. "
                    "Map a field to it, then press Retry."
                )
                % {"field": self.source.identifier_field}
            )
        return int(value.text)

    def seen_at(self, item: Item) -> datetime.datetime | None:
        """When a change of a subscriber was found, if that is what the item is about."""
        at = item.payload.get("seen_at")
        return datetime.datetime.fromisoformat(at) if at else None

    def forget(self) -> None:
        """Its node and userdb may have another source now."""
        own = ContactsendConnection.objects.filter(pk=self.connection.pk)
        own.update(node_id="", userdb_id="")  # type: ignore[misc]  # the manager is the base's
        drop_pairs(self.connection.pk)

    def keep(self, outcomes: Sequence[Outcome]) -> None:
        notes = [(outcome.item, outcome.note) for outcome in outcomes if isinstance(outcome.note, Note)]
        keep(self.connection.pk, [note for _, note in notes])
        keep_lost(notes)
        by = next((note.written_by for _, note in notes if note.written_by), "")
        if by and by != self.connection.source_id:
            own = ContactsendConnection.objects.filter(pk=self.connection.pk)
            own.update(source_id=by)  # type: ignore[misc]  # the manager is the base's
            self.connection.source_id = by
        self.people.forget([outcome.item.event_id for outcome in outcomes])

    # -- preview -------------------------------------------------------------------------------------

    def example(self, record_type: str, pasted: Any) -> Record:
        return preview.example(self, pasted)

    def source_value(self, record_type: str, payload: dict[str, Any], row: MappingRow) -> Any:
        return preview.source_value(payload, row)

    def convert(self, record_type: str, target: str, raw: Any) -> str:
        return preview.convert(self, target, raw)

    def standing(self, item: Item) -> Standing:
        return preview.standing(self, item)

    # -- how a person is called in the log -----------------------------------------------------------

    def label_of(self, customer: Mapping[str, Any]) -> str:
        contacts = (customer.get("base") or {}).get("contacts") or {}
        return str(contacts.get("email") or "").lower()

    def label_of_subscriber(self, values: Mapping[str, str]) -> str:
        emails = [row.field for row in self.shape.rows if row.path == "base.contacts.email"]
        return next((values.get(name, "") for name in emails), "").lower()
