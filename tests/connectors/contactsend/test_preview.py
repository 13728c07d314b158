"""The preview of the fields that are kept equal, between the practice accounts."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from integrations.connectors.contactsend.models import ContactsendConnection
from integrations.core.models import Event
from tests.connectors.contactsend.page import url
from tests.connectors.contactsend.pair import from_hub
from tests.sandbox_contacthub import ContacthubAccount
from tests.sandbox_contactsend import ContactsendAccount

pytest_plugins = ("tests.connectors.contactsend.page",)


def pressed(client: Client, connection: ContactsendConnection, button: str = "_preview", **more: str) -> Any:
    rows = list(connection.mappings.all())
    sent = {"rows-INITIAL_FORMS": str(len(rows)), "rows-TOTAL_FORMS": str(len(rows)), button: ""}
    for number, one in enumerate(rows):
        values = {"id": str(one.pk), "source": one.source, "target": one.target, "enabled": "on"}
        values |= {"is_key": "on"} if one.is_key else {}
        sent |= {f"rows-{number}-{name}": value for name, value in values.items()}
    return client.post(url(connection, page="mapping"), sent | more).context


def pasted(client: Client, connection: ContactsendConnection, record: Any) -> dict[str, Any]:
    return dict(pressed(client, connection, try_from="pasted", try_json=json.dumps(record))["trial"])


def cells(trial: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {cell["label"]: cell for cell in trial["cells"]}


def anna(**base: Any) -> dict[str, Any]:
    return {"base": {"contacts": {"email": "anna@example.test"}, **base}}


def test_a_customer_without_a_subscriber_would_make_one(
    mia: Client, source: ContactsendConnection, send: ContactsendAccount
) -> None:
    trial = pasted(mia, source, anna(firstName="Anna"))
    assert trial["verdict"] == "Would create this customer: 2 fields, 1 call."
    assert cells(trial)["NOME"]["came"] == "Anna"
    assert send.subscribers() == []


def test_a_subscriber_that_is_there_would_be_updated(
    mia: Client, source: ContactsendConnection, send: ContactsendAccount
) -> None:
    send.save_subscriber(EMAIL="anna@example.test", NOME="")
    trial = pasted(mia, source, anna(firstName="Anna"))
    assert trial["verdict"] == "Would update this customer by EMAIL: 1 field changes, 1 call."
    assert (cells(trial)["NOME"]["sent"], cells(trial)["NOME"]["there"]) == ("Anna", "")
    assert send.subscriber("anna@example.test")["NOME"] == ""


def test_a_pair_that_is_equal_has_nothing_to_send(
    mia: Client, source: ContactsendConnection, hub: ContacthubAccount
) -> None:
    from_hub(source)
    hub.save_person("anna@example.test", firstName="Anna")
    from_hub(source)
    assert Event.objects.get().outcome == "new"
    trial = pressed(mia, source)["trial"]
    assert trial["verdict"].startswith("Nothing would be sent: ")
    assert cells(trial)["NOME"]["there"] == "Anna"


def test_a_customer_that_nobody_can_be_found_by_would_be_skipped(mia: Client, source: ContactsendConnection) -> None:
    trial = pasted(mia, source, {"base": {"firstName": "Anna"}})
    assert trial["verdict"] == "Would be skipped: It holds none of the values records are identified by."


def test_what_is_no_customer_is_said_to_be_none(mia: Client, source: ContactsendConnection) -> None:
    context = pressed(mia, source, try_from="pasted", try_json='{"name": "Anna"}')
    assert context["no_record"] == "This JSON is no customer of Contacthub: it has no “base”."


def test_json_of_an_odd_shape_is_no_crash(mia: Client, source: ContactsendConnection) -> None:
    odd = {"base": {"contacts": "none", "firstName": {"a": 1}}}
    context = pressed(mia, source, try_from="pasted", try_json=json.dumps(odd))
    assert "The portal stumbled over this record" in context["no_record"]


def test_a_service_that_does_not_answer_leaves_its_reason(
    mia: Client, source: ContactsendConnection, send: ContactsendAccount
) -> None:
    pressed(mia, source)
    send.fault("unauthorized", times=None)
    trial = pasted(mia, source, anna(firstName="Anna"))
    assert trial["verdict"].startswith("Would wait: ")
    assert trial["blind"]
    assert cells(trial)["NOME"]["sent"] == "Anna"


def test_the_last_records_are_checked(
    mia: Client, source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    from_hub(source)
    hub.save_person("anna@example.test", firstName="A" * 300)
    hub.save_person("bo@example.test", firstName="Bo")
    from_hub(source)
    pressed(mia, source)
    calls = send.call_count()
    result = pressed(mia, source, "_check")["check"]
    assert send.call_count() == calls
    reports = {report["label"]: report for report in result["reports"]}
    assert (result["records"], result["unfit"]) == (2, 1)
    assert (reports["NOME"]["fine"], reports["NOME"]["refused"]) == (1, 1)
    assert "longer than 255" in reports["NOME"]["examples"][0]["reason"]


def test_unmapped_fields_are_suggested_in_their_own_rows(mia: Client, source: ContactsendConnection) -> None:
    source.mappings.filter(target="NOME").delete()
    context = pressed(mia, source, "_suggest")
    suggested = {form["source"].value(): form["target"].value() for form in context["rows"] if form.suggested}
    assert suggested["base.firstName"] == "NOME"
    assert not source.mappings.filter(target="NOME").exists()
