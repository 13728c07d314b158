"""Ledger, calls, latency, control calls, snapshot, the command."""

from __future__ import annotations

import re
import signal
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.sandbox.conftest import Receiver, lead
from tests.sandbox_server import ROOT, LeadSquaredAccount, Sandbox

BULK = "LeadManagement.svc/Lead/Bulk/CreateOrUpdate"
USERS = "UserManagement.svc/Users.Get"


def test_the_ledger_tells_what_was_applied(account: LeadSquaredAccount) -> None:
    account.seed(1)
    rows = [
        lead("EmailAddress", EmailAddress="lead000001@example.test", mx_City="Odense"),
        lead("EmailAddress", EmailAddress="bad"),
        lead("Phone", Phone="+45-20304050", FirstName="Ada"),
    ]
    account.api("POST", BULK, rows)
    updated, created = account.ledger()
    assert (updated["outcome"], updated["key"], updated["fields"]) == (
        "updated",
        "lead000001@example.test",
        ["mx_City"],
    )
    assert (created["outcome"], created["key"], created["fields"]) == (
        "created",
        "+45-20304050",
        ["Phone", "FirstName"],
    )
    assert account.ledger(since=1) == [created]
    assert (created["seq"], created["operation"]) == (2, "Lead/Bulk/CreateOrUpdate")


def test_calls_are_counted_and_never_hold_keys(account: LeadSquaredAccount) -> None:
    keys = {"accessKey": account.access_key, "SecretKey": account.secret_key, "emailaddress": "ada@example.test"}
    path = "LeadManagement.svc/Leads.GetByEmailaddress"
    requests.get(f"{account.url}/v2/{path}", params=keys, timeout=10)
    (call,) = account.calls()
    assert account.call_count() == 1
    assert (call["method"], call["path"]) == ("GET", f"v2/{path}?emailaddress=ada%40example.test")
    assert (call["status"], call["records"], call["answered"]) == (200, 0, True)
    assert account.calls(since=call["seq"]) == []


def test_latency_delays_each_call_but_not_the_others_beside_it(account: LeadSquaredAccount) -> None:
    account.latency(200)
    started = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(lambda _: requests.get(f"{account.url}/v2/{USERS}", headers=account.headers, timeout=10), range(8))
        )
    assert 0.2 <= time.monotonic() - started < 1.2


def test_parallel_upserts_of_one_email_make_one_lead(account: LeadSquaredAccount) -> None:
    body = [lead("EmailAddress", EmailAddress="ada@example.test")] * 25
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: account.api("POST", BULK, body), range(16)))
    assert account.lead_count() == 1
    assert [entry["outcome"] for entry in account.ledger()].count("created") == 1


def test_a_reset_of_the_data_keeps_settings(account: LeadSquaredAccount) -> None:
    account.seed(2)
    account.latency(1)
    account.fault("slow")
    account.reset(data_only=True)
    assert (account.lead_count(), account.faults(), account.settings()["latency_ms"]) == (0, [], 1)
    account.reset()
    assert account.settings()["latency_ms"] == 0


def test_control_calls_explain_what_they_refuse(sandbox: Sandbox, account: LeadSquaredAccount) -> None:
    with pytest.raises(AssertionError, match="no setting called speed"):
        account.settings(speed=1)
    with pytest.raises(AssertionError, match="invalid literal"):
        account.settings(calls_per_5s="many", latency_ms=9)
    assert account.settings()["latency_ms"] == 0
    with pytest.raises(AssertionError, match="MXInvalidInputException"):
        account.save_lead(EmailAddress="bad")
    with pytest.raises(AssertionError, match="no vendor called nobody"):
        sandbox.control("GET", "nobody/x/ledger")
    with pytest.raises(AssertionError, match="no account called x"):
        sandbox.control("GET", "leadsquared/x/ledger")
    with pytest.raises(AssertionError, match="no variant"):
        account.automation("http://127.0.0.1:9/", variant="odd")


def test_the_sandbox_knows_nothing_of_what_it_tests() -> None:
    for path in (ROOT / "integrations" / "sandbox").rglob("*.py"):
        text = path.read_text()
        assert not re.search(r"integrations\.(core|sources|connectors)", text), path


def test_the_state_survives_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    state = tmp_path / "practice.json"
    with Sandbox(state=state) as sandbox:
        account = sandbox.leadsquared("third")
        account.limits()
        (lead_id,) = account.seed(1)
        account.save_lead(lead_id, ProspectStage="Customer")
        account.save_activity(lead_id, mx_Custom_1="A-1")
        account.field(DisplayName="Shoe Size", DataType="Number", IsUnique=True)
        account.automation(receiver.url, name="Kept")
        before = account.leads(), account.activities(), account.ledger(), account.settings(), account.automations()
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    with Sandbox(state=state) as sandbox:
        account = sandbox.leadsquared("third")
        assert before == (
            account.leads(),
            account.activities(),
            account.ledger(),
            account.settings(),
            account.automations(),
        )
        assert account.save_lead(FirstName="Next", mx_Shoe_Size="43") != lead_id
        assert account.lead_count() == 2
        with pytest.raises(AssertionError, match="MXDuplicateEntryException"):
            account.save_lead(FirstName="Same", mx_Shoe_Size="43")


def test_the_state_is_written_soon_after_a_change(tmp_path: Path) -> None:
    state = tmp_path / "practice.json"
    with Sandbox(process=True, state=state) as sandbox:
        account = sandbox.leadsquared("destination")
        account.seed(3)
        until = time.monotonic() + 10
        while not (state.exists() and "lead000003" in state.read_text()) and time.monotonic() < until:
            time.sleep(0.05)
        sandbox.kill()
    with Sandbox(state=state) as sandbox:
        assert sandbox.leadsquared("destination").lead_count() == 3
    assert list(tmp_path.iterdir()) == [state]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_stops_cleanly_also_with_a_hanging_call(number: signal.Signals) -> None:
    with Sandbox(process=True) as sandbox:
        account = sandbox.leadsquared("destination")
        account.fault("hang", seconds=60)
        with ThreadPoolExecutor(1) as pool:
            hanging = pool.submit(requests.get, f"{account.url}/v2/{USERS}", headers=account.headers, timeout=30)
            while not account.calls():
                time.sleep(0.01)
            sandbox._running.send_signal(number)
            assert sandbox._running.wait(timeout=10) == 0
            assert isinstance(hanging.exception(), requests.ConnectionError)
