"""Which people are on the list now: asked by address, a hundred a call, whatever the size of the list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote_plus

from integrations.connectors.heyloyalty.bulk import Seen, page_size
from integrations.connectors.heyloyalty.client import HeyloyaltyClient
from integrations.connectors.heyloyalty.consent import age
from integrations.connectors.heyloyalty.fields import MemberList
from integrations.connectors.heyloyalty.values import raw_value, read_values, written

# Several values of `eq` mean any of them. Should an account see that otherwise, people are found missing who are there:
# they are then written by calls that find them themselves.
MOST_VALUES = 100
# Servers take addresses of some 8,000 characters.
LONGEST_QUERY = 6500

# By address: the subscribed member that has it.
Here = Mapping[str, Seen]


def look(client: HeyloyaltyClient, member_list: MemberList, match_on: str, values: Iterable[str]) -> dict[str, Seen]:
    """The subscribed members with one of these addresses, in the form `bulk.key_of` gives them."""
    found: dict[str, Seen] = {}
    for asked in portions(match_on, sorted(set(values))):
        size = min(page_size(member_list), 2 * len(asked))
        for member in client.members(member_list.id, 1, size, {match_on: {"eq": asked}}):
            known = read_values(member_list, member)
            address = written(raw_value(member, match_on) or "")
            seen = Seen(str(member.get("id")), known, address, age(member))
            found.setdefault(str(known.get(match_on) or ""), seen)
    return found


def shows_all(client: HeyloyaltyClient, member_list: MemberList, match_on: str) -> bool:
    """Whether a look for several addresses shows the members of all of them: tried with two that are there."""
    found = (read_values(member_list, member) for member in client.members(member_list.id, 1, 2))
    addresses = {str(values.get(match_on) or "") for values in found} - {""}
    return len(addresses) > 1 and len(look(client, member_list, match_on, addresses)) == len(addresses)


def portions(match_on: str, values: list[str]) -> Iterator[list[str]]:
    """As many at a time as one call asks for."""
    portion: list[str] = []
    length = 0
    for value in values:
        cost = len(quote_plus(f"&filter[{match_on}][eq][]=")) + len(quote_plus(value))
        if portion and (len(portion) == MOST_VALUES or length + cost > LONGEST_QUERY):
            yield portion
            portion, length = [], 0
        portion.append(value)
        length += cost
    if portion:
        yield portion
