"""The journey of Contacthub ↔ Contactsend: everybody meets, changes go both ways, and settings are changed in order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from django.contrib.auth.models import Group

from integrations.connectors.contactsend.changes import saved, way
from integrations.connectors.contactsend.edit_rules import Change
from integrations.connectors.contactsend.jobs import FIRST, FROM_HUB, FROM_SEND
from integrations.connectors.contactsend.models import ContactsendConnection, SubscriptionRow
from integrations.core import newcomer
from integrations.core.demo.journeys import Journey, Step, journey, until
from integrations.core.engine import collect
from integrations.core.http import HttpClient
from integrations.core.models import Connection, Run
from integrations.core.setup import MARKETING, SUPPORT

NAME = "Customers and newsletter (practice)"
USERDB, CLOCK = 6, "MODIFICATO"
NEWSLETTER, FIELD, CODE = "newsletter-it", "__cls1", "230006001355"
CUSTOMERS, SUBSCRIBERS, IN_THE_OTHER_NODE = 40, 12, 214
SHOP, OTHER = "Shop", "Newsletter"
LUCA = "luca@example.test"
GUIDE = "Empty the new node – it has 214 customers"


class Practice:
    """Both practice accounts as their users work in them."""

    def __init__(self, practice: str) -> None:
        self.hub = HttpClient(f"{practice}/practice/contacthub/practice", vendor="The practice account")
        self.send = HttpClient(f"{practice}/practice/contactsend/practice", vendor="The practice account")

    def close(self) -> None:
        self.hub.close()
        self.send.close()

    def workspace(self) -> Any:
        return self.hub.get("workspace").json()

    def node(self, name: str) -> str:
        return str(next(node["id"] for node in self.workspace()["nodes"] if node["name"] == name))

    def customer(self) -> dict[str, Any]:
        """Luca in Contacthub; {} when he isn't there."""
        params = {"node_id": self.node(SHOP), "email": LUCA}
        found: list[dict[str, Any]] = self.hub.get("customers", params=params).json()["customers"]
        return found[0] if found else {}

    def subscriber(self) -> dict[str, Any]:
        params = {"source": USERDB, "EMAIL": LUCA}
        found: list[dict[str, Any]] = self.send.get("subscribers", params=params).json()["subscribers"]
        return found[0] if found else {}

    def first_name(self) -> Any:
        return self.customer().get("base", {}).get("firstName")

    def field(self, name: str) -> Any:
        return self.subscriber().get("values", {}).get(name)

    def subscribed(self) -> Any:
        listed = self.customer().get("base", {}).get("subscriptions") or []
        return next((one["subscribed"] for one in listed if one["id"] == NEWSLETTER), None)

    def save_customer(self, **base: Any) -> None:
        body = {"id": self.customer().get("id", ""), "node_id": self.node(SHOP), "body": {"base": base}}
        self.hub.post("customers", json=body)

    def save_subscriber(self, **values: str) -> None:
        self.send.post("subscribers", json={"source": USERDB, "id": self.subscriber()["id"], "values": values})


def set_up(practice: str) -> None:
    """Customers here, subscribers there, and the sample source between them; what exists already stays."""
    if ContactsendConnection.objects.installed().filter(name=NAME).exists():
        return
    with closing(Practice(practice)) as people:
        for node, number in ((SHOP, CUSTOMERS), (OTHER, IN_THE_OTHER_NODE)):
            people.hub.post("seed", json={"node_id": people.node(node), "count": number})
        people.send.post("seed", json={"source": USERDB, "count": SUBSCRIBERS})
        connection = _connect(practice, people)
    collect.start(connection, FIRST, Run.Trigger.IMPORT, expected=CUSTOMERS)


def _connect(practice: str, people: Practice) -> ContactsendConnection:
    workspace, keys = people.workspace(), people.send.get("settings").json()
    connection = ContactsendConnection.objects.create(
        connector="contactsend",
        name=NAME,
        workspace=workspace["id"],
        hub_token=workspace["sources"][0]["token"],
        node_id=people.node(SHOP),
        hub_address=f"{practice}/contacthub/practice/hub/v1",
        user_key=keys["user_key"],
        api_key=keys["api_key"],
        userdb_id=str(USERDB),
        send_address=f"{practice}/contactsend/practice/soap/services",
        last_modified_field=CLOCK,
        # The practice accounts have no limit.
        hub_calls_per_second=0,
        send_calls_per_second=0,
    )
    SubscriptionRow.objects.create(
        connection=connection, hub_subscription_id=NEWSLETTER, registration_field=FIELD, webform_code=CODE
    )
    connection.access_roles.set(Group.objects.filter(name__in=[MARKETING, SUPPORT]))
    newcomer.complete(connection, by="demo")
    connection.set_state(Connection.State.ENABLED, "Set up by the demo.")
    return connection


def walk(practice: str) -> Iterator[Step]:
    connection: Any = ContactsendConnection.objects.installed().get(name=NAME)
    with closing(Practice(practice)) as people:
        yield _first_sync(connection)

        def seen(look: Any, expected: Any) -> str:
            """Polls come at once instead of every half minute."""

            def polled() -> Any:
                for job in (FROM_HUB, FROM_SEND):
                    collect.start(connection, job, Run.Trigger.SCHEDULE)
                return look()

            return until(polled, expected)

        people.save_customer(firstName="Luca", lastName="Bianchi", contacts={"email": LUCA})
        yield Step("a new customer becomes a subscriber", "Luca", seen(lambda: people.field("NOME"), "Luca"))

        people.save_subscriber(NOME="Gianluca")
        yield Step("a subscriber's new name goes back", "Gianluca", seen(people.first_name, "Gianluca"))

        subscription = {"id": NEWSLETTER, "subscribed": True}
        people.hub.post("subscriptions", json={"id": people.customer()["id"], "subscription": subscription})
        yield Step("a subscription in Contacthub follows", "1", seen(lambda: people.field(FIELD), "1"))

        left = {"code": CODE, "id": people.subscriber()["id"], "state": "-1"}
        people.send.post("subscription", json=left)
        yield Step("an unsubscription in Contactsend follows", "False", seen(people.subscribed, False))

        # A userdb's times have no fractions of a second: what is changed in Contacthub right after is newer.
        people.save_subscriber(NOME="Luca S.")
        people.save_customer(firstName="Luca H.")
        both = seen(lambda: f"{people.first_name()} {people.field('NOME')}", "Luca H. Luca H.")
        yield Step("of a change on both sides the newer one stays", "Luca H. Luca H.", both)

        before, after = saved(connection), saved(connection)
        after.node_id = people.node(OTHER)
        steps = way({Change.NODE}, before, after)
        told = next(f"{step.text} – {step.detail}" for step in steps if step.detail)
        yield Step("another node: the way there is shown", GUIDE, told)


def _first_sync(connection: Connection) -> Step:
    run = Run.objects.filter(connection_id=connection.pk, job=FIRST).latest("pk")

    def status() -> str:
        # Between its two directions it waits for the sweep.
        collect.ask(run.pk)
        run.refresh_from_db()
        return f"{run.status}, {run.read}"

    expected = f"{Run.Status.SUCCESS}, {CUSTOMERS + SUBSCRIBERS}"
    return Step("the first sync brings everybody together", expected, until(status, expected))


journey(Journey("Contacthub ↔ Contactsend", set_up, walk))
