"""How two sides become equal: what was changed on one, on both, or never met before."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.connectors.contactsend.reconcile import Merge, Rule, Side, Where, merge

NAME, CITY, ID = "NOME", "CITTA", "HUBID"
NEWS = "newsletter-it"
EARLY = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
LATE = EARLY + datetime.timedelta(hours=1)


def merged(base: Side | None, hub: Side, send: Side, rule: Rule = Rule.NEWEST, **options: Any) -> Merge:
    return merge(base, hub, send, rule, **{"fields": (NAME, CITY), "subscriptions": (NEWS,)} | options)


def side(name: str | None = None, city: str | None = None, news: bool | None = None, time: Any = EARLY) -> Side:
    return Side({NAME: name, CITY: city}, {NEWS: news}, time)


def test_a_change_on_one_side_is_carried_to_the_other() -> None:
    base = side("Luca", "Milano")
    found = merged(base, side("Luca", "Roma"), base)
    assert (found.to_send, found.to_hub, found.lost) == ({CITY: "Roma"}, {}, {})
    found = merged(base, base, side("Luca", "Roma"))
    assert (found.to_send, found.to_hub, found.lost) == ({}, {CITY: "Roma"}, {})


def test_a_value_that_was_emptied_is_emptied_on_the_other_side() -> None:
    base = side("Luca", "Milano")
    assert merged(base, side("Luca", None), base).to_send == {CITY: None}


def test_different_fields_that_both_sides_changed_are_carried_both_ways() -> None:
    found = merged(side("Luca", "Milano"), side("Luca", "Roma"), side("Luigi", "Milano"))
    assert (found.to_send, found.to_hub, found.lost) == ({CITY: "Roma"}, {NAME: "Luigi"}, {})


@pytest.mark.parametrize(
    ("rule", "hub_time", "send_time", "kept"),
    [
        (Rule.NEWEST, LATE, EARLY, "Roma"),
        (Rule.NEWEST, EARLY, LATE, "Torino"),
        (Rule.NEWEST, EARLY, EARLY, "Roma"),
        (Rule.NEWEST, EARLY, None, "Roma"),
        (Rule.HUB, EARLY, LATE, "Roma"),
        (Rule.SEND, LATE, EARLY, "Torino"),
    ],
)
def test_of_one_field_that_both_sides_changed_the_rule_keeps_one_and_the_other_is_told(
    rule: Rule, hub_time: Any, send_time: Any, kept: str
) -> None:
    base = side("Luca", "Milano")
    found = merged(base, side("Luca", "Roma", time=hub_time), side("Luca", "Torino", time=send_time), rule)
    assert found.values[CITY] == kept
    assert found.lost == {CITY: (Where.SEND, "Torino") if kept == "Roma" else (Where.HUB, "Roma")}


def test_two_that_meet_fill_each_others_gaps() -> None:
    found = merged(None, side("Luca", None), side(None, "Milano"))
    assert (found.to_send, found.to_hub, found.lost) == ({NAME: "Luca"}, {CITY: "Milano"}, {})


def test_what_contacthub_alone_can_write_always_comes_from_there() -> None:
    hub, send = Side({ID: "b602"}, time=EARLY), Side({ID: "typed in"}, time=LATE)
    found = merged(hub, hub, send, Rule.SEND, fields=(ID,), from_hub_only=(ID,))
    assert (found.to_send, found.to_hub) == ({ID: "b602"}, {})


@pytest.mark.parametrize(
    ("base", "hub", "send", "expected"),
    [
        (True, True, False, False),
        (False, True, False, True),
        (False, False, True, True),
        (None, True, None, True),
        (None, None, False, False),
        (True, None, True, False),
        (None, None, None, None),
    ],
)
def test_subscriptions_follow_whoever_changed_them(base: Any, hub: Any, send: Any, expected: Any) -> None:
    assert merged(side(news=base), side(news=hub), side(news=send)).subscriptions[NEWS] is expected


@pytest.mark.parametrize(
    ("subscribed_at", "unsubscribed_at", "expected"),
    [(EARLY, LATE, False), (EARLY, EARLY, False), (LATE, EARLY, True), (None, EARLY, False), (LATE, None, False)],
)
@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("base", [None, side()])
def test_an_unsubscription_beats_a_subscription_that_is_not_newer(
    base: Side | None, subscribed_at: Any, unsubscribed_at: Any, expected: bool, rule: Rule
) -> None:
    yes = replace(side(news=True), subscription_times={NEWS: subscribed_at} if subscribed_at else {})
    assert merged(base, yes, side(news=False, time=unsubscribed_at), rule).subscriptions[NEWS] is expected


@pytest.mark.parametrize("rule", list(Rule))
def test_a_subscriber_changed_lately_has_not_subscribed_lately(rule: Rule) -> None:
    hub = replace(side(news=False), subscription_times={NEWS: EARLY})
    assert merged(None, hub, side(news=True, time=LATE), rule).subscriptions[NEWS] is False


VALUES = st.none() | st.sampled_from(["a", "b", "c"])
SIDES = st.builds(
    lambda name, city, news, hour: side(name, city, news, EARLY + datetime.timedelta(hours=hour) if hour else None),
    VALUES,
    VALUES,
    st.none() | st.booleans(),
    st.none() | st.integers(0, 3),
)


@settings(max_examples=500)
@given(st.none() | SIDES, SIDES, SIDES, st.sampled_from(list(Rule)))
def test_after_writing_both_are_equal_and_nothing_more_is_to_be_written(
    base: Side | None, hub: Side, send: Side, rule: Rule
) -> None:
    found = merged(base, hub, send, rule)
    hub, send = written(hub, found.to_hub, found.subscribe_hub), written(send, found.to_send, found.subscribe_send)
    assert hub.values == send.values == found.values
    again = merged(Side(found.values, found.subscriptions), hub, send, rule)
    assert not again.writes_hub and not again.writes_send and not again.lost


@settings(max_examples=500)
@given(st.none() | SIDES, SIDES, SIDES, st.sampled_from(list(Rule)), st.booleans())
def test_a_crash_between_the_two_writes_changes_nothing_of_the_outcome(
    base: Side | None, hub: Side, send: Side, rule: Rule, hub_first: bool
) -> None:
    found = merged(base, hub, send, rule)
    half = (
        (written(hub, found.to_hub, found.subscribe_hub), send)
        if hub_first
        else (hub, written(send, found.to_send, found.subscribe_send))
    )
    again = merged(base, *half, rule)
    assert again.values == found.values
    assert again.subscriptions == found.subscriptions


def written(before: Side, values: dict[str, Any], subscriptions: dict[str, bool]) -> Side:
    return replace(before, values={**before.values, **values}, subscriptions={**before.subscriptions, **subscriptions})
