"""What a preview asks of LeadSquared: how the lead or activity is now. Look-ups only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from integrations.connectors.leadsquared import activities, leads
from integrations.connectors.leadsquared.payloads import normalise
from integrations.connectors.leadsquared.values import BOOLEANS
from integrations.core.connector import Field, Item, Kind, Record, Standing
from integrations.core.errors import RecordError

if TYPE_CHECKING:
    from integrations.connectors.leadsquared.connector import LeadSync

# 2026-03-09 12:00:00.000 and 2026-03-09 12:00:00 are one moment.
SECONDS = 19


def example(sync: LeadSync, record_type: str, pasted: Any) -> Record:
    """The first lead or activity in what was pasted, whichever of the webhook's shapes it has."""
    found = normalise(json.dumps(pasted).encode())
    is_activity = record_type == "activity"
    payloads = found.activities if is_activity else found.leads
    if not payloads:
        raise RecordError(_("This is a lead, not an activity.") if is_activity else _("This is an activity, no lead."))
    return sync.activity(payloads[0]) if is_activity else sync.lead(payloads[0])


def lead_standing(sync: LeadSync, item: Item) -> Standing:
    found = leads.find(sync.client, sync.criteria, item.values)
    sent = leads.with_defaults(item, found)
    if found is None:
        return Standing(sent)
    return Standing(sent, found.lead, found.by, _changed(sync.fields("lead"), sent, found.lead))


def activity_standing(sync: LeadSync, item: Item) -> Standing:
    """One that was posted before stands among the latest of its lead."""
    sent = {**item.mapped.defaults, **item.values}
    event = activities.body(item)["ActivityEvent"]
    if item.link is None:
        return Standing(sent)
    lead_id = activities.lead_id(sync, item)
    for one in sync.client.activities_of(lead_id, event) if lead_id else []:
        if one.get("Id") == item.link.remote_id:
            there = _values(one, event)
            return Standing(sent, there, changed=_changed(sync.fields("activity"), sent, there))
    return Standing(sent, blind=_("The activity isn't among the latest 100 of its lead, so it can't be shown."))


def _values(activity: Mapping[str, Any], event: int) -> dict[str, Any]:
    pairs = [pair for pair in activity.get("Data") or [] if isinstance(pair, dict)]
    data = {str(pair.get("Key")): pair.get("Value") for pair in pairs}
    note = next((data[name] for name in activities.NOTES if data.get(name)), activity.get("ActivityNote"))
    when = str(activity.get("CreatedOn") or "")[:SECONDS]
    return {**data, "ActivityEvent": event, "ActivityNote": note, "ActivityDateTime": when}


def _changed(fields: Mapping[str, Field], sent: Mapping[str, Any], there: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(
        name for name, value in sent.items() if not _is_same(fields.get(name), str(value), str(there.get(name) or ""))
    )


def _is_same(field: Field | None, sent: str, there: str) -> bool:
    """LeadSquared tells some values in another form than it takes them in."""
    kind = field.kind if field else Kind.TEXT
    if kind in (Kind.DATE, Kind.DATETIME):
        return sent[:SECONDS] == there[:SECONDS]
    if kind == Kind.BOOLEAN:
        return sent == BOOLEANS.get(there.lower(), there)
    return sent == there
