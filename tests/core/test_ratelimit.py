"""Windows, lanes and pauses. Spacing is asserted from below only: a busy machine is slow, never fast."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from integrations.core.errors import NotSent, TemporaryError
from integrations.core.http.ratelimit import LONGEST_PAUSE, SLACK, Limit, RateLimits, in_lane, lane


def soon(seconds: float = 0.1) -> float:
    return time.monotonic() + seconds


def test_a_window_is_filled_at_once_and_then_slides() -> None:
    limits = RateLimits({"default": Limit(3, 0.3)})
    times = []
    for _ in range(7):
        limits.acquire()
        times.append(time.monotonic())
    assert times[2] - times[0] < 0.2
    for early, late in zip(times, times[3:], strict=False):
        assert late - early >= 0.3


def test_threads_share_a_window() -> None:
    limits = RateLimits({"default": Limit(4, 0.25)})
    times: list[float] = []

    def take(_number: int) -> None:
        limits.acquire()
        times.append(time.monotonic())

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(take, range(12)))
    times.sort()
    for early, late in zip(times, times[4:], strict=False):
        assert late - early >= 0.25


def test_names_have_windows_of_their_own_and_unknown_ones_share_the_default() -> None:
    limits = RateLimits({"default": Limit(1, 60), "bulk": Limit(1, 60), "free": Limit(0)})
    limits.acquire("bulk")
    limits.acquire("typo")
    for name in ("bulk", "default", "typo"):
        with pytest.raises(NotSent):
            limits.acquire(name, deadline=soon())
    for _ in range(100):
        limits.acquire("free", deadline=soon())


def test_a_slot_that_comes_too_late_is_refused_at_once_and_says_when() -> None:
    limits = RateLimits({"default": Limit(1, 60)})
    limits.acquire()
    started = time.monotonic()
    with pytest.raises(NotSent, match="rate limit leaves no room") as caught:
        limits.acquire(deadline=soon(5))
    assert time.monotonic() - started < 1
    assert 59 < (caught.value.retry_after or 0) <= 60 + SLACK
    assert isinstance(caught.value, TemporaryError)


def test_waiters_beyond_the_deadline_are_refused_those_before_it_are_served() -> None:
    limits = RateLimits({"default": Limit(1, 0.2)})
    limits.acquire()
    outcomes = []

    def take(_number: int) -> None:
        try:
            limits.acquire(deadline=deadline)
            outcomes.append("sent")
        except NotSent:
            outcomes.append("not sent")

    deadline = soon(0.2 + SLACK + 0.1)
    with ThreadPoolExecutor(5) as threads:
        list(threads.map(take, range(5)))
    assert sorted(outcomes) == ["not sent"] * 4 + ["sent"]


def test_urgent_waiters_go_first() -> None:
    limits = RateLimits({"default": Limit(1, 0.15)})
    limits.acquire()
    order: list[str] = []

    def take(name: str, urgent: bool) -> None:
        limits.acquire(urgent=urgent)
        order.append(name)

    threads = []
    for name, urgent in (("bulk 1", False), ("bulk 2", False), ("live 1", True), ("live 2", True)):
        threads.append(threading.Thread(target=take, args=(name, urgent)))
        threads[-1].start()
        time.sleep(0.02)
    for thread in threads:
        thread.join()
    assert order == ["live 1", "live 2", "bulk 1", "bulk 2"]


def test_a_pause_stops_everybody_and_is_not_shortened() -> None:
    limits = RateLimits({"default": Limit(100, 1), "free": Limit(0)})
    limits.pause(0.3)
    limits.pause(0.01)
    limits.pause(-5)
    started = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: limits.acquire(("default", "free")[number % 2]), range(8)))
    assert time.monotonic() - started >= 0.28
    assert limits.paused_for() == 0.0


def test_a_pause_refuses_those_who_already_wait() -> None:
    limits = RateLimits({"default": Limit(1, 0.5)})
    limits.acquire()
    refused: list[NotSent] = []

    def take() -> None:
        try:
            limits.acquire(deadline=soon(3))
        except NotSent as error:
            refused.append(error)

    thread = threading.Thread(target=take)
    thread.start()
    time.sleep(0.05)
    limits.pause(60)
    thread.join(1)
    assert not thread.is_alive()
    assert 55 < (refused[0].retry_after or 0) <= 60


def test_a_pause_is_at_most_six_hours() -> None:
    limits = RateLimits()
    limits.pause(1e9)
    assert LONGEST_PAUSE - 5 < limits.paused_for() <= LONGEST_PAUSE


def test_no_limit_costs_next_to_nothing() -> None:
    limits = RateLimits({"default": Limit(0)})
    started = time.thread_time()
    for _ in range(10_000):
        limits.acquire()
    assert time.thread_time() - started < 0.5


def test_windows_and_pause_survive_into_the_next_process() -> None:
    limits = {"default": Limit(2, 60), "bulk": Limit(1, 60), "free": Limit(0)}
    first = RateLimits(limits)
    first.acquire()
    first.acquire("bulk")
    first.pause(30)
    spent = json.loads(json.dumps(first.spent()))
    second = RateLimits(limits)
    second.restore(spent)
    assert 28 < second.paused_for() <= 30.01
    assert second.spent()["windows"].keys() == {"default", "bulk"}
    with pytest.raises(NotSent):
        second.acquire(deadline=soon())

    del spent["paused_until"]
    third = RateLimits(limits)
    third.restore(spent)
    third.acquire(deadline=soon())
    for name in ("default", "bulk"):
        with pytest.raises(NotSent):
            third.acquire(name, deadline=soon())


def test_times_of_a_wrong_clock_or_an_old_process_do_not_block() -> None:
    limits = RateLimits({"default": Limit(1, 5)})
    epoch = time.time()
    limits.restore({"windows": {"default": [epoch - 3600, epoch + 3600], "gone": [epoch]}, "paused_until": epoch - 5})
    limits.acquire(deadline=soon())
    other = RateLimits()
    other.restore({})
    other.restore({"windows": None, "paused_until": epoch + 1e9})
    assert other.paused_for() <= LONGEST_PAUSE


def test_a_lane_holds_inside_its_block() -> None:
    assert lane.get() is None
    with in_lane(urgent=True, deadline=5.0) as chosen:
        assert lane.get() is chosen
        assert (chosen.urgent, chosen.deadline) == (True, 5.0)
    assert lane.get() is None
