"""The API of LeadSquared, activities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from integrations.sandbox.leadsquared import activities, leads
from integrations.sandbox.leadsquared.activities import Activity
from integrations.sandbox.leadsquared.api import JSON, ApiCall, Route, length, success
from integrations.sandbox.leadsquared.errors import MXError, invalid, mandatory, missing
from integrations.sandbox.leadsquared.reads import section
from integrations.sandbox.leadsquared.values import DATE

MOST_ACTIVITIES = 25
ROWS = 25
LARGEST_PAGE = 5000
PERSON = ("FirstName", "LastName", "EmailAddress", "Phone")


def types_get(call: ApiCall) -> JSON:
    return [activities.listed_type(kind) for kind in call.account.activities.types.values()]


def activity_setting(call: ApiCall) -> JSON:
    return activities.setting_of(call.account.activities.type_of(call.query.get("code")))


def create_type(call: ApiCall) -> JSON:
    return success(Id=str(call.account.activities.create_type(call.object()).code))


def create(call: ApiCall) -> JSON:
    """On the lead named by id, or by e-mail, when it is created if need be."""
    item = call.object()
    # The activity is checked before a lead is created for it.
    call.account.activities.values_of(call.account.activities.type_of(item.get("ActivityEvent")), item)
    lead_id = str(item.get("RelatedProspectId") or "") or lead_of_person(call, item)
    activity = leads.add_activity(call.account, lead_id, item, "ProspectActivity.Create", call.now)
    return created(call, activity)


def created(call: ApiCall, activity: Activity) -> JSON:
    if call.fires:
        leads.announce_activities(call.account, [activity], created=True)
    return success(Id=activity.id)


def lead_of_person(call: ApiCall, item: Mapping[str, Any]) -> str:
    if not item.get("EmailAddress"):
        raise mandatory("'RelatedProspectId' or 'EmailAddress' is mandatory for creating activity")
    pairs = [{"Attribute": name, "Value": item[name]} for name in PERSON if item.get(name)]
    return leads.upsert(call.account, pairs, "ProspectActivity.Create", call.now, call.fires).id


def create_custom(call: ApiCall) -> JSON:
    body = call.object()
    item = section(body, "Activity")
    call.account.activities.values_of(call.account.activities.type_of(item.get("ActivityEvent")), item)
    written = leads.upsert(call.account, body.get("LeadDetails"), "CreateCustom", call.now, call.fires)
    return created(call, leads.add_activity(call.account, written.id, item, "CreateCustom", call.now))


def add_by_lead_id(call: ApiCall) -> JSON:
    return add(call, lambda item: str(item.get("RelatedProspectId") or ""))


def add_by_lead_field(call: ApiCall) -> JSON:
    search_by = call.needed("searchBy", "adding activities by lead field")
    store = call.account.store
    # Refuses the whole call when the field isn't unique.
    store.find(search_by, "-")
    return add(call, lambda item: store.find(search_by, str(item.get("SearchByValue") or "")) or "")


def add(call: ApiCall, lead_of: Callable[[Mapping[str, Any]], str]) -> JSON:
    done: list[Activity] = []

    def one(item: Mapping[str, Any]) -> JSON:
        activity = leads.add_activity(call.account, lead_of(item), item, "Bulk/CustomActivity/Add", call.now)
        done.append(activity)
        return {"ProspectActivityId": activity.id, "ActivityCreated": True}

    reply = bulk(call, one, {"ActivityCreated": False})
    if call.fires:
        leads.announce_activities(call.account, done, created=True)
    return reply


def update(call: ApiCall) -> JSON:
    activity = leads.change_activity(call.account, call.object(), "CustomActivity/Update", call.now)
    if call.fires:
        leads.announce_activities(call.account, [activity], created=False)
    return success(AffectedRows=1)


def bulk_update(call: ApiCall) -> JSON:
    """The one API write that sets off automations unasked."""
    done: list[Activity] = []

    def one(item: Mapping[str, Any]) -> JSON:
        activity = leads.change_activity(call.account, item, "Bulk/CustomActivity/Update", call.now)
        done.append(activity)
        return {"ProspectActivityId": activity.id, "ActivityUpdated": True}

    reply = bulk(call, one, {"ActivityUpdated": False})
    leads.announce_activities(call.account, done, created=False)
    return reply


def bulk(call: ApiCall, one: Callable[[Mapping[str, Any]], JSON], refused: dict[str, Any]) -> JSON:
    rows = []
    for number, item in enumerate(call.rows(MOST_ACTIVITIES, dict), 1):
        try:
            rows.append({"RowNumber": number, **one(item)})
        except MXError as error:
            text = {"ExceptionType": error.kind, "ExceptionMessage": error.message}
            rows.append({"RowNumber": number, **refused, **text})
    return {"Response": rows}


def retrieve(call: ApiCall) -> JSON:
    """A lead's activities, newest first, of one type if so asked."""
    book = call.account.activities
    lead_id = call.needed("leadId", "retrieving activities").lower()
    if lead_id not in call.account.store.leads:
        raise missing("Lead")
    code = section(call.body, "Parameter").get("ActivityEvent")
    found = [activity for activity in book.of_lead(lead_id) if not code or str(activity.code) == str(code)]
    paging = section(call.body, "Paging")
    start, count = number_of(paging, "Offset", 0), number_of(paging, "RowCount", ROWS)
    rows = [activities.retrieved(book.types[activity.code], activity) for activity in found[start : start + count]]
    return {"RecordCount": len(found), "ProspectActivities": rows}


def details(call: ApiCall) -> JSON:
    book = call.account.activities
    activity = book.get(call.needed("activityId", "reading activity details"))
    return activities.setting_of(book.types[activity.code], activity)


def by_event(call: ApiCall) -> JSON:
    """Activities of a type, by when they were last modified."""
    parameter = section(call.body, "Parameter")
    if not parameter.get("ActivityEvent"):
        raise mandatory("'ActivityEvent' is mandatory for retrieving activities")
    kind = call.account.activities.type_of(parameter["ActivityEvent"])
    start, end = (str(parameter.get(name) or "") for name in ("FromDate", "ToDate"))
    for value in (start, end):
        if value and not DATE.fullmatch(value):
            raise invalid(f"'{value}' is not of the form yyyy-mm-dd hh:mm:ss")
    found = [
        activity
        for activity in call.account.activities.activities.values()
        if activity.code == kind.code and start <= activity.modified_on <= (end or "9999")
    ]
    found.sort(key=lambda activity: activity.modified_on)
    paging = section(call.body, "Paging")
    index, size = number_of(paging, "PageIndex", 1), number_of(paging, "PageSize", ROWS)
    first = max(index - 1, 0) * size
    return {"RecordCount": len(found), "List": [activities.flat(one) for one in found[first : first + size]]}


def number_of(paging: Mapping[str, Any], name: str, default: int) -> int:
    try:
        return min(max(int(paging.get(name) or default), 0), LARGEST_PAGE if name != "Offset" else 10**9)
    except (TypeError, ValueError):
        raise invalid(f"{name} is a number") from None


ACTIVITIES = "ProspectActivity.svc/"
ROUTES = {
    ACTIVITIES + "ActivityTypes.Get": Route("GET", types_get),
    ACTIVITIES + "CustomActivity/GetActivitySetting": Route("GET", activity_setting),
    ACTIVITIES + "CreateType": Route("POST", create_type),
    ACTIVITIES + "Create": Route("POST", create),
    ACTIVITIES + "CreateCustom": Route("POST", create_custom),
    ACTIVITIES + "Bulk/CustomActivity/Add/ByLeadId": Route("POST", add_by_lead_id, bulk=True, count=length),
    ACTIVITIES + "Bulk/CustomActivity/Add/ByLeadField": Route("POST", add_by_lead_field, bulk=True, count=length),
    ACTIVITIES + "CustomActivity/Update": Route("POST", update),
    ACTIVITIES + "Bulk/CustomActivity/Update": Route("POST", bulk_update, bulk=True, count=length),
    ACTIVITIES + "Retrieve": Route("POST", retrieve),
    ACTIVITIES + "GetActivityDetails": Route("GET", details),
    ACTIVITIES + "CustomActivity/RetrieveByActivityEvent": Route("POST", by_event),
}
