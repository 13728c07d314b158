"""Every fault, as a client sees it, and what it leaves applied."""

from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from integrations.sandbox.faults import KINDS
from tests.sandbox.conftest import lead
from tests.sandbox_server import LeadSquaredAccount

UPSERT = "LeadManagement.svc/Lead.CreateOrUpdate"


def write(account: LeadSquaredAccount, **options: Any) -> requests.Response:
    return requests.post(
        f"{account.url}/v2/{UPSERT}",
        json=lead(FirstName="Ada", EmailAddress="ada@example.test"),
        headers=account.headers,
        allow_redirects=False,
        timeout=options.pop("timeout", 30),
        **options,
    )


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        ("unauthorized", 401, "MXUnauthorizedException"),
        ("too_many", 429, "MXAPIRateLimitExceededException"),
        ("limit_in_200", 200, "MXAPIRateLimitExceededException"),
        ("app_error", 500, "MXPracticeException"),
        ("refused", 500, "MXInvalidInputException"),
        ("system_error", 500, "The server encountered an error"),
        ("bad_gateway", 502, "<html>"),
        ("unavailable", 503, "Service Unavailable"),
        ("html_200", 200, "<!doctype html>"),
        ("redirect", 302, ""),
    ],
)
def test_a_spoilt_answer_strikes_once_and_applies_nothing(
    account: LeadSquaredAccount, kind: str, status: int, text: str
) -> None:
    account.fault(kind)
    reply = write(account)
    assert reply.status_code == status
    assert text in reply.text
    assert account.ledger() == []
    assert write(account).json()["Status"] == "Success"
    assert [call["fault"] for call in account.calls()] == [kind, ""]


@pytest.mark.parametrize("kind", ["truncated_json", "wrong_charset"])
def test_garbage_is_not_json(account: LeadSquaredAccount, kind: str) -> None:
    account.fault(kind)
    with pytest.raises(ValueError, match=r".+"):
        json.loads(write(account).content)


def test_deep_json_is_two_hundred_thousand_brackets(account: LeadSquaredAccount) -> None:
    account.fault("deep_json")
    assert len(write(account).content) == 200_000


def test_a_huge_body_is_streamed(account: LeadSquaredAccount) -> None:
    account.fault("huge_body", size_mb=20)
    with write(account, stream=True) as reply:
        assert "Content-Length" not in reply.headers
        assert sum(len(chunk) for chunk in reply.iter_content(65536)) > 20_000_000


def test_a_client_may_turn_its_back_on_a_huge_body(account: LeadSquaredAccount) -> None:
    account.fault("huge_body", size_mb=200)
    with write(account, stream=True) as reply:
        next(reply.iter_content(1024))
    assert write(account).status_code == 200


def test_a_gzip_bomb_is_small_on_the_wire(account: LeadSquaredAccount) -> None:
    account.fault("gzip_bomb", size_mb=64)
    with write(account, stream=True) as reply:
        assert int(reply.headers["Content-Length"]) < 200_000
        assert sum(len(chunk) for chunk in reply.iter_content(1 << 20)) == 64 * 1024 * 1024


def test_retry_after_is_seconds_or_a_date_or_left_out(account: LeadSquaredAccount) -> None:
    account.fault("too_many", retry_after=7)
    account.fault("too_many", retry_after=7, as_date=True)
    account.fault("too_many")
    seconds, date, none = (write(account).headers.get("Retry-After") for _ in range(3))
    assert seconds == "7"
    assert 3 < parsedate_to_datetime(date).timestamp() - time.time() <= 7
    assert none is None


def test_slow_waits_and_then_answers(account: LeadSquaredAccount) -> None:
    account.fault("slow", seconds=0.3)
    started = time.monotonic()
    assert write(account).status_code == 200
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize("kind", ["drip_headers", "drip_body"])
def test_a_dripping_answer_comes_byte_by_byte(account: LeadSquaredAccount, kind: str) -> None:
    account.fault(kind, seconds=0.002)
    started = time.monotonic()
    assert write(account).json()["Status"] == "Success"
    assert time.monotonic() - started > 0.15


def test_a_dripping_answer_defeats_a_read_timeout(account: LeadSquaredAccount) -> None:
    account.fault("drip_body", seconds=0.1)
    with write(account, timeout=0.5, stream=True) as reply:
        started = time.monotonic()
        for _ in reply.iter_content(1):
            if time.monotonic() - started > 0.8:
                break
        assert time.monotonic() - started > 0.8


@pytest.mark.parametrize(
    ("kind", "options", "error", "applied"),
    [
        ("dropped", {}, requests.ConnectionError, 0),
        ("hang", {"seconds": 5}, requests.ReadTimeout, 0),
        ("applied_unanswered", {}, requests.ConnectionError, 1),
        ("applied_unanswered", {"seconds": 5}, requests.ReadTimeout, 1),
        ("dropped", {"applied": True}, requests.ConnectionError, 1),
    ],
)
def test_an_answer_that_never_comes(
    account: LeadSquaredAccount, kind: str, options: dict[str, Any], error: type[Exception], applied: int
) -> None:
    account.fault(kind, **options)
    with pytest.raises(error):
        write(account, timeout=0.3)
    assert len(account.ledger()) == applied
    (call,) = account.calls()
    assert (call["answered"], call["status"], call["fault"]) == (False, None, kind)


def test_an_answer_may_be_spoilt_after_the_work_was_done(account: LeadSquaredAccount) -> None:
    account.fault("bad_gateway", applied=True)
    assert write(account).status_code == 502
    assert [entry["outcome"] for entry in account.ledger()] == ["created"]


def test_a_fault_can_wait_for_its_numbered_calls(account: LeadSquaredAccount) -> None:
    account.fault("system_error", at=[2, 4])
    assert [write(account).status_code for _ in range(5)] == [200, 500, 200, 500, 200]
    assert account.faults() == []


def test_a_fault_can_strike_several_times_or_until_cleared(account: LeadSquaredAccount) -> None:
    account.fault("system_error", times=2)
    assert [write(account).status_code for _ in range(3)] == [500, 500, 200]
    account.fault("system_error", times=None)
    account.fault("bad_gateway", times=None)
    assert [write(account).status_code for _ in range(3)] == [500, 500, 500]
    account.clear_faults("system_error")
    assert write(account).status_code == 502
    account.clear_faults()
    assert write(account).status_code == 200


def test_a_fault_can_be_for_one_path_and_one_account(account: LeadSquaredAccount, source: LeadSquaredAccount) -> None:
    account.fault("system_error", path="createorupdate", times=None)
    assert account.api("GET", "UserManagement.svc/Users.Get").status_code == 200
    assert write(source).status_code == 200
    assert write(account).status_code == 500


def test_unknown_faults_are_refused_with_what_there_is(account: LeadSquaredAccount) -> None:
    with pytest.raises(AssertionError, match="gzip_bomb"):
        account.fault("earthquake")
    with pytest.raises(AssertionError, match="colour"):
        account.fault("slow", colour="red")


def test_every_fault_was_tried_here() -> None:
    tried = {
        "unauthorized", "too_many", "limit_in_200", "app_error", "refused", "system_error", "bad_gateway",
        "unavailable", "html_200", "redirect", "truncated_json", "wrong_charset", "deep_json", "huge_body", "gzip_bomb",
        "slow", "drip_headers", "drip_body", "dropped", "hang", "applied_unanswered",
    }  # fmt: skip
    assert tried == set(KINDS)
