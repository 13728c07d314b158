"""Keys, the error envelope, statuses and limits."""

from __future__ import annotations

import time

import pytest
import requests

from tests.sandbox.conftest import lead
from tests.sandbox_server import LeadSquaredAccount, Sandbox

USERS = "UserManagement.svc/Users.Get"
LEADS = "LeadManagement.svc/"


def get(account: LeadSquaredAccount, path: str = USERS, **options: object) -> requests.Response:
    return requests.get(f"{account.url}/v2/{path}", timeout=10, **options)


@pytest.mark.parametrize("names", [("accessKey", "secretKey"), ("accesskey", "SECRETKEY")])
def test_keys_are_taken_from_the_query_in_any_case(account: LeadSquaredAccount, names: tuple[str, str]) -> None:
    keys = dict(zip(names, (account.access_key, account.secret_key), strict=True))
    assert get(account, params=keys).status_code == 200


def test_keys_are_taken_from_headers(account: LeadSquaredAccount) -> None:
    assert get(account, headers=account.headers).status_code == 200
    assert get(account, headers={name.lower(): value for name, value in account.headers.items()}).status_code == 200


def test_wrong_keys_are_answered_with_401_in_the_envelope(account: LeadSquaredAccount) -> None:
    for headers in ({}, account.headers | {"x-LSQ-SecretKey": "wrong"}):
        reply = get(account, headers=headers)
        assert reply.status_code == 401
        assert reply.json()["Status"] == "Error"
        assert reply.json()["ExceptionType"] == "MXUnauthorizedException"
        assert set(reply.json()) == {"Status", "ExceptionType", "ExceptionMessage"}


def test_keys_of_another_account_are_told_its_address(account: LeadSquaredAccount, source: LeadSquaredAccount) -> None:
    reply = get(account, headers=source.headers)
    assert reply.status_code == 401
    assert source.url in reply.json()["ExceptionMessage"]


def test_keys_can_be_rotated(account: LeadSquaredAccount) -> None:
    account.settings(secret_key="another")
    assert get(account, headers=account.headers).status_code == 401
    assert get(account, headers=account.headers | {"x-LSQ-SecretKey": "another"}).status_code == 200


def test_the_access_key_tells_its_host_and_user(account: LeadSquaredAccount) -> None:
    reply = account.api("GET", "Authentication.svc/UserByAccessKey.Get").json()
    assert reply["LSQCommonServiceURLs"]["api"] == f"{account.url}/v2/"
    assert reply["PassPhrase"] == "bo.lund@destination.example.test"


def test_an_unknown_api_is_404_and_the_case_of_a_path_does_not_matter(account: LeadSquaredAccount) -> None:
    assert account.api("GET", "LeadManagement.svc/Leads.Typo").status_code == 404
    assert account.api("GET", USERS.lower()).status_code == 200
    assert account.api("POST", USERS, []).status_code == 405


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"[]", "text/plain"), (b"[{", "application/json"), (b'{"a": 1}', "application/json"), (b"", "application/json")],
)
def test_a_malformed_body_is_400(account: LeadSquaredAccount, body: bytes, content_type: str) -> None:
    reply = requests.post(
        f"{account.url}/v2/{LEADS}Lead/Bulk/CreateOrUpdate",
        data=body,
        headers=account.headers | {"Content-Type": content_type},
        timeout=10,
    )
    assert reply.status_code == 400
    assert reply.json()["Status"] == "Error"


def test_application_errors_are_500_in_the_envelope(account: LeadSquaredAccount) -> None:
    reply = account.api("POST", LEADS + "Lead.Update", lead(FirstName="Ada"), leadId="no-such-lead")
    assert reply.status_code == 500
    assert reply.json() == {
        "Status": "Error",
        "ExceptionType": "MXInvalidEntityException",
        "ExceptionMessage": "Lead does not exist in the system",
    }
    without_id = account.api("POST", LEADS + "Lead.Update", lead(FirstName="Ada")).json()
    assert without_id["ExceptionType"] == "MXMandatoryAttributeMissingException"
    assert without_id["ExceptionMessage"] == "'leadId' is mandatory for updating lead"


def test_the_default_limits_are_ten_calls_and_one_bulk_call_in_five_seconds(sandbox: Sandbox) -> None:
    account = sandbox.leadsquared("destination")
    assert [account.api("GET", USERS).status_code for _ in range(11)] == [200] * 10 + [429]
    bulk = [account.api("POST", LEADS + "Lead/Bulk/CreateOrUpdate", []) for _ in range(2)]
    assert [reply.status_code for reply in bulk] == [200, 429]
    assert bulk[1].json() == {
        "Status": "Error",
        "ExceptionType": "MXAPIRateLimitExceededException",
        "ExceptionMessage": "API calls exceeded the limit of 1 in 5 second(s)",
    }
    assert "Retry-After" not in bulk[1].headers


def test_the_limit_can_be_told_in_a_200(account: LeadSquaredAccount) -> None:
    account.limits(calls_per_5s=1, answer=200)
    account.api("GET", USERS)
    reply = account.api("GET", USERS)
    assert reply.status_code == 200
    assert reply.json()["ExceptionType"] == "MXAPIRateLimitExceededException"


def test_the_limit_is_a_sliding_window(account: LeadSquaredAccount) -> None:
    account.limits(calls_per_5s=1)
    assert account.api("GET", USERS).status_code == 200
    time.sleep(2.6)
    # A refused call doesn't count: the window slides on from the first one.
    assert account.api("GET", USERS).status_code == 429
    time.sleep(2.6)
    assert account.api("GET", USERS).status_code == 200


def test_connections_are_kept_alive(account: LeadSquaredAccount) -> None:
    with requests.Session() as session:
        for _ in range(3):
            session.get(f"{account.url}/v2/{USERS}", headers=account.headers, timeout=10)
        pools = session.get_adapter(account.url).poolmanager.pools
        (key,) = pools.keys()
        assert (pools[key].num_connections, pools[key].num_requests) == (1, 3)


def test_a_foreign_host_header_is_refused(sandbox: Sandbox) -> None:
    for path in ("/", "/practice/", "/leadsquared/source/"):
        reply = requests.get(sandbox.url + path, headers={"Host": "evil.example.test"}, timeout=10)
        assert reply.status_code == 403
    assert requests.get(sandbox.url, headers={"Host": "localhost:1"}, timeout=10).status_code == 200


def test_an_unknown_account_is_404(sandbox: Sandbox) -> None:
    assert requests.get(f"{sandbox.url}/leadsquared/nobody/v2/{USERS}", timeout=10).status_code == 404


def test_accounts_are_made_on_demand_and_go_with_a_reset(sandbox: Sandbox) -> None:
    third = sandbox.leadsquared("third")
    assert third.api("GET", USERS).status_code == 200
    sandbox.reset()
    assert sandbox.control("GET", "")["leadsquared"] == ["source", "destination"]
