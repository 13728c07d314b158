"""No gap, ever: what changed between two cursors lies in some window, also in the nights that have another number of
hours, and whichever of the two instants FlexPOS means by a time in October's repeated hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from integrations.connectors.flexpos.windows import (
    OVERLAP,
    Window,
    between,
    instant_of,
    oldest,
    since,
    version_of,
    written,
)
from integrations.sandbox.flexpos.times import instant_of_local, year_before

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
# The clock goes from 03:00 back to 02:00 at the one, from 02:00 on to 03:00 at the other.
OCTOBER, MARCH = datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)
NOON = datetime(2026, 7, 1, 10, tzinfo=UTC)

# The machine may be busy with other tests.
unhurried = settings(deadline=None)

Sees = Callable[[Window, datetime], bool]


def by_instant(first: bool) -> Sees:
    """FlexPOS keeps instants; a time in the repeated hour means the first of the two, or the second."""

    def sees(window: Window, changed: datetime) -> bool:
        start, end = (instant_of_local(text, first) for text in (window.modified_from, window.modified_to))
        return start <= changed.timestamp() < end

    return sees


def by_text(window: Window, changed: datetime) -> bool:
    """FlexPOS keeps local times as they are written, and compares those."""
    return window.modified_from <= written(changed) < window.modified_to


READINGS: dict[str, Sees] = {"first": by_instant(True), "second": by_instant(False), "text": by_text}
reading = pytest.mark.parametrize("sees", READINGS.values(), ids=READINGS)


def whole(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(microsecond=0)


def asked(*windows: Window) -> list[tuple[str, str]]:
    return [(window.modified_from, window.modified_to) for window in windows]


near_a_change_of_clocks = st.builds(
    lambda change, seconds: change + timedelta(seconds=seconds),
    st.sampled_from([OCTOBER, MARCH]),
    st.integers(min_value=-4 * 3600, max_value=4 * 3600),
)
anywhere = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.timezones())
instants = near_a_change_of_clocks | anywhere
runs = st.lists(st.timedeltas(timedelta(seconds=1), timedelta(minutes=90)), min_size=1, max_size=8)


@reading
@unhurried
@given(start=instants, pauses=runs, share=st.floats(min_value=0, max_value=1))
def test_what_changed_before_a_run_is_seen_by_that_run(
    sees: Sees, start: datetime, pauses: list[timedelta], share: float
) -> None:
    cursor = start = whole(start)
    changed = whole(start + sum(pauses, timedelta()) * share)
    now = start
    for pause in pauses:
        now += pause
        windows = since(cursor, now)
        if cursor <= changed < whole(now):
            assert any(sees(window, changed) for window in windows)
        cursor = windows[-1].end
    assert cursor == whole(now)


@reading
@unhurried
@given(now=instants, back=st.timedeltas(timedelta(0), timedelta(days=500)), share=st.floats(min_value=0, max_value=1))
@example(now=OCTOBER + timedelta(days=365, minutes=-90), back=timedelta(days=400), share=0.0)
def test_a_long_span_is_read_in_portions_without_a_gap(
    sees: Sees, now: datetime, back: timedelta, share: float
) -> None:
    start = now - back
    windows = between(start, now, now)
    reached = max(whole(start), oldest(now))
    changed = whole(reached + (whole(now) - reached) * share)
    assert any(sees(window, changed) for window in windows) or not reached <= changed < whole(now)
    assert [window.start for window in windows] == [reached, *(window.end for window in windows)][: len(windows)]
    assert all(window.end - window.start <= timedelta(days=7) for window in windows)


@unhurried
@given(now=instants, cursor=instants)
@example(now=MARCH - SECOND, cursor=NOON - timedelta(days=900))
@example(now=OCTOBER - HOUR / 2, cursor=NOON - timedelta(days=900))
@example(now=OCTOBER + timedelta(days=365), cursor=NOON - timedelta(days=900))
@example(now=OCTOBER + timedelta(days=365, minutes=-90), cursor=NOON - timedelta(days=900))
@example(now=datetime(2028, 2, 29, 11, tzinfo=UTC), cursor=NOON - timedelta(days=900))
@example(now=datetime(2028, 3, 1, 11, tzinfo=UTC), cursor=NOON - timedelta(days=900))
def test_no_time_is_asked_for_that_flexpos_refuses(now: datetime, cursor: datetime) -> None:
    """Neither one that no clock showed, nor one that is more than a year ago by the time the call arrives."""
    arrived = year_before(whole(now + timedelta(minutes=50)).timestamp())
    for text in [text for pair in asked(*since(cursor, now)) for text in pair]:
        assert instant_of_local(text, first=True) >= arrived


@unhurried
@given(instants)
def test_no_edge_lies_in_the_repeated_hour(instant: datetime) -> None:
    window = Window(whole(instant) - 90 * SECOND, whole(instant))
    for text in (window.modified_from, window.modified_to):
        assert instant_of_local(text, first=True) == instant_of_local(text, first=False)


def test_every_five_minutes_the_last_ten_are_read_again() -> None:
    (window,) = since(NOON, NOON + timedelta(minutes=5, microseconds=700_000))
    assert asked(window) == [("2026-07-01T11:50:00", "2026-07-01T12:05:00")]
    assert window.end == NOON + timedelta(minutes=5)


def test_in_the_repeated_hour_the_window_reaches_from_before_it_to_after_it() -> None:
    for minutes in (0, 5, 65, 115):
        now = OCTOBER - HOUR + timedelta(minutes=minutes)
        (window,) = since(now - timedelta(minutes=5), now)
        expected = (
            "2026-10-25T01:45:00" if minutes == 0 else "2026-10-25T01:50:00" if minutes == 5 else "2026-10-25T01:59:59"
        )
        assert asked(window) == [(expected, "2026-10-25T03:00:00")]
        assert window.end == now
    after = OCTOBER + HOUR + timedelta(minutes=11)
    assert asked(*since(after - SECOND, after + OVERLAP)) == [("2026-10-25T03:00:59", "2026-10-25T03:21:00")]


def test_in_march_the_missing_hour_is_never_written() -> None:
    (window,) = since(MARCH + timedelta(minutes=2), MARCH + timedelta(minutes=7))
    assert asked(window) == [("2026-03-29T01:52:00", "2026-03-29T03:07:00")]


def test_a_year_back_is_a_year_less_an_hour() -> None:
    windows = between(NOON - timedelta(days=700), NOON, NOON)
    assert windows[0].modified_from == "2025-07-01T13:00:00"
    assert windows[-1].end == NOON
    assert len(windows) == 53


def test_a_cursor_in_the_future_is_led_back_to_now() -> None:
    (window,) = since(NOON + DAY, NOON)
    assert (window.start, window.end) == (NOON - OVERLAP, NOON)


def test_a_span_ends_now_at_the_latest_and_an_empty_one_asks_for_nothing() -> None:
    assert between(NOON - HOUR, NOON + DAY, NOON)[-1].end == NOON
    assert between(NOON, NOON, NOON) == []
    assert between(NOON + HOUR, NOON + DAY, NOON) == []


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-07-01T12:00:00", NOON),
        ("2026-07-01T12:00:00.25", NOON + timedelta(microseconds=250_000)),
        ("2026-07-01T10:00:00Z", NOON),
        ("2026-10-25T01:59:59", OCTOBER - HOUR - SECOND),
        ("2026-10-25T02:30:00", OCTOBER + HOUR / 2),
        ("2026-10-25T03:00:00", OCTOBER + HOUR),
        ("0001-01-01T00:00:00", None),
        ("2026-02-30T00:00:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (20260701, None),
    ],
)
def test_a_time_of_flexpos_is_an_instant_or_none(text: object, instant: datetime | None) -> None:
    assert instant_of(text) == instant


@unhurried
@given(st.lists(near_a_change_of_clocks | st.sampled_from([OCTOBER, MARCH]), min_size=2, max_size=2))
def test_what_was_saved_later_is_never_called_older(saved: list[datetime]) -> None:
    earlier, later = (version_of(written(instant)) for instant in sorted(saved))
    assert earlier is not None
    assert later is not None
    assert earlier <= later


def test_versions_of_the_repeated_hour_are_equal_and_lie_between_those_around_it() -> None:
    texts = ("01:59:59", "02:00:00", "02:59:59", "03:00:00")
    before, first, last, after = (version_of(f"2026-10-25T{text}") for text in texts)
    assert before is not None
    assert first is not None
    assert after is not None
    assert before < first == last < after
