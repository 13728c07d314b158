"""Persons that turned out to be one, or are deleted: what they had moves, or goes; nobody listening misses it."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping

from django.db import DEFAULT_DB_ALIAS

from integrations.core.engine.rows import repoint
from integrations.sources.cdp import membership, values
from integrations.sources.cdp.carrying import carry_memberships, carry_values
from integrations.sources.cdp.membership import Difference
from integrations.sources.cdp.models import (
    Attribute,
    AttributeValue,
    Identifier,
    Membership,
    Person,
    PersonEvent,
    ToldMembership,
    ToldValue,
)


def merge_rows(survivors: Mapping[int, int], at: datetime.datetime) -> list[int]:
    """Move what the persons of `survivors` have to those it maps them to. All of them are locked, and so is everything
    (`recalculation.lock_everything`). Returns the identifiers that moved. What is calculated of those who stay is left
    to the caller.
    """
    if not survivors:
        return []
    moved = list(Identifier.objects.filter(person_id__among=list(survivors)).values_list("pk", flat=True))
    repoint(Identifier, "person_id", survivors)
    repoint(PersonEvent, "person_id", survivors)
    carry_memberships(survivors, at)
    carry_values(survivors, at)
    leave_everything(survivors, at)
    return moved


def leave_everything(person_ids: Collection[int], at: datetime.datetime) -> None:
    """These persons leave their audiences, and their attributes have no values any more."""
    leaving: dict[int, set[int]] = defaultdict(set)
    for audience_id, person_id in _of(Membership, person_ids, "audience_id"):
        leaving[audience_id].add(person_id)
    membership.change_all({pk: Difference(leaving=people) for pk, people in leaving.items()}, at)
    gone: dict[int, dict[int, None]] = defaultdict(dict)
    for attribute_id, person_id in _of(AttributeValue, person_ids, "attribute_id"):
        gone[attribute_id][person_id] = None
    for attribute in Attribute.objects.filter(pk__in=gone).order_by("pk"):
        values.write(attribute, gone[attribute.pk], at)


def _of(
    model: type[Membership] | type[AttributeValue], person_ids: Collection[int], what: str
) -> list[tuple[int, int]]:
    found = model._default_manager.filter(person_id__among=list(person_ids))
    return list(found.values_list(what, "person_id"))


def forget(person_ids: Collection[int]) -> None:
    """Delete persons who have nothing left but when something was told of them.

    The last thing of all, with everything locked: a calculation that adds one of them to an audience would
    otherwise wait for this one and this one for it. One statement each: Django's own deletion would look for what is
    no longer there, a hundred persons at a time.
    """
    if person_ids:
        for told in (ToldMembership, ToldValue):
            told._default_manager.filter(person_id__among=list(person_ids)).delete()
        Person.objects.filter(pk__among=list(person_ids))._raw_delete(DEFAULT_DB_ALIAS)
