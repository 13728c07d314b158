"""The portions of a check: rows about the same person stay together, none is lost, none comes twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from integrations.core.imports.related import portions


def numbers(rows: list[list[str]], keys: list[int], size: int) -> list[list[int]]:
    return list(portions(rows, keys, size))


def test_unrelated_rows_are_taken_in_order() -> None:
    assert numbers([["a"], ["b"], ["c"], [""], [""]], [0], 2) == [[1, 2], [3, 4], [5]]


def test_rows_that_share_a_key_are_together_also_over_a_third_one() -> None:
    rows = [["c-1", ""], ["c-2", "x"], ["c-3", ""], ["c-1", "X "], ["c-4", ""]]
    assert numbers(rows, [0, 1], 2) == [[1, 2, 4], [3, 5]]
    assert numbers(rows, [0], 2) == [[1, 4], [2, 3], [5]]


def test_a_number_is_the_same_however_it_is_spelled() -> None:
    assert numbers([["+45 12 34 56 78"], ["x"], ["+4512345678"]], [0], 1) == [[1, 3], [2]]


@given(
    some.lists(some.lists(some.sampled_from(["", "a", "b", "c", "d", "e"]), min_size=2, max_size=2)),
    some.integers(1, 5),
)
def test_every_row_is_in_one_portion_with_all_that_share_its_keys(rows: list[list[str]], size: int) -> None:
    found = numbers(rows, [0, 1], size)
    assert sorted(number for portion in found for number in portion) == list(range(1, len(rows) + 1))
    where = {number: place for place, portion in enumerate(found) for number in portion}
    for column in (0, 1):
        for value in "abcde":
            assert len({where[n] for n, row in enumerate(rows, 1) if row[column] == value}) <= 1
