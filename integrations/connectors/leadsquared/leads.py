"""Sending leads: find by the criteria, decide by the sync behaviour, upsert singly or in bulk.

LeadSquared has no look-up for many leads at once. Where the plain behaviour (create and update) needs none, a batch
is one call; a secondary criterion, a default value or a one-sided behaviour costs one look-up a record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from integrations.connectors.leadsquared.client import DUPLICATE_EXCEPTION, LeadSquaredClient, Refused
from integrations.connectors.leadsquared.fields import PHONES
from integrations.connectors.leadsquared.models import Behaviour
from integrations.core.connector import Item, Outcome, Result, Skip
from integrations.core.engine.send import skipped
from integrations.core.errors import RecordError, SyncError
from integrations.core.http import Call
from integrations.core.mapping import is_empty

if TYPE_CHECKING:
    from integrations.connectors.leadsquared.connector import LeadSync

SHORTEST_HIDDEN = 3
# Up to three look-ups a lead, and two calls a second on the default plan.
LOOKED_UP_AT_ONCE = 5


@dataclass(frozen=True)
class Found:
    """The lead a record belongs to, and the criterion it was found by."""

    lead: dict[str, Any]
    by: str

    @property
    def id(self) -> str:
        return str(self.lead.get("ProspectID", ""))


@dataclass(frozen=True)
class Write:
    """One lead to write. `lead_id` is "" for one that is new, None when it was not looked up."""

    item: Item
    values: dict[str, Any]
    search_by: str
    lead_id: str | None
    # LeadSquared's own search would miss it: it keeps the value in another form (a phone without country code).
    by_id: bool = False


def deliver(sync: LeadSync, items: Sequence[Item]) -> Iterator[Outcome]:
    """One call a batch where nothing must be looked up; else small parts, so that a slow plan's limits let each part
    come to its end before the drain does."""
    look = any(needs_lookup(sync, item) for item in items)
    size = LOOKED_UP_AT_ONCE if look else len(items)
    for start in range(0, len(items), size):
        yield from _deliver_part(sync, items[start : start + size])


def _deliver_part(sync: LeadSync, items: Sequence[Item]) -> Iterator[Outcome]:
    writes: list[Write] = []
    for item in items:
        try:
            planned = _plan(sync, item, look=len(items) == 1 or needs_lookup(sync, item))
        except RecordError as error:
            planned = _failed(item, error)
        if isinstance(planned, Outcome):
            yield planned
        else:
            writes.append(planned)
    if len(writes) == 1 and writes[0].lead_id is not None:
        yield _write_one(sync.client, writes[0])
        return
    for write in (write for write in writes if write.by_id):
        yield _write_one(sync.client, write)
    if batch := [write for write in writes if not write.by_id]:
        yield from _write_batch(sync.client, batch)


def needs_lookup(sync: LeadSync, item: Item) -> bool:
    own = sync.connection
    primary_missing = not item.values.get(own.search_by)
    plain = own.lead_behaviour == Behaviour.CAPTURE and not own.secondary_search_by and not item.mapped.defaults
    return not plain or primary_missing


def _plan(sync: LeadSync, item: Item, *, look: bool) -> Write | Outcome:
    own = sync.connection
    if not look:
        return Write(item, item.values, own.search_by, lead_id=None)
    found = find(sync.client, sync.criteria, item.values)
    if found is not None and own.lead_behaviour == Behaviour.CREATE:
        return skipped(item, Skip.CREATE_ONLY)
    if found is None and own.lead_behaviour == Behaviour.UPDATE:
        return skipped(item, Skip.UPDATE_ONLY)
    values = with_defaults(item, found)
    if found is None:
        return Write(item, values, next(name for name in sync.criteria if item.values.get(name)), lead_id="")
    same = str(found.lead.get(found.by)).lower() == str(item.values[found.by]).lower()
    return Write(item, values, found.by, lead_id=found.id, by_id=not same)


def with_defaults(item: Item, found: Found | None) -> dict[str, Any]:
    """The values, and the defaults of those fields that are still empty in the destination."""
    empty = {
        name: value for name, value in item.mapped.defaults.items() if found is None or is_empty(found.lead.get(name))
    }
    return {**empty, **item.values}


def find(client: LeadSquaredClient, criteria: Sequence[str], values: dict[str, Any]) -> Found | None:
    """The lead by the first criterion, then by the second. Never by the source account's ProspectID."""
    for name in criteria:
        value = str(values.get(name) or "")
        if value and (lead := _look_up(client, name, value)):
            return Found(lead, name)
    return None


def _look_up(client: LeadSquaredClient, name: str, value: str) -> dict[str, Any] | None:
    if name == "EmailAddress":
        return next(iter(client.leads_by_email(value)), None)
    if name in PHONES:
        return _by_phone(client, name, value)
    return next(iter(client.leads_by_field(name, value)), None)


def _by_phone(client: LeadSquaredClient, name: str, value: str) -> dict[str, Any] | None:
    """The look-up knows Phone and Mobile alike, and a number may be kept with or without its country code."""
    country, _, national = value.rpartition("-")
    for number in dict.fromkeys((f"{country}{national}", national)):
        for lead in client.leads_by_phone(number):
            if _digits(lead.get(name)).endswith(_digits(national)):
                return lead
    return None


def _digits(value: Any) -> str:
    return "".join(character for character in str(value or "") if character.isdigit())


def _write_one(client: LeadSquaredClient, write: Write) -> Outcome:
    try:
        if write.lead_id:
            lead_id, answer = write.lead_id, client.update(write.lead_id, write.values)
        else:
            lead_id, answer = client.create_or_update(write.values, write.search_by)
    except Refused as error:
        return _refused(client, write, error.kind, error.reason, error.call)
    result = Result.UPDATED if write.lead_id else Result.NEW
    return Outcome(write.item, result, remote_id=lead_id, call=answer.call)


def _write_batch(client: LeadSquaredClient, writes: list[Write]) -> Iterator[Outcome]:
    rows, answer = client.bulk_create_or_update([(write.values, write.search_by) for write in writes])
    for place, (write, row) in enumerate(zip(writes, rows, strict=True)):
        lead_id = str(row.get("LeadId") or "")
        if row.get("LeadCreated") or row.get("LeadUpdated"):
            result = Result.NEW if row.get("LeadCreated") else Result.UPDATED
            yield Outcome(write.item, result, remote_id=lead_id, call=answer.call, row=place)
        else:
            kind = str(row.get("ExceptionType") or "")
            reason = str(row.get("ErrorMessage") or row.get("ExceptionMessage") or _("no reason given"))
            yield _refused(client, write, kind, reason, answer.call, place)


def _refused(
    client: LeadSquaredClient, write: Write, kind: str, reason: str, call: Call | None, row: int | None = None
) -> Outcome:
    hint = _other_lead(client, write, reason) if kind == DUPLICATE_EXCEPTION else ""
    message = refusal("lead", reason, write.values, hint)
    return Outcome(write.item, Result.FAILED, message, "refused", call=call, row=row)


def refusal(what: str, reason: str, values: dict[str, Any], hint: str = "") -> str:
    """LeadSquared's verdict as a sentence that says what to do."""
    return _(
        "LeadSquared refused this %(what)s: %(reason)s %(hint)sCorrect the value at the source or "
        "the row in Edit Mapping, then press Retry."
    ) % {"what": what, "reason": hide_values(reason, values), "hint": hint}


def _other_lead(client: LeadSquaredClient, write: Write, reason: str) -> str:
    """Which field collides with which other lead."""
    name = next((name for name in write.values if reason.rstrip("'").endswith(f"_{name}")), None)
    if name is None:
        return ""
    try:
        other = _look_up(client, name, str(write.values[name]))
    except SyncError:
        other = None
    return (
        _("Its %(name)s belongs to another lead (%(id)s). ") % {"name": name, "id": other.get("ProspectID")}
        if other
        else _("The field is %(name)s. ") % {"name": name}
    )


def hide_values(text: str, values: dict[str, Any]) -> str:
    """LeadSquared's text without the record's own values: messages are shown to people who may not see those."""
    ended = text if text.endswith(".") else f"{text}."
    for value in sorted((str(value) for value in values.values()), key=len, reverse=True):
        if len(value) >= SHORTEST_HIDDEN:
            ended = ended.replace(value, "•••")
    return ended


def _failed(item: Item, error: RecordError) -> Outcome:
    message = refusal("lead", error.reason, item.values) if isinstance(error, Refused) else error.message
    return Outcome(item, Result.FAILED, message, "refused", call=error.call)
