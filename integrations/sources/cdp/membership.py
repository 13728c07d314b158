"""Entering and leaving audiences: as differences, each written, counted and announced exactly once.

What happens to one audience happens one after the other: whoever calls `change` holds its row (`lock`), so that the
order in which changes are announced is the one in which they happened.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, OuterRef

from integrations.core.announce import announce
from integrations.core.engine.rows import insert
from integrations.sources.cdp.conditions import Catalogue, Group
from integrations.sources.cdp.locks import hold_definitions
from integrations.sources.cdp.matching import Among, CountOf, Span, chosen, meets
from integrations.sources.cdp.models import Audience, Membership
from integrations.sources.cdp.signals import MembershipChange, memberships_changed

# Audiences that one statement asks about.
AT_ONCE = 25


@dataclass(frozen=True)
class Difference:
    """Who enters an audience, and who leaves it."""

    entering: set[int] = field(default_factory=set)
    leaving: set[int] = field(default_factory=set)


def lock(audience_ids: Collection[int]) -> dict[int, Audience]:
    """The audiences as they are once locked, by id, for the rest of the transaction. Always in the order of the ids."""
    hold_definitions()
    # NO KEY: what refers to an audience – a membership, an activation – can be written meanwhile.
    locked = Audience.objects.select_for_update(no_key=True).filter(pk__in=audience_ids).order_by("pk")
    return {audience.pk: audience for audience in locked}


def change(
    audience: Audience, entering: Collection[int], leaving: Collection[int], at: datetime.datetime
) -> list[MembershipChange]:
    """Let these persons enter and leave a locked audience, as far as they aren't there or gone already; returns, and
    announces, the differences that made."""
    return change_all({audience.pk: Difference(set(entering), set(leaving))}, at)


def change_all(wanted: Mapping[int, Difference], at: datetime.datetime) -> list[MembershipChange]:
    """The same for many locked audiences, by id, in as many statements as for one."""
    inside = _inside(wanted, {pk for one in wanted.values() for pk in one.entering | one.leaving})
    real = {pk: Difference(one.entering - inside[pk], one.leaving & inside[pk]) for pk, one in wanted.items()}
    return write(real, at)


def differences(
    groups: Mapping[int, Group], now: datetime.datetime, known: Catalogue, person_ids: Collection[int]
) -> dict[int, Difference]:
    """By locked audience: who of these persons meets its condition and isn't in it, and who is and doesn't."""
    found = {pk: Difference() for pk in groups}
    for part in _batched(groups, AT_ONCE):
        columns: dict[str, Any] = {}
        for pk in part:
            columns |= {f"meets_{pk}": meets(groups[pk], now, known), f"inside_{pk}": _is_inside(pk)}
        for person, *answers in chosen(person_ids).annotate(**columns).values_list("pk", *columns):
            for pk, is_met, is_inside in zip(part, answers[::2], answers[1::2], strict=True):
                if is_met and not is_inside:
                    found[pk].entering.add(person)
                elif is_inside and not is_met:
                    found[pk].leaving.add(person)
    return found


def _batched(ids: Collection[int], size: int) -> Iterator[list[int]]:
    listed = list(ids)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


def differences_in(
    span: Span, audience_id: int, group: Group, now: datetime.datetime, known: Catalogue
) -> dict[int, Difference]:
    """The same of one audience and a whole span of persons: the database hands over only those who differ."""
    people = chosen(span).annotate(inside=_is_inside(audience_id)).exclude(inside=meets(group, now, known))
    found = Difference()
    for person, is_inside in people.values_list("pk", "inside"):
        (found.leaving if is_inside else found.entering).add(person)
    return {audience_id: found}


def write(found: Mapping[int, Difference], at: datetime.datetime) -> list[MembershipChange]:
    """Write differences of locked audiences, by id, in as many statements as for one; returns, and announces, them."""
    changes = []
    for audience_id, one in found.items():
        changes += [MembershipChange(audience_id, pk, False, at) for pk in sorted(one.leaving)]
        changes += [MembershipChange(audience_id, pk, True, at) for pk in sorted(one.entering)]
    _write(changes, at)
    announce(memberships_changed, changes=changes)
    return changes


def _inside(audience_ids: Collection[int], among: Among) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {pk: set() for pk in audience_ids}
    for part in _batched(audience_ids, AT_ONCE):
        columns = {f"inside_{pk}": _is_inside(pk) for pk in part}
        for person, *answers in chosen(among).annotate(**columns).values_list("pk", *columns):
            for pk, is_inside in zip(part, answers, strict=True):
                if is_inside:
                    found[pk].add(person)
    return found


def _is_inside(audience_id: int) -> CountOf:
    """A number for each person, rather than a list of members: a plan can't go wrong that way (`matching.py`)."""
    return CountOf(Membership.objects.filter(audience=audience_id, person=OuterRef("pk")).values("pk"))


def _write(changes: Collection[MembershipChange], at: datetime.datetime) -> None:
    entered = [(one.audience_id, one.person_id) for one in changes if one.entered]
    insert(Membership, ("audience_id", "person_id"), entered, same={"entered_at": at})
    grown: dict[int, int] = {}
    left: dict[int, list[int]] = {}
    for one in changes:
        grown[one.audience_id] = grown.get(one.audience_id, 0) + (1 if one.entered else -1)
        if not one.entered:
            left.setdefault(one.audience_id, []).append(one.person_id)
    for audience_id, people in left.items():
        Membership.objects.filter(audience_id=audience_id, person_id__among=people).delete()
    for audience_id, number in grown.items():
        if number:
            Audience.objects.filter(pk=audience_id).update(size=F("size") + number)
