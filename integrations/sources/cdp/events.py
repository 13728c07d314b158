"""Recording what persons did, a thousand events with a constant number of queries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core.batch import Outcome, Refused, RowResult, in_chunks
from integrations.core.engine.rows import insert
from integrations.sources.cdp.booking import Booking
from integrations.sources.cdp.event_data import check_data
from integrations.sources.cdp.event_types import EventTypes, check_type
from integrations.sources.cdp.identifiers import Name, Types
from integrations.sources.cdp.kinds import is_storable, moment
from integrations.sources.cdp.models import Person, PersonEvent
from integrations.sources.cdp.rows import EventRow
from integrations.sources.cdp.unify import People

LONGEST_ID = 100
COLUMNS = ("person_id", "type_id", "at", "data", "external_id")


class _Read(NamedTuple):
    """A row that was checked. `is_timed`: it says when it was."""

    type: str
    names: list[Name]
    event: PersonEvent
    is_timed: bool


def record_events(rows: Sequence[EventRow], *, all_or_nothing: bool = False) -> list[RowResult]:
    """Record events in the order of `rows`; a result for each. Good rows are kept, unless `all_or_nothing`.

    One whose `external_id` was recorded before is a duplicate, or refused if it isn't the same. Raises DatabaseError
    only.
    """
    return in_chunks(rows, _record, all_or_nothing=all_or_nothing)


def _record(rows: Sequence[EventRow]) -> list[RowResult]:
    types = Types()
    booking: Booking[_Read, PersonEvent] = Booking(rows, lambda row: _read(types, row))
    batch = _Batch(booking.rows.values())
    booking.book(batch.book)
    batch.write()
    return booking.results(lambda event: event.pk)


def _read(types: Types, row: EventRow) -> _Read:
    external_id = (row.external_id or "").strip() or None
    if external_id and (len(external_id) > LONGEST_ID or not is_storable(external_id)):
        raise Refused("external_id", _("An id has at most %(most)s characters, none of them a control character.")
                      % {"most": LONGEST_ID})  # fmt: skip
    event = PersonEvent(at=moment(row.at, timezone.now()), data=check_data(row.data), external_id=external_id)
    return _Read(check_type(row.type), types.read_some(row.identifiers), event, row.at is not None)


class _Batch:
    """A chunk of events and the persons they are of."""

    def __init__(self, rows: Collection[_Read]) -> None:
        self.types = EventTypes((row.type, row.event.data) for row in rows)
        self.people = People([name for row in rows for name in row.names])
        self.recorded = _recorded({row.event.external_id for row in rows if row.event.external_id})
        self.new: list[tuple[PersonEvent, Person]] = []
        self.of: dict[int, Person] = {}

    def book(self, row: _Read) -> tuple[Outcome, PersonEvent]:
        """Raises Refused, having changed nothing."""
        event = row.event
        event.type = self.types.of(row.type)
        if event.external_id and (known := self.recorded.get(event.external_id)):
            if not self._is_same(known, row):
                raise Refused("external_id", _("Another event was recorded under this id. Use a new one."))
            return Outcome.DUPLICATE, known
        person = self.people.of(row.names)
        self.people.did(person, event.type.pk)
        self.new.append((event, person))
        if event.external_id:
            self.recorded[event.external_id] = event
            self.of[id(event)] = person
        return Outcome.CREATED, event

    def _is_same(self, known: PersonEvent, row: _Read) -> bool:
        """The same content, of a person that one of the identifiers names."""
        person = self.of.get(id(known))
        mine = self.people.now_is(person) if person else self.people.of_id(known.person_id)
        same = known.type_id == row.event.type_id and known.data == row.event.data
        return same and (not row.is_timed or known.at == row.event.at) and mine in self.people.known(row.names)

    def write(self) -> None:
        self.people.write()
        rows: list[tuple[Any, ...]] = [
            (self.people.now_is(person).pk, event.type_id, event.at, event.data, event.external_id)
            for event, person in self.new
        ]
        for (event, _person), pk in zip(self.new, insert(PersonEvent, COLUMNS, rows), strict=True):
            event.pk = pk
        self.people.bring_up_to_date({event.pk: person for event, person in self.new})


def _recorded(external_ids: Collection[str]) -> dict[str, PersonEvent]:
    """Events that are there under these ids. Asked for with the persons locked: a row of another batch for the same
    person is seen."""
    found = PersonEvent.objects.filter(external_id__among=list(external_ids)) if external_ids else ()
    return {one.external_id: one for one in found if one.external_id}
