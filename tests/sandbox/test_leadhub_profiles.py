"""Profiles and tags of LeadHub's emulator: what a write does, and when a read sees it."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path
from typing import Any

import pytest

from integrations.sandbox.leadhub.account import LeadHubAccount as EmulatedAccount
from integrations.sandbox.leadhub.profiles import Occurrence, Profile
from tests.sandbox_leadhub import LeadHubAccount
from tests.sandbox_server import Sandbox

JANA = "jana.novakova@example.test"
CHANGED = "ellity_account_changed"


@pytest.fixture
def leadhub(sandbox: Sandbox) -> LeadHubAccount:
    """Without limits, and what is written shows at once."""
    leadhub = sandbox.leadhub()
    leadhub.limits()
    leadhub.settings(visibility_delay_s=0)
    return leadhub


def test_a_profile_is_created_and_read_back(leadhub: LeadHubAccount) -> None:
    reply = leadhub.put("ellity-48213", JANA, first_name="Jana", last_name=None)
    assert (reply.status_code, reply.content) == (202, b"")
    assert leadhub.read(JANA).json() == {
        "credentials": {
            "user_id": "ellity-48213",
            "email_address": JANA,
            "first_name": "Jana",
            "last_name": None,
        },
        "tags": [],
    }


def test_an_unknown_profile_is_404(leadhub: LeadHubAccount) -> None:
    for path in (f"profiles/email-address/{JANA}", f"subscriptions/email-address/{JANA}"):
        reply = leadhub.api("GET", path)
        assert (reply.status_code, reply.json()) == (404, {"error_code": "profile_not_found"})
    assert leadhub.api("GET", f"subscriptions/email-address/{JANA}/suppressed").status_code == 404


@pytest.mark.parametrize(
    ("user_id", "email"),
    [("ellity-1", "new.address@example.test"), ("ellity-2", JANA.upper()), (None, JANA), ("ellity-1", None)],
)
def test_the_same_user_id_or_address_is_the_same_profile(
    leadhub: LeadHubAccount, user_id: str | None, email: str | None
) -> None:
    leadhub.put("ellity-1", JANA)
    leadhub.put(user_id, email, first_name="Jana")
    (profile,) = leadhub.profiles()
    assert profile["user_id"] == (user_id or "ellity-1")
    assert profile["email_address"] == (email or JANA)
    assert [entry["outcome"] for entry in leadhub.ledger(kind="profile")] == ["created", "updated"]


def test_an_address_that_was_given_up_is_free_again(leadhub: LeadHubAccount) -> None:
    leadhub.put("ellity-1", JANA)
    leadhub.put("ellity-1", "new.address@example.test")
    assert leadhub.read(JANA).status_code == 404
    leadhub.put("ellity-2", JANA)
    assert leadhub.profile_count() == 2


def test_two_profiles_found_to_be_one_person_become_one(leadhub: LeadHubAccount) -> None:
    leadhub.put("ellity-1", None, first_name="Jana")
    leadhub.put("ellity-2", JANA, first_name="J.", last_name="Novakova")
    leadhub.tag("ellity-1", CHANGED, currentAccount=1)
    leadhub.tag("ellity-2", CHANGED, currentAccount=2)
    leadhub.tag("ellity-1", "ellity_pin_changed", newPin="0042")
    leadhub.put("ellity-1", JANA)
    (profile,) = leadhub.profiles()
    assert (profile["user_id"], profile["first_name"], profile["last_name"]) == ("ellity-1", "Jana", "Novakova")
    assert [tag["name"] for tag in profile["occurrences"]] == [CHANGED, CHANGED, "ellity_pin_changed"]
    assert profile["tags"][CHANGED] == {"currentAccount": 2}
    assert leadhub.profiles(user_id="ellity-2") == []


def test_a_null_name_clears_and_a_missing_one_stays(leadhub: LeadHubAccount) -> None:
    leadhub.put("ellity-1", JANA, first_name="Jana", last_name="Novakova")
    leadhub.put("ellity-1", JANA, first_name=None)
    profile = leadhub.profile(JANA)
    assert (profile["first_name"], profile["last_name"]) == (None, "Novakova")


def test_a_tag_keeps_its_latest_data_and_every_occurrence(leadhub: LeadHubAccount) -> None:
    leadhub.put("ellity-1", JANA)
    for data in ({"currentAccount": 120, "registered": True}, {"currentAccount": 90.5, "pin": "", "old": None}):
        assert leadhub.tag("ellity-1", CHANGED, **data).status_code == 202
    assert leadhub.read(JANA).json()["tags"] == [
        {"name": CHANGED, "data": {"currentAccount": 90.5, "pin": "", "old": None}}
    ]
    occurrences = leadhub.profile(JANA)["occurrences"]
    assert [tag["data"]["currentAccount"] for tag in occurrences] == [120, 90.5]
    assert occurrences[0]["at"] <= occurrences[1]["at"]


def test_a_tag_finds_its_profile_by_address_without_regard_to_case(leadhub: LeadHubAccount) -> None:
    leadhub.put("ellity-1", JANA)
    body = {"profile_identification": {"email_address": JANA.upper()}, "tag": {"name": "ellity_test_connection"}}
    assert leadhub.api("POST", "profiles/tags", body).status_code == 202
    assert leadhub.profile(JANA)["tags"] == {"ellity_test_connection": {}}


def test_a_tag_for_nobody_is_accepted_and_lost(leadhub: LeadHubAccount) -> None:
    assert leadhub.tag("ellity-1", CHANGED, currentAccount=1).status_code == 202
    leadhub.put("ellity-1", JANA)
    assert leadhub.read(JANA).json()["tags"] == []
    assert leadhub.ledger(kind="tag") == []
    (lost,) = leadhub.lost()
    assert (lost["user_id"], lost["tag"]) == ("ellity-1", CHANGED)


def test_a_strict_account_refuses_a_tag_for_nobody(leadhub: LeadHubAccount) -> None:
    leadhub.settings(strict=True)
    reply = leadhub.tag("ellity-1", CHANGED, currentAccount=1)
    assert (reply.status_code, reply.json()) == (404, {"error_code": "profile_not_found"})
    assert leadhub.lost() == []


def test_the_ledger_tells_what_was_applied_in_order(leadhub: LeadHubAccount) -> None:
    leadhub.put("ellity-1", JANA, first_name="Jana")
    leadhub.tag("ellity-1", CHANGED, currentAccount=1)
    leadhub.tag("ellity-1", CHANGED, currentAccount=2)
    put, first, second = leadhub.ledger()
    assert put["data"] == {"user_id": "ellity-1", "email_address": JANA, "first_name": "Jana"}
    assert [(row["kind"], row["user_id"], row["outcome"]) for row in (put, first, second)] == [
        ("profile", "ellity-1", "created"),
        ("tag", "ellity-1", "created"),
        ("tag", "ellity-1", "updated"),
    ]
    assert (second["tag"], second["data"], second["email_address"]) == (CHANGED, {"currentAccount": 2}, JANA)
    assert put["at"] <= first["at"] <= second["at"]
    assert leadhub.ledger(since=1, kind="tag") == [first, second]


def test_a_read_sees_a_write_only_after_the_delay() -> None:
    profile = Profile("1", "", email_address=JANA)
    profile.show(now=100.0, delay=1.5)
    assert profile.visible(101.4) is None
    profile.capture(Occurrence("", CHANGED, {"currentAccount": 1}))
    profile.show(now=101.0, delay=1.5)
    first, second = profile.visible(101.5), profile.visible(102.5)
    assert first is not None and first["tags"] == []
    assert second is not None and second["tags"] == [{"name": CHANGED, "data": {"currentAccount": 1}}]


def test_the_delay_is_the_account_s_own() -> None:
    account = EmulatedAccount("late")
    account.change_settings({"visibility_delay_s": 2})
    before = time.monotonic()
    account.put_profile({"email_address": JANA})
    (profile,) = account.book.profiles.values()
    assert profile.coming[0][0] >= before + 2


def test_subscriptions_are_read_and_changed_by_a_control_call(leadhub: LeadHubAccount) -> None:
    leadhub.put("ellity-1", JANA)
    path = f"subscriptions/email-address/{JANA}"
    assert leadhub.api("GET", path).json() == {"subscriptions": [{"code": "newsletters", "state": "unsubscribed"}]}
    assert leadhub.api("GET", f"{path}/suppressed").json() == {"is_suppressed": False}
    leadhub.subscribe(JANA, suppressed=True, newsletters="subscribed")
    assert leadhub.api("GET", path).json() == {"subscriptions": [{"code": "newsletters", "state": "subscribed"}]}
    assert leadhub.api("GET", f"{path}/suppressed").json() == {"is_suppressed": True}
    with pytest.raises(AssertionError, match="profile_not_found"):
        leadhub.subscribe("nobody@example.test")


def test_segments_are_told_apart_by_hex_ids(leadhub: LeadHubAccount) -> None:
    ids = [segment["id"] for segment in leadhub.api("GET", "segments").json()]
    assert all(len(segment) == 32 and int(segment, 16) for segment in ids)
    assert len(set(ids)) == 2


def test_all_profiles_are_read_by_a_job(leadhub: LeadHubAccount) -> None:
    leadhub.seed(3)
    leadhub.settings(job_seconds=3600)
    reply = leadhub.api("POST", "segments/query/profiles", {"segments": [{"targetingBlocks": []}]})
    assert reply.status_code == 202
    job_id = reply.json()["job_id"]
    waiting = leadhub.api("GET", f"jobs/{job_id}").json()
    assert (waiting["job_id"], waiting["state"], waiting["errors"]) == (job_id, "waiting", [])
    assert leadhub.api("GET", f"jobs/{job_id}/result").status_code == 404
    leadhub.settings(job_seconds=0)
    assert [job["state"] for job in leadhub.api("GET", "jobs").json()] == ["done"]
    lines = gzip.decompress(leadhub.api("GET", f"jobs/{job_id}/result").content).decode().splitlines()
    profiles: list[Any] = [json.loads(line) for line in lines]
    assert [profile["credentials"]["user_id"] for profile in profiles] == ["seed-1", "seed-2", "seed-3"]
    assert leadhub.api("GET", "jobs/unknown").json() == {"error_code": "job_not_found"}


def test_the_state_survives_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "practice.json"
    with Sandbox(state=state) as sandbox:
        third = sandbox.leadhub("third")
        third.limits()
        third.settings(token="another", strict=True)
        third.put("ellity-1", JANA, first_name="Jana")
        third.tag("ellity-1", CHANGED, currentAccount=1)
        third.tag("ellity-1", CHANGED, currentAccount=2)
        before = third.profiles(), third.ledger(), third.settings()
    with Sandbox(state=state) as sandbox:
        third = sandbox.leadhub("third")
        assert before == (third.profiles(), third.ledger(), third.settings())
        assert third.read(JANA).json()["tags"] == [{"name": CHANGED, "data": {"currentAccount": 2}}]
        third.tag("ellity-1", CHANGED, currentAccount=3)
        assert [row["seq"] for row in third.ledger()] == [1, 2, 3, 4]
        assert len(third.profile(JANA)["occurrences"]) == 3
        third.reset(data_only=True)
        assert (third.profiles(), third.ledger(), third.settings()["strict"]) == ([], [], True)
