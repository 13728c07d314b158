"""The signature, the encodings of parameters, errors, limits and faults of Heyloyalty's emulator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests

from integrations.sandbox.heyloyalty import signature
from integrations.sandbox.heyloyalty.parameters import nested
from tests.sandbox_heyloyalty import HeyloyaltyAccount
from tests.sandbox_server import Sandbox

ADA = "ada@example.test"
MEMBERS = "lists/1/members"


@pytest.fixture
def practice(sandbox: Sandbox) -> HeyloyaltyAccount:
    return sandbox.heyloyalty()


def status(practice: HeyloyaltyAccount, headers: dict[str, str]) -> int:
    return requests.get(f"{practice.url}/loyalty/v1/lists", headers=headers, timeout=10).status_code


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_the_signature_is_that_of_the_test_vector() -> None:
    headers = signature.signed_headers("demo-key", "demo-secret", "Fri, 24 May 2013 13:16:26 GMT")
    assert headers == {
        "Authorization": (
            "Basic ZGVtby1rZXk6WlRVME1qSTJNREZsT1dVME1qQTJNR001TnpjeU0yVXpNMlJsTXpnMVlUTTBaVFpoTW1ObU5URmpaR05sWmpjMFp"
            "ERXdNMlpsTmpjeE5HRmtORFEwWkE9PQ=="
        ),
        "X-Request-Timestamp": "Fri, 24 May 2013 13:16:26 GMT",
    }


def test_a_call_signed_with_the_test_vector_is_let_in(practice: HeyloyaltyAccount) -> None:
    practice.settings(api_key="demo-key", api_secret="demo-secret")
    password = (
        "ZTU0MjI2MDFlOWU0MjA2MGM5NzcyM2UzM2RlMzg1YTM0ZTZhMmNmNTFjZGNlZjc0ZDEwM2ZlNjcxNGFkNDQ0ZA=="  # of the secret
    )
    reply = requests.get(
        f"{practice.url}/loyalty/v1/lists",
        auth=("demo-key", password),
        headers={"X-Request-Timestamp": "Fri, 24 May 2013 13:16:26 GMT"},
        timeout=10,
    )
    assert reply.status_code == 200


@pytest.mark.parametrize(
    "timestamp", ["Fri, 24 May 2013 13:16:26 GMT", "2013-05-24T13:16:26.000Z", "2013-05-24T15:16:26+02:00"]
)
def test_times_are_taken_as_rfc_1123_and_as_iso(practice: HeyloyaltyAccount, timestamp: str) -> None:
    assert status(practice, practice.signed(timestamp)) == 200


def test_wrong_signatures_are_401(practice: HeyloyaltyAccount) -> None:
    signed = practice.signed()
    later = {"X-Request-Timestamp": format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)}
    for headers in ({}, practice.signed(secret="wrong"), signed | later, practice.signed("yesterday")):
        reply = requests.get(f"{practice.url}/loyalty/v1/lists", headers=headers, timeout=10)
        assert (reply.status_code, reply.json()) == (401, {"message": "Unauthorized", "code": 401})


def test_old_times_are_refused_only_with_a_window(practice: HeyloyaltyAccount) -> None:
    old = practice.signed(iso(datetime.now(UTC) - timedelta(minutes=20)))
    assert status(practice, old) == 200
    practice.settings(timestamp_window_s=900)
    assert status(practice, old) == 401
    assert status(practice, practice.signed(iso(datetime.now(UTC) - timedelta(minutes=10)))) == 200
    assert status(practice, practice.signed(iso(datetime.now(UTC) + timedelta(minutes=20)))) == 401


@pytest.mark.parametrize("way", ["params", "data", "json", "files"])
def test_parameters_come_by_query_form_json_or_multipart(practice: HeyloyaltyAccount, way: str) -> None:
    music, books = practice.option("interests", "Music"), practice.option("interests", "Books")
    php = {"email": ADA, "firstname": "Ada", "interests[]": [music, books]}
    options = {
        "params": {"params": php},
        "data": {"data": php},
        "json": {"json": {"email": ADA, "firstname": "Ada", "interests": [music, int(books)]}},
        "files": {"data": php, "files": {"unused": b""}},
    }[way]
    url = f"{practice.url}/loyalty/v1/{MEMBERS}"
    reply = requests.post(url, headers=practice.signed(), timeout=10, **options)
    assert reply.status_code == 201, reply.text
    assert practice.member(ADA)["values"] == {"email": ADA, "firstname": "Ada", "interests": [music, books]}


def test_the_body_goes_over_the_query(practice: HeyloyaltyAccount) -> None:
    practice.api("POST", MEMBERS, {"firstname": "Body"}, params={"email": ADA, "firstname": "Query"})
    assert practice.member(ADA)["values"] == {"email": ADA, "firstname": "Body"}


def test_brackets_nest_as_php_reads_them() -> None:
    pairs = [
        ("filter[email][eq][0]", "a"),
        ("filter[email][eq][1]", "b"),
        ("fields[0][options][0][label]", "Yes"),
        ("lists[]", "1"),
        ("lists[]", "2"),
        ("member[country]", "53"),
        ("odd[", "x"),
    ]
    assert nested(pairs) == {
        "filter": {"email": {"eq": ["a", "b"]}},
        "fields": [{"options": [{"label": "Yes"}]}],
        "lists": ["1", "2"],
        "member": {"country": "53"},
        "odd[": "x",
    }


@pytest.mark.parametrize("body", [b"[1]", b"{", b'"text"'])
def test_a_body_that_is_no_json_object_is_400(practice: HeyloyaltyAccount, body: bytes) -> None:
    headers = practice.signed() | {"Content-Type": "application/json"}
    reply = requests.post(f"{practice.url}/loyalty/v1/{MEMBERS}", data=body, headers=headers, timeout=10)
    assert reply.status_code == 400
    assert set(reply.json()) == {"error"}


@pytest.mark.parametrize("path", ["lists/77", "lists/77/members", "lists/mine", "lists/1/members/nobody", "campaigns"])
def test_what_is_not_there_is_404(practice: HeyloyaltyAccount, path: str) -> None:
    reply = practice.api("GET", path)
    assert (reply.status_code, reply.json()) == (404, {"message": "Not Found", "code": 404})


def test_a_wrong_method_is_405(practice: HeyloyaltyAccount) -> None:
    assert practice.api("PATCH", "lists/1").status_code == 405
    assert practice.api("PATCH", "lists/1", {}, version=2).status_code == 204


def test_keys_of_another_account_are_refused(sandbox: Sandbox, practice: HeyloyaltyAccount) -> None:
    other = sandbox.heyloyalty("other")
    assert status(practice, other.signed()) == 401
    assert status(other, other.signed()) == 200


def test_there_is_a_limit_only_when_it_is_switched_on(practice: HeyloyaltyAccount) -> None:
    assert {practice.api("GET", "lists").status_code for _ in range(12)} == {200}
    practice.settings(calls_per_s=1)
    replies = [practice.api("GET", "lists") for _ in range(12)]
    refused = [reply for reply in replies if reply.status_code == 429]
    assert refused
    assert refused[0].headers["Retry-After"] == "1"
    assert refused[0].json()["code"] == 429


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("unauthorized", 401, 401), ("too_many", 429, 429), ("limit_in_200", 200, 429), ("app_error", 500, 500)],
)
def test_faults_speak_heyloyaltys_own_errors(practice: HeyloyaltyAccount, kind: str, status: int, code: int) -> None:
    practice.fault(kind, path="members")
    assert practice.api("GET", "lists").status_code == 200
    reply = practice.api("GET", MEMBERS)
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert practice.api("GET", MEMBERS).status_code == 200


def test_an_applied_but_unanswered_upsert_was_applied(practice: HeyloyaltyAccount) -> None:
    practice.fault("applied_unanswered", path="upsert")
    with pytest.raises(requests.ConnectionError):
        practice.api("POST", f"{MEMBERS}/upsert", {"unique_field": "email", "member": {"email": ADA}})
    assert practice.member(ADA)["state"] == "active"
    assert practice.calls()[-1]["fault"] == "applied_unanswered"


def test_settings_say_what_they_refuse(practice: HeyloyaltyAccount) -> None:
    with pytest.raises(AssertionError, match="unsubscribed is one of recreate, reactivate, refuse"):
        practice.settings(unsubscribed="forget")
    with pytest.raises(AssertionError, match="no setting called speed"):
        practice.settings(speed=1)
