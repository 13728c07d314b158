"""Told memberships and values of persons that turned out to be one: of each, what was told last is so from now on."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from integrations.sources.cdp import membership
from integrations.sources.cdp.membership import Difference
from integrations.sources.cdp.models import (
    Attribute,
    AttributeValue,
    Audience,
    Membership,
    ToldMembership,
    ToldValue,
)
from integrations.sources.cdp.models.audiences import AudienceKind
from integrations.sources.cdp.times import LONG_AGO, Pair, Times, keep_times, times
from integrations.sources.cdp.values import write as write_values


class Told(NamedTuple):
    """What is so, and since it was told. Compared in this order; a value stands for nothing else."""

    at: datetime.datetime
    is_there: bool
    person_id: int


def carry_memberships(survivors: Mapping[int, int], at: datetime.datetime) -> None:
    """Survivors enter and leave fixed audiences; those who go are still in them afterwards."""
    fixed = set(Audience.objects.filter(kind=AudienceKind.FIXED).values_list("pk", flat=True))
    ids = list({*survivors, *survivors.values()})
    inside = set(
        Membership.objects.filter(person_id__among=ids, audience_id__in=fixed).values_list("audience_id", "person_id")
    )
    told = times(ToldMembership.objects.filter(person_id__among=ids), "audience_id")
    entering: dict[int, set[int]] = defaultdict(set)
    leaving: dict[int, set[int]] = defaultdict(set)
    for (audience_id, person_id), last in _newest(survivors, told, inside).items():
        if last.is_there != ((audience_id, person_id) in inside):
            (entering if last.is_there else leaving)[audience_id].add(person_id)
    membership.change_all({pk: Difference(entering[pk], leaving[pk]) for pk in sorted({*entering, *leaving})}, at)
    _keep_times(ToldMembership, "audience_id", survivors, told)


def carry_values(survivors: Mapping[int, int], at: datetime.datetime) -> None:
    """Survivors get told values; those who go still have theirs afterwards."""
    attributes = {one.pk: one for one in Attribute.objects.filter(aggregate="")}
    ids = list({*survivors, *survivors.values()})
    found = AttributeValue.objects.filter(person_id__among=ids, attribute_id__in=attributes)
    known: dict[Pair, Any] = {(one.attribute_id, one.person_id): one.value for one in found}
    told = times(ToldValue.objects.filter(person_id__among=ids), "attribute_id")
    changes: dict[int, dict[int, Any]] = defaultdict(dict)
    for (attribute_id, person_id), last in _newest(survivors, told, known).items():
        value = known.get((attribute_id, last.person_id))
        if value != known.get((attribute_id, person_id)):
            changes[attribute_id][person_id] = value
    for attribute_id in sorted(changes):
        write_values(attributes[attribute_id], changes[attribute_id], at)
    _keep_times(ToldValue, "attribute_id", survivors, told)


def _newest(survivors: Mapping[int, int], told: Times, there: Collection[Pair]) -> dict[Pair, Told]:
    """Of each survivor: what was told last of anybody that is this one now."""
    newest: dict[Pair, Told] = {}
    for pk, person_id in {*told, *there}:
        one = Told(told.get((pk, person_id), LONG_AGO), (pk, person_id) in there, person_id)
        pair = pk, survivors.get(person_id, person_id)
        newest[pair] = max(one, newest.get(pair, one))
    return newest


def _keep_times(
    model: type[ToldMembership] | type[ToldValue],
    what: str,
    survivors: Mapping[int, int],
    told: Times,
) -> None:
    latest: dict[Pair, datetime.datetime] = {}
    for (pk, person_id), at in told.items():
        pair = pk, survivors.get(person_id, person_id)
        latest[pair] = max(at, latest.get(pair, at))
    keep_times(model, what, latest)
