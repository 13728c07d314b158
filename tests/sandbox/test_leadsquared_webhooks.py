"""Automations: when they fire, what they send, how often they try."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Receiver, lead
from tests.sandbox_server import LeadSquaredAccount

LEADS = "LeadManagement.svc/"
ADA = {"FirstName": "Ada", "EmailAddress": "ada@example.test"}


def test_a_new_lead_is_sent_flat_with_the_vendors_parameters(source: LeadSquaredAccount, receiver: Receiver) -> None:
    automation = source.automation(receiver.url, headers={"X-Token": "t-1"})
    lead_id = source.save_lead(**ADA)
    source.wait_for_deliveries(1)
    (request,) = receiver.received
    assert request["body"]["ProspectID"] == lead_id
    assert request["body"]["EmailAddress"] == "ada@example.test"
    assert None not in request["body"].values()
    assert request["headers"]["X-Token"] == "t-1"
    assert request["query"] == {
        "token": "t",
        "entityType": "automation",
        "entityId": automation["id"],
        "eventType": "Lead_Post_Create",
    }


def test_an_update_is_sent_with_after_lacking_what_only_current_has(
    source: LeadSquaredAccount, receiver: Receiver
) -> None:
    (lead_id,) = source.seed(1)
    source.automation(receiver.url)
    source.save_lead(lead_id, ProspectStage="Customer")
    source.wait_for_deliveries(1)
    (body,) = receiver.bodies
    assert (body["Before"]["ProspectStage"], body["After"]["ProspectStage"]) == ("Prospect", "Customer")
    assert "EmailAddress" not in body["After"]
    assert body["Current"]["EmailAddress"] == "lead000001@example.test"
    assert receiver.received[0]["query"]["eventType"] == "Lead_Post_Update"


def test_api_writes_fire_only_when_asked_to(source: LeadSquaredAccount, receiver: Receiver) -> None:
    source.automation(receiver.url)
    body = lead("EmailAddress", **ADA)
    source.api("POST", LEADS + "Lead.CreateOrUpdate", body)
    source.api("POST", LEADS + "Lead.CreateOrUpdate", body, postUpdatedLead="false")
    source.api("POST", LEADS + "Lead/Bulk/CreateOrUpdate", [body])
    source.api("POST", LEADS + "Lead.CreateOrUpdate", body, postUpdatedLead="true")
    deliveries = source.wait_for_deliveries(1)
    assert [delivery["trigger"] for delivery in deliveries] == ["lead_update"]


def test_only_the_automations_that_are_on_and_wait_for_it_fire(source: LeadSquaredAccount, receiver: Receiver) -> None:
    source.automation(receiver.url, ["lead_update"], name="updates")
    source.automation(receiver.url, ["new_lead"], name="off", enabled=False)
    source.automation(receiver.url, ["new_lead"], name="new")
    source.save_lead(**ADA)
    assert [delivery["automation"] for delivery in source.wait_for_deliveries(1)] == ["new"]


@pytest.mark.parametrize("trigger", ["new_lead", "lead_update", "activity"])
@pytest.mark.parametrize("variant", ["standard", "flat", "before_after", "wrapped", "attributes", "form"])
def test_every_variant_carries_the_email(
    source: LeadSquaredAccount, receiver: Receiver, trigger: str, variant: str
) -> None:
    source.seed(1)
    (delivery,) = source.fire(trigger, variant=variant, url=receiver.url)
    assert delivery["state"] == "delivered"
    assert "lead000001@example.test" in str(receiver.bodies[0])
    form = "form" in receiver.received[0]["headers"]["Content-Type"]
    assert form is (variant == "form")


def test_the_shapes_of_the_variants(source: LeadSquaredAccount, receiver: Receiver) -> None:
    source.seed(1)
    bodies: dict[str, Any] = {}
    for variant in ("wrapped", "attributes", "before_after"):
        source.fire("new_lead", variant=variant, url=receiver.url)
        bodies[variant] = receiver.bodies[-1]
    assert list(bodies["wrapped"]) == ["Data"]
    assert set(bodies["attributes"][0]) == {"Attribute", "Value"}
    assert list(bodies["before_after"]) == ["Before", "After", "Current"]


def test_activities_are_sent_one_or_many_to_a_body(source: LeadSquaredAccount, receiver: Receiver) -> None:
    source.automation(receiver.url, ["activity"])
    (lead_id,) = source.seed(1)
    activity_id = source.save_activity(lead_id, note="In the store", mx_Custom_1="A-1")
    item = {"RelatedProspectId": lead_id, "ActivityEvent": 201, "Fields": []}
    source.api("POST", "ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadId", [item, item], postUpdatedLead="true")
    source.api(
        "POST", "ProspectActivity.svc/Bulk/CustomActivity/Update", [{"ProspectActivityId": activity_id, "Fields": []}]
    )
    source.wait_for_deliveries(3)
    single, several, update = receiver.bodies
    assert single["ProspectActivityId"] == activity_id
    assert (single["ActivityEvent"], single["ActivityEvent_Note"], single["mx_Custom_1"]) == (
        "201",
        "In the store",
        "A-1",
    )
    assert single["Prospect"]["EmailAddress"] == "lead000001@example.test"
    assert len(several) == 2
    assert update["ProspectActivityId"] == activity_id
    assert [request["query"]["eventType"] for request in receiver.received] == [
        "LeadActivity_Post_Create",
        "LeadActivity_Post_Create",
        "LeadActivity_Post_Update",
    ]


@pytest.mark.parametrize(
    ("statuses", "state", "tries"),
    [([500], "delivered", 2), ([500, 404], "delivered", 3), ([500, 302, 400], "failed", 3)],
)
def test_a_delivery_is_tried_three_times(
    source: LeadSquaredAccount, receiver: Receiver, statuses: list[int], state: str, tries: int
) -> None:
    receiver.statuses = list(statuses)
    source.automation(receiver.url)
    source.save_lead(**ADA)
    (delivery,) = source.wait_for_deliveries(1)
    assert (delivery["state"], delivery["tries"]) == (state, tries)
    assert len(receiver.received) == tries


def test_a_receiver_that_is_down_is_tried_three_times(source: LeadSquaredAccount) -> None:
    source.automation("http://127.0.0.1:9/hook")
    source.save_lead(**ADA)
    (delivery,) = source.wait_for_deliveries(1)
    assert (delivery["state"], delivery["tries"], delivery["status"]) == ("failed", 3, None)
    assert "hook" not in delivery["reason"]


def test_verify_sends_head_and_wants_200(source: LeadSquaredAccount, receiver: Receiver) -> None:
    receiver.statuses = [200, 204]
    assert source.verify(receiver.url) == {"verified": True, "result": "Verified"}
    assert source.verify(receiver.url) == {"verified": False, "result": "Answered 204, expected 200"}
    assert source.verify("http://127.0.0.1:9/")["verified"] is False
    assert [request["method"] for request in receiver.received] == ["HEAD", "HEAD"]


def test_copies_are_sent_for_those_who_test_duplicates(source: LeadSquaredAccount, receiver: Receiver) -> None:
    source.seed(1)
    assert len(source.fire("new_lead", url=receiver.url, copies=3)) == 3
    assert receiver.bodies[0] == receiver.bodies[1] == receiver.bodies[2]
