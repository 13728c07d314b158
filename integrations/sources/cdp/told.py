"""Memberships of fixed audiences and values that are told, not calculated: by the API, CSV or Raptor."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import IntegrityError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core.batch import Outcome, Refused, RowResult, in_chunks
from integrations.core.engine.rows import insert
from integrations.sources.cdp import membership, values
from integrations.sources.cdp.booking import Booking
from integrations.sources.cdp.identifiers import Name, Types
from integrations.sources.cdp.kinds import LAST_ID, as_moment, checked, is_storable, moment, wanted
from integrations.sources.cdp.membership import Difference
from integrations.sources.cdp.models import Attribute, AttributeValue, Audience, Membership, ToldMembership, ToldValue
from integrations.sources.cdp.models.audiences import AudienceKind
from integrations.sources.cdp.models.people import Kind
from integrations.sources.cdp.rows import MembershipRow, ValueRow
from integrations.sources.cdp.times import LONG_AGO, Pair, keep_times, times
from integrations.sources.cdp.unify import People

Thing = TypeVar("Thing", Audience, Attribute)


class _Read(NamedTuple):
    """A row that was checked: what is so (`state`) of an audience or attribute, for whom, since when."""

    thing_id: int
    names: list[Name]
    state: Any
    at: datetime.datetime


def tell_memberships(rows: Sequence[MembershipRow], *, all_or_nothing: bool = False) -> list[RowResult]:
    """Let persons enter and leave fixed audiences; a result for each row, with the person's id. Good rows are kept,
    unless `all_or_nothing`. What is older than what was told last changes nothing. Raises DatabaseError only.
    """
    return in_chunks(rows, _tell_memberships, all_or_nothing=all_or_nothing)


def tell_values(rows: Sequence[ValueRow], *, all_or_nothing: bool = False) -> list[RowResult]:
    """Give persons values of attributes that aren't calculated, as `tell_memberships` does."""
    return in_chunks(rows, _tell_values, all_or_nothing=all_or_nothing)


class _Telling:
    """A chunk of rows, once the persons they are of are written: their ids no longer change."""

    def __init__(self, booking: Booking[_Read, int]) -> None:
        self.booking = booking
        rows = booking.rows
        self.people = People([name for row in rows.values() for name in row.names])
        persons = {index: self.people.of(row.names) for index, row in rows.items()}
        self.people.write()
        self.persons = {index: self.people.now_is(person) for index, person in persons.items()}
        self.person_ids = [person.pk for person in self.persons.values()]
        self.thing_ids = {row.thing_id for row in rows.values()}

    def compare(self, told: Mapping[Pair, datetime.datetime], before: Mapping[Pair, Any]) -> dict[Pair, Any]:
        """What is so of each after all rows, where it wasn't `before`. Books the rows."""
        self.latest, states = dict(told), dict(before)
        for index, row in self.booking.rows.items():
            pair, outcome = (row.thing_id, self.persons[index].pk), Outcome.UNCHANGED
            if row.at >= self.latest.get(pair, LONG_AGO):
                self.latest[pair] = row.at
                outcome = Outcome.UNCHANGED if states.get(pair) == row.state else Outcome.UPDATED
                states[pair] = row.state
            self.booking.booked[index] = outcome, self.persons[index].pk
        return {pair: state for pair, state in states.items() if state != before.get(pair)}

    def results(self) -> list[RowResult]:
        self.people.bring_up_to_date()
        return self.booking.results(lambda person_id: person_id)


def _tell_memberships(rows: Sequence[MembershipRow]) -> list[RowResult]:
    types, audiences = Types(), _Things(Audience, [row.audience for row in rows])
    telling = _Telling(Booking(rows, lambda row: _read_membership(types, audiences, row)))
    _are_the_same(membership.lock(telling.thing_ids), audiences.by_id, telling.thing_ids)
    told = ToldMembership.objects.filter(audience_id__in=telling.thing_ids, person_id__among=telling.person_ids)
    inside = Membership.objects.filter(audience_id__in=telling.thing_ids, person_id__among=telling.person_ids)
    before = dict.fromkeys(inside.values_list("audience_id", "person_id"), True)
    changes = telling.compare(times(told, "audience_id"), before)
    entering: dict[int, set[int]] = {pk: set() for pk in telling.thing_ids}
    leaving: dict[int, set[int]] = {pk: set() for pk in telling.thing_ids}
    for (audience_id, person_id), entered in changes.items():
        (entering if entered else leaving)[audience_id].add(person_id)
    membership.change_all(
        {pk: Difference(entering[pk], leaving[pk]) for pk in sorted(telling.thing_ids)}, telling.people.now
    )
    since = [(*pair, telling.latest[pair]) for pair, entered in sorted(changes.items()) if entered]
    insert(
        Membership,
        ("audience_id", "person_id", "entered_at"),
        since,
        unique=("audience_id", "person_id"),
        update=("entered_at",),
    )
    keep_times(ToldMembership, "audience_id", telling.latest)
    return telling.results()


def _tell_values(rows: Sequence[ValueRow]) -> list[RowResult]:
    types, attributes = Types(), _Things(Attribute, [row.attribute for row in rows])
    telling = _Telling(Booking(rows, lambda row: _read_value(types, attributes, row)))
    locked = values.lock(telling.thing_ids)
    _are_the_same(locked, attributes.by_id, telling.thing_ids)
    told = ToldValue.objects.filter(attribute_id__in=telling.thing_ids, person_id__among=telling.person_ids)
    found = AttributeValue.objects.filter(attribute_id__in=telling.thing_ids, person_id__among=telling.person_ids)
    before = {(one.attribute_id, one.person_id): one.value for one in found}
    changes: dict[int, dict[int, Any]] = defaultdict(dict)
    for (attribute_id, person_id), value in telling.compare(times(told, "attribute_id"), before).items():
        changes[attribute_id][person_id] = value
    by_id = {person.pk: person for person in telling.persons.values()}
    for attribute_id, new in sorted(changes.items()):
        values.write(locked[attribute_id], new, telling.people.now)
        for person_id in new:
            telling.people.has(by_id[person_id], attribute_id)
    keep_times(ToldValue, "attribute_id", telling.latest)
    return telling.results()


def _are_the_same(locked: Mapping[int, Thing], read: Mapping[int, Thing], ids: Collection[int]) -> None:
    """What rows were checked against may have been changed or deleted before it was locked: the chunk is then tried
    again (`core.batch`)."""
    if any(pk not in locked or locked[pk].kind != read[pk].kind for pk in ids):
        raise IntegrityError


class _Things(Generic[Thing]):
    """The audiences or attributes that rows name: by our id, or as text by the one they have in Raptor. One query."""

    def __init__(self, model: type[Thing], names: Sequence[int | str]) -> None:
        ids = {name for name in names if isinstance(name, int) and 0 < name <= LAST_ID}
        external = {name for name in names if isinstance(name, str) and is_storable(name)}
        found = model._default_manager.filter(Q(pk__in=ids) | Q(external_id__in=external))
        self.by_id: dict[int, Thing] = {one.pk: one for one in found}
        self.by_external_id: dict[str, Thing] = {one.external_id: one for one in self.by_id.values() if one.external_id}

    def get(self, name: int | str) -> Thing | None:
        return self.by_id.get(name) if isinstance(name, int) else self.by_external_id.get(name)


def _read_membership(types: Types, audiences: _Things[Audience], row: MembershipRow) -> _Read:
    audience = audiences.get(row.audience)
    if audience is None:
        raise Refused("audience", _("There is no such audience. Its id is shown on its page."))
    if audience.kind != AudienceKind.FIXED:
        raise Refused("audience", _("Who is in this audience follows from its conditions. Use a fixed audience."))
    at = moment(row.at, timezone.now())
    return _Read(audience.pk, types.read_some(row.identifiers), True if row.entered else None, at)


def _read_value(types: Types, attributes: _Things[Attribute], row: ValueRow) -> _Read:
    attribute = attributes.get(row.attribute)
    if attribute is None:
        raise Refused("attribute", _("There is no such attribute. Its id is shown on its page."))
    if attribute.aggregate:
        raise Refused("attribute", _("This attribute is calculated from events. Use one whose values are told."))
    at = moment(row.at, timezone.now())
    return _Read(attribute.pk, types.read_some(row.identifiers), _value(row.value, attribute.kind), at)


def _value(value: Any, kind: str) -> Any:
    """As its column has it; None: there is none. Raises Refused."""
    if value is None or value == "":
        return None
    if kind == Kind.DATE:
        if isinstance(value, str) and (at := as_moment(value.strip())):
            return at.astimezone(datetime.UTC)
        raise Refused("value", wanted(kind))
    found = checked(value, kind, "value")
    return int(found) if isinstance(found, bool) else found
