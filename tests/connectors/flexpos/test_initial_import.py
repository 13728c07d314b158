"""The six choices of Fetch data from FlexPOS, and what follows from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine

from integrations.connectors.flexpos.import_form import ChoicesForm, in_words, prefilled
from integrations.connectors.flexpos.initial_import import (
    Choices,
    OrderData,
    needs_typed_name,
    span_problem,
    still_holds,
)
from integrations.connectors.flexpos.models import FlexPOSConnection

NOW = datetime(2026, 3, 9, 11, tzinfo=UTC)
CHOSEN = Choices(date(2026, 2, 1), date(2026, 2, 28))
TYPED = {
    "first": "2026-02-01",
    "last": "2026-02-28",
    "orders": "both",
    "members": "yes",
    "unsubscribed": "no",
    "opt_in": "no",
    "automations": "no",
}


def form(**changes: str) -> ChoicesForm:
    return ChoicesForm({**TYPED, **changes})


def errors(**changes: str) -> str:
    with time_machine.travel(NOW, tick=False):
        return str(form(**changes).errors)


@pytest.mark.parametrize("orders", OrderData.values)
@pytest.mark.parametrize("members", [True, False])
@pytest.mark.parametrize("switches", [(True, False, False), (False, True, False), (False, False, True)])
def test_choices_are_the_same_after_they_were_kept(
    orders: str, members: bool, switches: tuple[bool, bool, bool]
) -> None:
    unsubscribed, opt_in, automations = switches
    choices = Choices(date(2026, 1, 1), date(2026, 2, 1), orders, members, unsubscribed, opt_in, automations)
    assert Choices.read(choices.saved()) == choices
    assert choices.mark == {"unsubscribed": unsubscribed, "opt_in": opt_in, "automations": automations}


@pytest.mark.parametrize(
    ("orders", "members", "expected"),
    [
        ("both", True, ("customers", "journals", "tickets")),
        ("both", False, ("journals", "tickets")),
        ("journals", True, ("customers", "journals")),
        ("tickets", False, ("tickets",)),
        ("none", True, ("customers",)),
    ],
)
def test_only_what_was_chosen_is_read_and_people_before_their_purchases(
    orders: str, members: bool, expected: tuple[str, ...]
) -> None:
    assert replace(CHOSEN, orders=orders, members=members).resources == expected


def test_both_days_of_a_span_are_read_from_their_first_to_their_last_second_in_denmark() -> None:
    windows = CHOSEN.windows(NOW, NOW)
    assert windows[0].modified_from == "2026-02-01T00:00:00"
    assert windows[-1].modified_to == "2026-03-01T00:00:00"
    assert all(before.end == after.start for before, after in pairwise(windows))


@pytest.mark.parametrize(("day", "hours"), [(date(2025, 10, 26), 25), (date(2026, 3, 29), 23), (date(2026, 2, 1), 24)])
def test_a_day_on_which_the_clocks_change_is_read_whole(day: date, hours: int) -> None:
    later = datetime(2026, 4, 20, tzinfo=UTC)
    [window] = replace(CHOSEN, first=day, last=day).windows(later, later)
    assert window.end - window.start == timedelta(hours=hours)
    assert (window.modified_from, window.modified_to) == (
        f"{day}T00:00:00", f"{day + timedelta(days=1)}T00:00:00")  # fmt: skip


def test_of_today_only_what_was_there_when_the_import_began_is_read() -> None:
    today = replace(CHOSEN, first=NOW.date(), last=NOW.date())
    [window] = today.windows(NOW, NOW + timedelta(hours=3))
    assert window.end == NOW


def test_an_import_that_goes_on_later_reads_from_where_it_was() -> None:
    windows = CHOSEN.windows(NOW, NOW + timedelta(days=2), reached="2026-02-20T00:00:00+00:00")
    assert (windows[0].start, windows[-1].modified_to) == (datetime(2026, 2, 20, tzinfo=UTC), "2026-03-01T00:00:00")
    assert CHOSEN.windows(NOW, NOW, reached=windows[-1].end.isoformat()) == []


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        (date(2026, 3, 9), date(2026, 3, 8), "ends before it begins"),
        (date(2025, 3, 8), date(2026, 3, 8), "choose a From date from 2025-03-09 on"),
        (date(2026, 3, 1), date(2026, 3, 10), "ends in the future"),
        (date(2025, 3, 9), date(2026, 3, 9), ""),
        (date(2026, 3, 9), date(2026, 3, 9), ""),
    ],
)
def test_a_span_that_cannot_be_fetched_says_what_to_choose(first: date, last: date, sentence: str) -> None:
    problem = span_problem(first, last, NOW)
    assert sentence in problem and bool(sentence) == bool(problem)


def test_the_days_are_those_of_denmark() -> None:
    late = datetime(2026, 3, 8, 23, 30, tzinfo=UTC)
    assert span_problem(date(2026, 3, 9), date(2026, 3, 9), late) == ""


def test_the_dialog_takes_every_choice_there_is() -> None:
    with time_machine.travel(NOW, tick=False):
        for orders in OrderData.values:
            for unsubscribed in ("yes", "no"):
                taken = form(orders=orders, unsubscribed=unsubscribed, opt_in="yes", automations="yes")
                assert taken.is_valid(), taken.errors
                assert taken.choices() == replace(
                    CHOSEN, orders=orders, unsubscribed=unsubscribed == "yes", opt_in=True, automations=True
                )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"last": "2026-01-01"}, "ends before it begins"),
        ({"first": "2020-01-01"}, "FlexPOS keeps data for one year"),
        ({"last": "2026-12-31"}, "ends in the future"),
        ({"first": ""}, "required"),
        ({"first": "yesterday"}, "valid date"),
        ({"orders": "everything"}, "valid choice"),
        ({"members": "no", "orders": "none"}, "There is nothing to fetch"),
    ],
)
def test_the_dialog_says_what_is_wrong(changes: dict[str, str], sentence: str) -> None:
    assert sentence in errors(**changes)


def test_the_dialog_opens_with_the_settings_and_without_opt_in_mails() -> None:
    connection = FlexPOSConnection(tracking_id="t-1", reimport_unsubscribed=False, send_automations=True)
    values = prefilled(connection, NOW)
    assert values == {
        "first": date(2025, 3, 9),
        "last": date(2026, 3, 9),
        "orders": "both",
        "members": "yes",
        "unsubscribed": "no",
        "opt_in": "no",
        "automations": "yes",
    }
    assert prefilled(FlexPOSConnection(), NOW)["orders"] == "none"


def test_what_was_chosen_is_told_in_the_words_of_the_dialog() -> None:
    words = {str(label): str(value) for label, value in in_words(CHOSEN)}
    assert words["Date span"] == "2026-02-01 – 2026-02-28"
    assert words["Previously unsubscribed members"] == "Do not create"
    assert len(words) == 6


@pytest.mark.parametrize(
    ("mails", "created", "expected"), [(0, 1000, False), (0, 1001, True), (1, 0, True), (0, 0, False)]
)
def test_the_lists_name_is_asked_for_when_mails_go_out_or_many_are_created(
    mails: int, created: int, expected: bool
) -> None:
    assert needs_typed_name(mails, created) is expected


@pytest.mark.parametrize(
    ("hours", "version", "expected"), [(23, 7, True), (24, 7, True), (25, 7, False), (1, 8, False), (1, None, False)]
)
def test_an_estimate_holds_for_a_day_and_for_its_settings(hours: int, version: int | None, expected: bool) -> None:
    assert still_holds(NOW - timedelta(hours=hours), NOW, 7, version) is expected
