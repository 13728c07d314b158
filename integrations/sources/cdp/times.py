"""When memberships and values were last told."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from integrations.core.engine.rows import insert
from integrations.sources.cdp.models import ToldMembership, ToldValue

LONG_AGO = datetime.datetime(1, 1, 1, tzinfo=datetime.UTC)
# An audience or attribute, and a person.
Pair = tuple[int, int]
Times = Mapping[Pair, datetime.datetime]


def times(told: QuerySet[Any], what: str) -> dict[Pair, datetime.datetime]:
    return {(pk, person_id): at for pk, person_id, at in told.values_list(what, "person_id", "at")}


def keep_times(model: type[ToldMembership] | type[ToldValue], what: str, latest: Times) -> None:
    rows = [(*pair, at) for pair, at in sorted(latest.items())]
    insert(model, (what, "person_id", "at"), rows, unique=(what, "person_id"), update=("at",))
