"""The token, limits, refusals and faults of LeadHub's emulator."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from integrations.sandbox.leadhub.limits import FAMILIES, Limits
from tests.sandbox_leadhub import FAMILIES as WRAPPED
from tests.sandbox_leadhub import LeadHubAccount
from tests.sandbox_server import Sandbox

JANA = "jana.novakova@example.test"
QUERY = {"segments": [{"targetingBlocks": []}]}
TAG = {"profile_identification": {"user_id": "ellity-1"}, "tag": {"name": "t", "data": {}}}
# A thousandth of LeadHub's speed: nothing refills while a test runs.
FROZEN = 0.001


@pytest.fixture
def leadhub(sandbox: Sandbox) -> LeadHubAccount:
    leadhub = sandbox.leadhub()
    leadhub.limits()
    leadhub.settings(visibility_delay_s=0)
    return leadhub


def status(leadhub: LeadHubAccount, **headers: str) -> int:
    return requests.get(f"{leadhub.url}/segments", headers=headers, timeout=10).status_code


def test_the_token_is_the_whole_header(leadhub: LeadHubAccount) -> None:
    assert len(leadhub.token) == 128
    assert leadhub.token == f"{int(leadhub.token, 16):0128x}"
    assert status(leadhub, Authorization=leadhub.token) == 200
    assert status(leadhub, Authorization=f"Bearer {leadhub.token}") == 401
    assert status(leadhub) == 401


def test_a_wrong_token_is_told_in_the_body(leadhub: LeadHubAccount) -> None:
    reply = requests.put(f"{leadhub.url}/profiles", json={}, headers={"Authorization": "wrong"}, timeout=10)
    assert (reply.status_code, reply.json()) == (401, {"error_code": "unauthorized"})


def test_the_token_can_be_changed_but_never_emptied(leadhub: LeadHubAccount) -> None:
    old = leadhub.token
    leadhub.settings(token="another")
    assert (status(leadhub, Authorization=old), status(leadhub, Authorization="another")) == (401, 200)
    with pytest.raises(AssertionError, match="can't be empty"):
        leadhub.settings(token="")


def test_each_account_has_its_own_token(leadhub: LeadHubAccount, sandbox: Sandbox) -> None:
    other = sandbox.leadhub("other")
    assert status(leadhub, Authorization=other.token) == 401


@pytest.mark.parametrize(
    "body",
    [
        [],
        "text",
        {},
        {"user_id": None, "email_address": None},
        {"user_id": "x" * 51},
        {"user_id": ""},
        {"user_id": 7},
        {"email_address": "jana"},
        {"email_address": ""},
        {"user_id": "ellity-1", "first_name": 1},
        {"user_id": "ellity-1", "phone": "+420"},
        {"user_id": "ellity-1", "first_name": "\ud800"},
    ],
)
def test_a_wrong_profile_is_422(leadhub: LeadHubAccount, body: Any) -> None:
    reply = leadhub.api("PUT", "profiles", body)
    assert reply.status_code == 422
    assert reply.json()["error_code"] == "validation_error"
    assert reply.json()["message"]
    assert leadhub.profile_count() == 0


def test_a_user_id_of_50_characters_is_taken(leadhub: LeadHubAccount) -> None:
    assert leadhub.put("x" * 50, None).status_code == 202


@pytest.mark.parametrize(
    "change",
    [
        {"profile_identification": None},
        {"profile_identification": {}},
        {"profile_identification": {"user_id": "ellity-1", "email_address": JANA}},
        {"profile_identification": {"phone": "+420"}},
        {"tag": None},
        {"tag": {"name": " "}},
        {"tag": {"name": 7}},
        {"tag": {"name": "t", "data": []}},
        {"tag": {"name": "t", "data": {"list": [1]}}},
        {"tag": {"name": "t", "data": {"object": {}}}},
        {"tag": {"name": "t", "value": 1}},
        {"colour": "red"},
    ],
)
def test_a_wrong_tag_is_422(leadhub: LeadHubAccount, change: dict[str, Any]) -> None:
    leadhub.put("ellity-1", JANA)
    assert leadhub.api("POST", "profiles/tags", TAG).status_code == 202
    reply = leadhub.api("POST", "profiles/tags", TAG | change)
    assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_error")
    assert len(leadhub.ledger(kind="tag")) == 1


@pytest.mark.parametrize("raw", [b"", b"{", b'{"user_id": NaN}', b"[" * 100_000])
def test_what_is_not_json_is_422(leadhub: LeadHubAccount, raw: bytes) -> None:
    reply = requests.put(f"{leadhub.url}/profiles", data=raw, headers=leadhub.headers, timeout=10)
    assert (reply.status_code, reply.json()["message"]) == (422, "The body is not JSON")


def test_only_everybody_can_be_queried(leadhub: LeadHubAccount) -> None:
    body = {"segments": [{"targetingBlocks": [{"a": 1}]}]}
    assert leadhub.api("POST", "segments/query/profiles", body).status_code == 422


def test_an_unknown_path_and_a_wrong_method_are_told_in_json(leadhub: LeadHubAccount) -> None:
    assert leadhub.api("GET", "profiles/phone/1").json() == {"error_code": "endpoint_not_found"}
    reply = leadhub.api("POST", "profiles", {})
    assert (reply.status_code, reply.json()) == (405, {"error_code": "method_not_allowed"})


def test_thirty_calls_a_minute_and_ten_a_second() -> None:
    limits = Limits()
    taken = [limits.take("tag_write", now=second, speed=1) for second in (0, 1, 2) for _ in range(11)]
    # Meanwhile a token of the minute's came back: one in two seconds.
    assert [wait == 0 for wait in taken] == ([True] * 10 + [False]) * 3
    assert taken[10] == pytest.approx(0.1)
    assert limits.take("tag_write", now=3, speed=1) == 0
    assert limits.take("tag_write", now=3.2, speed=1) == pytest.approx(0.8)
    assert limits.take("tag_write", now=4, speed=1) == 0
    assert limits.take("profile_write", now=4, speed=1) == 0


@pytest.mark.parametrize(
    ("family", "seconds"), [("segment_list", 60), ("segment_query", 60), ("job_list", 10), ("job_read", 1)]
)
def test_rare_calls_wait_for_their_one_token(family: str, seconds: float) -> None:
    limits = Limits()
    assert limits.take(family, now=100, speed=1) == 0
    assert limits.take(family, now=100, speed=1) == pytest.approx(seconds)
    assert limits.take(family, now=100 + seconds / 20, speed=20) == 0


@pytest.mark.parametrize(
    ("family", "method", "path", "body", "allowed"),
    [
        ("profile_read", "GET", f"profiles/email-address/{JANA}", None, 10),
        ("profile_write", "PUT", "profiles", {"user_id": "ellity-1", "email_address": JANA}, 10),
        ("tag_write", "POST", "profiles/tags", TAG, 10),
        ("subscription_read", "GET", f"subscriptions/email-address/{JANA}", None, 10),
        ("subscription_read", "GET", f"subscriptions/email-address/{JANA}/suppressed", None, 10),
        ("segment_list", "GET", "segments", None, 1),
        ("segment_query", "POST", "segments/query/profiles", QUERY, 1),
        ("job_list", "GET", "jobs", None, 1),
        ("job_read", "GET", "jobs/unknown", None, 1),
    ],
)
def test_each_family_has_a_limit_of_its_own(
    leadhub: LeadHubAccount, family: str, method: str, path: str, body: Any, allowed: int
) -> None:
    leadhub.limits(**{family: FROZEN})
    replies = [leadhub.api(method, path, body) for _ in range(allowed + 1)]
    assert [reply.status_code == 429 for reply in replies] == [False] * allowed + [True]
    assert replies[-1].json()["error_code"] == "too_many_requests"
    assert int(replies[-1].headers["Retry-After"]) > 0
    leadhub.limits(**{family: 0})
    assert leadhub.api(method, path, body).status_code != 429


def test_retry_after_is_in_whole_seconds(leadhub: LeadHubAccount) -> None:
    leadhub.limits(segment_list=1)
    leadhub.api("GET", "segments")
    assert 0 < int(leadhub.api("GET", "segments").headers["Retry-After"]) <= 60


def test_a_fresh_account_has_leadhub_s_own_limits(sandbox: Sandbox) -> None:
    settings = sandbox.leadhub("fresh").settings()
    assert [settings[f"{family}_limit"] for family in FAMILIES] == [1.0] * 8
    assert tuple(FAMILIES) == WRAPPED


@pytest.mark.parametrize(
    "change",
    [{"visibility_delay_s": 2.1}, {"visibility_delay_s": -1}, {"tag_write_limit": -1}, {"tag_write_limit": "inf"},
     {"tag_write_limit": "nan"}, {"job_seconds": "soon"}],
)  # fmt: skip
def test_settings_out_of_range_are_refused(leadhub: LeadHubAccount, change: dict[str, Any]) -> None:
    before = leadhub.settings()
    with pytest.raises(AssertionError, match="ValueError"):
        leadhub.settings(latency_ms=9, **change)
    assert leadhub.settings() == before


@pytest.mark.parametrize(
    ("kind", "answered", "text"),
    [
        ("unauthorized", 401, '"unauthorized"'),
        ("too_many", 429, '"too_many_requests"'),
        ("limit_in_200", 200, '"too_many_requests"'),
        ("app_error", 500, '"internal_error"'),
        ("system_error", 500, "The server encountered an error"),
        ("html_200", 200, "<!doctype html>"),
    ],
)
def test_a_fault_is_answered_in_leadhub_s_own_form(
    leadhub: LeadHubAccount, kind: str, answered: int, text: str
) -> None:
    leadhub.fault(kind, path="profiles")
    reply = leadhub.put("ellity-1", JANA)
    assert (reply.status_code, text in reply.text) == (answered, True)
    assert "Retry-After" not in reply.headers
    assert leadhub.ledger() == []
    assert leadhub.put("ellity-1", JANA).status_code == 202


def test_a_429_on_request_names_its_seconds(leadhub: LeadHubAccount) -> None:
    leadhub.fault("too_many", retry_after=7)
    assert leadhub.put("ellity-1", JANA).headers["Retry-After"] == "7"


def test_a_tag_may_be_applied_and_never_answered(leadhub: LeadHubAccount) -> None:
    leadhub.put("ellity-1", JANA)
    leadhub.fault("applied_unanswered", path="profiles/tags")
    with pytest.raises(requests.ConnectionError):
        leadhub.tag("ellity-1", "ellity_pin_changed", newPin="0042")
    assert [row["tag"] for row in leadhub.ledger(kind="tag")] == ["ellity_pin_changed"]
    assert [call["answered"] for call in leadhub.calls()] == [True, False]


def test_the_log_of_calls_never_holds_the_token(leadhub: LeadHubAccount) -> None:
    leadhub.put("ellity-1", JANA)
    (call,) = leadhub.calls()
    assert (call["method"], call["path"], call["status"], call["records"]) == ("PUT", "profiles", 202, 1)
    assert leadhub.token not in str(call)
