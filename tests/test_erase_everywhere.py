"""One person planted wherever the portal may hold one: after erasing, no column of no table names them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType

from integrations.connectors.contactsend.models import ContactsendConnection, Pair
from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.connectors.heyloyalty.models import ActivationConnection
from integrations.connectors.heyloyalty.unsubscriptions import UNSUBSCRIPTION, person_key
from integrations.connectors.leadhub.models import LeadHubConnection
from integrations.core.engine import erase
from integrations.core.fields import EncryptedBytes, EncryptedText, SecretField
from integrations.core.models import (
    Connection,
    Cursor,
    Delivery,
    Erasure,
    Event,
    EventPayload,
    Exchange,
    ImportFile,
    Link,
    Run,
)
from integrations.core.persons.holders import holders
from integrations.core.persons.tables import texts
from integrations.core.persons.trace import find
from integrations.sources.cdp.models import IdentifierType, Person, PersonEvent, RaptorCall
from integrations.sources.cdp.people import save_persons
from integrations.sources.cdp.rows import PersonRow
from integrations.sources.loyalty.batch import CustomerRow
from integrations.sources.loyalty.customers import save_customers
from integrations.sources.loyalty.models import Customer, WebhookCall
from tests.core.log_rows import log_in, make_attempt, make_event, make_run
from tests.everything import everything_decrypted
from tests.sources.cdp.town import did, fixed, tell

pytestmark = pytest.mark.django_db
ANNA, OLD, PHONE = "anna.canary@example.test", "old.canary@example.test", "+4520304050"
CANARY = re.compile(r"canary|4520304050|20 ?30 ?40 ?50", re.IGNORECASE)
ENABLED = {"state": Connection.State.ENABLED}


def loyal() -> Customer:
    """A customer who changed address, was edited in the portal, and was told of by Ellity."""
    save_customers([CustomerRow(external_id="canary-c-1", email=OLD, first_name="Canarybella")])
    customer = Customer.objects.get()
    save_customers([CustomerRow(id=customer.pk, email=ANNA)])
    LogEntry.objects.create(
        user=User.objects.create_user("editor"),
        content_type=ContentType.objects.get_for_model(Customer),
        object_id=str(customer.pk),
        object_repr=ANNA,
        action_flag=CHANGE,
    )
    WebhookCall.objects.create(body=json.dumps({"email": ANNA}).encode(), message="Applied", customer=customer)
    return customer


def known() -> Person:
    """A person of the customer data platform with an address, a number and a history."""
    for key, kind in (("email", "email"), ("phone", "phone")):
        IdentifierType.objects.get_or_create(key=key, defaults={"name": key, "kind": kind})
    identifiers = {"email": ANNA, "phone": "+45 20 30 40 50"}
    save_persons([PersonRow(identifiers=identifiers, properties={})])
    audience = fixed()
    tell(audience, ANNA)
    did(ANNA, data={"name": "Canarybella"})
    RaptorCall.objects.create(body=json.dumps([{"email": ANNA}]).encode(), status="applied")
    return Person.objects.get()


def connections() -> Iterator[Connection]:
    email = IdentifierType.objects.get(key="email")
    yield LeadHubConnection.objects.create(connector="leadhub", name="LeadHub", **ENABLED)
    yield ActivationConnection.objects.create(
        connector="heyloyalty", name="Heyloyalty", identifier_type=email, **ENABLED
    )
    yield FlexPOSConnection.objects.create(connector="flexpos", name="FlexPOS", list_id="7", **ENABLED)
    yield ContactsendConnection.objects.create(connector="contactsend", name="Contactsend", **ENABLED)


def travelled(connection: Connection, record_type: str, key: str, label: str) -> None:
    """An event that was sent and one that waits, with all that hangs on them."""
    run = make_run(connection, status=Run.Status.RUNNING, read=2, updated=1)
    payload = {"email": ANNA, "name": "Canarybella"}
    sent = make_event(connection, "updated", payload=payload, label=label, key=key, record_type=record_type, run=run)
    make_attempt(
        sent,
        row=0,
        url=f"https://api.example.test/{ANNA}",
        request_body=json.dumps([payload]),
        response_body=json.dumps([{"name": "Canarybella"}]),
    )
    make_event(connection, "pending", payload=payload, label=label, key=key, record_type=record_type, run=run)
    Link.objects.create(connection=connection, record_type=record_type, key=key, remote_id="canary-77")
    Delivery.objects.create(connection=connection, body=json.dumps(payload).encode(), query=f"e={ANNA}")
    Cursor.objects.create(connection=connection, job="a job", value={"last": ANNA, "page": 3})


def planted() -> Customer:
    customer, person = loyal(), known()
    leadhub, heyloyalty, flexpos, contactsend = connections()
    identifier = person.identifiers.get(type__key="email")
    travelled(leadhub, "account", str(customer.pk), ANNA)
    travelled(heyloyalty, "member", str(identifier.pk), "")  # found by its key: retention took the label
    travelled(flexpos, UNSUBSCRIPTION, person_key("7", "email", ANNA), ANNA)
    travelled(contactsend, "customer", "hub canary-h-1", ANNA)
    Pair.objects.create(
        connection=contactsend, hub_id="canary-h-1", send_id=5, base=json.dumps({"values": {"e": ANNA}})
    )
    return customer


def books() -> list[tuple[int, ...]]:
    return list(Run.objects.order_by("pk").values_list("pk", "read", "new", "updated", "unchanged", "failed"))


def test_nothing_names_the_person_any_more_and_the_books_balance() -> None:
    planted()
    assert CANARY.search(everything_decrypted())
    before, numbers = books(), (Event.objects.count(), Exchange.objects.count(), Delivery.objects.count())
    erasure = erase.start(ANNA, "boss")
    erase.erase(erasure.pk)
    erasure.refresh_from_db()
    assert erasure.finished_at is not None
    assert not [line for line in everything_decrypted().splitlines() if CANARY.search(line)]
    assert books()[: len(before)] == before
    assert (Event.objects.count(), Exchange.objects.count(), Delivery.objects.count()) >= numbers
    for run in Run.objects.all():
        assert run.settled == run.read and run.status == Run.Status.SUCCESS
    assert not Customer.objects.exists() and not Person.objects.exists() and not PersonEvent.objects.exists()
    assert not Pair.objects.exists() and not Link.objects.exists() and not EventPayload.objects.exists()
    assert erasure.counts["loyalty customers"] == erasure.counts["persons"] == erasure.counts["pairs"] == 1


@pytest.mark.parametrize("term", ["+45 20 30 40 50", "canary-c-1", "canary-77"])
def test_whichever_name_the_person_is_erased_by(term: str) -> None:
    planted()
    erasure = erase.start(term, "boss")
    erase.erase(erasure.pk)
    assert not [line for line in everything_decrypted().splitlines() if CANARY.search(line)]


def test_one_name_leads_over_the_sources_to_all_connections() -> None:
    planted()
    for term in (ANNA, PHONE):
        names = {Connection.objects.get(pk=one.connection_id).name for one in find(term, None).records}
        assert names == {"LeadHub", "Heyloyalty", "FlexPOS", "Contactsend"}, term


def test_their_pages_lead_to_the_timeline_without_naming_them_in_an_address() -> None:
    customer = planted()
    client = log_in(None)
    for page in (
        f"/admin/loyalty/customer/{customer.pk}/change/",
        f"/admin/cdp/person/{Person.objects.get().pk}/change/",
    ):
        [link] = re.findall(r'href="(/admin/core/event/person/of/[^"]*)"', client.get(page).content.decode())
        response = client.get(link)
        assert response.status_code == 302 and not CANARY.search(link + response["Location"])
        shown = client.get(response["Location"]).content.decode()
        assert "What the portal holds" in shown and "Contactsend" in shown


def test_no_encrypted_column_is_left_unread() -> None:
    """A new table with bodies must be named to those that erase."""
    read = {(table.model, name) for table in texts().values() for name in table.columns}
    # Files to be imported aren't read: all of them are deleted.
    read |= {(EventPayload, "body"), (Erasure, "subject"), (Customer, "pin"), (ImportFile, "body")}
    bodies = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, EncryptedText | EncryptedBytes) and not isinstance(field, SecretField)
    }
    assert not bodies - read
    assert len(holders()) == 6
