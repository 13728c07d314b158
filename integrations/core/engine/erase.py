"""Erase person: everything the portal keeps of somebody goes, in small steps that survive a crash.

1. files that wait to be imported are deleted, whoever stands in them: none can bring the person back
2. sources take out their own rows; what that announces to connections is caught by the next step
3. the person's events, a connection at a time under its lease, so that no drain settles them meanwhile
4. all payloads are decrypted and looked through: whatever mentions the person is treated like 3
5. so are all calls, webhook calls and other texts that may mention anybody: no index leads from a person to those

Each step's work and its progress commit together. Doing it twice finds nothing the second time.
"""

from __future__ import annotations

import datetime
import json
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import models, transaction
from django.utils import timezone
from django_q.tasks import async_task

from integrations.core import keyset
from integrations.core.engine.lease import Held, acquire
from integrations.core.engine.wake import wake
from integrations.core.imports import control as imports
from integrations.core.models import Erasure, Event
from integrations.core.persons import scrub
from integrations.core.persons.holders import holders
from integrations.core.persons.person import Mentions, Person, RecordKey, e164, is_phone
from integrations.core.persons.tables import texts
from integrations.core.persons.trace import event_rows, find
from integrations.core.redact import pseudonym

logger = logging.getLogger(__name__)

# Seconds a task works before it hands on, and after which a silent worker is taken to be dead.
BUDGET, SILENT = 45.0, datetime.timedelta(minutes=2)
CHUNK = 500
# Records whose events are asked for in one statement.
SLICE = 50
RECORDS_AT_MOST = 5000
# Seconds to wait for a drain to hand on its lease; then the next sweep tries again.
PATIENCE = 10.0
IMPORTS, SOURCES, RECORDS, PAYLOADS = "imports", "sources", "records", "payloads"


def steps() -> list[str]:
    return [IMPORTS, SOURCES, RECORDS, PAYLOADS, *texts()]


def digest(term: str) -> str:
    """Keyed, and the same for all spellings of an e-mail address or phone number."""
    text = (is_phone(term) and e164(term)) or term.strip().lower()
    return pseudonym(f"erased person {text}")


def start(term: str, by: str) -> Erasure:
    """Begin to erase whoever a term leads to. Finished by a worker; the sweep picks up what a crash left."""
    person = find(term, None, records_at_most=RECORDS_AT_MOST)
    subject = {"term": term, "names": sorted(person.names), "records": sorted(person.records)}
    erasure = Erasure.objects.create(digest=digest(term), by=by, step=IMPORTS, subject=json.dumps(subject))
    transaction.on_commit(lambda: _ask(erasure.pk))
    return erasure


def ask(now: datetime.datetime) -> None:
    """For the sweep: those that nobody is at work on."""
    for pk in Erasure.objects.filter(finished_at__isnull=True, worked_until__lt=now).values_list("pk", flat=True):
        _ask(pk)


def _ask(erasure_id: int) -> None:
    async_task("integrations.core.tasks.erase", erasure_id)


def erase(erasure_id: int, *, budget: float = BUDGET) -> None:
    """Go on where it stands, for a bounded time. One worker at a time."""
    now = timezone.now()
    free = Erasure.objects.filter(pk=erasure_id, finished_at__isnull=True, worked_until__lt=now)
    if not free.update(worked_until=now + SILENT):
        return
    work = _Work(Erasure.objects.get(pk=erasure_id))
    try:
        going = work.go_on(budget)
    except Exception as error:  # noqa: BLE001 – its text may hold the person; the sweep tries again
        logger.error("%s in erasure %s at %s", type(error).__name__, erasure_id, work.erasure.step)
        return
    Erasure.objects.filter(pk=erasure_id).update(worked_until=timezone.now())
    if going and not work.done:
        _ask(erasure_id)


def percent(erasure: Erasure) -> int:
    """How far it has come, by steps, and within one by the ids of its table."""
    if erasure.finished_at is not None:
        return 100
    names = steps()
    at = names.index(erasure.step) if erasure.step in names else 0
    table = texts().get(erasure.step)
    last = table.model._base_manager.aggregate(last=models.Max("pk"))["last"] if table is not None else None
    within = min(1.0, erasure.after / last) if last else 0.0
    return min(99, int(100 * (at + within) / len(names)))


class _Work:
    """An erasure in the hands of this worker."""

    def __init__(self, erasure: Erasure) -> None:
        self.erasure = erasure
        subject = json.loads(erasure.subject or "{}")
        self.term: str = subject.get("term", "")
        self.names = frozenset(subject.get("names", ()))
        self.records = [RecordKey(*record) for record in subject.get("records", ())]
        self.person = Person(self.names, frozenset(self.records))
        self.mentions = Mentions([*self.names, *(record.key for record in self.records)])
        self.counts: Counter[str] = Counter(erasure.counts)

    @property
    def done(self) -> bool:
        return self.erasure.finished_at is not None

    def go_on(self, budget: float) -> bool:
        """For so many seconds. False: something is in the way."""
        end = time.monotonic() + budget
        going = True
        while going and not self.done and time.monotonic() < end:
            going = self.step()
        return going

    def step(self) -> bool:
        """One portion. False: something is in the way, try again later."""
        match self.erasure.step:
            case "imports":
                return self._imports()
            case "sources":
                return self._sources()
            case "records":
                return self._records()
            case "payloads":
                return self._payloads()
            case _:
                return self._texts()

    def _imports(self) -> bool:
        with transaction.atomic():
            self.counts["imports"] += imports.drop_files()
            self._next()
        return True

    def _sources(self) -> bool:
        for one in holders():
            with transaction.atomic():
                self.counts.update(one.erase(self.person))
                self._keep(SOURCES, 0)
        self._next()
        return True

    def _records(self) -> bool:
        """`after` is the first of the records that are still to be seen to."""
        at = self.erasure.after
        part = self.records[at : at + SLICE]
        # Those that were seen to are found no more: their labels and keys are gone.
        ids = next(keyset.chunks(event_rows(Person(self.names, frozenset(part)), None), CHUNK), [])
        if not ids:
            if not self._finish_part(part):
                return False
            if at + SLICE < len(self.records):
                self._keep(RECORDS, at + SLICE)
            else:
                self._next()
            return True
        return self._scrub(ids, RECORDS, at)

    def _finish_part(self, part: Collection[RecordKey]) -> bool:
        """Links of records that have no event (any more), and what connectors keep beside them."""
        by_connection: dict[int, list[RecordKey]] = defaultdict(list)
        for record in part:
            by_connection[record.connection_id].append(record)
        for connection_id, records in by_connection.items():
            if (held := _lease(connection_id)) is None:
                return False
            with _released(held), transaction.atomic():
                held.renew()
                self.counts["links"] += scrub.delete_links(records)
                for one in holders():
                    self.counts.update(one.erase_in(connection_id, self.person))
                self._keep(RECORDS, self.erasure.after)
        return True

    def _payloads(self) -> bool:
        ids, last = scrub.mentioned_in_payloads(self.erasure.after, CHUNK, self.mentions)
        if last is None:
            self._next()
            return True
        if not self._scrub(ids, PAYLOADS, self.erasure.after):
            return False
        self._keep(PAYLOADS, last)
        return True

    def _scrub(self, event_ids: Collection[int], step: str, after: int) -> bool:
        by_connection: dict[int, list[int]] = defaultdict(list)
        for pk, connection_id in Event.objects.filter(pk__in=event_ids).values_list("pk", "connection_id"):
            by_connection[connection_id].append(pk)
        for connection_id, ids in by_connection.items():
            if (held := _lease(connection_id)) is None:
                return False
            with _released(held), transaction.atomic():
                held.renew()
                self.counts.update(scrub.scrub_events(connection_id, ids))
                self._keep(step, after)
        return True

    def _texts(self) -> bool:
        table = texts()[self.erasure.step]
        with transaction.atomic():
            changed, last = scrub.scrub_texts(
                table.model, table.columns, self.erasure.after, CHUNK, self.mentions, whole_row=table.whole_row
            )
            if last is None:
                self._next()
            else:
                self.counts["other mentions"] += changed
                self._keep(self.erasure.step, last)
        return True

    def _next(self) -> None:
        names = steps()
        at = names.index(self.erasure.step) + 1
        if at < len(names):
            self._keep(names[at], 0)
        else:
            self.erasure.finished_at, self.erasure.subject = timezone.now(), None
            self._keep("", 0)

    def _keep(self, step: str, after: int) -> None:
        erasure = self.erasure
        erasure.step, erasure.after = step, after
        erasure.counts = {name: number for name, number in self.counts.items() if number}
        erasure.worked_until = timezone.now() + SILENT
        erasure.save(update_fields=["step", "after", "counts", "worked_until", "finished_at", "subject"])


def _lease(connection_id: int) -> Held | None:
    """The right to settle a connection's events. A busy drain hands on within a minute; wait a little for that."""
    end = time.monotonic() + PATIENCE
    while (held := acquire(connection_id)) is None and time.monotonic() < end:
        time.sleep(0.1)
    return held


@contextmanager
def _released(held: Held) -> Iterator[None]:
    """Give the lease back afterwards, and wake the drain that may have found it taken."""
    try:
        yield
    finally:
        held.release()
        wake(held.connection_id)
