"""The activation's journey: an audience is built and activated, persons enter and leave it, and it is deleted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone

from integrations.connectors.heyloyalty import sync
from integrations.connectors.heyloyalty.attached import AUDIENCE_REMOVED, attach, ensure
from integrations.connectors.heyloyalty.connector import HeyloyaltyActivation
from integrations.connectors.heyloyalty.models import ActivationConnection, AttachedField
from integrations.core import newcomer
from integrations.core.demo.journeys import Journey, Step, journey, until
from integrations.core.http import HttpClient
from integrations.core.models import Connection, Run
from integrations.core.setup import MARKETING, SUPPORT
from integrations.sources.cdp.definitions import delete_audience, save_attribute, save_audience
from integrations.sources.cdp.events import record_events
from integrations.sources.cdp.models import Attribute, Audience, EventType, IdentifierType
from integrations.sources.cdp.people import save_persons
from integrations.sources.cdp.rows import EventRow, PersonRow

NAME = "Audiences for the newsletter (practice)"
# The second list of the practice account: the first one is the shop's.
LIST = 2
CITY, PURCHASE = "city", "purchase"
PEOPLE = (("inger@example.test", "Odense"), ("jonas@example.test", "Aarhus"), ("karla@example.test", "Odense"))
WALKER = "laura@example.test"
KEPT, WALKED = "In Odense", "Lives on Ærø & Als"


def set_up(practice: str) -> None:
    """Sample persons, an audience, a calculated attribute and the sample activation; what exists already stays."""
    if ActivationConnection.objects.installed().filter(name=NAME).exists():
        return
    save_persons([PersonRow({"email": email}, {CITY: city}) for email, city in PEOPLE])
    record_events([EventRow(PURCHASE, {"email": PEOPLE[0][0]}, data={"amount": amount}) for amount in (199, 48)])
    with _practice(practice) as heyloyalty:
        for email, _city in PEOPLE:
            _save_member(heyloyalty, email)
    spent = Attribute(name="Spent", aggregate=Attribute.Aggregate.SUM, field="amount")
    spent.event_type = EventType.objects.get(key=PURCHASE)
    save_attribute(spent)
    audience = _living_in("Odense", KEPT)
    _activate(_connect(practice), audience, spent)


def _connect(practice: str) -> ActivationConnection:
    connection = ActivationConnection.objects.create(
        connector="heyloyalty",
        name=NAME,
        identifier_type=IdentifierType.objects.get(key="email"),
        api_key="practice-key-practice",
        api_secret="practice-secret-practice",  # noqa: S106 – the emulator's
        api_address=f"{practice}/heyloyalty/practice",
        list_id=str(LIST),
        errors_to="it@example.test",
    )
    connection.access_roles.set(Group.objects.filter(name__in=[MARKETING, SUPPORT]))
    newcomer.complete(connection, by="demo")
    connection.set_state(Connection.State.ENABLED, "Set up by the demo.")
    return connection


def _living_in(city: str, name: str) -> Audience:
    condition = {"match": "all", "conditions": [{"property": CITY, "is": "equal", "value": city}]}
    audience = Audience(name=name, condition=condition)
    save_audience(audience)
    return audience


def _activate(connection: ActivationConnection, *subjects: Audience | Attribute) -> Run | None:
    """As saving the last step does."""
    attach(connection, subjects)
    with closing(HeyloyaltyActivation(connection)) as connector:
        ensure(connector, timezone.now())
    return sync.start(connection)


def walk(practice: str) -> Iterator[Step]:
    connection: Any = ActivationConnection.objects.installed().get(name=NAME)
    with _practice(practice) as heyloyalty:
        _save_member(heyloyalty, WALKER)
        save_persons([PersonRow({"email": WALKER}, {CITY: "Ærøskøbing"})])
        audience = _living_in("Ærøskøbing", WALKED)
        run = _activate(connection, audience)
        done = until(lambda: run is None or Run.objects.get(pk=run.pk).status == Run.Status.SUCCESS, True)
        yield Step("an audience is built and activated", "True", done)
        name = AttachedField.objects.get(connection=connection, audience=audience).field_name

        def member(email: str) -> Any:
            """What she has in the audience's field, by its label."""
            [found] = heyloyalty.get("members", params={"list_id": LIST, "email": email}).json()["members"]
            options = _field(heyloyalty, name).get("options", {})
            return options.get(found["values"].get(name))

        yield Step("its field has a safe name and keeps its label", f"raptor_aud_lives_on_aeroe_and_als: {WALKED}",
                   f"{name}: {_field(heyloyalty, name)['label']}")  # fmt: skip
        yield Step("who is in it already has Yes", "Yes", until(lambda: member(WALKER), "Yes"))
        yield Step("the others have No", "No", until(lambda: member(PEOPLE[0][0]), "No"))
        save_persons([PersonRow({"email": PEOPLE[1][0]}, {CITY: "Ærøskøbing"})])
        yield Step("a person enters", "Yes", until(lambda: member(PEOPLE[1][0]), "Yes"))
        save_persons([PersonRow({"email": WALKER}, {CITY: "Svendborg"})])
        yield Step("a person leaves", "No", until(lambda: member(WALKER), "No"))
        delete_audience(audience)
        label = until(lambda: _field(heyloyalty, name)["label"], AUDIENCE_REMOVED)
        yield Step("the audience is deleted, and its field says so", AUDIENCE_REMOVED, label)


def _field(heyloyalty: HttpClient, name: str) -> Any:
    found = next(one for one in heyloyalty.get("lists").json() if one["id"] == LIST)
    return found["fields"][name]


def _save_member(heyloyalty: HttpClient, email: str) -> None:
    heyloyalty.post("members", json={"list_id": LIST, "values": {"email": email}})


def _practice(practice: str) -> HttpClient:
    return HttpClient(f"{practice}/practice/heyloyalty/practice", vendor="The practice account")


journey(Journey("Heyloyalty activation", set_up, walk))
