"""Every row of the table of edit rules, allowed and refused, and the way that is shown instead of a refusal."""

from __future__ import annotations

from itertools import chain, combinations

import pytest

from integrations.connectors.contactsend.edit_rules import Change, Facts, Need, WayStep, allowed, needs, way

NODE, API_KEY, USERDB = Change.NODE, Change.API_KEY, Change.USERDB
SUBSCRIPTIONS, MAPPING, USER_KEY = Change.SUBSCRIPTIONS, Change.MAPPING, Change.USER_KEY
D, C, N, U = Need.DISABLED, Need.CURRENT_NODE_EMPTY, Need.NEW_NODE_EMPTY, Need.USERDB_EMPTY
READY = {D: {"disabled": True}, C: {"current_node": 0}, N: {"new_node": 0}, U: {"userdb": 0}}
NOT_READY = {D: {"disabled": False}, C: {"current_node": 214}, N: {"new_node": 214}, U: {"userdb": 7}}
ROWS = [
    ({NODE}, (D, N)),
    ({API_KEY}, (D, C)),
    ({NODE, API_KEY}, (D, N)),
    ({USERDB}, (D, C, U)),
    ({NODE, USERDB}, (D, N, U)),
    ({SUBSCRIPTIONS}, (D,)),
    ({MAPPING}, (D,)),
    ({USER_KEY}, (D,)),
    # Not in the vendor's table.
    ({API_KEY, USERDB}, (D, C, U)),
    ({NODE, API_KEY, USERDB}, (D, N, U)),
    ({USERDB, MAPPING, SUBSCRIPTIONS}, (D, C, U)),
    ({NODE, MAPPING}, (D, N)),
    ({API_KEY, USER_KEY}, (D, C)),
]


@pytest.mark.parametrize(("changes", "expected"), ROWS)
def test_each_row_of_the_table_needs_what_it_says(changes: set[Change], expected: tuple[Need, ...]) -> None:
    assert needs(changes) == expected


@pytest.mark.parametrize(("changes", "expected"), ROWS)
def test_a_change_is_allowed_when_all_is_so_and_refused_when_one_thing_is_not(
    changes: set[Change], expected: tuple[Need, ...]
) -> None:
    # What isn't needed is as it should not be.
    others = {name: value for need in Need if need not in expected for name, value in NOT_READY[need].items()}
    ready = {name: value for need in expected for name, value in READY[need].items()}
    assert allowed(changes, Facts(**{"disabled": False} | others | ready))
    for missing in expected:
        assert not allowed(changes, Facts(**{"disabled": False} | others | ready | NOT_READY[missing]))


def test_name_and_description_need_nothing() -> None:
    assert needs(()) == ()
    assert way((), Facts(disabled=False)) == []


def test_every_change_needs_a_disabled_source() -> None:
    every = chain.from_iterable(combinations(Change, size) for size in range(1, len(Change) + 1))
    assert all(needs(changes)[0] == D for changes in every)


def test_the_way_says_what_is_done_and_what_stands_in_it() -> None:
    assert way({NODE}, Facts(disabled=True, new_node=214)) == [
        WayStep("Disable the source", True),
        WayStep("Empty the new node", False, "it has 214 customers"),
        WayStep("Make the change", False),
        WayStep("Enable the source", False),
    ]


def test_what_can_not_be_counted_does_not_count_as_empty() -> None:
    assert not allowed({USERDB}, Facts(disabled=True, current_node=0, userdb=None))
    assert "can't be read" in way({USERDB}, Facts(disabled=True, current_node=0, userdb=None))[2].detail
