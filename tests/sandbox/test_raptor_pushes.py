"""Practice Raptor's pushes and pages."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests

from tests.sandbox_raptor import RaptorAccount
from tests.sandbox_server import Sandbox

ANNA, BO = "anna@example.test", "bo@example.test"


class Portal:
    """Notes every push; answers with `statuses` in turn, then 202."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.got: list[tuple[bytes, str]] = []
        portal = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                portal.got.append((body, self.headers["X-Raptor-Signature"]))
                self.send_response(portal.statuses.pop(0) if portal.statuses else 202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks/raptor/token/"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def changes(self) -> list[dict[str, Any]]:
        return [change for body, _ in self.got for change in json.loads(body)["changes"]]


@pytest.fixture
def portal() -> Iterator[Portal]:
    portal = Portal()
    yield portal
    portal.server.shutdown()
    portal.server.server_close()


@pytest.fixture
def raptor(sandbox: Sandbox, portal: Portal) -> RaptorAccount:
    raptor = sandbox.raptor()
    raptor.settings(push_address=portal.url, retry_pause_s=0.01)
    return raptor


def get(raptor: RaptorAccount, path: str = "") -> str:
    reply = requests.get(f"{raptor.url}/{path}", timeout=10)
    assert reply.status_code == 200
    return reply.text


def post(raptor: RaptorAccount, path: str, /, **form: Any) -> requests.Response:
    return requests.post(f"{raptor.url}/{path}", data=form, timeout=10)


def test_every_kind_of_change_is_pushed_in_the_shape_of_the_contract(raptor: RaptorAccount, portal: Portal) -> None:
    cats = raptor.audience("Cat owners")
    worth = raptor.attribute("Lifetime value", "number")
    raptor.enter(cats, ANNA)
    raptor.leave(cats, ANNA)
    raptor.set_values(worth, {ANNA: 1840.5})
    raptor.delete_audience(cats)
    raptor.wait_for_pushes(4)
    entered, left, value, gone = portal.changes()
    person = {"email": ANNA}
    common = {"type": "audience", "id": cats, "name": "Cat owners", "person": person}
    assert entered == {**common, "change": "entered", "at": entered["at"]}
    assert left == {**common, "change": "left", "at": left["at"]}
    assert (value["type"], value["value"], value["valueType"]) == ("calculated_attribute", 1840.5, "number")
    assert gone == {"type": "audience_deleted", "id": cats, "name": "Cat owners", "at": gone["at"]}
    assert entered["at"] < left["at"] < value["at"] < gone["at"]


def test_the_raw_body_is_signed(raptor: RaptorAccount, portal: Portal) -> None:
    raptor.enter(raptor.audience("Ejere af får"), ANNA)
    raptor.wait_for_pushes(1)
    [(body, signature)] = portal.got
    expected = hmac.new(raptor.push_secret.encode(), body, hashlib.sha256).hexdigest()
    assert signature == f"sha256={expected}"
    said = json.loads(body)
    assert (said["activationId"], said["sequenceNumber"]) == ("act-77", 1)


def test_many_changes_travel_in_batches_of_at_most_500(raptor: RaptorAccount, portal: Portal) -> None:
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, *(f"p{n}@example.test" for n in range(1200)))
    raptor.wait_for_pushes(1200)
    sizes = [len(json.loads(body)["changes"]) for body, _ in portal.got]
    assert max(sizes) <= 500
    assert len(portal.changes()) == 1200
    assert len({json.loads(body)["batchId"] for body, _ in portal.got}) == len(sizes)


def test_a_push_is_tried_three_times_with_the_same_batch(raptor: RaptorAccount, portal: Portal) -> None:
    portal.statuses = [503, 500, 202]
    raptor.enter(raptor.audience("Cat owners"), ANNA)
    [push] = raptor.wait_for_pushes(1)
    assert (push["state"], push["tries"], push["status"]) == ("delivered", 3, 202)
    assert len({body for body, _ in portal.got}) == 1


def test_after_three_tries_it_is_given_up(raptor: RaptorAccount, portal: Portal) -> None:
    portal.statuses = [503, 503, 503]
    raptor.enter(raptor.audience("Cat owners"), ANNA)
    [push] = raptor.wait_for_pushes(1)
    assert (push["state"], push["tries"]) == ("failed", 3)


def test_a_batch_the_portal_has_already_counts_as_delivered(raptor: RaptorAccount, portal: Portal) -> None:
    raptor.enter(raptor.audience("Cat owners"), ANNA)
    raptor.wait_for_pushes(1)
    portal.statuses = [409]
    again = raptor.push_again()
    assert (again["state"], again["status"], again["tries"]) == ("delivered", 409, 1)
    assert portal.got[0] == portal.got[1]


def test_without_an_address_nothing_is_pushed(raptor: RaptorAccount, portal: Portal) -> None:
    raptor.settings(push_address="")
    raptor.enter(raptor.audience("Cat owners"), ANNA)
    assert raptor.pushes() == []
    with pytest.raises(AssertionError, match="http"):
        raptor.settings(push_address="portal")


# -- pages ------------------------------------------------------------------------------------------


def test_audiences_are_created_filled_renamed_and_deleted_by_buttons(raptor: RaptorAccount) -> None:
    reply = post(raptor, "", name="Cat <owners>", description="They own cats")
    assert "Cat &lt;owners&gt;" in reply.text
    page = reply.url.split("/practice/")[1].partition("?")[0]
    assert "2 entered" in post(raptor, page, action="enter", emails=f"{ANNA} {BO}").text
    assert "The person left" in post(raptor, page, action="leave", email=ANNA).text
    assert [audience["members"] for audience in raptor.audiences()] == [[BO]]
    assert "renamed" in post(raptor, page, action="rename", name="Owners of cats").text
    assert post(raptor, page, action="rename", name=" ").status_code == 400
    assert "detached from the activation" in post(raptor, page, action="attach").text
    assert "attached to the activation" in post(raptor, page, action="attach").text
    assert "deleted" in post(raptor, page, action="delete").text
    assert "No audiences yet" in get(raptor)
    assert requests.get(f"{raptor.url}/{page}", timeout=10).status_code == 404


def test_values_are_set_by_their_type(raptor: RaptorAccount, portal: Portal) -> None:
    assert "was created" in post(raptor, "attributes", action="create", name="Worth", value_type="number").text
    post(raptor, "attributes", action="create", name="Club", value_type="boolean")
    assert post(raptor, "attributes", action="set", id="ca-1", email=ANNA, value="many").status_code == 400
    for name, value in (("ca-1", "12.5"), ("ca-2", "yes"), ("ca-1", "")):
        assert "The value was set" in post(raptor, "attributes", action="set", id=name, email=ANNA, value=value).text
    raptor.wait_for_pushes(3)
    assert [change["value"] for change in portal.changes()] == [12.5, True, None]


def test_pushes_are_listed_and_sent_again(raptor: RaptorAccount) -> None:
    assert "Nothing was pushed yet" in get(raptor, "pushes")
    raptor.enter(raptor.audience("Cat owners"), ANNA)
    raptor.wait_for_pushes(1)
    assert "delivered" in get(raptor, "pushes")
    assert "Sent again: delivered, 202" in post(raptor, "pushes").text


def test_numbers_expire_by_a_button(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    assert "are expired" in post(raptor, "expire").text
    assert raptor.api("membership/changes/email", audienceId=cats, sequenceNumber=0).status_code == 410


def test_settings_show_what_the_portal_needs(raptor: RaptorAccount) -> None:
    text = get(raptor, "settings")
    for needed in (raptor.url, raptor.api_key, raptor.push_secret, "act-77"):
        assert needed in text
