"""Metadata, look-ups, pages of leads, users."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import lead
from tests.sandbox_server import LeadSquaredAccount

LEADS = "LeadManagement.svc/"
KEYS = [
    "Entity", "SchemaName", "DisplayName", "DataType", "IsMandatory", "Options", "MaxLength", "EntityAttributeId",
    "Name", "Description", "EntityAttributeType", "RenderType", "RenderTypeTextValue", "IsVisible", "IsSearchable",
    "ShowInMailMerge", "DefaultValue", "AllowMultiple", "RangeMin", "ShowInImport", "ShowInQuickAdd",
    "ShowInQuickSearch", "OwnerID", "CreatedBy", "CreatedOn", "ModifiedOn", "IsLeadIdentifier", "LockAfterCreate",
    "UseInLeadClone", "IsSortable",
]  # fmt: skip


def get(account: LeadSquaredAccount, path: str, **params: Any) -> Any:
    reply = account.api("GET", LEADS + path, **params)
    assert reply.status_code == 200, reply.text
    return reply.json()


def query(account: LeadSquaredAccount, name: str, value: str, operator: str = "=", **body: Any) -> Any:
    parameter = {"LookupName": name, "LookupValue": value, "SqlOperator": operator}
    return account.api("POST", LEADS + "Leads.Get", {"Parameter": parameter, **body})


def test_metadata_names_every_field_with_the_vendors_keys(account: LeadSquaredAccount) -> None:
    fields = {field["SchemaName"]: field for field in get(account, "LeadsMetaData.Get")}
    assert all(list(field) == KEYS for field in fields.values())
    assert {field["DataType"] for field in fields.values()} >= {
        "Text", "Number", "Email", "Phone", "Website", "Date", "Time", "Select", "Boolean"
    }  # fmt: skip
    assert fields["mx_Tier"]["Options"] == [{"Value": "Bronze"}, {"Value": "Silver"}, {"Value": "Gold"}]
    unique = {name for name, field in fields.items() if field["IsLeadIdentifier"]}
    assert unique == {"EmailAddress", "Phone", "Mobile", "mx_Customer_Number"}
    assert fields["Phone"]["CreatedOn"] == "/Date(1417453996000+0000)/"


def test_metadata_can_be_narrowed(account: LeadSquaredAccount) -> None:
    (field,) = get(account, "LeadsMetaData.Get", schemaName="mx_Tier", excludeOptionSets=1)
    assert field["SchemaName"] == "mx_Tier"
    assert "Options" not in field


def test_a_custom_field_can_be_added(account: LeadSquaredAccount) -> None:
    body = {"DisplayName": "Shoe Size", "DataType": "Number", "IsMandatory": False, "MaxLength": "60"}
    reply = account.api("POST", LEADS + "CreateLeadField", body).json()
    assert reply == {"Status": "Success", "Message": {"Id": "mx_Shoe_Size"}}
    assert get(account, "LeadsMetaData.Get", schemaName="mx_Shoe_Size")[0]["DataType"] == "Number"
    again = account.api("POST", LEADS + "CreateLeadField", body)
    assert (again.status_code, again.json()["ExceptionType"]) == (500, "MXDuplicateEntityNameException")


def test_looking_up_an_email_needs_the_right_parameter(account: LeadSquaredAccount) -> None:
    account.seed(1)
    (found,) = get(account, "Leads.GetByEmailaddress", emailaddress="LEAD000001@example.test")
    assert found["FirstName"] == "Practice"
    assert get(account, "Leads.GetByEmailaddress", email="lead000001@example.test") == []
    assert get(account, "Leads.GetByEmailaddress", emailaddress="nobody@example.test") == []
    assert get(account, "Leads.GetById", id="nobody") == []


@pytest.mark.parametrize("written", ["+4520000001", "4520000001", "20000001", "+45-20000001", "20 00 00 01"])
def test_a_phone_number_is_found_with_or_without_country_code(account: LeadSquaredAccount, written: str) -> None:
    (lead_id,) = account.seed(1)
    assert get(account, "RetrieveLeadByPhoneNumber", phone=written)[0]["ProspectID"] == lead_id


def test_of_several_leads_with_a_number_the_last_active_is_found(account: LeadSquaredAccount) -> None:
    first = account.save_lead(FirstName="Ada", Phone="+45-20304050")
    second = account.save_lead(FirstName="Bo", Mobile="+45-20304050")
    for active in (second, first):
        activity_id = account.save_activity(active)
        when = {"ProspectActivityId": activity_id, "ActivityNote": "seen"}
        account.api("POST", "ProspectActivity.svc/CustomActivity/Update", when)
    item = {"RelatedProspectId": second, "ActivityEvent": 201, "ActivityDateTime": "2099-01-01 00:00:00"}
    account.api("POST", "ProspectActivity.svc/Create", item)
    (found,) = get(account, "RetrieveLeadByPhoneNumber", phone="20304050")
    assert found["ProspectID"] == second


def test_quick_search_looks_at_names_and_addresses(account: LeadSquaredAccount) -> None:
    account.seed(3)
    assert [row["LastName"] for row in get(account, "Leads.GetByQuickSearch", key="000002@")] == ["Lead 2"]


@pytest.mark.parametrize(
    ("name", "operator", "value", "numbers"),
    [
        ("EmailAddress", "=", "LEAD000002@example.test", {2}),
        ("EmailAddress", "<>", "lead000002@example.test", {1, 3}),
        ("LastName", "LIKE", "%d 3", {3}),
        ("LastName", "LIKE", "ead", {1, 2, 3}),
        ("mx_Points", ">", "9", {2, 3}),
        ("mx_Points", "<=", "10", {1, 2}),
        ("ModifiedOn", ">=", "2000-01-01 00:00:00", {1, 2, 3}),
        ("ModifiedOn", "<", "2000-01-01 00:00:00", set()),
    ],
)
def test_leads_get_knows_every_operator(
    account: LeadSquaredAccount, name: str, operator: str, value: str, numbers: set[int]
) -> None:
    for number, points in ((1, "5"), (2, "10"), (3, "100")):
        account.seed(1, start=number, mx_Points=points)
    found = query(account, name, value, operator).json()
    assert {int(row["LastName"].split()[1]) for row in found} == numbers


def test_leads_get_sorts_pages_and_narrows(account: LeadSquaredAccount) -> None:
    account.seed(5)
    pages = [
        query(
            account,
            "ModifiedOn",
            "2000-01-01 00:00:00",
            ">",
            Columns={"Include_CSV": "EmailAddress, ModifiedOn"},
            Sorting={"ColumnName": "ProspectAutoId", "Direction": "1"},
            Paging={"PageIndex": index, "PageSize": 2},
        ).json()
        for index in (1, 2, 3, 4)
    ]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert list(pages[0][0]) == ["EmailAddress", "ModifiedOn"]
    assert pages[0][0]["EmailAddress"] == "lead000005@example.test"


def test_a_page_has_no_more_than_a_thousand_leads(account: LeadSquaredAccount) -> None:
    account.seed(1001)
    page = query(account, "mx_City", "Aarhus", Paging={"PageIndex": 1, "PageSize": 5000}).json()
    assert len(page) == 1000


@pytest.mark.parametrize(
    ("name", "value", "operator"),
    [("Nothing", "x", "="), ("ModifiedOn", "2026-11-01T00:00:00Z", ">"), ("FirstName", "x", "~"), ("Score", "x", ">")],
)
def test_a_wrong_look_up_is_an_application_error(
    account: LeadSquaredAccount, name: str, value: str, operator: str
) -> None:
    account.seed(1)
    reply = query(account, name, value, operator)
    assert (reply.status_code, reply.json()["ExceptionType"]) == (500, "MXInvalidInputException")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("Leads.RecentlyModified", {"Parameter": {"FromDate": "2000-01-01 00:00:00"}}),
        (
            "Leads/Retrieve/BySearchParameter",
            {"SearchParameters": {"ListId": "00000000-0000-4000-8000-000000000001", "RetrieveBehaviour": "0"}},
        ),
    ],
)
def test_lists_come_as_property_lists(account: LeadSquaredAccount, path: str, body: dict[str, Any]) -> None:
    account.seed(3)
    body = body | {"Columns": {"Include_CSV": "EmailAddress"}, "Paging": {"PageIndex": 1, "PageSize": 2}}
    reply = account.api("POST", LEADS + path, body).json()
    assert reply["RecordCount"] == 3
    assert len(reply["Leads"]) == 2
    assert reply["Leads"][0]["LeadPropertyList"][0]["Attribute"] == "EmailAddress"


def test_users_are_listed_and_found_unless_inactive(account: LeadSquaredAccount) -> None:
    users = account.api("GET", "UserManagement.svc/Users.Get").json()
    assert set(users[0]) == {
        "ID", "FirstName", "LastName", "EmailAddress", "Role", "StatusCode", "MemberOfGroups", "Tag", "IsPhoneCallAgent"
    }  # fmt: skip
    inactive = next(user for user in users if user["StatusCode"] == 1)
    by_id, by_email = "UserManagement.svc/User/Retrieve/ByUserId", "UserManagement.svc/User/Retrieve/ByEmailAddress"
    (found,) = account.api("GET", by_id, userId=users[0]["ID"]).json()
    assert (found["UserId"], found["mx_Custom_1"]) == (users[0]["ID"], "1")
    assert account.api("GET", by_email, emailAddress=users[1]["EmailAddress"]).json()[0]["LastName"] == "Holm"
    assert account.api("GET", by_id, userId=inactive["ID"]).json() == []
    assert account.api("GET", by_email, emailAddress="nobody@example.test").json() == []


def test_an_owner_must_be_an_active_user(account: LeadSquaredAccount) -> None:
    users = account.api("GET", "UserManagement.svc/Users.Get").json()
    statuses = [
        account.api("POST", LEADS + "Lead.Create", lead(FirstName="Ada", OwnerId=user["ID"])).status_code
        for user in users
    ]
    assert statuses == [200, 200, 200, 200, 500]
