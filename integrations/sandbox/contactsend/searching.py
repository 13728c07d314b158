"""Which subscribers of a userdb a look-up finds, in which order, and which page of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from operator import ge, gt, le, lt
from typing import Any

from integrations.sandbox.contactsend.calls import FILTER, SORTING, ApiCall, Part
from integrations.sandbox.contactsend.errors import malformed
from integrations.sandbox.contactsend.sources import Source
from integrations.sandbox.contactsend.values import comparable, kept, sent_text

PAGE = 15
DESCENDING, ASCENDING = "DESCENDING", "ASCENDING"
MODES_OF_2016 = ("EQUALS", "LIKE")
Key = tuple[bool, float, str]


@dataclass(frozen=True, slots=True)
class Test:
    """`field` compared with `values` by `mode`."""

    field: str
    mode: str
    values: tuple[str, ...]

    def takes(self, source: Source, identifier: int) -> bool:
        kind, text = source.fields[self.field].type, source.value(identifier, self.field)
        if self.mode in TEXT_MODES:
            return TEXT_MODES[self.mode](text, self.values[0] if self.values else "")
        found = comparable(kind, text)
        if self.mode in ORDER_MODES:
            return bool(text) and ORDER_MODES[self.mode](found, comparable(kind, self.values[0]))
        return (found in [comparable(kind, value) for value in self.values]) is SET_MODES[self.mode]


@lru_cache(maxsize=64)
def pattern(like: str) -> re.Pattern[str]:
    """SQL's LIKE: % is any text, _ any letter."""
    parts = {"%": ".*", "_": "."}
    return re.compile("".join(parts.get(char) or re.escape(char) for char in like), re.IGNORECASE | re.DOTALL)


def is_like(text: str, like: str) -> bool:
    return pattern(like).fullmatch(text) is not None


TEXT_MODES: dict[str, Callable[[str, str], bool]] = {
    "LIKE": is_like,
    "NOT_LIKE": lambda text, like: not is_like(text, like),
    "IS_NULL": lambda text, like: not text,
    "IS_NOT_NULL": lambda text, like: bool(text),
}
# What is empty is neither more nor less.
ORDER_MODES: dict[str, Callable[[Key, Key], bool]] = {
    "GREATER": gt,
    "GREATER_EQUALS": ge,
    "LESS": lt,
    "LESS_EQUALS": le,
}
# Whether it must be one of the values.
SET_MODES = {"EQUALS": True, "IN": True, "DIFFERENT": False, "NOT_IN": False}
MODES = frozenset({*TEXT_MODES, *ORDER_MODES, *SET_MODES})


def test_of(source: Source, field: str, mode: str, texts: Iterable[str]) -> Test:
    """Raises ContactsendError for an unknown field or a value that the field can't have."""
    kind = source.field_of(field).type
    values = tuple(text if mode in TEXT_MODES else kept(field, kind, text) for text in texts)
    if not values and mode in ORDER_MODES:
        raise malformed(f"{mode} needs an attributeValue")
    return Test(field, mode, values)


def filters_of(source: Source, call: ApiCall) -> list[Test]:
    """The `whereAttribute`s. Raises ContactsendError."""
    return [filter_of(source, part) for part in call.parts("whereAttribute", FILTER)]


def filter_of(source: Source, part: Part) -> Test:
    name, mode = part.text("attributeName"), part.text("lookupMatchingMode")
    if mode not in MODES:
        raise malformed(f"No lookupMatchingMode {mode}")
    values = part.element.findall("attributeValues/attributeValues") or part.element.findall("attributeValue")
    return test_of(source, name, mode, [sent_text(name, value) for value in values])


def found(source: Source, tests: Iterable[Test], sorting: Iterable[Part] = (), order: str = DESCENDING) -> list[int]:
    """Identifiers; by `order` of the identifier where `sorting` doesn't say otherwise. Raises ContactsendError."""
    wanted = list(tests)
    exact = next((test for test in wanted if is_exact(test)), None)
    everybody = source.subscribers if exact is None else source.having(exact.field, exact.values[0])
    identifiers = sorted(everybody, reverse=order == DESCENDING)
    if wanted:
        identifiers = [number for number in identifiers if all(test.takes(source, number) for test in wanted)]
    for one in reversed(list(sorting)):
        by: Any = sort_key(source, one.text("sortField"))
        identifiers.sort(key=by, reverse=descends(one.text("sortOrder")))
    return identifiers


def is_exact(test: Test) -> bool:
    """Whether it finds one value only, in whatever case: the index has those."""
    return bool(test.values) and (test.mode == "EQUALS" or (test.mode == "LIKE" and not {*"%_"} & {*test.values[0]}))


def sort_key(source: Source, name: str) -> Callable[[int], Key] | None:
    """None sorts by the identifier itself."""
    if name == source.identifier_field:
        return None
    kind = source.field_of(name).type
    return lambda identifier: comparable(kind, source.value(identifier, name))


def descends(order: str) -> bool:
    if order not in (ASCENDING, DESCENDING):
        raise malformed(f"No sort order {order}")
    return order == DESCENDING


def sorting_of(pagination: Part | None) -> list[Part]:
    return [] if pagination is None else list(pagination.parts("sorting", SORTING))
