"""Creating and changing persons, a thousand with a constant number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from integrations.core.batch import Outcome, Refused, RowResult, in_chunks
from integrations.sources.cdp.booking import Booking
from integrations.sources.cdp.identifiers import Name, Types
from integrations.sources.cdp.kinds import LAST_ID
from integrations.sources.cdp.models import Person
from integrations.sources.cdp.properties import Properties
from integrations.sources.cdp.rows import PersonRow
from integrations.sources.cdp.unify import People


class _Named(NamedTuple):
    """A row and the identifiers in it."""

    row: PersonRow
    names: list[Name]


def save_persons(rows: Sequence[PersonRow], *, all_or_nothing: bool = False) -> list[RowResult]:
    """Create, change or unify persons in the order of `rows`; a result for each. Good rows are kept, unless
    `all_or_nothing`. Raises DatabaseError only.
    """
    return in_chunks(rows, _save, all_or_nothing=all_or_nothing)


def _save(rows: Sequence[PersonRow]) -> list[RowResult]:
    types = Types()
    booking: Booking[_Named, Person] = Booking(rows, lambda row: _read(types, row))
    named = booking.rows.values()
    properties = Properties(one.row.properties for one in named)
    people = People(
        [name for one in named for name in one.names],
        {one.row.id for one in named if one.row.id is not None and 0 < one.row.id <= LAST_ID},
    )
    booking.book(lambda one: _book(people, properties, one))
    people.write()
    people.bring_up_to_date()
    return booking.results(lambda person: people.now_is(person).pk)


def _read(types: Types, row: PersonRow) -> _Named:
    return _Named(row, types.read_some(row.identifiers) if row.id is None else types.read(row.identifiers))


def _book(people: People, properties: Properties, one: _Named) -> tuple[Outcome, Person]:
    values = properties.read(one.row.properties)
    known = None if one.row.id is None else people.by_id.get(one.row.id)
    if one.row.id is not None and known is None:
        raise Refused("id", _("There is no such person. Correct the row, or leave the id out."))
    is_new = known is None and not people.known(one.names)
    revision = people.revision
    person = people.of(one.names, known)
    people.change(person, values)
    if is_new:
        return Outcome.CREATED, person
    return (Outcome.UNCHANGED if people.revision == revision else Outcome.UPDATED), person
