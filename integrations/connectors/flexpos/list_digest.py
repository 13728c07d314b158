"""A list's members, so small that a hundred thousand fit in memory, and so that nobody can be told by it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping

from django.conf import settings

from integrations.connectors.heyloyalty.bulk import Seen
from integrations.connectors.heyloyalty.fields import MemberList
from integrations.connectors.heyloyalty.values import Normal, Value, normal
from integrations.core.mapping import SORTED

# Bytes of a digest. That two of 100,000 people share a name happens once in billions of estimates.
NAME, VALUE = 8, 6
EMPTY = bytes(VALUE)
# Stands for a value that is there and isn't the one in question.
ANOTHER = "\0"


class ListDigest:
    """By member a digest of each value of the `fields` in question: enough to see whether a value is empty or the same.

    Of several members with one address the first counts.
    """

    def __init__(self, fields: Iterable[str], packed: str = "") -> None:
        self.fields = tuple(fields)
        self._members: dict[bytes, bytes] = dict(self._unpacked(packed))

    def __len__(self) -> int:
        return len(self._members)

    def add(self, address: str, values: Mapping[str, Normal]) -> None:
        digests = b"".join(_value(values.get(name)) for name in self.fields)
        self._members.setdefault(_name(address), digests)

    def write(self, address: str, member_list: MemberList, row: Mapping[str, Value]) -> None:
        """As the list would be after this row was sent."""
        before = self._members.get(_name(address), EMPTY * len(self.fields))
        sent = {name: _value(normal(member_list.fields[name], value)) for name, value in row.items()}
        parts = (sent.get(name, before[at : at + VALUE]) for name, at in self._places())
        self._members[_name(address)] = b"".join(parts)

    def seen(self, address: str, member_list: MemberList, row: Mapping[str, Value]) -> Seen | None:
        """The member as far as a row asks: of the fields in it the same value, none, or another one."""
        found = self._members.get(_name(address))
        if found is None:
            return None
        values: dict[str, Normal] = {}
        for name, at in self._places():
            here = found[at : at + VALUE]
            asked = normal(member_list.fields[name], row[name]) if name in row else None
            values[name] = None if here == EMPTY else asked if here == _value(asked) else ANOTHER
        return Seen("", values)

    def packed(self) -> str:
        """As text, for a cursor."""
        return base64.b64encode(b"".join(name + values for name, values in self._members.items())).decode()

    def _unpacked(self, text: str) -> Iterator[tuple[bytes, bytes]]:
        content, size = base64.b64decode(text), NAME + VALUE * len(self.fields)
        for at in range(0, len(content), size):
            yield content[at : at + NAME], content[at + NAME : at + size]

    def _places(self) -> Iterator[tuple[str, int]]:
        return ((name, VALUE * number) for number, name in enumerate(self.fields))


def _value(value: Normal) -> bytes:
    return EMPTY if value is None else _digest(SORTED.encode(value), VALUE)


def _name(address: str) -> bytes:
    return _digest(address, NAME)


def _digest(text: str, size: int) -> bytes:
    """Keyed: an address can't be looked for by trying."""
    key = settings.FERNET_KEYS[-1].encode()[:64]
    return hashlib.blake2b(text.encode(), digest_size=size, key=key).digest()
