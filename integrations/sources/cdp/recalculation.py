"""Keeping audiences and calculated attributes up to date when a person's data change.

Whoever looks at a person holds the lock of the definition it looks for (the order: `locks.py`): the last one to look
has seen every change, and differences come one after the other.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django_q.tasks import async_task

from integrations.sources.cdp import calculations, membership, values
from integrations.sources.cdp.conditions import Catalogue, catalogue, depends_on
from integrations.sources.cdp.locks import hold_definitions
from integrations.sources.cdp.matching import Among
from integrations.sources.cdp.models import Attribute, Audience, Person
from integrations.sources.cdp.problems import Definition, Readable, hindrance, note, readable

KINDS: dict[str, type[Attribute] | type[Audience]] = {"attribute": Attribute, "audience": Audience}


def persons_changed(
    person_ids: Collection[int],
    *,
    properties: Collection[str] = (),
    event_types: Collection[int] = (),
    attributes: Collection[int] = (),
    new_events: Collection[int] = (),
    everything: bool = False,
) -> None:
    """Bring up to date what depends on what was changed of these persons: properties (keys), events of these types,
    told values of these attributes, or everything.

    In the caller's transaction, which has locked the persons (`select_for_update(no_key=True)`) and written the change;
    once, with all that changed, and before any of them is deleted: who locks more persons afterwards, or deletes one,
    might wait for ever. Of `new_events` those are counted whose value doesn't fit an attribute.
    """
    if not person_ids:
        return
    hold_definitions()
    known = catalogue()
    changed = set(attributes)
    for attribute in _locked_attributes(event_types, everything):
        if hindrance(attribute, known):
            continue
        if write_values(attribute, person_ids):
            changed.add(attribute.pk)
        if number := calculations.new_misfits(attribute, new_events):
            note(attribute, left_out=attribute.left_out + number)
            note(attribute, problem=calculations.left_out(attribute))
    concerned = _concerned(known, set(properties), set(event_types), changed, everything)
    match_persons(concerned, person_ids, known)


def lock_everything() -> None:
    """Before persons are unified or deleted, of whom every value and membership may change."""
    values.lock(list(Attribute.objects.values_list("pk", flat=True)))
    membership.lock(list(Audience.objects.values_list("pk", flat=True)))


def follow_values(attribute_id: int, person_ids: Collection[int], known: Catalogue) -> None:
    """Bring the audiences up to date that look at an attribute, of which these persons have another value."""
    if person_ids:
        match_persons(_concerned(known, set(), set(), {attribute_id}, False), person_ids, known)


def match_persons(audiences: Collection[Readable], person_ids: Collection[int], known: Catalogue) -> None:
    """Let these persons be in those audiences whose conditions they meet. The same queries for up to 25 audiences."""
    locked = membership.lock([one.audience.pk for one in audiences]) if audiences else {}
    if not locked:
        return
    groups = {one.audience.pk: one.group for one in audiences if one.audience.pk in locked}
    now = moment(locked.values())
    membership.write(membership.differences(groups, now, known, person_ids), now)


def write_values(attribute: Attribute, among: Among) -> list[int]:
    """Calculate a locked attribute for these persons; returns those who have another value now."""
    now = moment([attribute])
    calculated = calculations.calculate(attribute, now, among)
    return [one.person_id for one in values.write(attribute, calculated, now, among=among)]


def moment(locked: Iterable[Definition]) -> datetime.datetime:
    """Now; not before what has been looked at already, by whatever clock."""
    return max([timezone.now(), *(one.passed_until for one in locked)])


def from_scratch(kind: str, pk: int) -> None:
    """Start a calculation for everybody, or start it again; it works in the background."""
    with transaction.atomic():
        locked = KINDS[kind].objects.select_for_update(no_key=True).filter(pk=pk).first()
        if locked is None:
            return
        note(locked, calculating_after=0, passed_until=moment([locked]))
        if isinstance(locked, Attribute):
            note(locked, left_out=0)
        ask(kind, pk)


def ask(kind: str, pk: int) -> None:
    """Ask for a worker, once the running transaction has committed."""
    transaction.on_commit(lambda: async_task("integrations.sources.cdp.tasks.calculate", kind, pk), robust=True)


def ask_for_unfinished() -> None:
    """For a worker for every calculation that nobody is at: the one who was may have been killed."""
    unfinished = Q(calculating_after__isnull=False) & (Q(worked_until=None) | Q(worked_until__lt=timezone.now()))
    for kind, model in KINDS.items():
        for pk in model.objects.filter(unfinished).values_list("pk", flat=True):
            ask(kind, pk)


def progress(definition: Definition) -> int | None:
    """Percent of the persons a calculation from scratch has come past; None: there is none."""
    if definition.calculating_after is None:
        return None
    last = Person.objects.aggregate(last=Max("pk"))["last"] or 0
    return min(99, definition.calculating_after * 100 // last) if last else 0


def _locked_attributes(event_types: Collection[int], everything: bool) -> Collection[Attribute]:
    found = Attribute.objects.exclude(aggregate="")
    if not everything:
        found = found.filter(event_type__in=list(event_types))
    ids = list(found.values_list("pk", flat=True)) if everything or event_types else []
    return values.lock(ids).values() if ids else []


def _concerned(
    known: Catalogue, properties: set[str], event_types: set[int], attributes: set[int], everything: bool
) -> list[Readable]:
    """The audiences whose condition looks at one of these, as far as they can be calculated."""
    events = {key for key, entry in known.events.items() if entry.id in event_types}
    found = []
    for one in readable(Audience.objects.filter(kind=Audience.Kind.CONDITIONS), known):
        depends = depends_on(one.group)
        looks_at = (depends.properties & properties) or (depends.events & events) or (depends.attributes & attributes)
        if everything or looks_at:
            found.append(one)
    return found
