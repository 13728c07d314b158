"""Lead Sync against the practice accounts, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integrations.connectors.leadsquared.models import LeadSquaredConnection
from integrations.core import hooks
from integrations.core.connector import Skip
from integrations.core.engine import drain as engine
from integrations.core.engine import retry
from integrations.core.models import Attempt, Connection, Delivery, Event, FieldMapping, Link, Run
from integrations.core.registry import connector_for

Make = Callable[..., LeadSquaredConnection]
Send = Callable[..., list[Event]]
PAYLOADS = Path(__file__).parent / "payloads"
ADA = {"ProspectID": "s-1", "FirstName": "Ada", "EmailAddress": "ada@example.test", "Phone": "20 30 40 50"}


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


@pytest.fixture
def post(client: Any) -> Callable[..., Any]:
    """Call a connection's webhook as the source account does."""

    def call(connection: LeadSquaredConnection, body: bytes, content_type: str = "application/json") -> Any:
        path = hooks.new_address(connection).partition("://")[2].partition("/")[2]
        return client.post(f"/{path}", body, content_type=content_type)

    return call


@pytest.fixture
def send(post: Callable[..., Any]) -> Send:
    """The same with JSON bodies, and then a worker comes by."""

    def call(connection: LeadSquaredConnection, *bodies: Any) -> list[Event]:
        for body in bodies:
            assert post(connection, json.dumps(body).encode()).json() == {"Status": "Success", "StatusReason": ""}
            engine.drain(connection.pk)
        return list(Event.objects.order_by("pk"))

    return call


def outcomes(events: list[Event]) -> list[str]:
    return [event.outcome for event in events]


def made(account: Any) -> list[str]:
    """What was applied in the account, in order: created or updated."""
    return [entry["outcome"] for entry in account.ledger() if entry["kind"] == "lead"]


# -- arriving ------------------------------------------------------------------------------------


def test_a_new_lead_is_created_in_the_destination(make_leadsync: Make, destination: Any, send: Send) -> None:
    [event] = send(make_leadsync(lead_source="Second account"), ADA)
    assert (event.outcome, event.message, event.label) == ("new", "", "ada@example.test")
    lead = destination.lead("ada@example.test")
    assert (lead["FirstName"], lead["Phone"], lead["Source"]) == ("Ada", "+45-20304050", "Second account")
    assert Delivery.objects.get().status == Delivery.Status.CAPTURED


def test_a_changed_lead_is_updated_and_its_other_fields_stay(make_leadsync: Make, destination: Any, send: Send) -> None:
    destination.save_lead(EmailAddress="ada@example.test", FirstName="A.", mx_City="Aarhus")
    [event] = send(make_leadsync(), ADA)
    assert event.outcome == "updated"
    lead = destination.lead("ada@example.test")
    assert (lead["FirstName"], lead["mx_City"]) == ("Ada", "Aarhus")


def test_the_update_webhook_brings_the_values_after_the_change(
    make_leadsync: Make, destination: Any, send: Send
) -> None:
    events = send(make_leadsync(), payload("lead_created"), payload("lead_updated"))
    assert outcomes(events) == ["new", "updated"]
    assert destination.lead("ada@example.test")["FirstName"] == "Ada Maria"


def test_a_hundred_leads_travel_in_four_calls(make_leadsync: Make, destination: Any, send: Send) -> None:
    connection = make_leadsync()
    before = destination.call_count()
    events = send(connection, [{"ProspectID": f"s-{n}", "EmailAddress": f"n{n}@example.test"} for n in range(100)])
    assert set(outcomes(events)) == {"new"}
    assert destination.call_count() - before == 4


def test_the_attempt_says_in_which_row_of_which_request_it_travelled(make_leadsync: Make, send: Send) -> None:
    send(make_leadsync(), [{"ProspectID": f"s-{n}", "EmailAddress": f"n{n}@example.test"} for n in range(3)])
    for attempt in Attempt.objects.select_related("exchange", "event"):
        row = json.loads(attempt.exchange.request_body)[attempt.row]
        assert {"Attribute": "EmailAddress", "Value": attempt.event.label} in row
        assert attempt.remote_id


def test_the_keys_are_not_in_the_stored_exchange(make_leadsync: Make, send: Send) -> None:
    connection = make_leadsync()
    send(connection, ADA)
    exchange = Attempt.objects.get().exchange
    stored = json.dumps([exchange.url, exchange.request_body, exchange.response_body, exchange.response_headers])
    assert connection.access_key not in stored
    assert connection.secret_key not in stored


# -- once only -----------------------------------------------------------------------------------


def test_the_same_call_twice_takes_effect_once(make_leadsync: Make, destination: Any, send: Send) -> None:
    events = send(make_leadsync(), payload("lead_created"), payload("lead_created"))
    assert outcomes(events) == ["new"]
    assert made(destination) == ["created"]
    statuses = Delivery.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == [Delivery.Status.CAPTURED, Delivery.Status.DUPLICATE]


def test_a_lead_that_did_not_change_is_not_sent_again(make_leadsync: Make, destination: Any, send: Send) -> None:
    events = send(make_leadsync(), ADA, ADA)
    assert outcomes(events) == ["new", "unchanged"]
    assert made(destination) == ["created"]


def test_there_and_back_again_are_three_changes(make_leadsync: Make, destination: Any, send: Send) -> None:
    events = send(make_leadsync(), ADA, ADA | {"FirstName": "Bea"}, ADA)
    assert outcomes(events) == ["new", "updated", "updated"]
    assert destination.lead("ada@example.test")["FirstName"] == "Ada"


def test_an_older_change_that_comes_late_is_skipped(make_leadsync: Make, destination: Any, send: Send) -> None:
    newer = payload("lead_created") | {"FirstName": "Newer", "ModifiedOn": "2026-11-20 09:00:00"}
    events = send(make_leadsync(), newer, payload("lead_created"))
    assert [(event.outcome, event.code) for event in events] == [("new", ""), ("skipped", Skip.OLDER)]
    assert destination.lead("ada@example.test")["FirstName"] == "Newer"


def test_two_accounts_that_sync_both_ways_do_not_echo(
    make_leadsync: Make, destination: Any, send: Send, live_server: Any
) -> None:
    """The destination has an automation, too; what the API writes must not fire it."""
    destination.automation(f"{live_server.url}/hooks/unknown/")
    send(make_leadsync(), ADA, ADA | {"FirstName": "Bea"})
    assert destination.deliveries() == []


# -- finding -------------------------------------------------------------------------------------


def test_the_secondary_criterion_finds_what_the_first_one_does_not(
    make_leadsync: Make, destination: Any, send: Send
) -> None:
    destination.save_lead(EmailAddress="old@example.test", Phone="+45-20304050", FirstName="A.")
    [event] = send(make_leadsync(secondary_search_by="Phone"), ADA)
    assert event.outcome == "updated"
    assert destination.lead_count() == 1
    assert destination.lead("ada@example.test")["FirstName"] == "Ada"


def test_a_number_kept_without_its_country_code_is_found(make_leadsync: Make, destination: Any, send: Send) -> None:
    destination.save_lead(EmailAddress="ada@example.test", Phone="20304050")
    [event] = send(make_leadsync(search_by="Phone"), ADA)
    assert event.outcome == "updated"
    assert destination.lead_count() == 1


def test_any_unique_field_can_be_the_criterion(make_leadsync: Make, destination: Any, send: Send) -> None:
    connection = make_leadsync(
        search_by="mx_Customer_Number",
        mapping={"mx_Customer_Number": {"source": "Number"}, "EmailAddress": {"enabled": False}},
    )
    record = {"ProspectID": "s-1", "Number": "C-7", "FirstName": "Ada"}
    events = send(connection, record, record | {"FirstName": "Bea"})
    assert outcomes(events) == ["new", "updated"]
    assert destination.lead_count() == 1


def test_a_lead_without_any_search_value_is_skipped_with_the_reason(make_leadsync: Make, send: Send) -> None:
    [event] = send(make_leadsync(), {"ProspectID": "s-1", "FirstName": "Ada"})
    assert (event.outcome, event.code) == ("skipped", Skip.NO_KEY)


# -- sync behaviour ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "exists", "expected"),
    [
        ("capture", False, ("new", "")),
        ("capture", True, ("updated", "")),
        ("create", False, ("new", "")),
        ("create", True, ("skipped", Skip.CREATE_ONLY)),
        ("update", False, ("skipped", Skip.UPDATE_ONLY)),
        ("update", True, ("updated", "")),
        ("nothing", False, ("skipped", Skip.DO_NOTHING)),
        ("nothing", True, ("skipped", Skip.DO_NOTHING)),
    ],
)
@pytest.mark.parametrize("number", [1, 3])
def test_the_sync_behaviour_decides(
    make_leadsync: Make, destination: Any, send: Send, behaviour: str, exists: bool, expected: Any, number: int
) -> None:
    if exists:
        for n in range(number):
            destination.save_lead(EmailAddress=f"n{n}@example.test", FirstName="Before")
    leads = [{"ProspectID": f"s-{n}", "EmailAddress": f"n{n}@example.test", "FirstName": "A"} for n in range(number)]
    events = send(make_leadsync(lead_behaviour=behaviour), leads)
    assert {(event.outcome, event.code) for event in events} == {expected}
    assert destination.lead_count() == (number if exists or expected[0] == "new" else 0)
    if exists and behaviour in ("create", "nothing"):
        assert destination.lead("n0@example.test")["FirstName"] == "Before"


# -- mapping -------------------------------------------------------------------------------------


def test_a_default_fills_only_what_is_empty_on_both_sides(make_leadsync: Make, destination: Any, send: Send) -> None:
    connection = make_leadsync(mapping={"mx_City": {"source": "mx_City", "default": "Odense"}})
    destination.save_lead(EmailAddress="bo@example.test", mx_City="Aarhus")
    bo = {"ProspectID": "s-2", "EmailAddress": "bo@example.test"}
    cy = {"ProspectID": "s-3", "EmailAddress": "cy@example.test", "mx_City": "Ribe"}
    send(connection, [ADA, bo, cy])
    cities = [destination.lead(f"{name}@example.test")["mx_City"] for name in ("ada", "bo", "cy")]
    assert cities == ["Odense", "Aarhus", "Ribe"]


def test_a_row_that_is_switched_off_sends_nothing(make_leadsync: Make, destination: Any, send: Send) -> None:
    send(make_leadsync(mapping={"FirstName": {"enabled": False}}), ADA)
    assert destination.lead("ada@example.test")["FirstName"] is None


def test_dates_go_from_the_source_accounts_zone_to_utc(make_leadsync: Make, destination: Any, send: Send) -> None:
    connection = make_leadsync(mapping={"mx_Date_of_Birth": {"source": "Seen"}})
    send(connection, ADA | {"Seen": "2026-07-01 12:00:00"})
    assert destination.lead("ada@example.test")["mx_Date_of_Birth"].startswith("2026-07-01 10:00:00")


# -- what goes wrong -----------------------------------------------------------------------------


def test_a_mapping_that_cannot_fit_fails_that_record_only(make_leadsync: Make, destination: Any, send: Send) -> None:
    connection = make_leadsync(mapping={"mx_Points": {"source": "Member"}})
    leads = [{"ProspectID": f"s-{n}", "EmailAddress": f"n{n}@example.test", "Member": 7} for n in range(5)]
    leads[2]["Member"] = True
    events = send(connection, leads)
    assert outcomes(events) == ["new", "new", "failed", "new", "new"]
    assert "mx_Points" in events[2].message
    assert "yes/no, but the field takes a number" in events[2].message


def test_a_bulk_row_that_is_refused_fails_alone_and_names_the_field(
    make_leadsync: Make, destination: Any, send: Send
) -> None:
    destination.save_lead(EmailAddress="other@example.test", Phone="+45-20304051")
    leads = [{"ProspectID": f"s-{n}", "EmailAddress": f"n{n}@example.test", "Phone": f"2030405{n}"} for n in range(3)]
    events = send(make_leadsync(), leads)
    assert outcomes(events) == ["new", "failed", "new"]
    other = destination.lead("other@example.test")["ProspectID"]
    assert f"Its Phone belongs to another lead ({other})" in events[1].message
    assert "20304051" not in events[1].message


def test_a_repaired_mapping_and_retry_recover_the_lead(make_leadsync: Make, destination: Any, send: Send) -> None:
    connection = make_leadsync(mapping={"mx_Old_System_Id": {"source": "FirstName"}})
    [event] = send(connection, ADA)
    assert event.outcome == "failed"
    assert "mx_Old_System_Id" in event.message
    FieldMapping.objects.get(target="mx_Old_System_Id").delete()
    run = retry.retry(connection.pk, [event.pk])
    engine.drain(connection.pk)
    event.refresh_from_db()
    assert (event.outcome, event.recovered, event.run_id) == ("updated", True, run.pk)
    assert [attempt.outcome for attempt in event.tries.all()] == ["failed", "updated"]
    assert destination.lead("ada@example.test")["FirstName"] == "Ada"


@pytest.mark.parametrize(
    "fault", ["system_error", "bad_gateway", "html_200", "truncated_json", "dropped", "wrong_charset", "deep_json"]
)
def test_a_vendor_in_trouble_makes_the_record_wait_and_arrive_once(
    make_leadsync: Make, destination: Any, send: Send, fault: str
) -> None:
    connection = make_leadsync()
    destination.fault(fault, times=1)
    [event] = send(connection, ADA)
    assert (event.outcome, event.code) == ("waiting", "temporary")
    assert event.message.endswith("what waits is tried again by itself.")
    Event.objects.update(due_at=event.created_at)
    engine.drain(connection.pk)
    event.refresh_from_db()
    assert event.outcome == "new"
    assert made(destination) == ["created"]


def test_an_answer_that_never_came_does_not_make_a_second_lead(
    make_leadsync: Make, destination: Any, send: Send
) -> None:
    connection = make_leadsync()
    destination.fault("applied_unanswered", path="CreateOrUpdate", times=1)
    [event] = send(connection, ADA)
    assert event.outcome == "waiting"
    Event.objects.update(due_at=event.created_at)
    engine.drain(connection.pk)
    assert destination.lead_count() == 1
    assert Event.objects.get().outcome in ("new", "updated")


@pytest.mark.parametrize("fault", ["too_many", "limit_in_200"])
def test_the_rate_limit_costs_time_and_no_attempt(
    make_leadsync: Make, destination: Any, send: Send, fault: str
) -> None:
    connection = make_leadsync()
    destination.fault(fault, times=1, **({"retry_after": 1} if fault == "too_many" else {}))
    [event] = send(connection, ADA)
    assert (event.outcome, event.attempts) == ("new", 1)


def test_refused_keys_stop_the_connection_and_keep_the_queue(make_leadsync: Make, destination: Any, send: Send) -> None:
    connection = make_leadsync()
    destination.settings(secret_key="practice-secret-rotated")
    [event] = send(connection, ADA)
    assert event.outcome == "waiting"
    assert event.due_at is not None
    connection.refresh_from_db()
    assert connection.state == Connection.State.ATTENTION
    assert "Access Key" in connection.state_reason
    calls = destination.call_count()
    engine.drain(connection.pk)
    assert destination.call_count() == calls
    LeadSquaredConnection.objects.filter(pk=connection.pk).update(state=Connection.State.ENABLED)
    connection.secret_key = "practice-secret-rotated"
    connection.save(update_fields=["secret_key"])
    engine.drain(connection.pk)
    assert Event.objects.get().outcome == "new"


def test_an_address_that_is_not_public_is_refused_at_the_connection(make_leadsync: Make, send: Send) -> None:
    connection = make_leadsync()
    LeadSquaredConnection.objects.update(api_address="https://10.0.0.8")
    [event] = send(connection, ADA)
    assert event.outcome == "waiting"
    connection.refresh_from_db()
    assert "not a public address" in connection.state_reason


@pytest.mark.parametrize("body", [b"{", b"", b"[1, 2]", b"<html>", b"\xff\xff", b"[" * 100_000])
def test_a_body_that_cannot_be_read_is_kept_and_said(make_leadsync: Make, post: Any, body: bytes) -> None:
    connection = make_leadsync()
    assert post(connection, body).status_code == 200
    engine.drain(connection.pk)
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.body) == (Delivery.Status.REJECTED, body)
    assert delivery.message
    assert not Event.objects.exists()
    assert not Run.objects.exists()


def test_ids_that_are_none_are_no_keys(make_leadsync: Make, post: Any) -> None:
    connection = make_leadsync()
    post(connection, b'{"ProspectID": {"a": 1}, "EmailAddress": "ada@example.test"}')
    engine.drain(connection.pk)
    event = Event.objects.get()
    assert event.key.startswith("search-")
    assert event.outcome == "new"


def test_a_huge_body_is_refused_in_leadsquareds_own_form_and_shown(make_leadsync: Make, post: Any) -> None:
    response = post(make_leadsync(), b"x" * 10_000_000)
    assert response.status_code == 200, "another status makes LeadSquared switch the webhook off"
    assert response.json()["Status"] == "Error"
    assert response.json()["StatusReason"].startswith("The call was larger than 1024 KiB")
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.size, delivery.body) == (Delivery.Status.REJECTED, 10_000_000, None)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"Phone": "12"}, "Phone"),
        ({"EmailAddress": "not an address"}, "EmailAddress"),
        ({"Mobile": {"number": 1}}, "Mobile"),
        ({"FirstName": "x" * 5000}, "FirstName"),
    ],
)
def test_a_bad_value_fails_its_record_with_the_fields_name(
    make_leadsync: Make, destination: Any, send: Send, values: dict[str, Any], field: str
) -> None:
    events = send(make_leadsync(), [ADA | values, {"ProspectID": "s-2", "EmailAddress": "bo@example.test"}])
    assert outcomes(events) == ["failed", "new"]
    assert field in events[0].message


def test_unknown_source_fields_are_left_alone(make_leadsync: Make, send: Send) -> None:
    [event] = send(make_leadsync(), ADA | {"Unheard": "of", "Nested": {"deep": [1, 2]}})
    assert event.outcome == "new"


# -- activities ----------------------------------------------------------------------------------


def test_an_activity_arrives_on_its_lead(make_leadsync: Make, destination: Any, send: Send) -> None:
    events = send(make_leadsync(sync_activities=True), payload("lead_created"), payload("activity_single"))
    assert outcomes(events) == ["new", "new"]
    [activity] = destination.activities()
    assert activity["RelatedProspectId"] == destination.lead("ada@example.test")["ProspectID"]
    assert activity["mx_Custom_1"] == "A-100"
    assert activity["CreatedOn"].startswith("2026-11-20 08:15:00")


def test_grouped_activities_travel_in_one_call(make_leadsync: Make, destination: Any, send: Send) -> None:
    connection = make_leadsync(sync_activities=True)
    send(connection, payload("lead_created"))
    before = destination.call_count()
    events = send(connection, payload("activities_grouped"))
    assert outcomes(events) == ["new"] * 3
    assert len(destination.activities()) == 2
    assert destination.call_count() - before == 1


def test_a_changed_activity_is_updated(make_leadsync: Make, destination: Any, send: Send) -> None:
    changed = payload("activity_single") | {"ActivityEvent_Note": "Bought two lamps"}
    connection = make_leadsync(sync_activities=True)
    events = send(connection, payload("lead_created"), payload("activity_single"), changed)
    assert outcomes(events) == ["new", "new", "updated"]
    [activity] = destination.activities()
    assert "two lamps" in json.dumps(activity)


def test_an_activity_finds_its_lead_by_the_lead_it_came_with(make_leadsync: Make, destination: Any, send: Send) -> None:
    destination.save_lead(EmailAddress="ada@example.test")
    [event] = send(make_leadsync(sync_activities=True), payload("activity_with_lead"))
    assert event.outcome == "new"


def test_an_activity_whose_lead_is_missing_waits_and_then_says_so(make_leadsync: Make, send: Send) -> None:
    connection = make_leadsync(sync_activities=True)
    [event] = send(connection, payload("activity_single"))
    assert (event.outcome, event.code) == ("waiting", "no-lead")
    for _ in range(4):
        Event.objects.filter(due_at__isnull=False).update(due_at=event.created_at)
        engine.drain(connection.pk)
    event.refresh_from_db()
    assert event.outcome == "failed"
    assert "isn't in the destination account" in event.message


def test_an_activity_whose_answer_was_lost_is_not_posted_twice(
    make_leadsync: Make, destination: Any, send: Send
) -> None:
    connection = make_leadsync(sync_activities=True)
    send(connection, payload("lead_created"))
    destination.fault("applied_unanswered", path="ProspectActivity.svc/Create", times=1)
    send(connection, payload("activity_single"))
    assert Event.objects.get(record_type="activity").outcome == "waiting"
    Event.objects.filter(due_at__isnull=False).update(due_at=Event.objects.first().created_at)
    engine.drain(connection.pk)
    assert len(destination.activities()) == 1
    assert Event.objects.get(record_type="activity").outcome == "updated"
    assert Link.objects.filter(record_type="activity").count() == 1


@pytest.mark.parametrize(("behaviour", "expected"), [("create", ["new", "skipped"]), ("update", ["skipped"] * 2)])
def test_the_activity_behaviour_decides(
    make_leadsync: Make, destination: Any, send: Send, behaviour: str, expected: list[str]
) -> None:
    connection = make_leadsync(sync_activities=True, activity_behaviour=behaviour)
    changed = payload("activity_single") | {"ActivityEvent_Note": "Bought two lamps"}
    events = send(connection, payload("lead_created"), payload("activity_single"), changed)
    assert outcomes(events)[1:] == expected


def test_activities_are_left_alone_when_the_entity_is_off(make_leadsync: Make, send: Send) -> None:
    assert send(make_leadsync(), payload("activity_single")) == []
    assert "Activity Entity is switched off" in Delivery.objects.get().message


# -- test connection -----------------------------------------------------------------------------


def test_test_connection_goes_through_its_steps(make_leadsync: Make) -> None:
    steps = list(connector_for(make_leadsync(secondary_search_by="Phone")).check())
    assert [step.ok for step in steps] == [True] * 4


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"secret_key": "wrong"}, "refused the keys"),
        ({"access_key": "line\nbreak"}, "Enter it again"),
        ({"api_address": "https://192.168.1.1"}, "not a public address"),
        ({"api_address": "http://127.0.0.1:9"}, "must begin with https"),
        ({"search_by": "mx_Nowhere"}, "Choose another field"),
    ],
)
def test_test_connection_says_what_to_do(make_leadsync: Make, overrides: dict[str, str], words: str) -> None:
    connection = make_leadsync()
    for name, value in overrides.items():
        setattr(connection, name, value)
    last = list(connector_for(connection).check())[-1]
    assert not last.ok
    assert words in last.detail
