"""A document as a person wrote it, checked by shape: what is wrong is named by its path in the file."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from typing import Any

from django.contrib import admin
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.core.configuration.export import ACCESS, DRAFT, OFF, ON, ROW, TOP, variable
from integrations.core.configuration.values import setting_columns
from integrations.core.configuration.wanted import Wanted
from integrations.core.fields import secret_names
from integrations.core.forms import secret_is_set
from integrations.core.models import Connection
from integrations.core.registry import connector_class

ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
TEXT = gettext_lazy("text")
NOT_IN_A_FILE = gettext_lazy("Secrets don't stand in the file: name an environment variable, {env: NAME}.")


class Entry:
    """One connection of the file; `problems` are (path, sentence). Without a `page` nothing more is known of it."""

    def __init__(self, raw: Any, place: int) -> None:
        self.path = f"connections[{place}]"
        self.problems: list[tuple[str, str]] = []
        self.raw: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
        self.page: Any = None
        self.name = self._text("name")
        self.state = self._text("state") if "state" in self.raw else ""
        if not isinstance(raw, dict):
            self._add("", _("This must be a connection: name, connector and the rest."))
        elif connector := self._text("connector"):
            self._find_page(connector)
        if self.state and self.state not in (DRAFT, ON, OFF):
            self._add("state", _("It must be one of: %(names)s.") % {"names": ", ".join((DRAFT, ON, OFF))})
        self.existing = self._existing() if self.page else None
        self.wanted = self._wanted() if self.page else Wanted()

    # -- who it is ---------------------------------------------------------------------------------

    def _find_page(self, connector: str) -> None:
        try:
            self.page = admin.site._registry[connector_class(connector).model]
        except LookupError as error:
            self._add("connector", str(error))

    def _existing(self) -> Any:
        found = list(Connection.objects.filter(name=self.name)[:2])
        if len(found) > 1:
            self._add("name", _("Several connections here are called that: rename all but one first."))
        elif found and found[0].connector != self.page.opts.app_label:
            text = _("The connection of this name is one of another connector, %(connector)s.")
            self._add("name", text % {"connector": found[0].connector})
        elif found:
            return found[0].specific
        return None

    # -- what it is to be --------------------------------------------------------------------------

    def _wanted(self) -> Wanted:
        parts = self.page.parts
        known = {"connector", "state", *TOP, "settings", "secrets", "access", "mappings", *parts}
        self._refuse_unknown("", self.raw, known)
        settings = {name: self.raw[name] for name in TOP if name in self.raw}
        columns = setting_columns(self.page)
        own = {name for name in columns if name not in TOP and not name.startswith(ACCESS)}
        access = {name.removeprefix(ACCESS) for name in columns if name.startswith(ACCESS)}
        given = self._block("settings", own)
        settings |= given | {f"{ACCESS}{name}": value for name, value in self._block("access", access).items()}
        return Wanted(
            settings={name: value for name, value in settings.items() if self._fits(columns[name], value)},
            secrets=self._secrets(),
            mappings=self._mappings(),
            parts={name: self._part(name, part) for name, part in parts.items() if name in self.raw},
        )

    def _fits(self, column: Any, value: Any) -> bool:
        """Whether it is of the column's type: text that YAML takes for something else needs quotes."""
        expected = _misfit(column, value)
        if expected:
            text = _("It must be %(what)s.") if expected != str(TEXT) else _("It must be %(what)s: put it in quotes.")
            self._add(location(("settings", column.name)), text % {"what": expected})
        return not expected

    def _secrets(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, reference in self._block("secrets", set(secret_names(self.page.model))).items():
            path = f"secrets.{name}"
            env = reference.get("env") if isinstance(reference, dict) and set(reference) == {"env"} else None
            if not isinstance(env, str) or not ENVIRONMENT_NAME.fullmatch(env):
                self._add(path, str(NOT_IN_A_FILE))
            elif value := os.environ.get(env, "").strip():
                found[name] = value
            elif not self._stays(name, env):
                self._add(path, _("The environment variable %(name)s is not set.") % {"name": env})
        return found

    def _stays(self, name: str, env: str) -> bool:
        """The saved secret, when it is the one that an export would refer to by this."""
        usual = variable(self.page.opts.app_label, self.name, name)
        return self.existing is not None and env == usual and secret_is_set(self.existing, name)

    def _mappings(self) -> dict[str, list[dict[str, Any]]]:
        types = {known.name: known for known in connector_class(self.page.opts.app_label).record_types}
        blocks = self._block("mappings", set(types))
        return {name: self._rows(name, rows, two_way=types[name].two_way) for name, rows in blocks.items()}

    def _rows(self, record_type: str, rows: Any, *, two_way: bool) -> list[dict[str, Any]]:
        known = {file_name: usual for name, (file_name, usual) in ROW.items() if two_way or name != "is_key"}
        found = []
        for path, row in self._list(f"mappings.{record_type}", rows):
            self._refuse_unknown(path, row, known, _why_no_key(row, two_way))
            if "target" not in row:
                self._add(path, _("“%(name)s” is missing.") % {"name": "target"})
            made = {name: row.get(file_name, usual) for name, (file_name, usual) in ROW.items()}
            for name, (file_name, usual) in ROW.items():
                kind = bool if isinstance(usual, bool) else str
                if file_name in row and not isinstance(row[file_name], kind):
                    what = _("true or false") if kind is bool else _("text in quotes")
                    self._add(f"{path}.{file_name}", _("It must be %(what)s.") % {"what": what})
                    made[name] = usual or ""
            found.append({**made, "target": made["target"] or ""})
        return found

    def _part(self, name: str, part: Any) -> list[dict[str, Any]]:
        found = []
        for path, row in self._list(name, self.raw[name]):
            self._refuse_unknown(path, row, part.columns)
            for column, value in row.items():
                if not isinstance(value, str):
                    self._add(f"{path}.{column}", _("It must be %(what)s: put it in quotes.") % {"what": TEXT})
            found.append({column: str(row[column]) for column in part.columns if column in row})
        return found

    # -- shapes ------------------------------------------------------------------------------------

    def _text(self, name: str) -> str:
        value = self.raw.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(self.raw, dict) and self.raw:
            self._add(name, _("It must be %(what)s: put it in quotes.") % {"what": TEXT})
        return ""

    def _block(self, name: str, known: Collection[str]) -> dict[str, Any]:
        block = self.raw.get(name, {})
        if not isinstance(block, dict):
            self._add(name, _("It must hold names with their values."))
            return {}
        self._refuse_unknown(name, block, known)
        return {key: value for key, value in block.items() if key in known}

    def _list(self, path: str, rows: Any) -> list[tuple[str, dict[str, Any]]]:
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self._add(path, _("It must be a list of rows."))
            return []
        return [(f"{path}[{place}]", row) for place, row in enumerate(rows)]

    def _refuse_unknown(self, path: str, block: Mapping[str, Any], known: Collection[str], why: str = "") -> None:
        secrets = secret_names(self.page.model)
        for name in block:
            if name not in known:
                text = str(NOT_IN_A_FILE) if name in secrets else why or _("There is no such key here.")
                self._add(f"{path}.{name}" if path else str(name), text)

    def _add(self, path: str, text: str) -> None:
        self.problems.append((f"{self.path}.{path}" if path else self.path, text))


def entries(raw: Any) -> tuple[list[Entry], list[tuple[str, str]]]:
    """The connections of a document, and what is wrong with them and with the whole."""
    if not isinstance(raw, dict) or not isinstance(raw.get("connections"), list):
        return [], [("connections", _("The file must hold a list of connections."))]
    problems = [(name, _("There is no such key here.")) for name in raw if name != "connections"]
    found = [Entry(one, place) for place, one in enumerate(raw["connections"])]
    seen: set[str] = set()
    for each in found:
        problems += each.problems
        if each.name and each.name in seen:
            problems.append((f"{each.path}.name", _("Another connection of the file is called that, too.")))
        seen.add(each.name)
    return found, problems


def location(where: tuple[str | int, ...]) -> str:
    """The path, inside its connection, of what a plan names."""
    if len(where) > 1 and where[0] == "settings":
        name = str(where[1])
        if name in TOP:
            return name
        return f"access.{name.removeprefix(ACCESS)}" if name.startswith(ACCESS) else f"settings.{name}"
    text = ""
    for step in where:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step:
            text += f".{ROW[step][0] if where[0] == 'mappings' and step in ROW else step}" if text else step
    return text


def _misfit(column: Any, value: Any) -> str:
    """What it must be; "" when it is that."""
    if column.many_to_many:
        fits = isinstance(value, list) and all(isinstance(one, str) for one in value)
        return "" if fits else _("a list of texts")
    if value is None and column.null:
        return ""
    if isinstance(column, models.BooleanField):
        return "" if isinstance(value, bool) else _("true or false")
    if isinstance(column, models.IntegerField):
        return "" if isinstance(value, int) and not isinstance(value, bool) else _("a whole number")
    return "" if isinstance(value, str) else str(TEXT)


def _why_no_key(row: Mapping[str, Any], two_way: bool) -> str:
    return _("Here the settings say which rows are search keys.") if "key" in row and not two_way else ""
