"""The connector interface: what a vendor's folder implements and the words it speaks with the engine."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from integrations.core.errors import RecordError
from integrations.core.http.ratelimit import RateLimits
from integrations.core.mapping import Mapped, MappingRow, map_record, read_path
from integrations.core.models import Connection, Delivery, FieldCatalog, FieldMapping, Link, Run
from integrations.core.models.journal import EventOutcome

if TYPE_CHECKING:
    from integrations.core.http import Call

Result = EventOutcome


class Kind(enum.StrEnum):
    """Types of a vendor's field, as far as mapping must know them."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    EMAIL = "email"
    PHONE = "phone"
    CHOICE = "choice"


@dataclass(frozen=True)
class Field:
    """A field of the vendor, as `describe()` reads it live. `options` are the values a choice accepts."""

    name: str
    label: str
    kind: Kind = Kind.TEXT
    required: bool = False
    unique: bool = False
    options: tuple[str, ...] = ()
    max_length: int | None = None
    # It can be read, but nobody can write it.
    read_only: bool = False
    # The vendor's own name of its type, where its connector wants to know.
    type: str = ""


@dataclass(frozen=True)
class RecordType:
    """What travels. `mapping` prefills Edit Mapping; `optional` types have a switch.

    Of a type that `merges`, several waiting records with one key become one: the newest is sent in the oldest's place.
    `source` names what `describe` tells the source's fields by, when only those may be mapped; else any can be typed.
    One that is `two_way` is kept equal on both sides: each field of the source goes with one of the other side's.
    """

    name: str
    label: Any
    plural: Any
    mapping: tuple[MappingRow, ...] = ()
    batch_size: int = 1
    optional: bool = False
    merges: bool = False
    source: str = ""
    two_way: bool = False


@dataclass(frozen=True)
class Record:
    """A record that arrived. `key` identifies it at its source; `problem` makes it a failed event at once.

    `dedupe_key` (64 characters at most): records with the same one take effect once per connection.
    """

    record_type: str
    key: str
    payload: dict[str, Any]
    label: str = ""
    source_time: datetime.datetime | None = None
    dedupe_key: str | None = None
    problem: str = ""


@dataclass(eq=False)
class Item:
    """A taken event, ready to deliver. `mapped` is set before a connector sees it."""

    event_id: int
    run_id: int
    record_type: str
    key: str
    payload: dict[str, Any]
    attempts: int
    urgent: bool
    source_time: datetime.datetime | None
    retried: bool
    link: Link | None
    parent: Link | None = None
    mapped: Mapped = field(default_factory=Mapped)

    @property
    def values(self) -> dict[str, Any]:
        return self.mapped.values

    @cached_property
    def fingerprint(self) -> str:
        return self.mapped.fingerprint()

    @property
    def maybe_applied(self) -> bool:
        """An earlier attempt may have reached the vendor without our knowing."""
        return self.attempts > 1


@dataclass(frozen=True)
class Outcome:
    """What became of one item. `call` and `row` (0-based) say where in which request it travelled."""

    item: Item
    result: Result
    message: str = ""
    code: str = ""
    remote_id: str = ""
    call: Call | None = None
    row: int | None = None
    retry_after: float | None = None
    # Nothing was sent: the attempt doesn't count.
    unsent: bool = False
    # What the connector wants to keep of it (Connector.keep); core doesn't look into it.
    note: Any = None


class Skip(enum.StrEnum):
    """Why nothing was done. Shown by `SKIP_REASONS`."""

    FILTERED = "filtered"
    CONSENT = "consent"
    CREATE_ONLY = "create-only"
    UPDATE_ONLY = "update-only"
    NO_EMAIL = "no-email"
    ECHO = "echo"
    DO_NOTHING = "do-nothing"
    NO_KEY = "no-key"
    OLDER = "older"
    MERGED = "merged"
    GONE = "gone"
    STOPPED = "stopped"
    REMOVED = "removed"


# In English, as they are stored; translated when they are shown.
SKIP_REASONS: dict[str, str] = {
    Skip.FILTERED: gettext_noop("The connection's filter leaves this record out."),
    Skip.CONSENT: gettext_noop("The person did not consent."),
    Skip.CREATE_ONLY: gettext_noop("It exists already, and the sync behaviour is “Create only new record”."),
    Skip.UPDATE_ONLY: gettext_noop("It doesn't exist yet, and the sync behaviour is “Update only existing record”."),
    Skip.NO_EMAIL: gettext_noop("The person has no e-mail address."),
    Skip.ECHO: gettext_noop("It is what this portal wrote itself, coming back."),
    Skip.DO_NOTHING: gettext_noop("The sync behaviour is “Do Nothing”."),
    Skip.NO_KEY: gettext_noop("It holds none of the values records are identified by."),
    Skip.OLDER: gettext_noop("A newer version of this record has been sent already."),
    Skip.MERGED: gettext_noop("A newer change of the same record was waiting behind it and was sent in its place."),
    Skip.GONE: gettext_noop("The person was deleted here before it was sent."),
    Skip.STOPPED: gettext_noop("Its sync job was stopped before it was sent."),
    Skip.REMOVED: gettext_noop("The connection was removed before it was sent."),
}


@dataclass(frozen=True)
class Page:
    """One page of a pull: its records and the cursor that follows them. They are committed together."""

    records: Sequence[Record]
    cursor: dict[str, Any]


@dataclass(frozen=True)
class Job:
    """A schedule: every so often, or once a day at a local time of the connection's zone.

    While a run of this job or of one in `gives_way_to` is open, its time passes without one, and the log says so –
    unless the job is a `poll`, which leaves no trace when it didn't run or found nothing, and looks again while some of
    what it found waits. `every`: half a minute or more.
    """

    every: datetime.timedelta | None = None
    at: datetime.time | None = None
    gives_way_to: tuple[str, ...] = ()
    # Many records at a time: they let live changes overtake them.
    bulk: bool = False
    poll: bool = False


@dataclass(frozen=True)
class Estimate:
    """How much a bulk job has before it: records, and seconds at the vendor's allowed rate."""

    records: int
    seconds: float


@dataclass(frozen=True)
class CheckStep:
    """One step of Test connection, in plain words."""

    label: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True)
class Received:
    """What a delivery held. `ignored` says what was not understood and therefore left out."""

    records: list[Record]
    ignored: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Standing:
    """How a record stands at the vendor now, looked up for a preview. Values are by target field.

    `sent`: as they would be written. `there`: those of the record that is there already; None when there is none.
    `by`: the target field it was found by, if by one. `changed`: which of `sent` differ from `there` (None: all whose
    text does). `calls` it takes to write it. `blind` says why nobody can tell what is there.
    """

    sent: Mapping[str, Any]
    there: Mapping[str, Any] | None = None
    by: str = ""
    changed: frozenset[str] | None = None
    calls: int = 1
    blind: str = ""


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
