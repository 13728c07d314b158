"""The API of LeadSquared, leads and users: which call does what. Errors are raised as MXError."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from integrations.sandbox.leadsquared import leads, reads, users
from integrations.sandbox.leadsquared.account import LeadSquaredAccount
from integrations.sandbox.leadsquared.errors import MXError, invalid, malformed, mandatory
from integrations.sandbox.leadsquared.fields import metadata
from integrations.sandbox.leadsquared.matching import attributes_of

MOST_UPSERTS = 25
MOST_CREATES = 50
JSON = Any


@dataclass(slots=True)
class ApiCall:
    """One call: parameters with lower-cased names, the parsed body, the time it is done at."""

    account: LeadSquaredAccount
    query: dict[str, str]
    body: Any
    now: str
    base_url: str = ""

    @property
    def fires(self) -> bool:
        """API writes don't set off automations unless asked to."""
        return self.query.get("postupdatedlead", "").lower() == "true"

    def rows(self, most: int, kind: type) -> list[Any]:
        """The rows of a bulk call. Raises MXError before any is done: for another shape or too many of them."""
        if not isinstance(self.body, list) or not all(isinstance(row, kind) for row in self.body):
            raise malformed(f"The body is a list, and each row of it a {kind.__name__}")
        if len(self.body) > most:
            raise invalid(f"Maximum {most} records are allowed in a single call")
        return self.body

    def object(self) -> dict[str, Any]:
        if not isinstance(self.body, dict):
            raise malformed("The body is an object")
        return self.body

    def needed(self, name: str, purpose: str) -> str:
        value = self.query.get(name.lower(), "")
        if not value:
            raise mandatory(f"'{name}' is mandatory for {purpose}")
        return value


@dataclass(frozen=True, slots=True)
class Route:
    """One API. `bulk` calls have a limit of their own."""

    method: str
    view: Callable[[ApiCall], JSON]
    bulk: bool = False
    count: Callable[[Any], int] = field(default=lambda body: 1 if body else 0)


def success(**message: Any) -> JSON:
    return {"Status": "Success", "Message": message}


# Leads: metadata


def leads_metadata(call: ApiCall) -> JSON:
    wanted, bare = call.query.get("schemaname", ""), call.query.get("excludeoptionsets") == "1"
    fields = call.account.fields.fields.values()
    return [metadata(one, not bare) for one in fields if not wanted or one.schema.lower() == wanted.lower()]


def create_lead_field(call: ApiCall) -> JSON:
    created = call.account.fields.create(call.object())
    call.account.fields_changed()
    return success(Id=created.schema)


# Leads: writes


def lead_create(call: ApiCall) -> JSON:
    written = leads.create(call.account, call.body, "Lead.Create", call.now, call.fires)
    return success(Id=written.id)


def lead_upsert(call: ApiCall) -> JSON:
    written = leads.upsert(call.account, call.body, "Lead.CreateOrUpdate", call.now, call.fires)
    return success(Id=written.id, AffectedRows=1)


def lead_capture(call: ApiCall) -> JSON:
    behaviour = call.query.get("leadupdatebehavior", "")
    written = leads.capture(call.account, call.body, behaviour, call.now, call.fires)
    return success(Id=written.id, RelatedId=written.id, IsCreated=written.created)


def lead_update(call: ApiCall) -> JSON:
    lead_id = call.needed("leadId", "updating lead")
    attributes, _ = attributes_of(call.body)
    leads.update(call.account, lead_id, attributes, "Lead.Update", call.now, call.fires)
    return success(AffectedRows=1)


def bulk_upsert(call: ApiCall) -> JSON:
    return bulk(call, leads.upsert, "Lead/Bulk/CreateOrUpdate", MOST_UPSERTS)


def bulk_create(call: ApiCall) -> JSON:
    return bulk(call, leads.create, "Lead/Bulk/Create", MOST_CREATES)


def bulk(call: ApiCall, write: Callable[..., leads.Written], operation: str, most: int) -> JSON:
    """One row of reply for each lead; a refused lead doesn't hinder the others."""
    account, now, fires, reply = call.account, call.now, call.fires, []
    for number, pairs in enumerate(call.rows(most, list), 1):
        try:
            written = write(account, pairs, operation, now, fires)
        except MXError as error:
            reply.append(refused_row(number, error))
            continue
        reply.append(
            {
                "RowNumber": number,
                "LeadId": written.id,
                "LeadCreated": written.created,
                "LeadUpdated": not written.created,
                "AffectedRows": 1,
            }
        )
    return reply


def refused_row(row: int, error: MXError) -> dict[str, Any]:
    """How a bulk reply tells the error of one lead."""
    return {
        "RowNumber": row,
        "LeadId": "",
        "LeadCreated": False,
        "LeadUpdated": False,
        "AffectedRows": 0,
        "ExceptionType": error.kind,
        "ErrorMessage": error.message,
    }


# Leads: reads


def by_email(call: ApiCall) -> JSON:
    found = call.account.store.find("EmailAddress", call.query.get("emailaddress"))
    return reads.flat_leads(call.account, [found] if found else [], [])


def by_id(call: ApiCall) -> JSON:
    found = call.account.store.find("ProspectID", call.query.get("id"))
    return reads.flat_leads(call.account, [found] if found else [], [])


def by_phone(call: ApiCall) -> JSON:
    """Of several leads with the number, the one whose last activity is the most recent."""
    account = call.account
    found = account.store.find_by_number(call.query.get("phone", ""))

    def latest(lead_id: str) -> str:
        return max((activity.created_on for activity in account.activities.of_lead(lead_id)), default="")

    return reads.flat_leads(account, sorted(found, key=latest, reverse=True)[:1], [])


def quick_search(call: ApiCall) -> JSON:
    return reads.flat_leads(call.account, reads.quick_search(call.account, call.query.get("key", "")), [])


def leads_get(call: ApiCall) -> JSON:
    columns = reads.columns_of(call.account, call.body)
    found = reads.matching(call.account, reads.section(call.body, "Parameter"))
    return reads.flat_leads(call.account, sorted_page(call, found), columns)


def by_search_parameter(call: ApiCall) -> JSON:
    parameters = reads.section(call.body, "SearchParameters")
    return listed(call, reads.in_list(call.account, parameters.get("ListId")))


def recently_modified(call: ApiCall) -> JSON:
    return listed(call, reads.modified_between(call.account, reads.section(call.body, "Parameter")))


def listed(call: ApiCall, found: list[Any]) -> JSON:
    columns = reads.columns_of(call.account, call.body)
    rows = reads.property_lists(call.account, sorted_page(call, found), columns)
    return {"RecordCount": len(found), "Leads": rows}


def sorted_page(call: ApiCall, found: list[Any]) -> list[str]:
    ordered = reads.in_order(call.account, found, reads.section(call.body, "Sorting"))
    return reads.ids(reads.page_of(ordered, reads.section(call.body, "Paging")))


# Users and keys


def users_get(call: ApiCall) -> JSON:
    return [users.listed(user) for user in call.account.users]


def user_by_id(call: ApiCall) -> JSON:
    return users.active(call.account.users, "ID", call.query.get("userid", ""))


def user_by_email(call: ApiCall) -> JSON:
    return users.active(call.account.users, "EmailAddress", call.query.get("emailaddress", ""))


def user_by_access_key(call: ApiCall) -> JSON:
    user = call.account.users[0]
    return {
        "Name": f"{user['FirstName']} {user['LastName']}",
        "PassPhrase": user["EmailAddress"],
        "LSQCommonServiceURLs": {"api": call.base_url},
    }


def length(body: Any) -> int:
    return len(body) if isinstance(body, list) else 0


LEADS, USERS = "LeadManagement.svc/", "UserManagement.svc/"
ROUTES = {
    LEADS + "LeadsMetaData.Get": Route("GET", leads_metadata),
    LEADS + "CreateLeadField": Route("POST", create_lead_field),
    LEADS + "Lead.Capture": Route("POST", lead_capture),
    LEADS + "Lead.CreateOrUpdate": Route("POST", lead_upsert),
    LEADS + "Lead.Create": Route("POST", lead_create),
    LEADS + "Lead.Update": Route("POST", lead_update),
    LEADS + "Lead/Bulk/Create": Route("POST", bulk_create, bulk=True, count=length),
    LEADS + "Lead/Bulk/CreateOrUpdate": Route("POST", bulk_upsert, bulk=True, count=length),
    LEADS + "Leads.GetByEmailaddress": Route("GET", by_email),
    LEADS + "Leads.GetById": Route("GET", by_id),
    LEADS + "RetrieveLeadByPhoneNumber": Route("GET", by_phone),
    LEADS + "Leads.GetByQuickSearch": Route("GET", quick_search),
    LEADS + "Leads.Get": Route("POST", leads_get),
    LEADS + "Leads/Retrieve/BySearchParameter": Route("POST", by_search_parameter),
    LEADS + "Leads.RecentlyModified": Route("POST", recently_modified),
    USERS + "Users.Get": Route("GET", users_get),
    USERS + "User/Retrieve/ByUserId": Route("GET", user_by_id),
    USERS + "User/Retrieve/ByEmailAddress": Route("GET", user_by_email),
    "Authentication.svc/UserByAccessKey.Get": Route("GET", user_by_access_key),
}
