"""Practice Raptor's CDP API: key, limit, audiences, memberships, changes by sequence number."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox_raptor import RaptorAccount
from tests.sandbox_server import Sandbox

ANNA, BO = "anna@example.test", "bo@example.test"


@pytest.fixture
def raptor(sandbox: Sandbox) -> RaptorAccount:
    raptor = sandbox.raptor()
    raptor.settings(calls_per_s=0)
    return raptor


def changes(raptor: RaptorAccount, audience: str, since: int, **params: Any) -> requests.Response:
    return raptor.api("membership/changes/email", audienceId=audience, sequenceNumber=since, **params)


def moves(reply: requests.Response) -> list[tuple[int, str, str]]:
    return [(one["sequenceNumber"], one["identifierValue"], one["change"]) for one in reply.json()["changes"]]


def status(raptor: RaptorAccount, **headers: str) -> int:
    return requests.get(f"{raptor.url}/api/v3/identifiers", headers=headers, timeout=10).status_code


def test_the_key_is_in_a_header_of_a_name_that_can_be_changed(raptor: RaptorAccount) -> None:
    assert status(raptor, **{"X-API-Key": raptor.api_key}) == 200
    assert status(raptor, **{"X-API-Key": "wrong"}) == 401
    assert status(raptor) == 401
    raptor.settings(header_name="Authorization")
    assert status(raptor, **{"X-API-Key": raptor.api_key}) == 401
    assert status(raptor, Authorization=raptor.api_key) == 200


def test_a_wrong_key_is_told_in_the_body(raptor: RaptorAccount) -> None:
    reply = requests.get(f"{raptor.url}/api/v3/audiences", headers={"X-API-Key": "æ".encode()}, timeout=10)
    assert (reply.status_code, reply.json()) == (401, {"error": "Invalid API key"})


def test_keys_are_never_empty_and_accounts_have_their_own(raptor: RaptorAccount, sandbox: Sandbox) -> None:
    with pytest.raises(AssertionError, match="can't be empty"):
        raptor.settings(api_key=" ")
    assert status(raptor, **{"X-API-Key": sandbox.raptor("other").api_key}) == 401


def test_the_eleventh_call_of_a_second_is_429(raptor: RaptorAccount) -> None:
    raptor.settings(calls_per_s=10)
    replies = [raptor.api("identifiers") for _ in range(11)]
    assert [reply.status_code for reply in replies] == [200] * 10 + [429]
    assert replies[-1].headers["Retry-After"] == "1"


def test_identifiers_are_the_activations(raptor: RaptorAccount) -> None:
    assert raptor.api("identifiers").json() == {"identifiers": [{"type": "email", "name": "Email"}]}


def test_audiences_are_those_of_the_activation(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners", id="5d822e81")
    raptor.enter(cats, ANNA)
    [audience] = raptor.api("audiences", activationId="act-77").json()["audiences"]
    assert (audience["id"], audience["name"], audience["size"]) == ("5d822e81", "Cat owners", 1)
    assert audience["lastCalculated"].endswith("Z")
    assert raptor.api("audiences", activationId="act-78").status_code == 404


def test_an_audience_that_is_detached_is_not_listed_and_still_known_until_it_is_deleted(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    raptor.attach(cats, False)
    assert raptor.api("audiences", activationId="act-77").json() == {"audiences": []}
    assert raptor.api(f"membership/{cats}").status_code == 200
    raptor.delete_audience(cats)
    reply = raptor.api(f"membership/{cats}")
    assert (reply.status_code, reply.json()) == (404, {"error": "Audience not found"})


def test_a_persons_audiences_are_memberships(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, ANNA)
    reply = raptor.api("memberships/email", identifierValue=ANNA)
    assert reply.json() == {"memberships": [{"id": cats, "name": "Cat owners"}]}
    assert raptor.api("memberships/email", identifierValue=BO).json() == {"error": "Profile not found"}
    assert raptor.api("memberships/coid", identifierValue=ANNA).status_code == 404


def test_an_audiences_persons_are_membership_in_pages_with_the_sequence_number(raptor: RaptorAccount) -> None:
    raptor.settings(page_size=1)
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, ANNA, BO)
    first = raptor.api(f"membership/{cats}").json()
    assert (first["sequenceNumber"], first["profiles"]) == (2, [{"email": ANNA}])
    headers = {"X-API-Key": raptor.api_key}
    second = requests.get(first["next"], headers=headers, timeout=10).json()
    assert (second["profiles"], second["next"]) == ([{"email": BO}], None)
    assert raptor.api("membership/nobody").json() == {"error": "Audience not found"}


def test_changes_come_after_a_sequence_number_up_to_a_limit(raptor: RaptorAccount) -> None:
    cats, dogs = raptor.audience("Cat owners"), raptor.audience("Dog owners")
    raptor.enter(cats, ANNA)
    raptor.enter(dogs, ANNA)
    raptor.leave(cats, ANNA)
    raptor.enter(dogs, BO)
    reply = changes(raptor, cats, 0)
    assert moves(reply) == [(1, ANNA, "entered"), (3, ANNA, "left")]
    assert reply.json()["sequenceNumber"] == 4
    first = changes(raptor, cats, 0, limit=1)
    assert (moves(first), first.json()["sequenceNumber"]) == ([(1, ANNA, "entered")], 1)
    assert moves(changes(raptor, cats, 4)) == []
    assert changes(raptor, "nobody", 0).status_code == 404
    assert changes(raptor, cats, 0, limit="many").status_code == 400


def test_entering_twice_is_one_change(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    assert (raptor.enter(cats, ANNA), raptor.enter(cats, ANNA)) == (1, 0)
    assert (raptor.leave(cats, ANNA), raptor.leave(cats, ANNA)) == (1, 0)
    assert [entry["outcome"] for entry in raptor.ledger()] == ["entered", "left"]


def test_an_expired_number_is_410_until_the_whole_audience_was_read(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, ANNA)
    raptor.expire()
    reply = changes(raptor, cats, 1)
    assert (reply.status_code, reply.json()) == (410, {"error": "Sequence number expired"})
    now = raptor.api(f"membership/{cats}").json()["sequenceNumber"]
    raptor.leave(cats, ANNA)
    assert [change for _, _, change in moves(changes(raptor, cats, now))] == ["left"]


def test_unknown_paths_and_methods_are_refused(raptor: RaptorAccount) -> None:
    assert raptor.api("people").json() == {"error": "Endpoint not found"}
    headers = {"X-API-Key": raptor.api_key}
    assert requests.post(f"{raptor.url}/api/v3/identifiers", headers=headers, timeout=10).status_code == 405


def test_state_survives_a_restart(tmp_path: Any) -> None:
    state = tmp_path / "state.json"
    with Sandbox(state=state) as sandbox:
        raptor = sandbox.raptor()
        cats = raptor.audience("Cat owners")
        raptor.enter(cats, ANNA)
        raptor.set_values(raptor.attribute("Lifetime value"), {ANNA: 12.5})
        before = raptor.audiences()
    with Sandbox(state=state) as sandbox:
        raptor = sandbox.raptor()
        assert raptor.audiences() == before
        assert moves(changes(raptor, cats, 0)) == [(1, ANNA, "entered")]
