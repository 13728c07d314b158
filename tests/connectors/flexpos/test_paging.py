"""Every row of a window, once, although tills go on editing, and although the vendor may not do as agreed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.connectors.flexpos.client import FlexPOSClient, RowPage
from integrations.connectors.flexpos.paging import MOST_PASSES, Fetch, Reader
from integrations.core.errors import ConfigurationError, TemporaryError
from tests.connectors.flexpos.conftest import MONTH
from tests.sandbox_flexpos import FlexPOSAccount

# The machine may be busy with other tests.
unhurried = settings(deadline=None)

MakeClient = Callable[..., FlexPOSClient]


def read(fetch: Fetch, left: int = 0) -> list[int]:
    """The ids in the order they were given."""
    return [row["CustomerId"] for part in Reader("CustomerId").read(fetch, left) for row in part.rows]


def customers(client: FlexPOSClient) -> Fetch:
    return lambda page: client.customers(MONTH, page)


def ids(shop: FlexPOSAccount) -> set[int]:
    return {row["CustomerId"] for row in shop.customers()}


def edited(shop: FlexPOSAccount) -> set[int]:
    return {int(entry["id"]) for entry in shop.ledger()}


def listed(*pages: list[Any], total: int | None = None) -> Fetch:
    """A vendor that answers these pages, whatever happens."""
    count = sum(map(len, pages)) if total is None else total

    def fetch(page: int) -> RowPage:
        return RowPage(pages[page - 1] if page <= len(pages) else [], page, len(pages[0]), count)

    return fetch


def rows(*numbers: int) -> list[dict[str, Any]]:
    return [{"CustomerId": number} for number in numbers]


# -- at the practice vendor ------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 1_040])
def test_each_row_is_given_once_and_each_page_read_once(
    shop: FlexPOSAccount, make_client: MakeClient, count: int
) -> None:
    shop.seed(customers=count)
    given = read(customers(make_client(page_size=100)))
    assert sorted(given) == sorted(ids(shop))
    assert shop.counts()["v1/Customers"] == max(1, -(-count // 100))


@pytest.mark.parametrize("ignores_dates", [False, True])
@pytest.mark.parametrize("order", ["id", "oldest_first", "newest_first"])
def test_no_row_that_nobody_edited_is_stepped_over(
    shop: FlexPOSAccount, make_client: MakeClient, order: str, ignores_dates: bool
) -> None:
    shop.seed(customers=530)
    shop.settings(order=order, ignores_dates=ignores_dates, edits_between_pages=True)
    given = read(customers(make_client(page_size=50)))
    assert edited(shop)
    assert ids(shop) - edited(shop) <= set(given)
    assert shop.counts()["v1/Customers"] <= MOST_PASSES * 12


def test_turning_pages_forward_would_step_over_some(shop: FlexPOSAccount, make_client: MakeClient) -> None:
    """What the test above is about."""
    shop.seed(customers=530)
    shop.settings(edits_between_pages=True)
    client = make_client(page_size=50)
    given = {row["CustomerId"] for page in range(1, 12) for row in client.customers(MONTH, page).rows}
    assert not ids(shop) - edited(shop) <= given


def test_a_vendor_that_ignores_paging_stops_the_import_and_loses_nothing(
    shop: FlexPOSAccount, make_client: MakeClient
) -> None:
    shop.seed(customers=1_040)
    shop.settings(repeats_page=True)
    with pytest.raises(ConfigurationError) as caught:
        read(customers(make_client(page_size=100)))
    assert caught.value.message == (
        "FlexPOS answers page 11 with the rows of another one, so not all of its 1040 rows can be read. Nothing is "
        "lost. Show this to FlexPOS support, then enable the connection again."
    )
    assert shop.counts()["v1/Customers"] == 3


def test_a_break_is_gone_on_from_where_it_was(shop: FlexPOSAccount, make_client: MakeClient) -> None:
    shop.seed(customers=530)
    shop.settings(edits_between_pages=True)
    fetch = customers(make_client(page_size=50))
    parts = Reader("CustomerId").read(fetch)
    before = [next(parts) for _ in range(4)]
    assert [part.left for part in before] == [11, 10, 9, 8]
    given = {row["CustomerId"] for part in before for row in part.rows} | set(read(fetch, before[-1].left))
    assert ids(shop) - edited(shop) <= given
    assert shop.counts()["v1/Customers"] == 4 + 8


# -- any other vendor ------------------------------------------------------------------------------


class Till:
    """A window whose rows leave it, or move to its front or end, while it is read: `edits` after each answer."""

    def __init__(self, count: int, size: int, edits: Iterator[list[tuple[str, int]]]) -> None:
        self.rows, self.size, self.edits = list(range(count)), size, edits
        self.versions = dict.fromkeys(self.rows, 0)
        self.calls = 0

    def page(self, number: int) -> RowPage:
        self.calls += 1
        part = self.rows[(number - 1) * self.size : number * self.size]
        found = [{"CustomerId": row, "version": self.versions[row]} for row in part]
        answer = RowPage(found, number, self.size, len(self.rows))
        for kind, place in next(self.edits, []):
            self.edit(kind, place)
        return answer

    def edit(self, kind: str, place: int) -> None:
        if not self.rows:
            return
        row = self.rows.pop(place % len(self.rows))
        self.versions[row] += 1
        if kind != "leaves":
            self.rows.insert(0 if kind == "to the front" else len(self.rows), row)

    def unedited(self) -> set[int]:
        return {row for row, version in self.versions.items() if not version}


def edits(*kinds: str) -> st.SearchStrategy[list[list[tuple[str, int]]]]:
    one = st.tuples(st.sampled_from(kinds), st.integers(min_value=0, max_value=40))
    return st.lists(st.lists(one, max_size=3), max_size=30)


@unhurried
@given(st.integers(0, 40), st.integers(1, 9), edits("leaves"))
def test_rows_that_leave_hide_no_other_and_cost_one_more_call(
    count: int, size: int, script: list[list[tuple[str, int]]]
) -> None:
    till = Till(count, size, iter(script))
    given = read(till.page)
    assert till.unedited() <= set(given)
    assert len(given) == len(set(given))
    assert till.calls <= max(1, -(-count // size)) + 1


@unhurried
@given(st.integers(0, 40), st.integers(2, 9), st.sampled_from(["to the front", "to the end"]), st.data())
def test_rows_that_move_hide_no_other_or_the_window_is_read_another_time(
    count: int, size: int, kind: str, data: st.DataObject
) -> None:
    till = Till(count, size, iter(data.draw(edits(kind))))
    try:
        given = read(till.page)
    except (TemporaryError, ConfigurationError):
        return
    assert till.unedited() <= set(given)


@unhurried
@given(st.integers(0, 40), st.integers(1, 9), edits("leaves"), st.data())
def test_after_a_break_at_any_page_nothing_is_missing(
    count: int, size: int, script: list[list[tuple[str, int]]], data: st.DataObject
) -> None:
    till = Till(count, size, iter(script))
    given: set[int] = set()
    left = 0
    for part in Reader("CustomerId").read(till.page):
        given.update(row["CustomerId"] for row in part.rows)
        left = part.left
        if data.draw(st.booleans()):
            break
    given.update(read(till.page, left))
    assert till.unedited() <= given


def test_a_changed_row_that_comes_again_is_given_again_and_an_equal_one_is_not() -> None:
    reader = Reader("CustomerId")
    first = list(reader.read(listed([{"CustomerId": 1, "City": "Ribe"}, {"CustomerId": 2}])))
    again = list(reader.read(listed([{"CustomerId": 1, "City": "Vejle"}, {"CustomerId": 2}])))
    assert [len(part.rows) for part in first] == [2]
    assert [part.rows for part in again] == [[{"CustomerId": 1, "City": "Vejle"}]]


def test_rows_without_an_id_are_told_apart_by_what_they_hold() -> None:
    nobody, somebody = {"Email": "mette@example.test"}, {"CustomerId": None, "Email": "anne@example.test"}
    (part,) = Reader("CustomerId").read(listed([nobody, somebody, nobody, {}]))
    assert part.rows == [nobody, somebody, {}]


def test_everything_on_one_page_is_enough_although_another_size_was_asked_for() -> None:
    assert read(listed(rows(1, 2, 3), rows(1, 2, 3), total=3)) == [1, 2, 3]


def test_a_smaller_page_than_agreed_is_counted_as_it_is() -> None:
    def fetch(page: int) -> RowPage:
        return RowPage(rows(*range(page * 2 - 2, min(page * 2, 5))), page, 500, 5)

    assert sorted(read(fetch)) == [0, 1, 2, 3, 4]


def test_one_page_that_repeats_another_is_asked_for_again() -> None:
    pages = {1: rows(1, 2), 2: rows(3, 4), 3: rows(5)}
    asked: list[int] = []

    def fetch(page: int) -> RowPage:
        asked.append(page)
        return RowPage(pages[1] if asked == [1, 3] else pages[page], page, 2, 5)

    assert sorted(read(fetch)) == [1, 2, 3, 4, 5]
    assert asked == [1, 3, 3, 2]


def test_rows_that_are_counted_but_never_come_are_no_silent_loss() -> None:
    reader, fetch = Reader("CustomerId"), listed(rows(1, 2), [], rows(5), total=5)
    given: list[int] = []
    with pytest.raises(TemporaryError) as caught:
        for part in reader.read(fetch):
            given += [row["CustomerId"] for row in part.rows]
    assert sorted(given) == [1, 2, 5]
    assert caught.value.message == (
        "FlexPOS counts 5 rows, but of what it gave some came twice and some never (3 in all). Nothing is lost; it "
        "will be tried again."
    )


def test_the_same_id_on_two_pages_is_no_reason_to_read_for_ever() -> None:
    """A customer with two cards, say, comes as two rows."""
    calls: list[int] = []
    pages = [[{"CustomerId": 1}, {"CustomerId": 2, "Card": 1}], [{"CustomerId": 2, "Card": 2}, {"CustomerId": 3}]]

    def fetch(page: int) -> RowPage:
        calls.append(page)
        return listed(*pages)(page)

    assert sorted(read(fetch)) == [1, 2, 2, 3]
    assert len(calls) == 4
