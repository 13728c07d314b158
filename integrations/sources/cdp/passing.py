"""Time passes: events leave the window in which they count, and dates come nearer.

Only persons whose events have left since the last look are looked at again; dates change for everybody, at midnight.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.db import transaction

from integrations.sources.cdp import days, membership, values
from integrations.sources.cdp.conditions import catalogue, depends_on, windows
from integrations.sources.cdp.matching import begin_of
from integrations.sources.cdp.models import Attribute, Audience, PersonEvent
from integrations.sources.cdp.problems import Definition, hindrance, note, readable
from integrations.sources.cdp.recalculation import (
    follow_values,
    from_scratch,
    match_persons,
    moment,
    write_values,
)

# When more events than this leave at once, everybody is calculated: in slices, so that no transaction grows with them.
MOST = 5000
# Event type ids with the days within which they count.
Windows = Iterable[tuple[int, int]]


def pass_time() -> None:
    """For every attribute and audience that time concerns, each in a transaction of its own."""
    for pk in Attribute.objects.exclude(within_days=None).exclude(event_type=None).values_list("pk", flat=True):
        _pass_attribute(pk)
    for one in readable(Audience.objects.filter(kind=Audience.Kind.CONDITIONS), catalogue()):
        if windows(one.group) or depends_on(one.group).midnight:
            _pass_audience(one.audience.pk)


@transaction.atomic
def _pass_attribute(pk: int) -> None:
    attribute = values.lock([pk]).get(pk)
    known = catalogue()
    if attribute is None or hindrance(attribute, known) or attribute.within_days is None:
        return
    now = moment([attribute])
    left = _left(attribute, [(attribute.event_type_id or 0, attribute.within_days)], now)
    if left is None:
        from_scratch("attribute", pk)
        return
    if left:
        follow_values(pk, write_values(attribute, left), known)
    note(attribute, passed_until=now)


@transaction.atomic
def _pass_audience(pk: int) -> None:
    audience = membership.lock([pk]).get(pk)
    known = catalogue()
    if audience is None or not (found := readable([audience], known)):
        return
    (one,) = found
    now = moment([audience])
    is_another_day = days.today(now) != days.today(audience.passed_until)
    left = _left(audience, [(known.events[key].id, within) for key, within in windows(one.group)], now)
    if left is None or (is_another_day and depends_on(one.group).midnight):
        from_scratch("audience", pk)
        return
    if left:
        match_persons([one], left, known)
    note(audience, passed_until=now)


def _left(definition: Definition, windows: Windows, now: datetime.datetime) -> set[int] | None:
    """Persons whose events have left a window since the last look; None: too many."""
    people: set[int] = set()
    for type_id, within_days in windows:
        begin, end = begin_of(within_days, definition.passed_until), begin_of(within_days, now)
        events = PersonEvent.objects.filter(type_id=type_id, at__gt=begin, at__lte=end)
        found = events.values_list("person_id", flat=True)[: MOST + 1]
        if len(found) > MOST:
            return None
        people.update(found)
    return people
