"""Calculating an audience or an attribute for everybody: a slice of persons after the other.

Each slice is a short transaction of its own, in which the definition is locked; how far it came is written with what it
found, so that a worker that was killed is followed by one that goes on where it stood.
"""

from __future__ import annotations

import datetime
import time

from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils import timezone

from integrations.sources.cdp import calculations, membership, values
from integrations.sources.cdp.conditions import Catalogue, catalogue
from integrations.sources.cdp.matching import Span
from integrations.sources.cdp.models import Attribute, Audience, Person
from integrations.sources.cdp.problems import Definition, hindrance, is_calculated, note, readable
from integrations.sources.cdp.recalculation import KINDS, ask, follow_values, moment, write_values

# Persons of a slice. A person's change may wait for one.
SLICE = 10_000
# Seconds a task works before it hands on to the next.
BUDGET = 45.0
# A worker that shows no sign of life for so long is taken for dead.
SILENCE = datetime.timedelta(seconds=90)
# A slice whose person was deleted meanwhile is done again.
TRIES = 3


def calculate(kind: str, pk: int) -> None:
    """Go on with a calculation for a bounded time, unless another worker is at it."""
    mine = KINDS[kind].objects.filter(pk=pk)
    free = mine.filter(Q(worked_until=None) | Q(worked_until__lt=timezone.now()), calculating_after__isnull=False)
    if not free.update(worked_until=timezone.now() + SILENCE):
        return
    deadline = time.monotonic() + BUDGET
    while go_on(kind, pk) and time.monotonic() < deadline:
        pass
    mine.update(worked_until=None)
    # Not finished, or started again since the last slice.
    if mine.filter(calculating_after__isnull=False).exists():
        ask(kind, pk)


def go_on(kind: str, pk: int) -> bool:
    """One slice; False when there was none left to do."""
    for left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                return _slice(kind, pk)
        except IntegrityError:
            if not left:
                raise
    raise AssertionError("unreachable")


def _slice(kind: str, pk: int) -> bool:
    locked = (values.lock([pk]) if kind == "attribute" else membership.lock([pk])).get(pk)
    if locked is None or locked.calculating_after is None:
        return False
    known = catalogue()
    if problem := hindrance(locked, known):
        note(locked, problem=problem, calculating_after=None)
        return False
    span = _next(locked.calculating_after) if is_calculated(locked) else None
    if span is None:
        _finish(locked)
        return False
    if isinstance(locked, Attribute):
        _calculate_values(locked, span, known)
    else:
        _match(locked, span, known)
    note(locked, calculating_after=span.upto, worked_until=timezone.now() + SILENCE)
    return True


def _next(after: int) -> Span | None:
    """The next persons by id. Those who come while it works are looked at when they come."""
    following = Person.objects.filter(pk__gt=after)
    upto = following.order_by("pk").values_list("pk", flat=True)[SLICE - 1 : SLICE].first()
    upto = upto or following.aggregate(last=Max("pk"))["last"]
    return None if upto is None else Span(after, upto)


def _match(audience: Audience, span: Span, known: Catalogue) -> None:
    now = moment([audience])
    (one,) = readable([audience], known)
    membership.write(membership.differences_in(span, audience.pk, one.group, now, known), now)


def _calculate_values(attribute: Attribute, span: Span, known: Catalogue) -> None:
    changed = write_values(attribute, span)
    left_out = calculations.misfits(attribute, moment([attribute]), span)
    if left_out:
        note(attribute, left_out=attribute.left_out + left_out)
    follow_values(attribute.pk, changed, known)


def _finish(definition: Definition) -> None:
    problem = calculations.left_out(definition) if isinstance(definition, Attribute) else ""
    note(definition, calculating_after=None, calculated_at=timezone.now(), problem=problem)
