"""Control calls of LeadSquared, below `/practice/leadsquared/<account>/`. Bodies and answers are JSON.

POST seed         {"count": 1000, "start": 1, "values": {"mx_City": "Odense"}}   many leads, fast, not in the ledger
GET  leads        ?limit=100&offset=0&email=…      leads as flat objects, newest first, and their total number
POST leads        {"id": "", "values": {…}}        create (no id) or edit a lead as a user would: automations fire
GET  activities   ?lead_id=…                       POST {"lead_id", "code", "note", "values": {"mx_Custom_1": …}}
POST fields       {"DisplayName", "DataType", "IsMandatory", "IsUnique", "Options": […]}   or {"SchemaName", …} of
                  a field that is there, to change IsMandatory and IsUnique
GET  automations  POST {"url", "triggers": ["new_lead", "lead_update", "activity"], "variant", "headers", "enabled",
                  "name", "id" (to change one)}    DELETE {"id"} or {} for all
POST verify       {"id"} or {"url", "headers"}     the Verify button: HEAD
GET  deliveries   ?since=0                         what became of each webhook
POST fire         {"trigger": "new_lead", "variant": "standard", "lead_ids": […], "url", "headers", "copies": 1}
                  sends at once and answers with the results; without url: to every automation with the trigger
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from integrations.sandbox.leadsquared import activities, leads, reads
from integrations.sandbox.leadsquared.account import LeadSquaredAccount, utc_now
from integrations.sandbox.leadsquared.webhooks import Automation, Change
from integrations.sandbox.outgoing import outward
from integrations.sandbox.vendor import Data


def seed(account: LeadSquaredAccount, data: Data) -> Any:
    ids = leads.seed(account, int(data.get("count", 1)), int(data.get("start", 1)), data.get("values", {}))
    return {"created": len(ids), "ids": ids}


def list_leads(account: LeadSquaredAccount, data: Data) -> Any:
    offset, limit = int(data.get("offset", 0)), int(data.get("limit", 100))
    with account.lock:
        ids = list(reversed(account.store.leads))
        if email := data.get("email"):
            found = account.store.find("EmailAddress", email)
            ids = [found] if found else []
        return {"total": len(ids), "leads": reads.flat_leads(account, ids[offset : offset + limit], [])}


def save_lead(account: LeadSquaredAccount, data: Data) -> Any:
    written = leads.save_as_user(account, data.get("id") or "", data.get("values", {}), "user")
    return {"id": written.id, "created": written.created}


def list_activities(account: LeadSquaredAccount, data: Data) -> Any:
    with account.lock:
        book = account.activities
        found = book.of_lead(data["lead_id"]) if data.get("lead_id") else list(book.activities.values())
        return [activities.flat(activity) for activity in found]


def save_activity(account: LeadSquaredAccount, data: Data) -> Any:
    """A new activity as a user would post it, or a change of the one called `id`."""
    fields = [{"SchemaName": name, "Value": value} for name, value in data.get("values", {}).items()]
    item: Data = {"Fields": fields, "ActivityNote": data.get("note", "")}
    with account.lock:
        if data.get("id"):
            activity = leads.change_activity(account, item | {"ProspectActivityId": data["id"]}, "user", utc_now())
        else:
            item["ActivityEvent"] = data.get("code")
            activity = leads.add_activity(account, str(data.get("lead_id") or ""), item, "user", utc_now())
        leads.announce_activities(account, [activity], created=not data.get("id"))
    return {"id": activity.id}


def save_field(account: LeadSquaredAccount, data: Data) -> Any:
    with account.lock:
        field = account.fields.fields.get(data.get("SchemaName", ""))
        if field is None:
            field = account.fields.create(data)
        field.mandatory = bool(data.get("IsMandatory", field.mandatory))
        field.unique = bool(data.get("IsUnique", field.unique))
        account.fields_changed()
    return asdict(field)


def list_automations(account: LeadSquaredAccount, data: Data) -> Any:
    return account.webhooks.dump()


def save_automation(account: LeadSquaredAccount, data: Data) -> Any:
    return asdict(account.webhooks.put(data))


def remove_automation(account: LeadSquaredAccount, data: Data) -> Any:
    for automation in list(account.webhooks.automations):
        if data.get("id") in (None, automation.id):
            account.webhooks.remove(automation.id)
    return list_automations(account, {})


def verify(account: LeadSquaredAccount, data: Data) -> Any:
    automation = account.webhooks.get(data.get("id", "")) or Automation(data["url"], headers=data.get("headers", {}))
    good, text = account.webhooks.verify(automation.url, automation.headers)
    return {"verified": good, "result": text}


def deliveries(account: LeadSquaredAccount, data: Data) -> Any:
    since = int(data.get("since", 0))
    return [asdict(delivery) for delivery in list(account.webhooks.deliveries) if delivery.seq > since]


def fire(account: LeadSquaredAccount, data: Data) -> Any:
    """A webhook on demand though no lead was changed (activities are posted), with copies to test duplicates."""
    change = change_on_demand(account, data.get("trigger", "new_lead"), data.get("lead_ids") or [])
    webhooks, results = account.webhooks, []
    with outward() as session:
        for automation in receivers(account, data, change.trigger):
            for _ in range(int(data.get("copies", 1))):
                delivery = webhooks.new_delivery(automation, change)
                webhooks.deliver(session, automation, change, delivery)
                results.append(asdict(delivery))
    return results


def receivers(account: LeadSquaredAccount, data: Data, trigger: str) -> list[Automation]:
    """Raises ValueError for an unknown variant."""
    variant = data.get("variant")
    if data.get("url"):
        found = [Automation(data["url"], [trigger], variant or "standard", data.get("headers", {}), "On demand")]
    else:
        known = [one for one in account.webhooks.automations if trigger in one.triggers]
        found = [Automation(**(asdict(one) | ({"variant": variant} if variant else {}))) for one in known]
    for automation in found:
        automation.refuse_unknown()
    return found


def change_on_demand(account: LeadSquaredAccount, trigger: str, lead_ids: list[str]) -> Change:
    """About the first of the leads (an activity of each), the newest one or, in an empty account, a seeded one."""
    with account.lock:
        known = lead_ids or list(account.store.leads)[-1:] or leads.seed(account, 1, 1, {})
        lead_id, now = known[0], utc_now()
        current = leads.filled(account, lead_id)
        if trigger == "activity":
            item = {"ActivityEvent": 201, "ActivityNote": "Practice", "Fields": []}
            rows = [activities.flat(leads.add_activity(account, one, item, "fire", now)) for one in known]
            return Change("activity", "LeadActivity_Post_Create", current, activities=rows)
        if trigger == "lead_update":
            return leads.lead_update(account, lead_id, account.store.flat(lead_id), ["ProspectStage"])
        return Change("new_lead", "Lead_Post_Create", current)


CONTROLS: Mapping[tuple[str, str], Callable[[LeadSquaredAccount, Data], Any]] = {
    ("POST", "seed"): seed,
    ("GET", "leads"): list_leads,
    ("POST", "leads"): save_lead,
    ("GET", "activities"): list_activities,
    ("POST", "activities"): save_activity,
    ("POST", "fields"): save_field,
    ("GET", "automations"): list_automations,
    ("POST", "automations"): save_automation,
    ("DELETE", "automations"): remove_automation,
    ("POST", "verify"): verify,
    ("GET", "deliveries"): deliveries,
    ("POST", "fire"): fire,
}
