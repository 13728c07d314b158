"""The persons of a batch: locked and read together, unified and changed in memory, written together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.core.announce import announce
from integrations.core.engine.rows import insert
from integrations.sources.cdp import recalculation
from integrations.sources.cdp.identifiers import Found, Name, look_up
from integrations.sources.cdp.merging import forget, merge_rows
from integrations.sources.cdp.models import Identifier, Person
from integrations.sources.cdp.signals import identifiers_changed

COLUMNS = ("properties", "property_times", "created_at", "updated_at")


# How often persons are looked for again whom others unified in the meantime.
TRIES = 20


class Moved(IntegrityError):
    """Somebody else unified persons of this batch while it waited for them."""


class People:
    """The persons named by `names` or our ids, with their rows locked in the order of their ids."""

    def __init__(self, names: Collection[Name], ids: Collection[int] = ()) -> None:
        self.now = timezone.now()
        self.by_id, found = locked(names, ids)
        self.by_name = {name: self.by_id[one.person_id] for name, one in found.items()}
        # By identity: a new person has no id yet.
        self.new: dict[int, Person] = {}
        self.changed: dict[int, Person] = {}
        self.unified: dict[int, Person] = {}
        self.lost: list[Person] = []
        self.survivors: dict[int, Person] = {}
        self.added: list[tuple[Name, Person]] = []
        self.identifier_ids: list[int] = []
        self.revision = 0
        # Whose audiences and attributes may differ now, and because of what.
        self.concerned: dict[int, Person] = {}
        self.properties: set[str] = set()
        self.event_types: set[int] = set()
        self.attributes: set[int] = set()

    def known(self, names: Iterable[Name]) -> list[Person]:
        """Those who have one of these names, each once."""
        found = (self.by_name.get((name.type_id, name.key)) for name in names)
        return list({id(person): person for one in found if one and (person := self.now_is(one))}.values())

    def now_is(self, person: Person) -> Person:
        """The one who stayed, if this one was unified with others."""
        while (into := self.unified.get(id(person))) is not None:
            person = into
        return person

    def of_id(self, pk: int) -> Person | None:
        """Who has this id now; None if it isn't one of these."""
        person = self.by_id.get(pk)
        return self.now_is(person) if person else None

    def of(self, names: Iterable[Name], person: Person | None = None) -> Person:
        """The one whom all these names belong to from now on, and who `person` is, if given."""
        names = list(names)
        met = self.known(names)
        if person is not None and (person := self.now_is(person)) not in met:
            met.append(person)
        one = self._unify(met) if met else self._add()
        for name in names:
            if (name.type_id, name.key) not in self.by_name:
                self.by_name[name.type_id, name.key] = one
                self.added.append((name, one))
                self._touch(one)
        return one

    def change(self, person: Person, properties: Mapping[str, Any]) -> None:
        """Give a person values that were checked; None removes one."""
        changed = {key for key, value in properties.items() if not same(value, person.properties.get(key))}
        for key in changed:
            if properties[key] is None:
                del person.properties[key]
            else:
                person.properties[key] = properties[key]
            person.property_times[key] = self.now.timestamp()
        if changed:
            self._touch(person)
            self.concerned[id(person)] = person
            self.properties |= changed

    def did(self, person: Person, event_type_id: int) -> None:
        """Note that a person has another event of a type."""
        self.concerned[id(person)] = person
        self.event_types.add(event_type_id)

    def has(self, person: Person, attribute_id: int) -> None:
        """Note that a person has another value of an attribute."""
        self.concerned[id(person)] = person
        self.attributes.add(attribute_id)

    def _add(self) -> Person:
        person = Person(created_at=self.now, updated_at=self.now)
        self.new[id(person)] = person
        return person

    def _touch(self, person: Person) -> None:
        person.updated_at = self.now
        self.changed[id(person)] = person
        self.revision += 1

    def _unify(self, met: list[Person]) -> Person:
        """The oldest stays; new ones come after all others, in the order in which they came."""
        order = {key: place for place, key in enumerate(self.new)}
        stays, *others = sorted(met, key=lambda one: (one.pk is None, one.pk or order[id(one)]))
        for other in others:
            self.unified[id(other)] = stays
            take_properties(stays, other)
            self._touch(stays)
            self.changed.pop(id(other), None)
            self.survivors.pop(id(other), None)
            if self.new.pop(id(other), None) is None:
                self.lost.append(other)
                self.survivors[id(stays)] = stays
        return stays

    @property
    def is_everything_open(self) -> bool:
        """Whether there are persons of whom every audience has to be looked at."""
        return bool(self.new or self.lost)

    def write(self) -> None:
        """Write the persons and what names them. Whoever writes what they did or are told to be comes after this."""
        new = list(self.new.values())
        for person, pk in zip(new, insert(Person, COLUMNS, map(attrgetter(*COLUMNS), new)), strict=True):
            person.pk = pk
        old = [person for person in self.changed.values() if id(person) not in self.new]
        rows = map(attrgetter("id", *COLUMNS), old)
        insert(Person, ("id", *COLUMNS), rows, unique=("id",), update=COLUMNS)
        self._write_names()
        if self.is_everything_open:
            recalculation.lock_everything()
        self.identifier_ids += merge_rows({one.pk: self.now_is(one).pk for one in self.lost}, self.now)

    def _write_names(self) -> None:
        # In one order, so that two batches with the same new ones wait for each other rather than for ever.
        added = sorted(self.added, key=lambda one: one[0][:2])
        rows = [(self.now_is(person).pk, name.type_id, name.value, name.key, self.now) for name, person in added]
        self.identifier_ids += insert(Identifier, ("person_id", "type_id", "value", "key", "created_at"), rows)

    def bring_up_to_date(self, new_events: Mapping[int, Person] = MappingProxyType({})) -> None:
        """Bring audiences and calculated attributes up to date, once everything is written, and tell of identifiers.
        `new_events` are ids, and whose they are."""
        announce(identifiers_changed, identifier_ids=sorted(self.identifier_ids))
        whole = {person.pk for person in (*self.new.values(), *self.survivors.values())}
        events: dict[bool, list[int]] = {True: [], False: []}
        for event_id, person in new_events.items():
            events[self.now_is(person).pk in whole].append(event_id)
        recalculation.persons_changed(sorted(whole), everything=True, new_events=events[True])
        recalculation.persons_changed(
            sorted({self.now_is(person).pk for person in self.concerned.values()} - whole),
            properties=self.properties,
            event_types=self.event_types,
            attributes=self.attributes,
            new_events=events[False],
        )
        forget([person.pk for person in self.lost])


def locked(names: Collection[Name], ids: Collection[int]) -> tuple[dict[int, Person], dict[tuple[int, str], Found]]:
    """The persons, by id, and who has which name, with their rows locked. Raises Moved when that doesn't come to rest:
    the batch is then tried again, as for a new identifier that two callers have (`core.batch`)."""
    for left in reversed(range(TRIES)):
        try:
            # Going back to its start releases the locks: they are always taken in the order of the ids.
            with transaction.atomic():
                before = look_up(names)
                people = lock({*ids, *(one.person_id for one in before.values())})
                found = look_up(names) if before else before
                if not people.keys() >= {one.person_id for one in found.values()}:
                    raise Moved
                return people, found
        except Moved:
            if not left:
                raise
    raise AssertionError("unreachable")


def lock(person_ids: Collection[int]) -> dict[int, Person]:
    """Those of these persons that exist, as they are once the lock is held; by id."""
    if not person_ids:
        return {}
    # NO KEY: a calculation that writes memberships of theirs, and holds the audience this one will want, goes on.
    found = Person.objects.select_for_update(no_key=True).filter(pk__among=sorted(person_ids)).order_by("pk")
    return {person.pk: person for person in found}


def take_properties(person: Person, other: Person) -> None:
    """Of each property the newer change; also of one that was removed."""
    for key in {*other.properties, *other.property_times}:
        at, own = other.property_times.get(key, 0), person.property_times.get(key, 0)
        if at < own or (at == own and key in person.properties):
            continue
        person.property_times[key] = at
        if key in other.properties:
            person.properties[key] = other.properties[key]
        else:
            person.properties.pop(key, None)


def same(one: Any, other: Any) -> bool:
    """As JSON has them: 1 is 1.0, but not true."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other
