"""Random histories of identifiers that meet: the persons are those of a union-find model, and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.sources.cdp.events import record_events
from integrations.sources.cdp.models import Audience, Identifier, IdentifierType, Membership, Person, PersonEvent
from integrations.sources.cdp.people import save_persons
from integrations.sources.cdp.rows import EventRow, MembershipRow, PersonRow
from integrations.sources.cdp.signals import identifiers_changed, memberships_changed
from integrations.sources.cdp.told import tell_memberships
from tests.sources.cdp.town import fixed, identifier_type, listening

pytestmark = pytest.mark.django_db
KINDS = ("email", "shop", "till")
Name = tuple[str, int]

name = st.tuples(st.sampled_from(KINDS), st.integers(1, 5))
row = st.lists(name, min_size=1, max_size=3, unique_by=lambda one: one[0])
verb = st.sampled_from(["save", "record", "tell"])
histories = st.lists(st.tuples(verb, st.lists(row, min_size=1, max_size=5)), min_size=1, max_size=6)


class Union:
    """The model: names in sets; sets that meet are one. The oldest set's number stays."""

    def __init__(self) -> None:
        self.sets: dict[int, set[Name]] = {}
        self.number = 0

    def meet(self, names: list[Name]) -> None:
        met = sorted(number for number, known in self.sets.items() if known & set(names))
        if not met:
            self.number += 1
            met = [self.number]
            self.sets[self.number] = set()
        for other in met[1:]:
            self.sets[met[0]] |= self.sets.pop(other)
        self.sets[met[0]] |= set(names)


def identifiers(names: list[Name]) -> dict[str, str]:
    return {kind: f"{kind}{number}@example.test" for kind, number in names}


def partition() -> dict[int, set[Name]]:
    """The names of each person, as the database has them."""
    found: dict[int, set[Name]] = {}
    for person_id, kind, value in Identifier.objects.values_list("person_id", "type__key", "value"):
        found.setdefault(person_id, set()).add((kind, int(value.removeprefix(kind).removesuffix("@example.test"))))
    return found


def clear() -> None:
    for model in (PersonEvent, Membership, Identifier, Person, Audience):
        model.objects.all().delete()
    assert IdentifierType.objects.filter(key__in=KINDS).count() == len(KINDS)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories)
def test_persons_are_those_whose_identifiers_met(db: Any, history: list[tuple[str, list[list[Name]]]]) -> None:
    for kind in KINDS[1:]:
        identifier_type(kind)
    clear()
    vip, model, told, recorded = fixed(), Union(), set(), 0
    inside: dict[int, bool] = {}
    with listening(identifiers_changed) as renamed, listening(memberships_changed) as heard:
        for what, rows in history:
            for names in rows:
                model.meet(names)
            if what == "save":
                save_persons([PersonRow(identifiers(names)) for names in rows])
            elif what == "record":
                record_events([EventRow("visit", identifiers(names)) for names in rows])
                recorded += len(rows)
            else:
                tell_memberships([MembershipRow(vip.pk, identifiers(names)) for names in rows])
                told |= {one for names in rows for one in names}
    sets = partition()
    assert sorted(map(sorted, sets.values())) == sorted(map(sorted, model.sets.values()))
    # In the order in which they came into being: the oldest person stays.
    assert [sets[pk] for pk in sorted(sets)] == [model.sets[number] for number in sorted(model.sets)]
    assert Person.objects.count() == len(sets)
    assert PersonEvent.objects.count() == recorded
    members = set(Membership.objects.values_list("person_id", flat=True))
    assert members == {pk for pk, names in sets.items() if names & told}
    assert Audience.objects.get().size == len(members)
    assert set(renamed) == set(Identifier.objects.values_list("pk", flat=True))
    for change in heard:
        assert inside.get(change.person_id, False) is not change.entered
        inside[change.person_id] = change.entered
    assert {pk for pk, entered in inside.items() if entered} == members
