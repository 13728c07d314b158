"""What a vendor's folder implements, and what core gives it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from http import HTTPStatus
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from integrations.core.connector.answers import CheckStep, Estimate, Job, Standing
from integrations.core.connector.fields import Field, Kind, RecordType
from integrations.core.connector.records import Item, Outcome, Page, Received, Record
from integrations.core.connector.skips import Skip
from integrations.core.errors import RecordError
from integrations.core.http.ratelimit import RateLimits
from integrations.core.mapping import Mapped, MappingRow, map_record, read_path
from integrations.core.models import Connection, Cursor, Delivery, FieldCatalog, FieldMapping, Run


class Connector:
    """One kind of integration, bound to a connection for the length of a drain or a page view.

    A connector that only pushes has no `collect`; one that only pulls has no `receive`.
    """

    model: ClassVar[type[Connection]]
    label: ClassVar[Any]
    summary: ClassVar[Any] = ""
    # For its card in the Apps Marketplace: which way data flows (“A → B”), and what somebody must have got from the
    # vendor before, each a sentence that says where it is found.
    flow: ClassVar[Any] = ""
    needs: ClassVar[tuple[Any, ...]] = ()
    record_types: ClassVar[tuple[RecordType, ...]] = ()
    # One-time exports: which business data (a model's label, `loyalty.customer`) by which job.
    exports: ClassVar[dict[str, str]] = {}
    # What each of its jobs is called, also of those that no schedule starts.
    job_labels: ClassVar[dict[str, Any]] = {}
    # Jobs that are looked at and steered on an admin page of the connector's own: job -> its name.
    job_pages: ClassVar[dict[str, str]] = {}
    # What it does that nobody else should do as well, as its source names it (`loyalty.pin_mail`).
    duties: ClassVar[frozenset[str]] = frozenset()
    # It stands in the sidebar among its source's pages (see `sidebar.joins`).
    joins_source: ClassVar[bool] = False
    # With which status a webhook call that isn't taken is answered (`acknowledge` says why).
    refuses_with: ClassVar[int] = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    # The setting with the address that it mails what failed in each run to: the same person gets no alert of that.
    reports_to: ClassVar[str] = ""
    # How many batches travel at once; the rate limit decides how fast.
    concurrency: ClassVar[int] = 8

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._mapping: dict[str, tuple[MappingRow, ...]] = {}
        self._fields: dict[str, dict[str, Field]] = {}

    # -- what a vendor implements ---------------------------------------------------------------

    def jobs(self) -> dict[str, Job]:
        """Schedules that follow from the current settings."""
        return {}

    def check(self) -> Iterator[CheckStep]:
        """Test connection, step by step; it ends after the first step that isn't ok."""
        raise NotImplementedError

    def describe(self, record_type: str) -> list[Field]:
        """The vendor's fields of a record type, read live."""
        raise NotImplementedError

    def collect(self, job: str, run: Run) -> Iterator[Page]:
        """Pull. Start after `self.cursor(job)`."""
        raise NotImplementedError

    def estimate(self, job: str) -> Estimate:
        """What a bulk job would do now."""
        raise NotImplementedError

    def receive(self, delivery: Delivery) -> Received:
        """Push. Raises RecordError with a plain sentence when the whole body can't be understood."""
        raise NotImplementedError

    def deliver(self, record_type: str, items: Sequence[Item]) -> Iterable[Outcome]:
        """Send a batch (at most the type's batch size). Idempotent; called in a thread; no database access.

        Items without an outcome share the fate of the error that is raised.
        """
        raise NotImplementedError

    def keep(self, outcomes: Sequence[Outcome]) -> None:
        """Write down the notes of outcomes, in the transaction that settles them; a query or two a call."""

    def finished(self, run: Run) -> None:
        """A run has ended. Called within a minute or so, in a task of its own; after a crash or a TemporaryError again.

        Whatever it raises harms no sync.
        """

    def forget(self) -> None:
        """Its connection is being removed, in this transaction: give up what another connection may have from now on,
        and drop what only a working one needs. Database only; the log stays."""

    def refresh(self, items: Sequence[Item]) -> None:
        """Bring the payloads of taken items up to date from the portal's own data, before they are prepared.

        Called in the drain's main thread, with the database; a query or two a call, not a record.
        """

    def prepare(self, item: Item) -> Mapped | Skip:
        """Map one item: pure. Raises RecordError when the payload doesn't fit the mapping."""
        return map_record(self.mapping(item.record_type), item.payload)

    def parent(self, item: Item) -> tuple[str, str] | None:
        """(record type, key) of the record this one hangs on; its link is loaded as `item.parent`."""
        return None

    # -- what a preview asks: nothing of it sends anything -------------------------------------------

    def example(self, record_type: str, pasted: Any) -> Record:
        """JSON that somebody pasted, as the source sends it, as the record it would arrive as; of several the first.

        Raises RecordError with a plain sentence when it is none.
        """
        first = pasted[0] if isinstance(pasted, list) and pasted else pasted
        if not isinstance(first, dict):
            raise RecordError(_("This JSON is no record: it must be an object, {…}."))
        return Record(record_type, "pasted", first)

    def source_value(self, record_type: str, payload: dict[str, Any], row: MappingRow) -> Any:
        """What a row of the mapping finds in a payload, before it is converted: pure."""
        return read_path(payload, row.source) if row.source else None

    def convert(self, record_type: str, target: str, raw: Any) -> Any:
        """A value as the target field takes it, by what is known of the field: pure. Raises RecordError naming it."""
        return raw

    def standing(self, item: Item) -> Standing:
        """Look up what is there now of a prepared item. Raises SyncError when the vendor doesn't tell."""
        text = _("%(connector)s can't look up what is there now.") % {"connector": self.label}
        return Standing({**item.mapped.defaults, **item.values}, blind=text)

    @classmethod
    def acknowledge(cls, ok: bool, reason: str = "") -> dict[str, Any]:
        """The JSON answer the vendor wants for a webhook call."""
        return {"ok": ok}

    @classmethod
    def job_label(cls, job: str) -> Any:
        """What users call a job; of one that it doesn't have any more, its bare name."""
        return cls.job_labels.get(job, job)

    # -- what core gives ------------------------------------------------------------------------

    @classmethod
    def record_type(cls, name: str) -> RecordType:
        return next(record_type for record_type in cls.record_types if record_type.name == name)

    def mapping(self, record_type: str) -> tuple[MappingRow, ...]:
        """The enabled and disabled rows of Edit Mapping, read once."""
        if record_type not in self._mapping:
            rows = FieldMapping.objects.filter(connection_id=self.connection.pk, record_type=record_type)
            self._mapping[record_type] = tuple(
                MappingRow(row.source, row.target, row.default, row.enabled, row.is_key) for row in rows
            )
        return self._mapping[record_type]

    def cursor(self, job: str) -> dict[str, Any]:
        """How far a job has read: what its last page said; {} when there was none."""
        found = Cursor.objects.filter(connection_id=self.connection.pk, job=job).first()
        return found.value if found else {}

    def try_mapping(self, record_type: str, rows: Iterable[MappingRow]) -> None:
        """Work with these rows instead of the saved ones."""
        self._mapping[record_type] = tuple(rows)

    def fields(self, record_type: str) -> dict[str, Field]:
        """The vendor's fields by name as last read from the account; empty when they never were."""
        if record_type not in self._fields:
            catalog = FieldCatalog.objects.filter(connection_id=self.connection.pk, record_type=record_type).first()
            self._fields[record_type] = {
                spec["name"]: Field(**{**spec, "kind": Kind(spec["kind"]), "options": tuple(spec["options"])})
                for spec in (catalog.fields if catalog else [])
            }
        return self._fields[record_type]

    def forget_fields(self, record_type: str) -> None:
        """They were read anew."""
        self._fields.pop(record_type, None)

    def load(self) -> None:
        """Read mapping and fields now: `deliver` and `prepare` run without the database."""
        for record_type in self.record_types:
            self.mapping(record_type.name)
            self.fields(record_type.name)

    @cached_property
    def limits(self) -> RateLimits:
        """The vendor's rate limits; one object for all threads of a drain."""
        return RateLimits({})

    def close(self) -> None:
        """Give back the client's connections."""
