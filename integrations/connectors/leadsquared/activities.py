"""Sending activities: attach to the lead, create or update by the source's activity id.

LeadSquared creates a second activity when a create is sent twice, so one that may have arrived already is looked for
on its lead first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.connectors.leadsquared.client import LeadSquaredClient, Refused
from integrations.connectors.leadsquared.leads import find, refusal
from integrations.connectors.leadsquared.models import Behaviour
from integrations.connectors.leadsquared.payloads import LEAD_OF_ACTIVITY
from integrations.core.connector import Item, Outcome, Result, Skip
from integrations.core.engine.send import skipped
from integrations.core.errors import RecordError
from integrations.core.http import Answer, Call

if TYPE_CHECKING:
    from integrations.connectors.leadsquared.connector import LeadSync

# Its lead may be on its way: so often it waits before it needs a person.
WAITS_FOR_LEAD = 3
FIXED = ("ActivityEvent", "ActivityNote", "ActivityDateTime")
# Where LeadSquared tells an activity's note, depending on its type.
NOTES = ("NotableEventDescription", "ActivityEvent_Note", "ActivityNote")
NO_LEAD = gettext_lazy(
    "The lead of this activity isn't in the destination account. Sync the lead first, for "
    "example by saving it in the source account, then press Retry."
)


def deliver(sync: LeadSync, items: Sequence[Item]) -> Iterator[Outcome]:
    creates: list[tuple[Item, dict[str, Any]]] = []
    updates: list[tuple[Item, dict[str, Any]]] = []
    for item in items:
        try:
            planned = _plan(sync, item)
        except Refused as error:
            planned = _refused(item, error.reason, error.call)
        except RecordError as error:
            planned = Outcome(item, Result.FAILED, error.message, "refused", call=error.call)
        if isinstance(planned, Outcome):
            yield planned
        else:
            (updates if "ProspectActivityId" in planned else creates).append((item, planned))
    yield from _create(sync.client, creates)
    yield from _update(sync.client, updates)


def _plan(sync: LeadSync, item: Item) -> dict[str, Any] | Outcome:
    """The activity as LeadSquared takes it; with a ProspectActivityId it is an update."""
    behaviour = sync.connection.activity_behaviour
    if item.link is not None:
        if behaviour == Behaviour.CREATE:
            return skipped(item, Skip.CREATE_ONLY)
        return {"ProspectActivityId": item.link.remote_id, **body(item)}
    if behaviour == Behaviour.UPDATE:
        return skipped(item, Skip.UPDATE_ONLY)
    lead = lead_id(sync, item)
    if not lead:
        waits = item.attempts <= WAITS_FOR_LEAD
        return Outcome(item, Result.WAITING if waits else Result.FAILED, str(NO_LEAD), "no-lead")
    if item.maybe_applied and (known := _arrived_before(sync.client, lead, item)):
        return {"ProspectActivityId": known, **body(item)}
    return {"RelatedProspectId": lead, **body(item)}


def lead_id(sync: LeadSync, item: Item) -> str:
    """The lead in the destination that an activity hangs on; "" while there is none."""
    if item.parent is not None:
        return item.parent.remote_id
    mapped = sync.prepare_lead(item.payload.get(LEAD_OF_ACTIVITY) or {})
    found = None if isinstance(mapped, Skip) else find(sync.client, sync.criteria, mapped.values)
    return found.id if found else ""


def body(item: Item) -> dict[str, Any]:
    """The mapped values with custom fields in `Fields`. Raises RecordError without an activity type."""
    values = {**item.mapped.defaults, **item.values}
    event = str(values.get("ActivityEvent") or "")
    if not event.isdigit():
        raise RecordError(_("The activity has no activity type (ActivityEvent). Map it in Edit Mapping, then Retry."))
    fixed = {name: values[name] for name in FIXED if name in values} | {"ActivityEvent": int(event)}
    custom = [{"SchemaName": name, "Value": value} for name, value in values.items() if name not in FIXED]
    return {**fixed, "Fields": custom}


def _arrived_before(client: LeadSquaredClient, lead_id: str, item: Item) -> str:
    """The id of the same activity on the lead, when an earlier attempt got through without our knowing."""
    wanted = body(item)
    for activity in client.activities_of(lead_id, wanted["ActivityEvent"]):
        data = {
            str(pair.get("Key")): pair.get("Value") for pair in activity.get("Data") or [] if isinstance(pair, dict)
        }
        same_time = str(activity.get("CreatedOn") or "")[:19] == wanted.get("ActivityDateTime")
        notes = {data.get(name) for name in NOTES}
        same = all(data.get(field["SchemaName"]) in (field["Value"], None) for field in wanted["Fields"])
        if same_time and same and wanted.get("ActivityNote", "") in {*notes, ""}:
            return str(activity.get("Id") or "")
    return ""


def _create(client: LeadSquaredClient, planned: list[tuple[Item, dict[str, Any]]]) -> Iterator[Outcome]:
    if len(planned) == 1:
        item, activity = planned[0]
        try:
            activity_id, answer = client.create_activity(activity)
        except Refused as error:
            yield _refused(item, error.reason, error.call)
            return
        yield Outcome(item, Result.NEW, remote_id=activity_id, call=answer.call)
    elif planned:
        rows, answer = client.bulk_create_activities([activity for _, activity in planned])
        yield from _from_rows(planned, rows, answer, "ActivityCreated", Result.NEW)


def _update(client: LeadSquaredClient, planned: list[tuple[Item, dict[str, Any]]]) -> Iterator[Outcome]:
    if len(planned) == 1:
        item, activity = planned[0]
        try:
            answer = client.update_activity(activity)
        except Refused as error:
            yield _refused(item, error.reason, error.call)
            return
        yield Outcome(item, Result.UPDATED, remote_id=activity["ProspectActivityId"], call=answer.call)
    elif planned:
        rows, answer = client.bulk_update_activities([activity for _, activity in planned])
        yield from _from_rows(planned, rows, answer, "ActivityUpdated", Result.UPDATED)


def _from_rows(
    planned: list[tuple[Item, dict[str, Any]]],
    rows: list[dict[str, Any]],
    answer: Answer,
    success: str,
    result: Result,
) -> Iterator[Outcome]:
    for place, ((item, activity), row) in enumerate(zip(planned, rows, strict=True)):
        remote_id = str(row.get("ProspectActivityId") or activity.get("ProspectActivityId") or "")
        if row.get(success):
            yield Outcome(item, result, remote_id=remote_id, call=answer.call, row=place)
        else:
            reason = str(row.get("ExceptionMessage") or row.get("ErrorMessage") or _("no reason given"))
            yield _refused(item, reason, answer.call, place)


def _refused(item: Item, reason: str, call: Call | None, row: int | None = None) -> Outcome:
    message = refusal("activity", reason, item.values)
    return Outcome(item, Result.FAILED, message, "refused", call=call, row=row)
