"""What Heyloyalty's emulator keeps over a restart, and over a reset."""

from __future__ import annotations

import json
from pathlib import Path

from tests.sandbox_heyloyalty import HeyloyaltyAccount
from tests.sandbox_server import Sandbox

ADA = "ada@example.test"
MEMBERS = "lists/1/members"


def test_the_state_survives_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "practice.json"
    with Sandbox(state=state) as sandbox:
        practice = sandbox.heyloyalty("third")
        practice.settings(import_delay_s=0, unsubscribed="refuse")
        made = practice.save_list(None, name="Club", tracking_id="t-3", fields=[{"name": "email"}, {"name": "stars"}])
        practice.save_member(list_id=made["id"], email=ADA, stars="5")
        practice.save_member(email=ADA, interests=[practice.option("interests", "Music")])
        practice.unsubscribe(practice.member(ADA)["id"])
        practice.import_tracking([["ada@example.test", "9.5"]], ["email", "amount"])
        practice.import_csv([["bad"]], ["email"], sendErrorsTo="it@example.test")
        practice.api("POST", "lists/1/webhooks", {"url": "http://127.0.0.1:9/", "webhookTriggers": {"update": 1}})
        practice.wait_for_imports(2)
        before = everything(practice)
    with Sandbox(state=state) as sandbox:
        practice = sandbox.heyloyalty("third")
        assert everything(practice) == before
        again = practice.api("POST", f"{MEMBERS}/upsert", {"unique_field": "email", "member": {"email": ADA}})
        assert again.json() == {"error": "The member has unsubscribed"}
        assert practice.save_list(None, name="Next")["id"] == made["id"] + 1


def everything(practice: HeyloyaltyAccount) -> list[object]:
    return [
        practice.settings(),
        practice.lists(),
        practice.members(),
        practice.members(3),
        practice.activities(),
        practice.mails(),
        practice.imports(),
        practice.ledger(),
        practice.api("GET", "lists/1/webhooks").json(),
    ]


def test_a_queued_import_is_done_after_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "practice.json"
    with Sandbox(state=state) as sandbox:
        practice = sandbox.heyloyalty()
        practice.settings(import_delay_s=60)
        practice.import_csv([[ADA]], ["email"])
        practice.settings(import_delay_s=0)
    with Sandbox(state=state) as sandbox:
        practice = sandbox.heyloyalty()
        practice.wait_for_imports()
        assert practice.member(ADA)["imported"] is True


def test_an_import_goes_on_after_the_last_row_that_was_done(tmp_path: Path) -> None:
    state = tmp_path / "practice.json"
    with Sandbox(state=state) as sandbox:
        practice = sandbox.heyloyalty()
        practice.settings(import_delay_s=60)
        practice.import_csv([[ADA], ["bo@example.test"]], ["email"])
        practice.settings(import_delay_s=0)
    written = json.loads(state.read_text())
    written["heyloyalty/practice"]["imports"][0] |= {"state": "running", "read": 1}
    state.write_text(json.dumps(written))
    with Sandbox(state=state) as sandbox:
        practice = sandbox.heyloyalty()
        assert practice.wait_for_imports()[0]["read"] == 2
        assert [member["values"]["email"] for member in practice.members()] == ["bo@example.test"]


def test_a_reset_of_the_data_keeps_lists_and_settings(sandbox: Sandbox) -> None:
    practice = sandbox.heyloyalty()
    practice.settings(import_delay_s=0)
    practice.save_list(name="Renamed")
    practice.save_member(email=ADA)
    practice.import_tracking([[ADA]], ["email"])
    practice.wait_for_imports()
    practice.reset(data_only=True)
    left = practice.members(), practice.activities(), practice.mails(), practice.imports(), practice.ledger()
    assert left == ([], [], [], [], [])
    assert (practice.list_of()["name"], practice.settings()["import_delay_s"]) == ("Renamed", 0)
