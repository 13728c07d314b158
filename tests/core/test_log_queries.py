"""What the log asks of the database: every filter against the plain answer, pages without gaps, bounded cost."""

from __future__ import annotations

import datetime
import itertools
import random

import pytest
import time_machine
from django.utils import timezone

from integrations.core import keyset, logbook
from integrations.core.keyset import Condition, Rows, Stream
from integrations.core.log_filter import Job, LogFilter, Period, Sync, Tab
from integrations.core.models import Event, Run
from tests.core.log_rows import make_connection, make_event, make_run

pytestmark = pytest.mark.django_db
NOON = datetime.datetime(2026, 3, 15, 12, tzinfo=datetime.UTC)


def walk_pages(rows: Rows, size: int) -> list[int]:
    """All ids, going older page by page."""
    seen: list[int] = []
    before = None
    for _ in range(500):
        page = keyset.page(rows, size, before=before)
        seen += page.ids
        before = page.before
        if before is None:
            return seen
    raise AssertionError("It never ends.")


def walk_back(rows: Rows, size: int, after: int) -> list[int]:
    """All ids newer than `after`, going newer page by page."""
    seen: list[int] = []
    for _ in range(500):
        page = keyset.page(rows, size, after=after)
        if page.after is None:
            return [*page.ids, *seen] if not seen else sorted({*seen, *page.ids}, reverse=True)
        seen = [*page.ids, *seen]
        after = page.after
    raise AssertionError("It never ends.")


@pytest.fixture
def many() -> list[Event]:
    chance = random.Random(7)
    connections = [make_connection(f"C{number}") for number in range(3)]
    runs = [make_run(connection, status=status) for connection in connections for status in ("success", "failure")]
    return [
        make_event(
            (run := chance.choice(runs)).connection,
            chance.choice(Event.Outcome.values),
            run=run,
            record_type=chance.choice(["lead", "activity"]),
            key=f"s-{chance.randrange(5)}",
            label=f"n{chance.randrange(5)}@example.test",
        )
        for _ in range(150)
    ]


def expected(events: list[Event], log: LogFilter, visible: list[int] | None) -> list[int]:
    """The plain answer: each filter as a sentence would say it."""
    statuses = dict(Run.objects.values_list("pk", "status"))
    return [
        event.pk
        for event in reversed(events)
        if (visible is None or event.connection_id in visible)
        and (log.connection is None or event.connection_id == log.connection)
        and event.outcome in log.outcomes
        and log.record_type in ("", event.record_type)
        and log.search in ("", event.key, event.label)
        and (not log.job or statuses[event.run_id] == log.job)
    ]


@pytest.mark.parametrize("window", [20_000, 12], ids=["wide window", "narrow window"])
def test_every_combination_of_filters_gives_the_plain_answer(
    many: list[Event], window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset, "SHARE", 4)
    ids = sorted({event.connection_id for event in many})
    for tab, sync, job, record_type, search, visible, connection in itertools.product(
        (Tab.ALL, Tab.SKIPPED, Tab.FAILED),
        (Sync.ALL, Sync.SUCCESS),
        (Job.ALL, Job.FAILURE),
        ("", "activity"),
        ("", "s-2", "n3@example.test"),
        (None, ids[:2]),
        (None, ids[0]),
    ):
        log = LogFilter(tab, job=job, sync=sync, connection=connection, record_type=record_type, search=search)
        rows = logbook.event_rows(log, visible)
        rows = Rows(rows.table, rows.streams, rows.condition, rows.low, rows.high, window)
        assert walk_pages(rows, 7) == expected(many, log, visible), log
        wanted = expected(many, log, visible)
        assert keyset.all_ids(rows, cap=1000, chunk=6) == wanted[::-1], log


def test_a_row_of_two_streams_stands_on_a_page_once_and_takes_one_place() -> None:
    connection = make_connection()
    events = [make_event(connection, key="anna@example.test", label="anna@example.test") for _ in range(9)]
    rows = logbook.event_rows(LogFilter(search="anna@example.test"), None)
    assert walk_pages(rows, 4) == [event.pk for event in reversed(events)]
    assert [len(ids) for ids in keyset.chunks(rows, 4)] == [4, 4, 1]


def test_newer_pages_bring_back_what_older_ones_left(many: list[Event]) -> None:
    rows = logbook.event_rows(LogFilter(Tab.SKIPPED), None)
    wanted = expected(many, LogFilter(Tab.SKIPPED), None)
    assert walk_back(rows, 5, after=wanted[-1]) == wanted[:-1]


def test_counts_are_those_of_the_tabs_and_capped(many: list[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    counts = logbook.tab_counts(LogFilter(), None)
    for tab in Tab:
        assert counts[tab] == (len(expected(many, LogFilter(tab), None)), False)
    monkeypatch.setattr(logbook, "COUNT_CAP", 10)
    assert logbook.tab_counts(LogFilter(), None)[Tab.NEW] == (10, True)


def test_counts_obey_search_job_status_and_visible_connections(many: list[Event]) -> None:
    visible = [many[0].connection_id]
    log = LogFilter(job=Job.FAILURE)
    counts = logbook.tab_counts(log, visible)
    assert counts[Tab.ALL] == (len(expected(many, log, visible)), False)
    log = LogFilter(search="s-2")
    assert logbook.tab_counts(log, visible)[Tab.ALL] == (len(expected(many, log, visible)), False)


def test_a_page_whose_window_ends_says_how_far_it_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyset, "SHARE", 4)
    connection = make_connection()
    events = [make_event(connection) for _ in range(10)]
    condition = Condition("w.record_type = %s", ("activity",), ("record_type",))
    page = keyset.page(Rows(logbook.EVENTS, (Stream(),), condition, window=4), 5)
    assert (page.ids, page.looked_to, page.before) == ([], events[6].pk, events[6].pk)


def test_nobody_sees_anything_without_visible_connections(many: list[Event]) -> None:
    assert keyset.page(logbook.event_rows(LogFilter(), []), 50).ids == []
    assert keyset.page(logbook.event_rows(LogFilter(search=many[0].label), []), 50).ids == []
    assert logbook.tab_counts(LogFilter(), [])[Tab.ALL] == (0, False)


# -- search ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "search", ["anna@example.test", " Anna@Example.TEST ", "s-1", "R{event}", "r{event}", "J{run}"]
)
def test_search_finds_by_label_key_request_id_and_job_id(search: str) -> None:
    connection = make_connection()
    event = make_event(connection)
    make_event(connection, key="s-2", label="bo@example.test")
    search = search.format(event=event.pk, run=event.run_id)
    assert keyset.page(logbook.event_rows(LogFilter(search=search), None), 50).ids == [event.pk]


@pytest.mark.parametrize("search", ["+4520304050", "45 20 30 40 50", "0045-20304050", "+45 (20) 30.40.50"])
def test_search_finds_a_phone_number_in_any_spelling(search: str) -> None:
    event = make_event(make_connection(), label="+4520304050")
    assert keyset.page(logbook.event_rows(LogFilter(search=search), None), 50).ids == [event.pk]


def test_search_is_for_whole_values() -> None:
    make_event(make_connection())
    assert keyset.page(logbook.event_rows(LogFilter(search="anna"), None), 50).ids == []


# -- dates -------------------------------------------------------------------------------------------

ZONE = "Europe/Copenhagen"
INSTANTS = [
    "2026-02-28T22:59:59+00:00",  # 28 February, the last second there
    "2026-02-28T23:00:00+00:00",  # 1 March
    "2026-03-08T22:59:59+00:00",
    "2026-03-08T23:00:00+00:00",  # 9 March: six days before the 15th
    "2026-03-14T22:59:59+00:00",
    "2026-03-14T23:00:00+00:00",  # the 15th
    "2026-03-15T12:00:00+00:00",
]


@pytest.mark.parametrize(
    ("log", "first", "end"),
    [
        (LogFilter(period=Period.TODAY), 5, 7),
        (LogFilter(period=Period.LAST_7_DAYS), 3, 7),
        (LogFilter(period=Period.THIS_MONTH), 1, 7),
        (LogFilter(period=Period.LAST_MONTH), 0, 1),
        (LogFilter(period=Period.CUSTOM, since=datetime.date(2026, 3, 9), until=datetime.date(2026, 3, 14)), 3, 5),
        (LogFilter(period=Period.CUSTOM, until=datetime.date(2026, 2, 28)), 0, 1),
        (LogFilter(period=Period.CUSTOM, since=datetime.date(2026, 3, 15)), 5, 7),
        (LogFilter(period=Period.CUSTOM, since=datetime.date(2026, 4, 1)), 7, 7),
        (LogFilter(period=Period.CUSTOM, until=datetime.date.max), 0, 7),
    ],
)
def test_days_begin_and_end_at_midnight_in_the_users_zone(log: LogFilter, first: int, end: int) -> None:
    connection = make_connection()
    events = [make_event(connection, created_at=datetime.datetime.fromisoformat(instant)) for instant in INSTANTS]
    with time_machine.travel(NOON, tick=False), timezone.override(ZONE):
        found = keyset.page(logbook.event_rows(log, None), 50).ids
    assert found[::-1] == [event.pk for event in events[first:end]]


def test_the_binary_search_finds_the_first_id_whatever_gaps_there_are() -> None:
    connection = make_connection()
    start = NOON
    events = [make_event(connection, created_at=start + datetime.timedelta(minutes=number)) for number in range(40)]
    Event.objects.filter(pk__in=[event.pk for event in events[5:9] + events[20:33]]).delete()
    left = list(Event.objects.order_by("pk").values_list("pk", "created_at"))
    for number in range(-1, 42):
        moment = start + datetime.timedelta(minutes=number, seconds=-1)
        low = keyset.first_id_since(logbook.EVENTS, "created_at", moment)
        assert [pk for pk, _ in left if pk >= low] == [pk for pk, at in left if at >= moment]


def test_an_empty_table_has_no_first_id() -> None:
    assert keyset.first_id_since(logbook.EVENTS, "created_at", NOON) == 0
