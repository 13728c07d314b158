"""A worker's part of a CSV import: for a bounded time, then the next one goes on where it stands.

A check looks at portions of the file and undoes each. “Import the good rows” commits a thousand rows together with how
far it has come: who is killed in between has written nothing that isn't counted. “Import nothing” is one transaction.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_noop
from django_q.tasks import async_task

from integrations.core.batch import CHUNK
from integrations.core.history import recorded_as
from integrations.core.imports import control
from integrations.core.imports.columns import BulkFile
from integrations.core.imports.files import CsvFile, Unreadable, read
from integrations.core.imports.kinds import kinds_of
from integrations.core.imports.load import Problem, Report, load
from integrations.core.imports.related import portions
from integrations.core.imports.turn import Turn, TurnLost, take
from integrations.core.models import Import, ImportFile
from integrations.core.preferences import known_zone

logger = logging.getLogger(__name__)

# Seconds a task works before it hands on; what is written at once has to be done by then.
BUDGET = 45.0
MOST_TRIES = 3
State = Import.State

FORBIDDEN = gettext_noop("This account may not import it any more. Ask an administrator, then upload the file again.")
STUMBLED = gettext_noop(
    "The portal stumbled over the same rows three times and gave up. Tell your operator the number of this import."
)
TOO_LONG = gettext_noop(
    "To write all rows at once takes too long here, so nothing was imported. Divide the file, or choose “Import the "
    "good rows”."
)


class GivenUp(Exception):
    """It can't be done; the text says what to do."""


def work(import_id: int, *, budget: float = BUDGET) -> None:
    """Go on where it stands. One worker at a time."""
    if (turn := take(import_id)) is None:
        return
    one = Import.objects.select_related("uploaded_by", "started_by").get(pk=import_id)
    try:
        with _as_uploaded(one):
            _Work(one, turn, budget).go_on()
    except TurnLost:
        return
    except GivenUp as reason:
        control.end(import_id, State.FAILED, (turn.state,), str(reason))
    except Exception as error:  # noqa: BLE001 – its text may hold a row; the sweep tries again
        logger.error("%s in CSV import %s", type(error).__name__, import_id)
        turn.release()
    else:
        turn.release()
        if Import.objects.filter(pk=import_id, state=turn.state).exists():
            async_task("integrations.core.tasks.load_file", import_id)


@contextmanager
def _as_uploaded(one: Import) -> Iterator[None]:
    """Sentences in the language, and dates in the time zone, of whoever uploaded it."""
    zone = known_zone(one.time_zone)
    with translation.override(one.language), timezone.override(zone) if zone else nullcontext():
        yield


class _Work:
    """An import in the hands of this worker."""

    def __init__(self, one: Import, turn: Turn, budget: float) -> None:
        self.one = one
        self.turn = turn
        self.end = time.monotonic() + budget
        self.worked = one.worked
        self.report = Report(Counter(one.counts), [Problem(*each) for each in one.problems])
        if one.tries > MOST_TRIES:
            raise GivenUp(STUMBLED)
        kind, user = kinds_of(one.source).get(one.kind), self._user()
        if kind is None or user is None or not user.has_perms(kind.permissions):
            raise GivenUp(FORBIDDEN)
        self.user: User = user
        self.file = self._file(kind)
        self.resource = kind(self.file)

    def _user(self) -> User | None:
        """In whose name it is done."""
        one = self.one
        return one.uploaded_by if one.state == State.CHECKING else one.started_by

    def _file(self, kind: type[BulkFile]) -> CsvFile:
        raw = ImportFile.objects.filter(pk=self.one.pk).values_list("body", flat=True).first()
        if raw is None:
            raise TurnLost
        try:
            return read(raw, lambda names: kind.check(self.user, names))
        except Unreadable as unreadable:
            raise GivenUp(str(unreadable)) from None

    def go_on(self) -> None:
        if self.one.state == State.CHECKING:
            self._check()
            return
        with recorded_as(self.user):
            if self.one.all_or_nothing:
                self._import_at_once()
            else:
                self._import_good_rows()

    def _check(self) -> None:
        done = 0
        keys = [self.file.columns.index(name) for name in self.resource.key_names() if name in self.file.columns]
        for numbers in portions(self.file.rows, keys, CHUNK):
            done += len(numbers)
            if done <= self.one.done:
                continue
            with transaction.atomic():
                report = load(self.resource, self.file, numbers)
                transaction.set_rollback(True)
            self._keep(report, done, **({"state": State.CHECKED} if done == self.one.rows else {}))
            if self._is_over():
                return

    def _import_good_rows(self) -> None:
        for at in range(self.one.done, self.one.rows, CHUNK):
            done = min(at + CHUNK, self.one.rows)
            with transaction.atomic():
                self.turn.renew()
                self._keep(load(self.resource, self.file, range(at + 1, done + 1)), done)
                if done == self.one.rows:
                    self._finish()
            if self._is_over():
                return

    def _import_at_once(self) -> None:
        whole = Report()
        with transaction.atomic():
            self.turn.renew()
            for at in range(0, self.one.rows, CHUNK):
                whole.add(load(self.resource, self.file, range(at + 1, min(at + CHUNK, self.one.rows) + 1)))
                if self._is_over():
                    raise GivenUp(TOO_LONG)
            if whole.refused:
                transaction.set_rollback(True)
            else:
                self._keep(whole, self.one.rows)
                self._finish()
        if whole.refused:
            with transaction.atomic():
                self._keep(whole, self.one.rows)
                control.end(self.one.pk, State.NOTHING, (State.IMPORTING,))

    def _keep(self, report: Report, done: int, **changes: Any) -> None:
        self.report.add(report)
        self.worked += self.turn.lap()
        self.turn.renew(
            done=done,
            counts=dict(self.report.counts),
            problems=self.report.problems,
            worked=self.worked,
            tries=0,
            **changes,
        )

    def _finish(self) -> None:
        changed = any(self.report.counts[outcome] for outcome in control.CHANGED)
        control.end(self.one.pk, State.DONE if changed else State.NOTHING, (State.IMPORTING,))

    def _is_over(self) -> bool:
        return time.monotonic() >= self.end
