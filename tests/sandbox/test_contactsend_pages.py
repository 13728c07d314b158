"""The pages of a Contactsend account, as someone with a browser uses them: without scripts, by links and forms."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox_contactsend import CLUB, CUSTOMERS, NEWS, SUBSCRIBED, UNSUBSCRIBED, ContactsendAccount
from tests.sandbox_server import Sandbox

ADA = "ada@example.test"
USERDB = f"userdbs/{CUSTOMERS}"


@pytest.fixture
def send(sandbox: Sandbox) -> ContactsendAccount:
    return sandbox.contactsend()


def get(send: ContactsendAccount, path: str = "", status: int = 200) -> str:
    reply = requests.get(f"{send.url}/{path}", timeout=10)
    assert reply.status_code == status, reply.text
    return reply.text


def post(send: ContactsendAccount, path: str, /, **form: Any) -> str:
    return requests.post(f"{send.url}/{path}", data=form, timeout=10).text


@pytest.mark.parametrize("path", ["", USERDB, f"{USERDB}/fields", f"{USERDB}/subscribers/new", "ledger", "settings"])
def test_every_page_opens(send: ContactsendAccount, path: str) -> None:
    text = get(send, path)
    assert "Contactsend, account “practice”" in text
    assert "<script" not in text


def test_what_is_not_there_is_not_found(send: ContactsendAccount) -> None:
    for path in ("userdbs/99", f"{USERDB}/subscribers/7", "userdbs/99/fields", "soap"):
        get(send, path, 404)


def test_userdbs_show_how_many_and_whether_they_are_open(send: ContactsendAccount) -> None:
    send.seed(3)
    send.save_source(locked=True)
    send.save_source(CLUB, read_only=True)
    text = get(send)
    assert ">3<" in text
    assert "locked" in text
    assert "read only" in text


def test_subscribers_are_listed_newest_first_and_found(send: ContactsendAccount) -> None:
    ids = send.seed(60)
    text = get(send, USERDB)
    assert text.index("Subscriber 60<") < text.index("Subscriber 11<")
    assert "Subscriber 10<" not in text
    for wanted in ("000042@", "SUBSCRIBER 42", str(ids[41])):
        assert "Subscriber 42<" in get(send, f"{USERDB}?q={wanted}")
    assert "match “nobody”" in get(send, f"{USERDB}?q=nobody")
    assert "Newsletter: <span" in text


def test_a_subscriber_is_added_edited_and_removed(send: ContactsendAccount) -> None:
    assert "was added" in post(send, f"{USERDB}/subscribers/new", EMAIL=ADA, NOTE="<b>", VIP="true", __cls1=SUBSCRIBED)
    ((number, values),) = [(one["id"], one["values"]) for one in send.subscribers()]
    assert (values["NOTE"], values["VIP"], values["__cls1"]) == ("<b>", "true", "1")
    page = f"{USERDB}/subscribers/{number}"
    assert "&lt;b&gt;" in get(send, page)
    assert values["MODIFICATO"] in get(send, page)
    assert "was saved" in post(send, page, action="save", CITTA="Milano", __cls1=UNSUBSCRIBED)
    assert (send.subscriber(ADA)["CITTA"], send.subscriber(ADA)["__cls1"]) == ("Milano", "-1")
    refused = post(send, page, action="save", PUNTI="many")
    assert "Not saved: Invalid value for attribute PUNTI" in refused
    assert 'value="many"' in refused
    assert "was removed" in post(send, page, action="remove")
    assert send.subscribers() == []


def test_a_userdb_with_identifiers_of_its_own_asks_for_one(send: ContactsendAccount) -> None:
    new = f"userdbs/{CLUB}/subscribers/new"
    assert "CODICE (a number)" in get(send, new)
    assert "CODICE is missing" in post(send, new, EMAIL=ADA)
    post(send, new, EMAIL=ADA, identifier="77")
    assert [one["id"] for one in send.subscribers(CLUB)] == [77]


def test_a_user_may_edit_while_the_api_may_not(send: ContactsendAccount) -> None:
    send.save_source(locked=True)
    assert "was added" in post(send, f"{USERDB}/subscribers/new", EMAIL=ADA)


def test_a_userdb_is_locked_and_made_read_only(send: ContactsendAccount) -> None:
    path = f"{USERDB}/fields"
    form = {"action": "settings", "name": "Clienti", "modified_field": "ULTIMO_ACQUISTO"}
    assert "was saved" in post(send, path, **form, locked="on")
    found = send.source()
    assert (found["name"], found["locked"], found["read_only"]) == ("Clienti", True, False)
    assert found["modified_field"] == "ULTIMO_ACQUISTO"
    post(send, path, **form, read_only="on")
    assert (send.source()["locked"], send.source()["read_only"]) == (False, True)
    assert "Not saved" in post(send, path, **(form | {"modified_field": "NOME"}))


def test_fields_are_added_and_removed(send: ContactsendAccount) -> None:
    path = f"{USERDB}/fields"
    assert "The field was added" in post(send, path, action="add_field", name="ETA", type="INTEGER")
    assert "ETA" in get(send, path)
    assert "The field was removed" in post(send, path, action="remove_field", name="ETA")
    assert "Not saved: Attribute ETA" in post(send, path, action="remove_field", name="ETA")
    assert "Not saved: a field has a name" in post(send, path, action="add_field", name="", type="INTEGER")


def test_invented_subscribers_are_added_by_a_button(send: ContactsendAccount) -> None:
    assert "10 subscribers were added" in post(send, f"{USERDB}/seed")
    post(send, f"userdbs/{CLUB}/seed")
    post(send, f"userdbs/{CLUB}/seed")
    assert (len(send.subscribers()), len(send.subscribers(CLUB))) == (10, 20)


def test_settings_show_what_a_connection_needs(send: ContactsendAccount) -> None:
    text = get(send, "settings")
    for needed in (send.address, *send.keys, "userdb ID of Customers", NEWS):
        assert needed in text
    assert "saved" in post(send, "settings", ip_authorized="no", service_2016="yes", token_seconds="5", hostile="dtd")
    settings = send.settings()
    assert (settings["ip_authorized"], settings["service_2016"], settings["token_seconds"]) == (False, True, 5)
    assert "Not saved" in post(send, "settings", token_seconds="0")
