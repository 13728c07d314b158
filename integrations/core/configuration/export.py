"""Connections as a document: readable, in a fixed order, secrets as references to environment variables."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.utils.translation import gettext as _

from integrations.core import versions
from integrations.core.configuration.rows import by_type
from integrations.core.configuration.values import setting_columns
from integrations.core.configuration.yaml_text import Line
from integrations.core.fields import secret_names
from integrations.core.forms import secret_is_set
from integrations.core.models import Connection
from integrations.core.registry import connector_class

# Columns that stand in a block of their own; `access_roles` is `roles` in it.
TOP, ACCESS = ("name", "description"), "access_"
OFF, ON, DRAFT = "disabled", "enabled", "draft"
# A mapping row's columns in the file, in their order, and what needn't be said.
ROW = {"source": ("source", ""), "target": ("target", None), "default": ("default", ""),
       "enabled": ("on", True), "is_key": ("key", False)}  # fmt: skip


class Ambiguous(Exception):
    """Two connections that a file couldn't tell apart."""


def document(connections: Iterable[Connection]) -> dict[str, Any]:
    """Raises Ambiguous."""
    found = sorted(connections, key=lambda one: (one.connector, one.name))
    _refuse_twins([one.name for one in found], _("Two connections are called “%(name)s”: rename one of them first."))
    written = [entry(one.specific) for one in found]
    variables = [secret["env"] for one in written for secret in one.get("secrets", {}).values()]
    twins = _("The secrets of two connections would be in one variable, %(name)s: rename one of the connections first.")
    _refuse_twins(variables, twins)
    return {"connections": written}


def _refuse_twins(names: list[str], sentence: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise Ambiguous(sentence % {"name": name})


def entry(connection: Any) -> dict[str, Any]:
    """One connection; of its secrets only those that are set."""
    page: Any = admin.site._registry[type(connection)]
    held = versions.snapshot(connection)
    settings = {name: held["settings"][name] for name in setting_columns(page)}
    secrets = [name for name in secret_names(type(connection)) if secret_is_set(connection, name)]
    own = {name: value for name, value in settings.items() if name not in TOP and not name.startswith(ACCESS)}
    access = {name.removeprefix(ACCESS): value for name, value in settings.items() if name.startswith(ACCESS)}
    made = {
        "connector": connection.connector,
        "name": connection.name,
        "description": connection.description,
        "state": state_of(connection),
        "settings": own,
        "secrets": {name: Line(env=variable(connection.connector, connection.name, name)) for name in secrets},
        "access": access,
        "mappings": _mappings(connection, held),
    }
    parts = {name: [Line(row) for row in held.get("parts", {}).get(name, [])] for name in page.parts}
    return {name: value for name, value in made.items() if value not in ("", {})} | parts


def state_of(connection: Connection) -> str:
    """One that needs attention is not off."""
    return {Connection.State.DRAFT: DRAFT, Connection.State.DISABLED: OFF}.get(Connection.State(connection.state), ON)


def variable(connector: str, name: str, column: str) -> str:
    """The environment variable that a connection's secret is looked for in: LEADSQUARED_MAIN_SECRET_KEY."""
    plain = unicodedata.normalize("NFKD", f"{connector}_{name}_{column}").encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Z0-9]+", "_", plain.upper()).strip("_")


def _mappings(connection: Any, held: dict[str, Any]) -> dict[str, list[Line]]:
    rows = by_type(held["mappings"])
    return {
        record_type.name: [_row(row, with_key=record_type.two_way) for row in rows.get(record_type.name, [])]
        for record_type in connector_class(connection.connector).record_types
    }


def _row(row: dict[str, Any], *, with_key: bool) -> Line:
    """Elsewhere the settings say which rows are search keys."""
    named = {name: (known, usual) for name, (known, usual) in ROW.items() if with_key or name != "is_key"}
    return Line({known: row[name] for name, (known, usual) in named.items() if row[name] != usual})
