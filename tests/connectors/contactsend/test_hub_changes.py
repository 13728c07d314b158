"""Listing by last change, as far as no real workspace can be brought to it: pages that change under the reader."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from integrations.connectors.contactsend.hub_answers import CustomerPage
from integrations.connectors.contactsend.hub_changes import Query, changed_since
from integrations.connectors.contactsend.hub_values import write_moment

START = datetime.datetime(2024, 3, 9, tzinfo=datetime.UTC)
SIZE = 3


def at(millisecond: int) -> str:
    return write_moment(START + datetime.timedelta(milliseconds=millisecond))


class Workspace:
    """Customers by id and millisecond of their last change; some of them are changed before the n-th look."""

    def __init__(self, changed_at: list[int], later: list[tuple[int, int]]) -> None:
        self.changed = {f"c-{number:03}": millisecond for number, millisecond in enumerate(changed_at)}
        self.later, self.looks, self.now = later, 0, 1000

    def look(self, *, page: int, query: Query, sort: str) -> CustomerPage:
        self.looks += 1
        assert self.looks < 500, "it never ends"
        for when, number in self.later:
            if when == self.looks and self.changed:
                self.now += 1
                self.changed[list(self.changed)[number % len(self.changed)]] = self.now
        condition: Any = query["query"]["are"]["condition"]
        compare: dict[str, Callable[[str], bool]] = {
            "GTE": lambda value: value >= condition["value"],
            "GT": lambda value: value > condition["value"],
            "EQUALS": lambda value: value == condition["value"],
        }
        rows = [{"id": name, "updatedAt": at(when)} for name, when in self.changed.items()]
        found = [row for row in rows if compare[condition["operator"]](row["updatedAt"])]
        found.sort(key=lambda row: (row["updatedAt"], row["id"]) if sort == "updatedAt,asc" else row["id"])
        return CustomerPage(found[page * SIZE : (page + 1) * SIZE], page, SIZE, len(found))


MOMENTS = st.lists(st.integers(0, 4), max_size=25)
LATER = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 24)), max_size=8)


@given(MOMENTS, LATER)
def test_everybody_is_seen_as_they_are_whoever_changes_meanwhile(
    changed_at: list[int], later: list[tuple[int, int]]
) -> None:
    workspace = Workspace(changed_at, later)
    seen = {row["id"]: row["updatedAt"] for page in changed_since(workspace.look, START) for row in page}
    looks = workspace.looks
    still = {name: at(when) for name, when in workspace.changed.items() if when <= 1000}
    assert {name: seen.get(name) for name in still} == still
    assert set(seen) == set(workspace.changed)
    assert looks <= 4 * (len(changed_at) // SIZE + 6 + 2 * len(later))


@given(MOMENTS)
def test_nobody_is_seen_twice_while_nothing_changes(changed_at: list[int]) -> None:
    rows = [row["id"] for page in changed_since(Workspace(changed_at, []).look, START) for row in page]
    assert sorted(rows) == sorted(set(rows))
    assert len(rows) == len(changed_at)


def test_an_import_of_one_millisecond_is_read_through() -> None:
    workspace = Workspace([1] * 10 + [2] * 2, [])
    rows = [row["id"] for page in changed_since(workspace.look, START) for row in page]
    assert len(set(rows)) == 12
    assert workspace.looks == 1 + 4 + 1
