"""The work of one drain: it empties a connection's queue in two lanes, with the lease held.

HTTP runs in threads; the database is touched by the main thread only. Live changes have threads of their own and
go first at the rate limit, so they overtake bulk work that is already under way.
"""

from __future__ import annotations

import datetime
import threading
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from django.utils import timezone

from integrations.core.connector import Connector, Item, Outcome, Result, Skip
from integrations.core.engine import control, inbox, queue, retry
from integrations.core.engine.breaker import Breaker
from integrations.core.engine.lane import FIRST_TAKE, MAX_TAKE, Lane
from integrations.core.engine.lease import Held
from integrations.core.engine.send import prepare, send, skipped
from integrations.core.engine.settle import settle
from integrations.core.http.ratelimit import in_lane
from integrations.core.models import Connection
from integrations.core.versions import current_version

# Seconds between looks at the settings, at new webhooks and at the lease.
TICK = 1.0
# Fewer than this many records are sent again after a crash.
SETTLE_SIZE = 650
# A drain stays this many seconds for a record that is due soon (after a 429, not after a failure: see BACKOFF).
LINGER = 10.0


class Drain:
    """`run()` is called once. `version`: of the settings the connector was loaded with. `budget`: seconds to send."""

    def __init__(self, connector: Connector, held: Held, version: int | None, *, budget: float) -> None:
        self.connector = connector
        self.connection: Connection = connector.connection
        self.held = held
        self.deadline = time.monotonic() + budget
        self.version = version
        self.outcomes: list[Outcome] = []
        self.settled_at = time.monotonic()
        # The first look comes at once: settings may have been saved while they were read.
        self.ticked_at = float("-inf")
        self.stopping = False
        self.removed = False
        self.progressed = False
        self.breaker = Breaker(held.left.failures)
        self.lanes: list[Lane] = []
        self.pause = threading.Event()
        # Runs somebody paused or is stopping.
        self.halted: frozenset[int] = frozenset()

    def run(self) -> None:
        threads = self.connector.concurrency
        with (
            ThreadPoolExecutor(threads, thread_name_prefix="live") as live,
            ThreadPoolExecutor(threads, thread_name_prefix="bulk") as bulk,
        ):
            size = 1 if self.breaker.failures else FIRST_TAKE
            self.lanes = [Lane(urgent=True, pool=live, size=size), Lane(urgent=False, pool=bulk, size=size)]
            try:
                self._work()
            except BaseException:
                self.stopping = True
                for lane in self.lanes:
                    lane.pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _work(self) -> None:
        while True:
            self._tick()
            if not self.stopping:
                for lane in self.lanes:
                    self._refill(lane)
                    self._dispatch(lane)
            flying = [future for lane in self.lanes for future in lane.flying]
            if flying:
                wait(flying, timeout=TICK, return_when=FIRST_COMPLETED)
            elif self.stopping or any(lane.full for lane in self.lanes) or not self._linger():
                break
            for lane in self.lanes:
                self._land(lane)
            self._settle()
        self._settle(everything=True)
        queue.release(item for lane in self.lanes for item in lane.buffer)
        control.end_stopped(self.held, removed=self.removed)

    def _linger(self) -> bool:
        """Wait here for what is due in a moment (after a 429, say): a new drain would come a minute later."""
        now = timezone.now()
        soon = now + datetime.timedelta(seconds=LINGER)
        due = queue.next_due(self.connection.pk, before=soon, paused=self.halted)
        if due is None:
            return False
        seconds = (due - now).total_seconds()
        if time.monotonic() + seconds > self.deadline:
            return False
        self.pause.wait(min(max(seconds, 0.0), TICK))
        return True

    # -- once a second ---------------------------------------------------------------------------

    def _tick(self) -> None:
        now = time.monotonic()
        if now >= self.deadline:
            self.stopping = True
        if now - self.ticked_at < TICK:
            return
        self.ticked_at = now
        self.held.renew()
        if self._settings_changed():
            self.stopping = True
        else:
            self._read_inbox()
            self._obey()

    def _obey(self) -> None:
        """Put back the bulk work of runs that were paused or stopped since the last look."""
        self.halted = control.halted(self.connection.pk)
        if self.halted:
            bulk = self.lanes[1]
            queue.release(item for item in bulk.buffer if item.run_id in self.halted)
            bulk.buffer = deque(item for item in bulk.buffer if item.run_id not in self.halted)
            control.end_stopped(self.held, [item.event_id for item in self._in_hand()])

    def _read_inbox(self) -> None:
        if inbox.read_deliveries(self.connector, self.held, seconds=TICK):
            self.lanes[0].rests_until = 0.0

    def _settings_changed(self) -> bool:
        """Disabled, or saved anew: this drain ends, and the next one works by the new settings."""
        state = self._state()
        self.removed = state == Connection.State.REMOVED
        return state != Connection.State.ENABLED or current_version(self.connection) != self.version

    def _state(self) -> str | None:
        """As it is now; None when the connection is gone."""
        return Connection.objects.filter(pk=self.connection.pk).values_list("state", flat=True).first()

    # -- taking and sending ----------------------------------------------------------------------

    def _refill(self, lane: Lane) -> None:
        # While the threads still have a round to send, the next chunk is taken and mapped.
        if lane.full or len(lane.buffer) >= self.connector.concurrency * self._batch_size(lane):
            return
        if time.monotonic() < lane.rests_until and any(other.flying for other in self.lanes):
            return
        while items := self._take(lane):
            if self._prepare(lane, items):
                return

    def _take(self, lane: Lane) -> list[Item]:
        """The next records of its type; none where there are none now, or where the settings were changed."""
        # What is settled in memory only still blocks newer events of its key.
        self._settle(everything=not lane.flying)
        items = queue.take(
            self.connector, urgent=lane.urgent, limit=lane.size, flying=self._in_hand(), paused=self.halted
        )
        if not items or self._other_type(lane, items):
            queue.release(items)
            lane.rests_until = time.monotonic() + TICK
            return []
        if any(item.retried for item in items) and self._settings_changed():
            # Somebody repaired something and pressed Retry: not by what was loaded before.
            queue.release(items)
            self.stopping = True
            return []
        lane.record_type = items[0].record_type
        lane.size = min(MAX_TAKE, lane.size * 2)
        return items

    def _prepare(self, lane: Lane, items: list[Item]) -> bool:
        """Map them into the buffer; False when none is left to be sent."""
        items, superfluous = queue.merge(self.connector, items)
        self.outcomes.extend(skipped(item, Skip.MERGED) for item in superfluous)
        self.connector.refresh(items)
        to_send, settled = prepare(self.connector, items)
        lane.buffer.extend(to_send)
        self.outcomes.extend(settled)
        return bool(to_send)

    def _in_hand(self) -> list[Item]:
        """Events this drain has taken and not settled: a live change may have moved one to the other lane."""
        taken = [item for lane in self.lanes for item in lane.items()]
        return taken + [outcome.item for outcome in self.outcomes]

    def _other_type(self, lane: Lane, items: list[Item]) -> bool:
        """Types keep their order: the next one starts when the last batch of this one has landed."""
        return bool(lane.buffer or lane.flying) and items[0].record_type != lane.record_type

    def _batch_size(self, lane: Lane) -> int:
        return self.connector.record_type(lane.record_type).batch_size if lane.record_type else 1

    def _dispatch(self, lane: Lane) -> None:
        size = self._batch_size(lane)
        while lane.buffer and not lane.full and len(lane.flying) < lane.window:
            items = [lane.buffer.popleft() for _ in range(min(size, len(lane.buffer)))]
            lane.flying[lane.pool.submit(self._send, lane, items)] = items

    def _send(self, lane: Lane, items: list[Item]) -> list[Outcome]:
        """In a thread: send unless the drain is over or its lease may have been taken."""
        if self.stopping or not self._wanted(lane, items):
            return [Outcome(item, Result.PENDING, unsent=True) for item in items]
        with in_lane(urgent=lane.urgent, deadline=self.deadline, alive=lambda: self._wanted(lane, items)):
            return send(self.connector, lane.record_type, items)

    def _wanted(self, lane: Lane, items: list[Item]) -> bool:
        """Asked again when the rate limit has let a batch through: somebody may have paused its run meanwhile."""
        halted = not lane.urgent and all(item.run_id in self.halted for item in items)
        return self.held.alive() and not halted

    # -- landing and settling --------------------------------------------------------------------

    def _land(self, lane: Lane) -> None:
        for future in [future for future in lane.flying if future.done()]:
            items = lane.flying.pop(future)
            outcomes = future.result()
            unsent = [outcome.item for outcome in outcomes if outcome.result == Result.PENDING]
            queue.release(unsent)
            lane.full = lane.full or len(unsent) == len(items)
            self.outcomes.extend(outcome for outcome in outcomes if outcome.result != Result.PENDING)
            self._watch(lane, outcomes)

    def _watch(self, lane: Lane, outcomes: list[Outcome]) -> None:
        """Stop for a setting that must be corrected; pause after repeated failures; go faster while all is well."""
        codes = {outcome.code for outcome in outcomes}
        troubled = codes & {"configuration", "temporary", "throttled"}
        lane.pace(troubled=bool(troubled), threads=self.connector.concurrency)
        if "configuration" in codes:
            self.stopping = True
            # Once: batches still under way say the same, and somebody may have disabled or corrected it meanwhile.
            if self.connection.state == Connection.State.ENABLED and self._state() == Connection.State.ENABLED:
                reason = next(outcome.message for outcome in outcomes if outcome.code == "configuration")
                self.connection.set_state(Connection.State.ATTENTION, reason)
        elif "temporary" in codes:
            self.breaker.failures += 1
            self.stopping = self.stopping or self.breaker.tripped
        elif codes - {"throttled"} and any(outcome.result != Result.PENDING for outcome in outcomes):
            self.breaker.failures = 0

    def _settle(self, *, everything: bool = False) -> None:
        ripe = len(self.outcomes) >= SETTLE_SIZE or time.monotonic() - self.settled_at >= TICK
        if self.outcomes and (ripe or everything):
            open_runs = {item.run_id for lane in self.lanes for item in lane.items()}
            settle(self.held, self.version, self.outcomes, open_runs=open_runs, keep=self.connector.keep)
            retried = {outcome.item.run_id for outcome in self.outcomes if outcome.item.retried}
            self.outcomes = []
            self.progressed = True
            self.settled_at = time.monotonic()
            for run_id in retried:
                retry.go_on(run_id)
