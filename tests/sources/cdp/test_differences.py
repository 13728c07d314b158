"""After any history memberships are what a naive model says, and what was announced leads exactly there."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from integrations.sources.cdp import definitions, passing, recalculation, scratch, values
from integrations.sources.cdp.models import Attribute, Audience, Membership, Person, Property
from integrations.sources.cdp.signals import MembershipChange
from tests.sources.cdp import histories, naive
from tests.sources.cdp.crowd import act, announced, change, happens, know, members
from tests.sources.cdp.crowd import values as values_of

pytestmark = pytest.mark.django_db
START = datetime.datetime(2026, 3, 10, 9, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(scratch, "SLICE", 2)
    yield


class Town:
    """Three persons, two audiences and four attributes, in the database and in the model."""

    def __init__(self, clock: time_machine.Coordinates) -> None:
        self.clock = clock
        know(**histories.PROPERTIES)
        self.types = {key: happens(key, **histories.FIELDS) for key in histories.TYPES}
        purchase = self.types["purchase"]
        self.attributes = [
            Attribute(name="Spent", event_type=purchase, aggregate="sum", field="amount", within_days=2),
            Attribute(name="Liked", kind="text", event_type=purchase, aggregate="most_frequent", field="category"),
            Attribute(name="Due", kind="date", event_type=purchase, aggregate="last", field="due"),
            Attribute(name="Told"),
        ]
        for attribute in self.attributes:
            definitions.save_attribute(attribute)
        self.audiences = [Audience(name=name) for name in ("One", "Two")]
        for audience in self.audiences:
            definitions.save_audience(audience)
        self.people = [Person.objects.create() for _ in range(3)]
        self.model = {person.pk: naive.Somebody() for person in self.people}
        kinds = {attribute.pk: attribute.kind for attribute in self.attributes}
        self.world = naive.World(
            dict(histories.PROPERTIES), dict.fromkeys(histories.TYPES, histories.FIELDS), kinds, START
        )
        self.number = 0

    def set(self, who: int, key: str, value: Any) -> None:
        person = self.people[who]
        change(person, **{key: value})
        mine = self.model[person.pk].properties
        mine[key] = value

    def act(self, who: int, type_: str, hours: int, data: dict[str, Any]) -> None:
        person, at = self.people[who], timezone.now() - hours * HOUR
        act(person, self.types[type_], at, **data)
        self.number += 1
        self.model[person.pk].events.append(naive.Did(type_, at, data, self.number))

    def tell(self, who: int, value: float | None) -> None:
        person, told = self.people[who], self.attributes[3]
        with transaction.atomic():
            locked = values.lock([told.pk])
            values.write(locked[told.pk], {person.pk: value}, timezone.now())
            recalculation.persons_changed([person.pk], attributes=[told.pk])
        self.model[person.pk].values[told.pk] = value

    def wait(self, hours: int, looked: bool) -> None:
        self.world.now += hours * HOUR
        self.clock.move_to(self.world.now, tick=False)
        if looked:
            passing.pass_time()

    def ask(self, which: int, condition: dict[str, Any]) -> None:
        audience = Audience.objects.get(pk=self.audiences[which].pk)
        audience.condition = self._with_ids(condition)
        definitions.save_audience(audience)

    def _with_ids(self, condition: dict[str, Any]) -> dict[str, Any]:
        if "conditions" in condition:
            return condition | {"conditions": [self._with_ids(one) for one in condition["conditions"]]}
        if "attribute" in condition:
            return condition | {"attribute": self.attributes[condition["attribute"]].pk}
        return condition

    def calculate(self, what: tuple[int, str], within_days: int | None) -> None:
        attribute = Attribute.objects.get(pk=self.attributes[what[0]].pk)
        attribute.aggregate, attribute.within_days = what[1], within_days
        definitions.save_attribute(attribute)

    def slice(self) -> None:
        for kind, one in self.definitions():
            scratch.go_on(kind, one.pk)

    def drop(self, key: str) -> None:
        Property.objects.filter(key=key).delete()
        definitions.recheck()

    def restore(self, key: str) -> None:
        know(**{key: histories.PROPERTIES[key]})
        definitions.recheck()

    def definitions(self) -> list[tuple[str, Any]]:
        attributes = [("attribute", one) for one in Attribute.objects.order_by("pk")]
        return [*attributes, *(("audience", one) for one in Audience.objects.order_by("pk"))]

    def settle(self) -> None:
        """Time has passed, and every calculation is at its end."""
        passing.pass_time()
        for kind, one in self.definitions():
            while scratch.go_on(kind, one.pk):
                pass

    def compare(self) -> None:
        for attribute in Attribute.objects.exclude(aggregate=""):
            expected = {}
            for pk, who in self.model.items():
                events = naive.within(who.events, "purchase", attribute.within_days, self.world.now)
                value = naive.calculated(events, attribute.aggregate, attribute.kind, attribute.field)
                who.values[attribute.pk] = value
                if value is not None:
                    expected[pk] = value
            assert values_of(attribute) == expected
        for audience in Audience.objects.filter(problem=""):
            met = {pk for pk, who in self.model.items() if naive.meets(who, audience.condition, self.world)}
            assert members(audience) == met, audience.condition


def replayed(heard: list[Any]) -> dict[int, set[int]]:
    """Who is in which audience after what was announced, each of which was true when it was."""
    inside: dict[int, set[int]] = {}
    for one in heard:
        if isinstance(one, MembershipChange):
            people = inside.setdefault(one.audience_id, set())
            assert one.entered == (one.person_id not in people)
            (people.add if one.entered else people.remove)(one.person_id)
    return inside


@settings(max_examples=100, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(st.lists(histories.CONDITIONS, min_size=2, max_size=2), histories.HISTORIES)
def test_differences_are_exact(asked: list[dict[str, Any]], history: list[tuple[Any, ...]]) -> None:
    with transaction.atomic(), time_machine.travel(START, tick=False) as clock, announced() as heard:
        town = Town(clock)
        for which, condition in enumerate(asked):
            town.ask(which, condition)
        for name, *arguments in history:
            frozen = {one.pk: members(one) for one in Audience.objects.exclude(problem="")}
            getattr(town, name)(*arguments)
            for one in Audience.objects.filter(pk__in=frozen).exclude(problem=""):
                assert members(one) == frozen[one.pk]
        town.settle()
        town.compare()
        for key in ("city", "age"):
            town.restore(key)
        town.settle()
        town.compare()
        inside = replayed(heard)
        for audience in Audience.objects.all():
            assert inside.get(audience.pk, set()) == members(audience)
            assert audience.size == Membership.objects.filter(audience=audience).count()
        transaction.set_rollback(True)
