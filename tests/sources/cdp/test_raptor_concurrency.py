"""Several workers apply Raptor's pushes at once: on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from integrations.sources.cdp.models import Audience, Membership, RaptorDefinition
from integrations.sources.cdp.raptor.applying import apply
from tests.at_once import at_once
from tests.sources.cdp.raptor_hook import deleted, moved, valued
from tests.sources.cdp.town import email

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite in memory refuses where a file would wait"),
]


def batch(number: int) -> list[Any]:
    """Overlapping persons, in another order each time; audiences that all batches see first."""
    who = [email(n) for n in range(40)]
    who = who[number * 7 :] + who[: number * 7]
    changes = [moved(one, minute=10 + number, id=f"a{n % 3}", name=f"Audience {n % 3}") for n, one in enumerate(who)]
    return [*changes, *(valued(one, number, minute=10 + number) for one in who)]


def test_audiences_that_several_batches_see_first_are_created_once() -> None:
    results = at_once(*(lambda number=number: apply(batch(number)) for number in range(4)))
    assert [len(one) for one in results] == [80] * 4
    assert Audience.objects.count() == 3
    assert RaptorDefinition.objects.count() == 4
    for audience in Audience.objects.all():
        assert audience.size == Membership.objects.filter(audience=audience).count()


def test_a_deletion_among_changes_ends_in_one_state() -> None:
    apply(batch(0))
    at_once(
        lambda: apply(batch(1)),
        lambda: apply([deleted(30, id="a0"), deleted(30, id="a1")]),
        lambda: apply(batch(2)),
    )
    assert [audience.external_id for audience in Audience.objects.all()] == ["a2"]
