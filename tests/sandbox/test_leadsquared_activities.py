"""Activity types, posting activities, reading them back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.conftest import lead
from tests.sandbox_server import LeadSquaredAccount

API = "ProspectActivity.svc/"
PURCHASE = {"ActivityEvent": 201, "ActivityNote": "POS visit", "ActivityDateTime": "2026-11-20 12:13:44"}


def purchase(lead_id: str = "", receipt: str = "A-100", **more: Any) -> dict[str, Any]:
    related = {"RelatedProspectId": lead_id} if lead_id else {}
    return {**PURCHASE, **related, "Fields": [{"SchemaName": "mx_Custom_1", "Value": receipt}], **more}


def post(account: LeadSquaredAccount, path: str, body: Any, **params: Any) -> Any:
    return account.api("POST", API + path, body, **params).json()


def test_types_carry_their_form_as_json_in_a_string(account: LeadSquaredAccount) -> None:
    kinds = account.api("GET", API + "ActivityTypes.Get").json()
    assert [kind["ActivityEvent"] for kind in kinds] == [201, 202, 203]
    form = json.loads(kinds[0]["ActivityProperties"])["FormMetaData"]
    assert form[0]["SchemaName"] == "mx_Custom_1"
    assert json.loads(form[2]["OptionSet"]) == ["Aarhus", "Odense", "Copenhagen"]


def test_a_type_can_be_added_and_described(account: LeadSquaredAccount) -> None:
    body = {"ActivityEventName": "Return", "Score": 1, "Direction": 0, "Fields": [{"DisplayName": "Receipt"}]}
    assert post(account, "CreateType", body) == {"Status": "Success", "Message": {"Id": "204"}}
    setting = account.api("GET", API + "CustomActivity/GetActivitySetting", code=204).json()
    assert setting["Fields"][0] == {
        "SchemaName": "mx_Custom_1",
        "DisplayName": "Receipt",
        "Value": None,
        "DataType": "String",
        "IsMandatory": False,
        "ShowInForm": True,
        "Sequence": 1,
        "OptionSet": "",
    }
    assert post(account, "CreateType", body)["ExceptionType"] == "MXDuplicateEntityNameException"
    odd = {"ActivityEventName": "Odd", "Fields": ["Receipt"]}
    assert account.api("POST", API + "CreateType", odd).status_code == 400


def test_a_replayed_activity_is_a_second_activity(account: LeadSquaredAccount) -> None:
    (lead_id,) = account.seed(1)
    ids = {post(account, "Create", purchase(lead_id))["Message"]["Id"] for _ in range(2)}
    assert len(ids) == 2
    assert [entry["kind"] for entry in account.ledger()] == ["activity", "activity"]


def test_an_activity_for_an_unknown_email_creates_the_lead(account: LeadSquaredAccount) -> None:
    for _ in range(2):
        post(account, "Create", purchase(EmailAddress="ada@example.test", FirstName="Ada"))
    found = account.lead("ada@example.test")
    assert found["FirstName"] == "Ada"
    assert len(account.activities(found["ProspectID"])) == 2


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"RelatedProspectId": "nobody"}, "MXInvalidEntityException"),
        ({"RelatedProspectId": ""}, "MXMandatoryAttributeMissingException"),
        ({"ActivityEvent": 999}, "MXInvalidInputException"),
        ({"ActivityDateTime": "yesterday"}, "MXInvalidInputException"),
        ({"Fields": [{"SchemaName": "mx_Custom_9", "Value": "x"}]}, "MXUnknownAttributeException"),
    ],
)
def test_a_wrong_activity_is_refused(account: LeadSquaredAccount, changes: dict[str, Any], kind: str) -> None:
    (lead_id,) = account.seed(1)
    assert post(account, "Create", purchase(lead_id) | changes)["ExceptionType"] == kind
    assert account.activities() == []


def test_options_are_checked_on_request(account: LeadSquaredAccount) -> None:
    (lead_id,) = account.seed(1)
    item = purchase(lead_id) | {"Fields": [{"SchemaName": "mx_Custom_3", "Value": "Paris"}]}
    assert post(account, "Create", item)["Status"] == "Success"
    assert post(account, "Create", item | {"ValidateDropDownOptions": True})["Status"] == "Error"


def test_lead_and_activity_in_one_call(account: LeadSquaredAccount) -> None:
    details = lead("EmailAddress", EmailAddress="ada@example.test", FirstName="Ada")
    reply = post(account, "CreateCustom", {"LeadDetails": details, "Activity": purchase()})
    (activity,) = account.activities(account.lead("ada@example.test")["ProspectID"])
    assert activity["ProspectActivityId"] == reply["Message"]["Id"]


def test_bulk_adding_by_lead_id_answers_for_each_row(account: LeadSquaredAccount) -> None:
    (lead_id,) = account.seed(1)
    owner = {"ActivityOwnerEmail": "bo.lund@destination.example.test"}
    rows = [purchase(lead_id, **owner), purchase("nobody")]
    good, bad = post(account, "Bulk/CustomActivity/Add/ByLeadId", rows)["Response"]
    assert (good["RowNumber"], good["ActivityCreated"]) == (1, True)
    assert account.activities(lead_id)[0]["ProspectActivityId"] == good["ProspectActivityId"]
    assert (bad["RowNumber"], bad["ActivityCreated"]) == (2, False)
    assert bad["ExceptionMessage"] == "Lead does not exist in the system"


def test_bulk_adding_by_lead_field(account: LeadSquaredAccount) -> None:
    (lead_id,) = account.seed(1)
    row = purchase(SearchByValue="LEAD000001@example.test")
    path = "Bulk/CustomActivity/Add/ByLeadField"
    assert post(account, path, [row], searchBy="EmailAddress")["Response"][0]["ActivityCreated"] is True
    assert len(account.activities(lead_id)) == 1
    assert account.api("POST", API + path, [row], searchBy="Company").status_code == 500


@pytest.mark.parametrize(
    "path",
    ["Bulk/CustomActivity/Add/ByLeadId", "Bulk/CustomActivity/Add/ByLeadField", "Bulk/CustomActivity/Update"],
)
def test_bulk_calls_take_25_activities(account: LeadSquaredAccount, path: str) -> None:
    (lead_id,) = account.seed(1)
    reply = account.api("POST", API + path, [purchase(lead_id)] * 26, searchBy="EmailAddress")
    assert reply.status_code == 500
    assert account.activities() == []


def test_an_update_changes_only_what_was_sent(account: LeadSquaredAccount) -> None:
    (lead_id,) = account.seed(1)
    activity_id = post(account, "Create", purchase(lead_id))["Message"]["Id"]
    change = {"ProspectActivityId": activity_id, "ActivityEvent": 201, "ActivityNote": "Corrected", "Fields": []}
    assert post(account, "CustomActivity/Update", change) == {"Status": "Success", "Message": {"AffectedRows": 1}}
    (activity,) = account.activities(lead_id)
    assert (activity["ActivityEvent_Note"], activity["mx_Custom_1"]) == ("Corrected", "A-100")
    rows = [{"ProspectActivityId": activity_id, "Fields": []}, {"ProspectActivityId": "none"}]
    good, bad = post(account, "Bulk/CustomActivity/Update", rows)["Response"]
    assert (good["ActivityUpdated"], bad["ActivityUpdated"]) == (True, False)


def test_activities_of_a_lead_come_in_pages_newest_first(account: LeadSquaredAccount) -> None:
    (lead_id,) = account.seed(1)
    for number in range(3):
        post(account, "Create", purchase(lead_id, f"A-{number}"))
    account.save_activity(lead_id, code=202)
    body = {"Parameter": {"ActivityEvent": 201}, "Paging": {"Offset": "1", "RowCount": "10"}}
    reply = post(account, "Retrieve", body, leadId=lead_id)
    assert reply["RecordCount"] == 3
    data = [{pair["Key"]: pair["Value"] for pair in row["Data"]} for row in reply["ProspectActivities"]]
    assert [row["mx_Custom_1"] for row in data] == ["A-1", "A-0"]
    assert reply["ProspectActivities"][0]["EventCode"] == 201
    assert reply["ProspectActivities"][0]["CreatedOn"] == "2026-11-20 12:13:44.000"


def test_details_of_an_activity_carry_values(account: LeadSquaredAccount) -> None:
    (lead_id,) = account.seed(1)
    activity_id = post(account, "Create", purchase(lead_id))["Message"]["Id"]
    details = account.api("GET", API + "GetActivityDetails", activityId=activity_id).json()
    assert (details["ID"], details["Fields"][0]["Value"]) == (activity_id, "A-100")


def test_activities_of_a_type_are_read_by_their_last_change(account: LeadSquaredAccount) -> None:
    (lead_id,) = account.seed(1)
    post(account, "Create", purchase(lead_id))
    path = "CustomActivity/RetrieveByActivityEvent"
    dates = {"FromDate": "2026-01-01 00:00:00", "ToDate": "2100-01-01 00:00:00"}
    reply = post(account, path, {"Parameter": dates | {"ActivityEvent": 201}})
    assert reply["RecordCount"] == 1
    assert reply["List"][0]["RelatedProspectId"] == lead_id
    past = {"FromDate": "2000-01-01 00:00:00", "ToDate": "2000-02-01 00:00:00", "ActivityEvent": 201}
    assert post(account, path, {"Parameter": past})["RecordCount"] == 0
    assert post(account, path, {"Parameter": dates})["ExceptionType"] == "MXMandatoryAttributeMissingException"
