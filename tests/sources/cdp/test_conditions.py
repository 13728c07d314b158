"""The grammar of conditions: what is read, what is refused and in which words, and what a condition looks at."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.sources.cdp.conditions import (
    AttributeEntry,
    Catalogue,
    ConditionError,
    EventEntry,
    Group,
    PropertyEntry,
    Times,
    check,
    depends_on,
    parse,
    sentence,
    windows,
)
from tests.sources.cdp.crowd import all_of, any_of

KNOWN = Catalogue(
    {
        "city": PropertyEntry("City", "text"),
        "age": PropertyEntry("Age", "number"),
        "born": PropertyEntry("Born", "date"),
    },
    {"purchase": EventEntry(7, {"amount": "number"})},
    {12: AttributeEntry("Spent", "number")},
)
CITY = {"property": "city", "is": "equal", "value": "Aarhus"}
OFTEN = {
    "event": "purchase",
    "did": True,
    "times": {"is": "at_least", "number": 3},
    "within_days": 30,
    "where": [{"field": "amount", "is": "over", "value": 100}],
}
SPENT = {"attribute": 12, "is": "over", "value": 500}


def test_a_condition_in_words() -> None:
    group = parse(all_of(CITY, any_of(OFTEN, SPENT)))
    check(group, KNOWN)
    assert sentence(group, KNOWN) == (
        "City is “Aarhus” and "
        "(did purchase where amount is over 100 at least 3 times within 30 days or Spent is over 500)"
    )
    assert sentence(parse(all_of()), KNOWN) == "nobody"
    born = {"property": "born", "is": "within_last", "value": 7}
    assert sentence(parse(all_of(born, {"event": "visit", "did": False})), KNOWN) == (
        "Born is within the last 7 days and did not visit"
    )


def test_what_a_condition_looks_at() -> None:
    group = parse(all_of(CITY, any_of(OFTEN, SPENT)))
    found = depends_on(group)
    assert (found.properties, found.events, found.attributes) == ({"city"}, {"purchase"}, {12})
    assert (found.midnight, windows(group)) == (False, {("purchase", 30)})
    assert depends_on(parse(all_of({"property": "born", "is": "longer_ago", "value": 7}))).midnight


def test_what_is_left_out_of_an_event_is_once_at_any_time() -> None:
    (event,) = parse(all_of({"event": "visit"})).conditions
    assert not isinstance(event, Group)
    assert (event.did, event.times, event.within_days, event.where) == (True, Times("at_least", 1), None, ())  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "written",
    [
        None,
        [],
        {"match": "none", "conditions": []},
        {"match": "all"},
        all_of({"property": "city"}),
        all_of({"property": 'ci"ty', "is": "known"}),
        all_of({"property": "city", "is": "like", "value": "x"}),
        all_of({"property": "city", "is": "equal", "value": ["x"]}),
        all_of({"property": "city", "is": "equal", "value": "x", "and": 1}),
        all_of({"attribute": True, "is": "known"}),
        all_of({"attribute": 2**63, "is": "known"}),
        all_of({"event": "visit", "did": 1}),
        all_of({"event": "visit", "times": {"is": "often", "number": 1}}),
        all_of({"event": "visit", "where": {"field": "x", "is": "known"}}),
        all_of("city"),  # type: ignore[arg-type]
    ],
)
def test_what_is_not_of_the_grammar_is_refused(written: Any) -> None:
    with pytest.raises(ConditionError, match="This is no condition"):
        parse(written)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (all_of(all_of(all_of(all_of(all_of(CITY))))), "up to 4 levels"),
        (all_of(*[CITY] * 51), "up to 50 conditions"),
        (all_of({"event": "visit", "within_days": 0}), "whole number from 1 to"),
        (all_of({"event": "visit", "times": {"is": "exactly", "number": 0}}), "from 1 on"),
    ],
)
def test_what_is_too_much_is_refused_with_the_limit(written: Any, words: str) -> None:
    with pytest.raises(ConditionError, match=words):
        parse(written)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"property": "shoe", "is": "known"}, "the property “shoe”, which doesn't exist any more"),
        ({"event": "visit"}, "the event type “visit”"),
        ({"event": "purchase", "where": [{"field": "shop", "is": "known"}]}, "the field “shop” of the event type"),
        ({"attribute": 13, "is": "known"}, "the calculated attribute 13"),
        ({"property": "city", "is": "over", "value": 3}, "“City” that doesn't fit its type, which is Text"),
        ({"property": "age", "is": "over", "value": "3"}, "“Age” is compared with a value that isn't a number"),
        ({"property": "age", "is": "over", "value": float("nan")}, "isn't a number"),
        ({"property": "age", "is": "over", "value": True}, "isn't a number"),
        ({"property": "city", "is": "equal", "value": ""}, "isn't a text"),
        ({"property": "born", "is": "on", "value": "2026-02-30"}, "isn't a date"),
        ({"property": "born", "is": "within_last", "value": "7"}, "isn't a number of days"),
        ({"event": "purchase", "where": [{"field": "amount", "is": "yes"}]}, "“purchase.amount” that doesn't fit"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(condition: dict[str, Any], words: str) -> None:
    with pytest.raises(ConditionError, match=words):
        check(parse(all_of(condition)), KNOWN)
