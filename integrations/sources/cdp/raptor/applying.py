"""Applying what a push says: in the order of the times in it, an outcome for each change.

What is applied twice is as if applied once, as what is told later with the same time changes nothing: a worker that is
killed in between is followed by one that begins anew.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from integrations.core.batch import Outcome, Refused, RowResult
from integrations.sources.cdp.models import Attribute, Audience, ToldMembership, ToldValue
from integrations.sources.cdp.models.people import Kind
from integrations.sources.cdp.raptor import naming
from integrations.sources.cdp.raptor.reading import AUDIENCE, DELETED, VALUE, Change, read
from integrations.sources.cdp.rows import MembershipRow, ValueRow
from integrations.sources.cdp.told import tell_memberships, tell_values


class Applied(StrEnum):
    APPLIED = "applied"
    UNCHANGED = "unchanged"
    LATE = "late"
    REFUSED = "refused"


class Result(NamedTuple):
    """What became of a change; `message` is a sentence without personal data."""

    outcome: str
    message: str = ""


def apply(said: Sequence[Any]) -> list[Result]:
    """A result for each change, in their order. Raises DatabaseError only."""
    results: dict[int, Result] = {}
    changes: list[Change] = []
    for index, one in enumerate(said):
        try:
            changes.append(read(index, one))
        except Refused as refused:
            results[index] = _refused(refused.field, refused.message)
    changes.sort(key=lambda change: (change.at, change.index))
    for deleting, some in groupby(changes, key=lambda change: change.type == DELETED):
        if deleting:
            results |= {change.index: _delete(change) for change in some}
        else:
            results |= _tell(list(some))
    return [results[index] for index in range(len(said))]


def _delete(change: Change) -> Result:
    done = naming.delete_audience(change.id, change.name, change.at)
    if done is None:
        return Result(Applied.UNCHANGED, _("There was no such audience."))
    return Result(Applied.APPLIED) if done else Result(Applied.LATE, _("Later changes of this audience came before."))


def _tell(changes: list[Change]) -> dict[int, Result]:
    gone = naming.keep(change.sighting for change in changes)
    results = {
        change.index: Result(Applied.LATE, _("Raptor deleted it after this change."))
        for change in changes
        if change.sighting.key in gone
    }
    left = [change for change in changes if change.index not in results]
    results |= _tell_memberships([change for change in left if change.type == AUDIENCE])
    results |= _tell_values([change for change in left if change.type == VALUE])
    return results


def _tell_memberships(changes: list[Change]) -> dict[int, Result]:
    if not changes:
        return {}
    done = tell_memberships([MembershipRow(one.id, one.person, one.state, one.at) for one in changes])
    ids = _ids(Audience.objects.all(), changes)
    told = ToldMembership.objects.filter(audience_id__in=set(ids.values()))
    return _results(changes, done, ids, told, "audience_id")


def _tell_values(changes: list[Change]) -> dict[int, Result]:
    if not changes:
        return {}
    attributes = Attribute.objects.filter(external_id__in={one.id for one in changes})
    kinds = {one.external_id: one.kind for one in attributes}
    results = {
        one.index: _other_kind(kinds[one.id]) for one in changes if kinds.get(one.id, one.value_kind) != one.value_kind
    }
    fitting = [one for one in changes if one.index not in results]
    done = tell_values([ValueRow(one.id, one.person, one.state, one.at) for one in fitting])
    ids = {one.external_id or "": one.pk for one in attributes}
    told = ToldValue.objects.filter(attribute_id__in=set(ids.values()))
    return results | _results(fitting, done, ids, told, "attribute_id")


def _results(
    changes: list[Change], done: list[RowResult], ids: dict[str, int], told: QuerySet[Any], what: str
) -> dict[int, Result]:
    """What the platform says of each row; of what changed nothing, whether that is because it came too late."""
    still = [one.id for one in done if one.outcome == Outcome.UNCHANGED and one.id is not None]
    latest: dict[tuple[int, int], datetime.datetime] = {}
    if still:
        rows = told.filter(person_id__among=still).values_list(what, "person_id", "at")
        latest = {(thing_id, person_id): at for thing_id, person_id, at in rows}
    results = {}
    for change, row in zip(changes, done, strict=True):
        at = latest.get((ids.get(change.id, 0), row.id or 0))
        late = row.outcome == Outcome.UNCHANGED and at is not None and change.at < at
        results[change.index] = _late() if late else _result(row)
    return results


def _result(row: RowResult) -> Result:
    if row.outcome == Outcome.REFUSED:
        return _refused(row.field, row.message)
    return Result(Applied.UNCHANGED if row.outcome == Outcome.UNCHANGED else Applied.APPLIED)


def _late() -> Result:
    return Result(Applied.LATE, _("Something later was told of this person before."))


def _refused(field: str, message: str) -> Result:
    return Result(Applied.REFUSED, f"{field}: {message}" if field else message)


def _other_kind(kind: str) -> Result:
    text = _("This attribute is of the type %(kind)s here. Delete it here to let Raptor make it anew.")
    return _refused("valueType", text % {"kind": Kind(kind).label})


def _ids(definitions: QuerySet[Audience], changes: Iterable[Change]) -> dict[str, int]:
    found = definitions.filter(external_id__in={one.id for one in changes})
    return {external_id or "": pk for external_id, pk in found.values_list("external_id", "pk")}


def number_of(results: Iterable[Result], outcome: Applied) -> int:
    return sum(result.outcome == outcome for result in results)
