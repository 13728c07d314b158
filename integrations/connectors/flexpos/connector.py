"""How Amero/FlexPOS works: customers, receipts and tickets of a till system into one list of Heyloyalty."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.connectors.flexpos import (
    card,
    checks,
    import_records,
    members,
    preview,
    report,
    streams,
    tracking,
)
from integrations.connectors.flexpos.choices import choices
from integrations.connectors.flexpos.client import FlexPOSClient
from integrations.connectors.flexpos.customers import EMAIL, MEMBER, NO_EMAIL, NO_MOBILE, match
from integrations.connectors.flexpos.estimate import Estimate
from integrations.connectors.flexpos.fields import (
    JOURNAL_MAPPING,
    MEMBER_MAPPING,
    TICKET_MAPPING,
    booking_fields,
    mapped,
    transaction_fields,
)
from integrations.connectors.flexpos.initial_import import CUSTOMERS, ESTIMATE, JOB, JOURNALS, TICKETS
from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.connectors.flexpos.orders import JOURNAL, TICKET
from integrations.connectors.flexpos.sources import RESOURCES, described
from integrations.connectors.flexpos.streams import IMPORT
from integrations.connectors.heyloyalty import unsubscriptions
from integrations.connectors.heyloyalty.fields import core_fields
from integrations.connectors.heyloyalty.list_connector import Changed, ListConnector
from integrations.connectors.heyloyalty.unsubscriptions import UNSUBSCRIPTION, person_key, unsubscribed_as
from integrations.connectors.heyloyalty.values import Converter
from integrations.core.connector import (
    CheckStep,
    Field,
    Item,
    Job,
    Outcome,
    Page,
    Received,
    Record,
    RecordType,
    Skip,
    Standing,
)
from integrations.core.errors import RecordError
from integrations.core.mapping import Mapped, MappingRow
from integrations.core.models import Delivery, Run
from integrations.core.registry import register

BATCH = 500
RECORD_TYPES = (
    RecordType(
        MEMBER,
        gettext_lazy("Customer"),
        gettext_lazy("Customers"),
        MEMBER_MAPPING,
        BATCH,
        merges=True,
        source=CUSTOMERS,
    ),
    RecordType(JOURNAL, gettext_lazy("Journal"), gettext_lazy("Journals"), JOURNAL_MAPPING, BATCH, source=JOURNALS),
    RecordType(TICKET, gettext_lazy("Ticket"), gettext_lazy("Tickets"), TICKET_MAPPING, BATCH, source=TICKETS),
    unsubscriptions.RECORD_TYPE,
)
CONSENT = "consent"
EVERY = datetime.timedelta(minutes=5)
AT_NIGHT = datetime.time(3, 0)


@register(FlexPOSConnection)
class FlexPOS(ListConnector):
    label = "Amero/FlexPOS"
    summary = gettext_lazy(
        "Customers, purchases and tickets of a till system reach a list of Heyloyalty every five minutes."
    )
    flow = card.FLOW
    needs = card.NEEDS
    record_types = RECORD_TYPES
    job_labels = {
        IMPORT: gettext_lazy("Import from FlexPOS"),
        CONSENT: gettext_lazy("Look for unsubscribed members"),
        ESTIMATE: gettext_lazy("Estimate of the initial import"),
        JOB: gettext_lazy("Initial import"),
    }
    job_pages = {JOB: "import_run", ESTIMATE: "import_run"}
    connection: FlexPOSConnection

    # -- both accounts -----------------------------------------------------------------------------

    @cached_property
    def flexpos(self) -> FlexPOSClient:
        return self.connection.flexpos()

    @property
    def match_on(self) -> str:
        return self.connection.match_on

    @property
    def converter(self) -> Converter:
        own = self.connection
        return Converter(self.member_list, separator=own.separator, date_format=own.date_format)

    def close(self) -> None:
        super().close()
        if "flexpos" in self.__dict__:
            self.flexpos.close()

    # -- what the settings page asks ---------------------------------------------------------------

    def lists(self) -> list[tuple[str, str]]:
        """The account's lists: (id, name with how many members)."""
        return [(str(row.id), f"{row.name} ({row.members})") for row in self.heyloyalty.lists()]

    def describe(self, record_type: str) -> list[Field]:
        if record_type in RESOURCES:
            return described(self.flexpos, record_type, self.connection.separator, timezone.now())
        if record_type == MEMBER:
            return core_fields(self.member_list, self.match_on)
        if record_type == JOURNAL:
            return transaction_fields()
        return booking_fields() if record_type == TICKET else []

    def check(self) -> Iterator[CheckStep]:
        return checks.steps(self)

    def jobs(self) -> dict[str, Job]:
        return {
            IMPORT: Job(every=EVERY, gives_way_to=(JOB, ESTIMATE)),
            CONSENT: Job(at=AT_NIGHT, gives_way_to=(JOB, ESTIMATE)),
        }

    # -- in ----------------------------------------------------------------------------------------

    def collect(self, job: str, run: Run) -> Iterator[Page]:
        if job == IMPORT:
            return self._import(run)
        if job == CONSENT:
            return unsubscriptions.nightly(self, self.cursor(CONSENT), run.pk)
        if job == ESTIMATE:
            return Estimate(self, run).pages()
        return import_records.pages(self.connection, run)

    def _import(self, run: Run) -> Iterator[Page]:
        orders = (JOURNALS, TICKETS) if self.connection.tracking_id else ()
        reading = streams.Reading(self.flexpos, self.connection.filters, self.match_on, (CUSTOMERS, *orders))
        return streams.collect(reading, self.cursor(IMPORT), timezone.now(), run.pk)

    def receive(self, delivery: Delivery) -> Received:
        return unsubscriptions.receive(delivery, self.connection.list_number, self.match_on)

    # -- out ---------------------------------------------------------------------------------------

    def parent(self, item: Item) -> tuple[str, str] | None:
        """What is noted of the person's standing with the list."""
        if item.record_type != MEMBER:
            return None
        value = match(item.payload, self.match_on).value
        return (UNSUBSCRIPTION, person_key(self.connection.list_id, self.match_on, value)) if value else None

    def prepare(self, item: Item) -> Mapped | Skip:
        if item.record_type == UNSUBSCRIPTION:
            return unsubscriptions.prepare(item)
        found = mapped(self.mapping(item.record_type), item.payload, self.connection.separator)
        if item.record_type == MEMBER:
            return self._prepare_member(item, found)
        return found if found.values.get(EMAIL) else Skip.NO_EMAIL

    def _prepare_member(self, item: Item, found: Mapped) -> Mapped | Skip:
        """The field members are matched on always gets FlexPOS's own Email or Mobile, as consent hangs on it."""
        value, reason = match(item.payload, self.match_on)
        if reason in (NO_EMAIL, NO_MOBILE):
            return Skip.NO_EMAIL if self.match_on == EMAIL else Skip.NO_KEY
        if value is None:
            raise RecordError(_("%(reason)s Then press Retry.") % {"reason": reason})
        found.values[self.match_on] = value
        gone = unsubscribed_as(item)
        if item.link and gone == item.link.remote_id and choices(self.connection, item.payload).unsubscribed:
            return Changed(found, item.event_id)
        return found

    def deliver(self, record_type: str, items: Sequence[Item]) -> Iterable[Outcome]:
        if record_type == MEMBER:
            return members.deliver(self, items)
        if record_type == UNSUBSCRIPTION:
            return unsubscriptions.deliver(self, items)
        return tracking.deliver(self, items, bought=record_type == JOURNAL)

    # -- preview -----------------------------------------------------------------------------------

    def example(self, record_type: str, pasted: Any) -> Record:
        return preview.example(record_type, pasted)

    def source_value(self, record_type: str, payload: dict[str, Any], row: MappingRow) -> Any:
        return preview.source_value(payload, row, self.connection.separator)

    def convert(self, record_type: str, target: str, raw: Any) -> Any:
        return preview.convert(self, record_type, target, raw)

    def standing(self, item: Item) -> Standing:
        return preview.standing(self, item)

    def finished(self, run: Run) -> None:
        report.finished(self.connection, run)
