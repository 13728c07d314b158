"""What can be done to the leads and activities of an account, whoever asks: API, page or control call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.leadsquared import activities
from integrations.sandbox.leadsquared.account import LeadSquaredAccount, utc_now
from integrations.sandbox.leadsquared.activities import Activity
from integrations.sandbox.leadsquared.errors import invalid, missing
from integrations.sandbox.leadsquared.matching import attributes_of, for_capture, for_upsert, refuse_nameless
from integrations.sandbox.leadsquared.store import Values
from integrations.sandbox.leadsquared.webhooks import Change

UPDATE_BEHAVIOURS = ("DoNotUpdate", "UpdateOnlyEmptyFields", "DoNotUpdateUniqueFields")


@dataclass(frozen=True, slots=True)
class Written:
    """Which lead was written."""

    id: str
    created: bool


def create(account: LeadSquaredAccount, pairs: Any, operation: str, now: str, fire: bool) -> Written:
    """Lead.Create. Raises MXError."""
    attributes, _ = attributes_of(pairs)
    values = account.fields.clean(attributes)
    refuse_nameless(values)
    key = values.get("EmailAddress") or values.get("Phone") or ""
    return write(account, None, values, key, operation, now, fire)


def upsert(account: LeadSquaredAccount, pairs: Any, operation: str, now: str, fire: bool) -> Written:
    """Lead.CreateOrUpdate. Raises MXError."""
    attributes, search_by = attributes_of(pairs)
    values = account.fields.clean(attributes)
    found, key = for_upsert(account.store, values, search_by, own_id(attributes))
    return write(account, found, values, key, operation, now, fire)


def capture(account: LeadSquaredAccount, pairs: Any, behaviour: str, now: str, fire: bool) -> Written:
    """Lead.Capture. Raises MXError."""
    if behaviour and behaviour not in UPDATE_BEHAVIOURS:
        raise invalid(f"LeadUpdateBehavior '{behaviour}' is not one of {', '.join(UPDATE_BEHAVIOURS)}")
    attributes, search_by = attributes_of(pairs)
    values = account.fields.clean(attributes)
    found, key = for_capture(account.store, values, search_by, own_id(attributes))
    if found and behaviour == "DoNotUpdate":
        return Written(found, False)
    if found:
        values = captured_over(account, found, values, behaviour)
    return write(account, found, values, key, "Lead.Capture", now, fire)


def own_id(attributes: Mapping[str, Any]) -> str | None:
    """The ProspectID of a payload, whatever JSON it was sent as."""
    value = attributes.get("ProspectID")
    return None if value is None else str(value)


def captured_over(
    account: LeadSquaredAccount, lead_id: str, values: dict[str, str | None], behaviour: str
) -> dict[str, str | None]:
    """What a repeated capture may change: never the lead source, and what the behaviour leaves."""
    lead = account.store.leads[lead_id]
    kept = {"Source"} if lead.get("Source") else set()
    if behaviour == "UpdateOnlyEmptyFields":
        kept |= {name for name in values if lead.get(name)}
    if behaviour == "DoNotUpdateUniqueFields":
        kept |= set(account.fields.unique)
    return {name: value for name, value in values.items() if name not in kept}


def update(
    account: LeadSquaredAccount, lead_id: str, attributes: Mapping[str, Any], operation: str, now: str, fire: bool
) -> Written:
    """Lead.Update: only what was sent changes. Raises MXError."""
    if lead_id.lower() not in account.store.leads:
        raise missing("Lead")
    values = account.fields.clean(attributes)
    return write(account, lead_id.lower(), values, lead_id, operation, now, fire)


def save_as_user(account: LeadSquaredAccount, lead_id: str, attributes: Mapping[str, Any], operation: str) -> Written:
    """As someone working in the account would: automations always fire. No id: a new lead. Raises MXError."""
    now = utc_now()
    with account.lock:
        if lead_id:
            return update(account, lead_id, attributes, operation, now, True)
        values = account.fields.clean(attributes)
        refuse_nameless(values)
        return write(account, None, values, values.get("EmailAddress") or "", operation, now, True)


def write(
    account: LeadSquaredAccount, found: str | None, values: Values, key: str, operation: str, now: str, fire: bool
) -> Written:
    """Creates or updates, enters it into the ledger and, if asked, lets automations fire."""
    store = account.store
    fire = fire and account.webhooks.wanted("lead_update" if found else "new_lead")
    if found is None:
        lead_id = store.create(values, now)
        written = [name for name, value in values.items() if value]
        account.ledger.add(now, operation, "lead", lead_id, "created", key, written)
        if fire:
            account.webhooks.announce(Change("new_lead", "Lead_Post_Create", filled(account, lead_id)))
        return Written(lead_id, True)
    before = store.flat(found) if fire else {}
    changed = store.update(found, values, now)
    account.ledger.add(now, operation, "lead", found, "updated", key, changed)
    if fire:
        account.webhooks.announce(lead_update(account, found, before, changed))
    return Written(found, False)


def lead_update(account: LeadSquaredAccount, lead_id: str, before: dict[str, Any], changed: list[str]) -> Change:
    """Before and After hold the id and what changed, so After may lack the very e-mail that Current has."""
    after = account.store.flat(lead_id)
    names = ["ProspectID", *changed, "ModifiedOn"]
    return Change(
        "lead_update",
        "Lead_Post_Update",
        filled(account, lead_id),
        {name: before[name] for name in names},
        {name: after[name] for name in names},
    )


def filled(account: LeadSquaredAccount, lead_id: str) -> dict[str, Any]:
    """The fields of a lead that have a value."""
    return {name: value for name, value in account.store.flat(lead_id).items() if value not in (None, "")}


def add_activity(
    account: LeadSquaredAccount, lead_id: str, item: Mapping[str, Any], operation: str, now: str
) -> Activity:
    """Posts an activity on a lead that exists. Raises MXError."""
    if lead_id.lower() not in account.store.leads:
        raise missing("Lead")
    activity = account.activities.create(lead_id.lower(), item, now, owner_of(account, item))
    names = [*activity.values, *(["ActivityNote"] if activity.note else [])]
    account.ledger.add(now, operation, "activity", activity.id, "created", activity.lead_id, names)
    return activity


def change_activity(account: LeadSquaredAccount, item: Mapping[str, Any], operation: str, now: str) -> Activity:
    """Raises MXError."""
    activity, changed = account.activities.update(item, now)
    account.ledger.add(now, operation, "activity", activity.id, "updated", activity.lead_id, changed)
    return activity


def announce_activities(account: LeadSquaredAccount, done: list[Activity], created: bool) -> None:
    """Lets automations fire: activities of one lead travel in one body, as the vendor groups them."""
    if not account.webhooks.wanted("activity"):
        return
    event_type = "LeadActivity_Post_Create" if created else "LeadActivity_Post_Update"
    for lead_id in dict.fromkeys(activity.lead_id for activity in done):
        rows = [activities.flat(activity) for activity in done if activity.lead_id == lead_id]
        change = Change("activity", event_type, filled(account, lead_id), activities=rows)
        account.webhooks.announce(change)


def owner_of(account: LeadSquaredAccount, item: Mapping[str, Any]) -> str | None:
    email = item.get("ActivityOwnerEmail")
    if not email:
        return None
    found = [user["ID"] for user in account.users if user["EmailAddress"].lower() == str(email).lower()]
    if not found:
        raise invalid(f"ActivityOwnerEmail '{email}' is not a user")
    return str(found[0])


def seed(account: LeadSquaredAccount, count: int, start: int, extra: Mapping[str, Any]) -> list[str]:
    """Invented leads number `start` and on. They aren't entered into the ledger: nobody applied them."""
    now, extra_values = utc_now(), account.fields.clean(extra)
    with account.lock:
        return [account.store.create(invented(number) | extra_values, now) for number in range(start, start + count)]


def invented(number: int) -> dict[str, str | None]:
    return {
        "FirstName": "Practice",
        "LastName": f"Lead {number}",
        "EmailAddress": f"lead{number:06}@example.test",
        "Phone": f"+45-{20_000_000 + number}",
        "mx_City": "Aarhus",
    }
