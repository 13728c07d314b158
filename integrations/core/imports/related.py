"""The portions in which a file is checked. Each is looked at by itself and undone, so rows that are about the same
person must be in the same one: they see what the rows above them do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def portions(rows: Sequence[Sequence[str]], keys: Sequence[int], size: int) -> Iterator[list[int]]:
    """Numbers of rows, from 1, about `size` at a time, or as many as hang together. `keys` are the places of cells by
    which rows hang together."""
    portion: list[int] = []
    for group in _groups(rows, keys):
        if portion and len(portion) + len(group) > size:
            yield sorted(portion)
            portion = []
        portion += group
    if portion:
        yield sorted(portion)


def _groups(rows: Sequence[Sequence[str]], keys: Sequence[int]) -> list[list[int]]:
    """Rows that share a key, directly or over others; in the order of their first rows."""
    first = list(range(len(rows)))  # of each row, one above it in the same group, or itself
    # Their hashes take a third of the memory; two that are the same by chance only put rows together.
    known: dict[int, int] = {}
    for number, row in enumerate(rows):
        for place in keys:
            if cell := _loosely(row[place]):
                _join(first, known.setdefault(hash((place, cell)), number), number)
    groups: dict[int, list[int]] = {}
    for number in range(len(rows)):
        groups.setdefault(_top(first, number), []).append(number + 1)
    return list(groups.values())


def _loosely(cell: str) -> str:
    """An address or phone number however it is spelled. Too many rows together do no harm, too few do."""
    return "".join(letter for letter in cell.casefold() if letter.isalnum())


def _join(first: list[int], one: int, other: int) -> None:
    low, high = sorted((_top(first, one), _top(first, other)))
    first[high] = low


def _top(first: list[int], number: int) -> int:
    while first[number] != number:
        first[number] = first[first[number]]
        number = first[number]
    return number
