"""LeadSquared's REST API v2, as far as Lead Sync uses it. https://apidocs.leadsquared.com/"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from integrations.core.errors import ConfigurationError, RecordError, TemporaryError, Throttled
from integrations.core.http import Answer, HttpClient
from integrations.core.http.ratelimit import RateLimits

VENDOR = "LeadSquared"
# Most records a call takes; a larger one is refused whole.
MAX_UPSERT, MAX_CREATE, MAX_ACTIVITIES = 25, 50, 25
# Named rate limits of an account (settings of the connection).
GENERAL, BULK = "default", "bulk"
# The limits count over five seconds, so that long is enough after a refusal.
PAUSE_SECONDS = 5.0
RATE_LIMIT_EXCEPTION = "MXAPIRateLimitExceededException"
DUPLICATE_EXCEPTION = "MXDuplicateEntryException"

Attributes = Mapping[str, Any]


class LeadSquaredClient:
    """One account. Every method raises the errors of core: RecordError for LeadSquared's own MX… exceptions (final),
    Throttled for its rate limit (429, or 200 with an error in it), ConfigurationError for refused keys."""

    def __init__(self, base_url: str, access_key: str, secret_key: str, limits: RateLimits | None = None) -> None:
        self.http = HttpClient(
            base_url,
            vendor=VENDOR,
            headers={"x-LSQ-AccessKey": access_key, "x-LSQ-SecretKey": secret_key},
            secrets=(access_key, secret_key),
            limits=limits,
            classify=classify,
        )

    def close(self) -> None:
        self.http.close()

    # -- leads -----------------------------------------------------------------------------------

    def lead_fields(self) -> list[dict[str, Any]]:
        return _rows(self.http.get("LeadManagement.svc/LeadsMetaData.Get"))

    def lead_field(self, schema_name: str) -> Answer:
        return self.http.get("LeadManagement.svc/LeadsMetaData.Get", params={"schemaName": schema_name})

    def create_lead_field(self, label: str, data_type: str) -> str:
        """Create a custom lead field; returns its schema name (mx_…)."""
        body = {
            "DisplayName": label,
            "DataType": data_type,
            "IsMandatory": False,
            "ShowInImport": True,
            "ShowInMailMerge": True,
            "LockAfterCreate": 0,
            "UseInLeadClone": False,
        }
        answer = self.http.post("LeadManagement.svc/CreateLeadField", json=body).json()
        return str(_message(answer).get("SchemaName") or _message(answer).get("Id") or "")

    def leads_by_email(self, email: str) -> list[dict[str, Any]]:
        # The parameter's name is `emailaddress`; any other gives an empty list without an error.
        return _rows(self.http.get("LeadManagement.svc/Leads.GetByEmailaddress", params={"emailaddress": email}))

    def leads_by_phone(self, number: str) -> list[dict[str, Any]]:
        """Leads whose Phone or Mobile is `number` (no spaces or hyphens)."""
        return _rows(self.http.get("LeadManagement.svc/RetrieveLeadByPhoneNumber", params={"phone": number}))

    def leads_by_field(self, name: str, value: str) -> list[dict[str, Any]]:
        body = {
            "Parameter": {"LookupName": name, "LookupValue": value, "SqlOperator": "="},
            "Sorting": {"ColumnName": "ModifiedOn", "Direction": "1"},
            "Paging": {"PageIndex": 1, "PageSize": 2},
        }
        return _rows(self.http.post("LeadManagement.svc/Leads.Get", json=body, idempotent=True, reads=True))

    def create_or_update(self, lead: Attributes, search_by: str) -> tuple[str, Answer]:
        """Upsert one lead; returns its id. postUpdatedLead=false: the account's own automations stay quiet, so that
        two accounts that sync both ways don't echo."""
        answer = self.http.post(
            "LeadManagement.svc/Lead.CreateOrUpdate",
            params={"postUpdatedLead": "false"},
            json=_attributes(lead, search_by),
        )
        return str(_message(answer.json()).get("Id", "")), answer

    def update(self, lead_id: str, lead: Attributes) -> Answer:
        """Change the fields sent of one lead, quietly as above."""
        return self.http.post(
            "LeadManagement.svc/Lead.Update",
            params={"leadId": lead_id, "postUpdatedLead": "false"},
            json=[{"Attribute": name, "Value": value} for name, value in lead.items()],
            idempotent=True,
        )

    def bulk_create_or_update(self, leads: Sequence[tuple[Attributes, str]]) -> tuple[list[dict[str, Any]], Answer]:
        """Upsert up to MAX_UPSERT leads, each with its own search field; one row a lead, errors inline."""
        answer = self.http.post(
            "LeadManagement.svc/Lead/Bulk/CreateOrUpdate",
            params={"postUpdatedLead": "false"},
            json=[_attributes(lead, search_by) for lead, search_by in leads],
            limit=BULK,
        )
        return _numbered(answer.json(), len(leads)), answer

    # -- activities ------------------------------------------------------------------------------

    def activity_types(self) -> list[dict[str, Any]]:
        return _rows(self.http.get("ProspectActivity.svc/ActivityTypes.Get"))

    def activities_of(self, lead_id: str, event: int) -> list[dict[str, Any]]:
        """The latest 100 activities of one type on a lead."""
        answer = self.http.post(
            "ProspectActivity.svc/Retrieve",
            params={"leadId": lead_id},
            json={"Parameter": {"ActivityEvent": event}, "Paging": {"Offset": "0", "RowCount": "100"}},
            idempotent=True,
            reads=True,
        )
        found = answer.json()
        return list(found.get("ProspectActivities") or []) if isinstance(found, dict) else []

    def create_activity(self, activity: Mapping[str, Any]) -> tuple[str, Answer]:
        answer = self.http.post("ProspectActivity.svc/Create", json=activity)
        return str(_message(answer.json()).get("Id", "")), answer

    def update_activity(self, activity: Mapping[str, Any]) -> Answer:
        return self.http.post("ProspectActivity.svc/CustomActivity/Update", json=activity)

    def bulk_create_activities(self, activities: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], Answer]:
        """Up to MAX_ACTIVITIES; one row an activity, errors inline. Sent twice, it creates twice."""
        path = "ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadId"
        answer = self.http.post(path, json=list(activities), limit=BULK)
        return _numbered(answer.json(), len(activities)), answer

    def bulk_update_activities(self, activities: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], Answer]:
        answer = self.http.post(
            "ProspectActivity.svc/Bulk/CustomActivity/Update", json=list(activities), limit=BULK, idempotent=True
        )
        return _numbered(answer.json(), len(activities)), answer

    # -- users -----------------------------------------------------------------------------------

    def users(self) -> list[dict[str, Any]]:
        return _rows(self.http.get("UserManagement.svc/Users.Get"))


def classify(answer: Answer) -> None:
    """Raise what LeadSquared's one error envelope means; it also comes with status 200 and 500."""
    if answer.status == 401:
        raise ConfigurationError(
            _(
                "LeadSquared refused the keys. Check Access Key and Secret Key (Settings › API and Webhooks "
                "in LeadSquared), that their user is active, and that the API address is the one of your "
                "region."
            )
        )
    if answer.status == 404:
        raise ConfigurationError(
            _("There is no LeadSquared API at this address. Check the API address in the settings.")
        )
    envelope = _envelope(answer)
    if envelope is None or answer.status == 429:
        return
    kind = str(envelope.get("ExceptionType") or "")
    text = str(envelope.get("ExceptionMessage") or _("no reason given"))
    if kind == RATE_LIMIT_EXCEPTION:
        raise Throttled(_("LeadSquared's rate limit was reached; it is sent again shortly."), retry_after=PAUSE_SECONDS)
    if kind.startswith("MX"):
        raise Refused(kind, text)
    raise TemporaryError(
        _("LeadSquared reported an error of its own (%(kind)s); it will be tried again.")
        % {"kind": kind or answer.status}
    )


class Refused(RecordError):
    """LeadSquared's own verdict on a record: `kind` is its MX… exception, `reason` its text (may hold values)."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(_("LeadSquared refused this record: %(kind)s.") % {"kind": kind})
        self.kind = kind
        self.reason = reason


def _envelope(answer: Answer) -> dict[str, Any] | None:
    # Success answers are long, their error is not: parse only what can be an envelope.
    if b'"Error"' not in answer.body[:400]:
        return None
    try:
        body = answer.json()
    except TemporaryError:
        return None
    return body if isinstance(body, dict) and body.get("Status") == "Error" else None


def _attributes(lead: Attributes, search_by: str) -> list[dict[str, Any]]:
    pairs = [{"Attribute": name, "Value": value} for name, value in lead.items()]
    return [*pairs, {"Attribute": "SearchBy", "Value": search_by}]


def _rows(answer: Answer) -> list[dict[str, Any]]:
    found = answer.json()
    if not isinstance(found, list):
        raise TemporaryError(_("LeadSquared answered in an unexpected form; it will be tried again."), call=answer.call)
    return [row for row in found if isinstance(row, dict)]


def _message(body: Any) -> dict[str, Any]:
    message = body.get("Message") if isinstance(body, dict) else None
    return message if isinstance(message, dict) else {}


def _numbered(body: Any, number: int) -> list[dict[str, Any]]:
    """Rows in the order sent, by RowNumber (1-based); {} for one that is missing."""
    listed = body.get("Response") if isinstance(body, dict) else body
    rows: list[dict[str, Any]] = [{} for _ in range(number)]
    for place, row in enumerate(listed if isinstance(listed, list) else [], 1):
        if isinstance(row, dict) and 1 <= (at := int(row.get("RowNumber") or place)) <= number:
            rows[at - 1] = row
    return rows
