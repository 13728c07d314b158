"""Entering and leaving audiences: as differences, each written, counted and announced exactly once.

What happens to one audience happens one after the other: whoever calls `change` holds its row (`lock`), so that the
order in which changes are announced is the one in which they happened.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import F

from integrations.core.announce import announce
from integrations.core.engine.rows import insert
from integrations.sources.cdp.locks import hold_definitions
from integrations.sources.cdp.models import Audience, Membership
from integrations.sources.cdp.signals import MembershipChange, memberships_changed


@dataclass(frozen=True)
class Difference:
    """Persons who are to be in an audience, and who aren't; some of them may be or not be in it already."""

    entering: Collection[int] = ()
    leaving: Collection[int] = ()


def lock(audience_ids: Collection[int]) -> dict[int, Audience]:
    """The audiences as they are once locked, by id, for the rest of the transaction. Always in the order of the ids."""
    hold_definitions()
    # NO KEY: what refers to an audience – a membership, an activation – can be written meanwhile.
    locked = Audience.objects.select_for_update(no_key=True).filter(pk__in=audience_ids).order_by("pk")
    return {audience.pk: audience for audience in locked}


def change(
    audience: Audience, entering: Collection[int], leaving: Collection[int], at: datetime.datetime
) -> list[MembershipChange]:
    """Let these persons enter and leave a locked audience; returns, and announces, the differences that made."""
    return change_all({audience.pk: Difference(entering, leaving)}, at)


def change_all(wanted: Mapping[int, Difference], at: datetime.datetime) -> list[MembershipChange]:
    """The same for many locked audiences, by id, in as many statements as for one."""
    people = {person for one in wanted.values() for person in (*one.entering, *one.leaving)}
    inside = _inside(wanted, people)
    changes = []
    for audience_id, one in wanted.items():
        now = inside.get(audience_id, set())
        changes += [MembershipChange(audience_id, pk, False, at) for pk in sorted(now.intersection(one.leaving))]
        changes += [MembershipChange(audience_id, pk, True, at) for pk in sorted(set(one.entering) - now)]
    _write(changes)
    announce(memberships_changed, changes=changes)
    return changes


def _inside(audience_ids: Collection[int], people: Collection[int]) -> dict[int, set[int]]:
    inside: dict[int, set[int]] = {}
    rows = Membership.objects.filter(person_id__among=list(people), audience_id__in=list(audience_ids))
    for audience_id, person_id in rows.values_list("audience_id", "person_id"):
        inside.setdefault(audience_id, set()).add(person_id)
    return inside


def _write(changes: Collection[MembershipChange]) -> None:
    entered = [(one.audience_id, one.person_id, one.at) for one in changes if one.entered]
    insert(Membership, ("audience_id", "person_id", "entered_at"), entered)
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
