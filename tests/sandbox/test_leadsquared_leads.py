"""Writing leads: matching rules, validation, uniqueness, bulk calls."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import lead
from tests.sandbox_server import LeadSquaredAccount

LEADS = "LeadManagement.svc/"
ADA = {"FirstName": "Ada", "EmailAddress": "ada@example.test", "Phone": "+45-20304050"}


def create(account: LeadSquaredAccount, **values: Any) -> str:
    reply = account.api("POST", LEADS + "Lead.Create", lead(**values))
    assert reply.status_code == 200, reply.text
    return reply.json()["Message"]["Id"]


def upsert(account: LeadSquaredAccount, search_by: str = "", **values: Any) -> Any:
    return account.api("POST", LEADS + "Lead.CreateOrUpdate", lead(search_by, **values)).json()


def capture(account: LeadSquaredAccount, search_by: str = "", behaviour: str = "", **values: Any) -> Any:
    params = {"LeadUpdateBehavior": behaviour} if behaviour else {}
    return account.api("POST", LEADS + "Lead.Capture", lead(search_by, **values), **params).json()["Message"]


def stored(account: LeadSquaredAccount, lead_id: str) -> dict[str, Any]:
    return account.api("GET", LEADS + "Leads.GetById", id=lead_id).json()[0]


def test_upsert_creates_then_updates_by_email_in_any_case(account: LeadSquaredAccount) -> None:
    first = upsert(account, **ADA)
    assert first["Status"] == "Success"
    assert first["Message"]["AffectedRows"] == 1
    second = upsert(account, EmailAddress="ADA@example.test", LastName="Holm")
    assert second["Message"]["Id"] == first["Message"]["Id"]
    assert stored(account, first["Message"]["Id"])["FirstName"] == "Ada"
    assert [entry["outcome"] for entry in account.ledger()] == ["created", "updated"]


def test_upsert_falls_back_to_the_phone_and_then_overwrites_the_email(account: LeadSquaredAccount) -> None:
    lead_id = create(account, **ADA)
    upsert(account, EmailAddress="new@example.test", Phone="+45 20 30 40 50")
    assert stored(account, lead_id)["EmailAddress"] == "new@example.test"
    assert account.lead_count() == 1


def test_search_by_looks_at_that_field_only(account: LeadSquaredAccount) -> None:
    create(account, **ADA)
    reply = upsert(account, "EmailAddress", EmailAddress="other@example.test", Phone=ADA["Phone"])
    assert reply == {
        "Status": "Error",
        "ExceptionType": "MXDuplicateEntryException",
        "ExceptionMessage": "Duplicate entry '+45-20304050' for key 'UQ_Prospect_Base_Phone'",
    }


def test_search_by_may_name_a_custom_unique_field_but_no_other(account: LeadSquaredAccount) -> None:
    lead_id = create(account, **ADA, mx_Customer_Number="K-1")
    reply = upsert(account, "mx_Customer_Number", mx_Customer_Number="k-1", LastName="Holm")
    assert reply["Message"]["Id"] == lead_id
    assert upsert(account, "Company", Company="X")["ExceptionType"] == "MXInvalidInputException"
    assert upsert(account, "Phone", FirstName="Ada")["ExceptionType"] == "MXInvalidInputException"


def test_an_upsert_never_takes_another_accounts_lead_id(account: LeadSquaredAccount) -> None:
    foreign = "11111111-2222-3333-4444-555555555555"
    assert upsert(account, ProspectID=foreign, **ADA)["Message"]["Id"] != foreign


@pytest.mark.parametrize(
    ("values", "meets"),
    [
        ({"FirstName": "Nobody"}, "creates"),
        ({"ProspectID": True, "FirstName": "A"}, "updates"),
        ({"ProspectID": True, "EmailAddress": "other@example.test"}, "creates"),
        ({"ProspectID": True, "EmailAddress": "ADA@example.test"}, "updates"),
        ({"ProspectID": "missing", "EmailAddress": "ada@example.test"}, "updates"),
        ({"EmailAddress": "other@example.test", "Phone": "+45-20304050"}, "updates"),
        ({"EmailAddress": "other@example.test", "Phone": "+45-99999999"}, "creates"),
    ],
)
def test_capture_tries_id_then_email_then_phone(
    account: LeadSquaredAccount, values: dict[str, Any], meets: str
) -> None:
    lead_id = create(account, **ADA)
    if values.get("ProspectID") is True:
        values = values | {"ProspectID": lead_id}
    message = capture(account, **values)
    assert message["IsCreated"] is (meets == "creates")
    assert (message["RelatedId"] == lead_id) is (meets == "updates")


def test_capture_prefers_search_by_unless_every_key_is_sent(account: LeadSquaredAccount) -> None:
    ada, bo = create(account, **ADA), create(account, EmailAddress="bo@example.test", mx_Customer_Number="K-2")
    keys = {"EmailAddress": "ada@example.test", "mx_Customer_Number": "K-2"}
    assert "RelatedId" not in str(capture_error(account, "mx_Customer_Number", **keys))
    assert capture(account, "mx_Customer_Number", mx_Customer_Number="K-2")["RelatedId"] == bo
    every = ADA | {"ProspectID": ada}
    assert capture(account, "mx_Customer_Number", **every)["RelatedId"] == ada


def capture_error(account: LeadSquaredAccount, search_by: str, **values: Any) -> Any:
    return account.api("POST", LEADS + "Lead.Capture", lead(search_by, **values)).json()


def test_capture_keeps_the_first_lead_source(account: LeadSquaredAccount) -> None:
    lead_id = capture(account, **ADA, Source="Campaign")["RelatedId"]
    capture(account, EmailAddress=ADA["EmailAddress"], Source="Other", LastName="Holm")
    assert (stored(account, lead_id)["Source"], stored(account, lead_id)["LastName"]) == ("Campaign", "Holm")


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ("", ("Adele", "Holm", "+45-11111111")),
        ("DoNotUpdate", ("Ada", None, "+45-20304050")),
        ("UpdateOnlyEmptyFields", ("Ada", "Holm", "+45-20304050")),
        ("DoNotUpdateUniqueFields", ("Adele", "Holm", "+45-20304050")),
    ],
)
def test_capture_follows_the_update_behaviour(
    account: LeadSquaredAccount, behaviour: str, expected: tuple[str | None, ...]
) -> None:
    lead_id = create(account, **ADA)
    changes = {"FirstName": "Adele", "LastName": "Holm", "Phone": "+45-11111111"}
    message = capture(account, behaviour=behaviour, EmailAddress=ADA["EmailAddress"], **changes)
    assert (message["RelatedId"], message["IsCreated"]) == (lead_id, False)
    read = stored(account, lead_id)
    assert (read["FirstName"], read["LastName"], read["Phone"]) == expected


def test_create_refuses_a_known_email_and_a_nameless_lead(account: LeadSquaredAccount) -> None:
    create(account, **ADA)
    again = account.api("POST", LEADS + "Lead.Create", lead(EmailAddress="Ada@Example.test"))
    assert again.status_code == 500
    assert again.json()["ExceptionMessage"] == (
        "Duplicate entry 'Ada@Example.test' for key 'UQ_Prospect_Base_EmailAddress'"
    )
    assert account.api("POST", LEADS + "Lead.Create", lead(mx_City="Aarhus")).status_code == 500


def test_update_changes_only_what_was_sent(account: LeadSquaredAccount) -> None:
    lead_id = create(account, **ADA, mx_City="Aarhus")
    reply = account.api("POST", LEADS + "Lead.Update", lead(mx_City="", LastName="Holm"), leadId=lead_id)
    assert reply.json() == {"Status": "Success", "Message": {"AffectedRows": 1}}
    read = stored(account, lead_id)
    assert (read["FirstName"], read["LastName"], read["mx_City"]) == ("Ada", "Holm", None)
    assert account.ledger()[-1]["fields"] == ["mx_City", "LastName"]


def test_sending_a_default_again_changes_nothing(account: LeadSquaredAccount) -> None:
    lead_id = create(account, **ADA)
    for stage in ("Prospect", "", "Customer", ""):
        account.api("POST", LEADS + "Lead.Update", lead(ProspectStage=stage, DoNotEmail="0"), leadId=lead_id)
    assert [entry["fields"] for entry in account.ledger()[1:]] == [[], [], ["ProspectStage"], ["ProspectStage"]]
    assert stored(account, lead_id)["ProspectStage"] == "Prospect"


def test_a_freed_unique_value_may_be_taken_by_another_lead(account: LeadSquaredAccount) -> None:
    ada = create(account, **ADA)
    account.api("POST", LEADS + "Lead.Update", lead(EmailAddress="gone@example.test"), leadId=ada)
    create(account, EmailAddress="ada@example.test")
    assert account.lead("gone@example.test")["ProspectID"] == ada
    assert account.lead("ada@example.test")["ProspectID"] != ada


def test_an_unknown_attribute_refuses_the_whole_lead(account: LeadSquaredAccount) -> None:
    reply = upsert(account, **ADA, mx_Old_System_Id="7")
    assert reply["ExceptionType"] == "MXUnknownAttributeException"
    assert "mx_Old_System_Id" in reply["ExceptionMessage"]
    assert account.lead_count() == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mx_Newsletter", "maybe"),
        ("mx_Points", "true"),
        ("mx_Points", "nan"),
        ("mx_Date_of_Birth", "1990-02-30 00:00:00"),
        ("mx_Date_of_Birth", "1990-02-03 00:00:00.000"),
        ("mx_Date_of_Birth", "03/02/1990"),
        ("mx_Preferred_Time", "25:00"),
        ("mx_Tier", "Platinum"),
        ("EmailAddress", "ada@nowhere"),
        ("Phone", "12"),
        ("Phone", "call me"),
        ("OwnerId", "nobody"),
        ("ProspectStage", "Friend"),
    ],
)
def test_a_value_of_the_wrong_type_names_its_attribute(account: LeadSquaredAccount, name: str, value: str) -> None:
    reply = upsert(account, **{"FirstName": "Ada", name: value})
    assert reply["ExceptionType"] == "MXInvalidInputException"
    assert f"'{name}'" in reply["ExceptionMessage"]
    assert f"'{value}'" in reply["ExceptionMessage"]


def test_markup_is_refused(account: LeadSquaredAccount) -> None:
    assert upsert(account, FirstName="<script>alert(1)</script>")["ExceptionType"] == "MXXSSException"


def test_a_mandatory_field_is_needed_for_a_new_lead_only(account: LeadSquaredAccount) -> None:
    lead_id = create(account, **ADA)
    account.field(SchemaName="mx_City", IsMandatory=True)
    refused = upsert(account, EmailAddress="bo@example.test")
    assert refused["ExceptionType"] == "MXMandatoryAttributeMissingException"
    assert "'mx_City'" in refused["ExceptionMessage"]
    assert upsert(account, EmailAddress="ada@example.test", LastName="Holm")["Message"]["Id"] == lead_id


def test_values_are_read_as_text_or_null(account: LeadSquaredAccount) -> None:
    values = {"mx_Newsletter": True, "mx_Points": 12, "mx_Date_of_Birth": "1990-02-03 00:00:00"}
    read = stored(account, create(account, **ADA, **values))
    assert (read["mx_Newsletter"], read["mx_Points"], read["DoNotEmail"]) == ("1", "12", "0")
    assert read["mx_Date_of_Birth"] == "1990-02-03 00:00:00.000"
    assert read["CreatedOn"].endswith(".000")
    assert read["Company"] is None
    assert all(value is None or isinstance(value, str) for value in read.values())


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("+4520304050", "+45-20304050"), ("+1 202-555-0100", "+1-2025550100"), ("20 30 40 50", "20304050")],
)
def test_a_phone_number_is_kept_with_a_hyphen_after_the_country_code(
    account: LeadSquaredAccount, sent: str, kept: str
) -> None:
    assert stored(account, create(account, Phone=sent))["Phone"] == kept


def test_a_bulk_call_answers_for_each_lead(account: LeadSquaredAccount) -> None:
    known = create(account, **ADA)
    rows = [
        lead("EmailAddress", EmailAddress="ada@example.test", LastName="Holm"),
        lead("EmailAddress", EmailAddress="bo@example.test", mx_Unknown="x"),
        lead("EmailAddress", EmailAddress="bo@example.test"),
    ]
    reply = account.api("POST", LEADS + "Lead/Bulk/CreateOrUpdate", rows)
    assert reply.status_code == 200
    updated, refused, created = reply.json()
    assert updated == {
        "RowNumber": 1,
        "LeadId": known,
        "LeadCreated": False,
        "LeadUpdated": True,
        "AffectedRows": 1,
    }
    assert (refused["RowNumber"], refused["LeadId"], refused["AffectedRows"]) == (2, "", 0)
    assert refused["ExceptionType"] == "MXUnknownAttributeException"
    assert "mx_Unknown" in refused["ErrorMessage"]
    assert (created["LeadCreated"], created["LeadUpdated"]) == (True, False)
    assert account.calls()[-1]["records"] == 3


@pytest.mark.parametrize(("path", "most"), [("Lead/Bulk/CreateOrUpdate", 25), ("Lead/Bulk/Create", 50)])
def test_an_oversize_batch_is_refused_whole(account: LeadSquaredAccount, path: str, most: int) -> None:
    rows = [lead(EmailAddress=f"lead{number}@example.test") for number in range(most + 1)]
    assert account.api("POST", LEADS + path, rows).status_code == 500
    assert account.lead_count() == 0
    assert len(account.api("POST", LEADS + path, rows[:most]).json()) == most
    assert account.lead_count() == most


def test_a_lead_id_of_another_kind_is_no_match(account: LeadSquaredAccount) -> None:
    assert capture(account, ProspectID=5, FirstName="Ada")["IsCreated"] is True


@pytest.mark.parametrize("bad", ["text", {"Attribute": "FirstName"}, None])
def test_a_malformed_row_refuses_the_batch_before_any_lead_is_written(account: LeadSquaredAccount, bad: Any) -> None:
    reply = account.api("POST", LEADS + "Lead/Bulk/CreateOrUpdate", [lead(**ADA), bad])
    assert reply.status_code == 400
    assert account.lead_count() == 0


def test_bulk_create_refuses_known_leads_inline(account: LeadSquaredAccount) -> None:
    create(account, **ADA)
    rows = account.api("POST", LEADS + "Lead/Bulk/Create", [lead(**ADA), lead(FirstName="Bo")]).json()
    assert rows[0]["ExceptionType"] == "MXDuplicateEntryException"
    assert rows[1]["LeadCreated"] is True
