"""Amero/FlexPOS's journey: history by the initial import, then what changes at the till; and who left stays away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone

from integrations.connectors.flexpos.journey_import import fill_shop, walk_import
from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.connectors.flexpos.streams import IMPORT
from integrations.core import hooks, newcomer
from integrations.core.demo.journeys import Journey, Step, journey, until
from integrations.core.engine import collect
from integrations.core.http import HttpClient
from integrations.core.models import Connection, Event, Run
from integrations.core.setup import MARKETING, SUPPORT

NAME = "Members of the shop (practice)"
EMAIL = "grethe@example.test"
LIST = 1
# The practice accounts' own limits are lifted: at FlexPOS's pace the journey would take minutes.
CALLS_A_MINUTE, CALLS_A_SECOND = 600, 50


def set_up(practice: str) -> None:
    """A month in the shop and the sample connection; what exists already stays."""
    if FlexPOSConnection.objects.installed().filter(name=NAME).exists():
        return
    fill_shop(practice)
    connection = _connect(practice)
    with _shop(practice) as shop, _heyloyalty(practice) as heyloyalty:
        shop.post("settings", json={"calls_per_minute": 0})
        heyloyalty.post("settings", json={"calls_per_s": 0})
    with closing(connection.client()) as client:
        address = hooks.new_address(connection, by="demo")
        client.add_webhook(LIST, address, "it@example.test", ("subscribe", "update", "unsubscribe"))
    # From its first run on the import brings what changes.
    collect.start(connection, IMPORT, Run.Trigger.MANUAL)


def _connect(practice: str) -> FlexPOSConnection:
    heyloyalty, shop = f"{practice}/heyloyalty/practice", f"{practice}/flexpos/shop"
    connection = FlexPOSConnection.objects.create(
        connector="flexpos",
        name=NAME,
        api_key="practice-key-practice",
        api_secret="practice-secret-practice",  # noqa: S106 – the emulator's
        api_address=heyloyalty,
        tracking_address=heyloyalty,
        calls_per_second=CALLS_A_SECOND,
        list_id=str(LIST),
        tracking_id="tracking-practice",
        api_url=f"{shop}/v1",
        client_id="practice-shop",
        client_secret="practice-secret-shop",  # noqa: S106 – the emulator's
        attraction_api_url=f"{shop}/attractions/v1",
        attraction_client_id="practice-attractions-shop",
        attraction_client_secret="practice-attractions-secret-shop",  # noqa: S106 – the emulator's
        calls_per_minute=CALLS_A_MINUTE,
        reimport_unsubscribed=False,
    )
    connection.access_roles.set(Group.objects.filter(name__in=[MARKETING, SUPPORT]))
    newcomer.complete(connection, by="demo")
    connection.set_state(Connection.State.ENABLED, "Set up by the demo.")
    return connection


def walk(practice: str) -> Iterator[Step]:
    connection: Any = FlexPOSConnection.objects.installed().get(name=NAME)
    yield from walk_import(connection)
    with _shop(practice) as shop, _heyloyalty(practice) as heyloyalty:

        def member(name: str) -> Any:
            found = heyloyalty.get("members", params={"list_id": LIST, "email": EMAIL}).json()["members"]
            return found[-1][name] if found else None

        values = {"FirstName": "Grethe", "LastName": "Holm", "Email": EMAIL, "Mobile": "20304050"}
        grethe = shop.post("customers", json={"values": values}).json()["CustomerId"]
        shop.post("sales", json={"customer_id": grethe, "basket": {"7711": 2}})
        yield Step("a new customer becomes a member", "success", _import(connection))
        yield Step("the list has her", "active", until(lambda: member("state"), "active"))
        yield Step("and her purchase", "True", until(lambda: EMAIL in _feed(heyloyalty), True))

        heyloyalty.post("unsubscribe", json={"list_id": LIST, "id": member("id")})
        shop.post("customers", json={"id": grethe, "values": {"FirstName": "Grete"}})
        yield Step("she unsubscribes, and the shop changes her name", "success", _import(connection))
        last = Event.objects.filter(connection=connection, record_type="member", label=EMAIL).order_by("-pk")
        code = until(lambda: last.values_list("code", flat=True).first(), "consent")
        yield Step("she is not brought back", "consent, unsubscribed", f"{code}, {member('state')}")


def _import(connection: FlexPOSConnection) -> str:
    """How the five-minute import ended that read all up to now. Its window ends before the second that runs."""
    changed = timezone.now().replace(microsecond=0)
    until(lambda: timezone.now().replace(microsecond=0) > changed, True)
    run = collect.start(connection, IMPORT, Run.Trigger.MANUAL)
    assert run is not None
    return until(lambda: Run.objects.get(pk=run.pk).status, Run.Status.SUCCESS)


def _feed(heyloyalty: HttpClient) -> set[str]:
    return {row["email"] for row in heyloyalty.get("activities", params={"list_id": LIST}).json()}


def _shop(practice: str) -> HttpClient:
    return HttpClient(f"{practice}/practice/flexpos/shop", vendor="The practice shop")


def _heyloyalty(practice: str) -> HttpClient:
    return HttpClient(f"{practice}/practice/heyloyalty/practice", vendor="The practice account")


journey(Journey("Amero/FlexPOS", set_up, walk))
