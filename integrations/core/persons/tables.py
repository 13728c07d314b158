"""The tables that may mention anybody: looked through as a whole, as no index leads from a person to their rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from django.contrib.admin.models import LogEntry
from django.db import models

from integrations.core.models import (
    Alert,
    Attempt,
    Connection,
    Cursor,
    Delivery,
    Event,
    Exchange,
    FailureGroup,
    Link,
    Run,
)
from integrations.core.persons.holders import holders

Columns = Mapping[type[models.Model], tuple[str, ...]]
# Where the journal and the admin's own log may mention anybody; encrypted columns hold bodies.
TEXTS: Columns = {
    Exchange: ("url", "error", "request_body", "response_body", "response_headers"),
    Delivery: ("query", "message", "body"),
    Event: ("label", "key", "message"),
    Attempt: ("remote_id", "message"),
    Run: ("message",),
    FailureGroup: ("text",),
    Alert: ("facts",),
    Cursor: ("value",),
    Connection: ("state_reason",),
    LogEntry: ("object_repr", "change_message"),
}
# Of these the whole row goes.
ROWS: Columns = {Link: ("key", "remote_id")}


class Table(NamedTuple):
    """One that may mention anybody, and in which columns."""

    model: type[models.Model]
    columns: tuple[str, ...]
    whole_row: bool


def texts() -> dict[str, Table]:
    """By label."""
    declared: list[tuple[Columns, bool]] = [(TEXTS, False), (ROWS, True)]
    declared += [(each, whole) for one in holders() for each, whole in ((one.texts, False), (one.rows, True))]
    return {model._meta.label: Table(model, names, whole) for each, whole in declared for model, names in each.items()}
