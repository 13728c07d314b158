"""What applying a set of settings to a connection would change, whether it may, and doing it – as its own pages do.

Everything goes through the forms of the settings page and of Edit Mapping, and is saved by the page's own way of
saving: so the rules of a connector hold here without being written twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest
from django.utils.translation import gettext as _

from integrations.core import versions
from integrations.core.configuration import words
from integrations.core.configuration.rows import by_type, read_rows, with_keys, write_rows
from integrations.core.configuration.values import default_of, from_form, readable, setting_columns, to_form
from integrations.core.configuration.wanted import Problem, Row, Wanted, Where
from integrations.core.configuration.words import Difference
from integrations.core.fields import secret_names
from integrations.core.forms import secret_is_set
from integrations.core.models import Connection
from integrations.core.registry import connector_class

SETTINGS, SECRETS, MAPPINGS = "settings", "secrets", "mappings"


class Plan:
    """One connection (`pk`; None: a new one) and what it is to be. Reads, and asks the vendor what its forms ask;
    writes nothing before `carry_out`. `off`: it will have been disabled by then."""

    def __init__(
        self, page: Any, request: HttpRequest, wanted: Wanted, pk: int | None = None, *, off: bool = False
    ) -> None:
        self.page = page
        self.request = request
        self.wanted = wanted
        self.off = off
        self.obj: Any = page.model(connector=page.opts.app_label) if pk is None else page.model.objects.get(pk=pk)
        self.was_off = self.obj.state in Connection.OFF
        if off:
            self.obj.state = Connection.State.DISABLED
        self.is_new = pk is None
        self.version = versions.current_version(self.obj) if pk else None
        self.now: dict[str, Any] = versions.snapshot(self.obj) if pk else {"settings": {}, "mappings": []}
        self.problems: list[Problem] = []
        # What has to be done before, as the connector says.
        self.held_back: list[str] = []
        self.differences: list[Difference] = []
        self.rows: dict[str, list[Row]] = {}
        self.parts: dict[str, list[Row]] = {}
        self.form: Any = None
        if self._may_differ():
            self._read_settings()
            self._read_mappings()
            self._read_parts()
            self._read_held_back()

    # -- what differs at first sight ---------------------------------------------------------------

    @cached_property
    def columns(self) -> dict[str, Any]:
        return setting_columns(self.page)

    @cached_property
    def settings(self) -> dict[str, Any]:
        """All of them: wanted ones, present ones, and those a new connection begins with."""
        now = self.now["settings"]
        start = {name: now.get(name, default_of(column)) for name, column in self.columns.items()}
        return {**start, **self.wanted.settings}

    @cached_property
    def mappings_now(self) -> dict[str, list[Row]]:
        return by_type(self.now["mappings"])

    @cached_property
    def new_secrets(self) -> dict[str, str]:
        """Those that aren't the saved ones."""
        return {name: value for name, value in self.wanted.secrets.items() if self._is_other(name, value)}

    def _is_other(self, name: str, value: str) -> bool:
        return not secret_is_set(self.obj, name) or readable(self.obj, name) != value

    def _may_differ(self) -> bool:
        now = self.now["settings"]
        return (
            self.is_new
            or bool(self.new_secrets)
            or any(now.get(name) != value for name, value in self.wanted.settings.items())
            or any(self._rows_differ(name, rows) for name, rows in self.wanted.mappings.items())
            or any(list(rows) != self.now.get("parts", {}).get(name, []) for name, rows in self.wanted.parts.items())
        )

    def _rows_differ(self, record_type: str, rows: Sequence[Row]) -> bool:
        known = connector_class(self.page.opts.app_label).record_type(record_type)
        return with_keys(rows, known, ()) != with_keys(self.mappings_now.get(record_type, []), known, ())

    # -- settings ----------------------------------------------------------------------------------

    def _read_settings(self) -> None:
        data = self._form_data(self.settings)
        if self.problems:
            return
        self.form = self._form(data)
        cleaned = from_form(self.columns, self.form.cleaned_data) if self.form.is_valid() else {}
        if cleaned and (tidied := self._form_data({**self.settings, **cleaned})) != data:
            # Only what differs from what is saved is written: a form that tidies up must see its own result.
            self.form = self._form(tidied)
        if self.form.is_valid():
            self.settings |= cleaned
        else:
            self._tell_errors()
        for name in self.new_secrets:
            changed = _("changed (the value is never kept)")
            self.differences.append(Difference(self._label(name), "", changed))
        old = {name: value for name, value in self.now["settings"].items() if name in self.columns}
        new = {name: self.settings[name] for name in self.columns}
        self.differences += words.settings_differences(self.page.model, old, new)

    def _form_data(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        data: dict[str, Any] = dict(self._secrets_to_type())
        for name, column in self.columns.items():
            try:
                data[name] = to_form(column, settings[name])
            except LookupError as error:
                kind = column.related_model._meta.verbose_name
                text = _("There is no %(kind)s “%(name)s” here: create it first, or choose another.")
                self._add((SETTINGS, name), text % {"kind": kind, "name": error.args[0]})
        return data

    def _secrets_to_type(self) -> Mapping[str, str]:
        """With another address all that are known: saved ones are never sent to one they weren't entered for."""
        now = self.now["settings"]
        moved = any(now.get(name) != self.settings.get(name) for name in self.page.form.address_fields)
        return self.wanted.secrets if moved or self.is_new else self.new_secrets

    def _form(self, data: dict[str, Any]) -> Any:
        instance = None if self.is_new else self.page.model.objects.get(pk=self.obj.pk)
        if instance is not None:
            instance.state = self.obj.state
        fields = [*self.columns, *secret_names(self.page.model)]
        made = self.page.get_form(self.request, instance, change=not self.is_new, fields=fields)
        return made(data, instance=instance)

    def _tell_errors(self) -> None:
        for text in self.form.non_field_errors():
            self._add((), text)
        for name, texts in self.form.errors.items():
            for text in texts if name != NON_FIELD_ERRORS else ():
                self._add((SECRETS if name in self.form.secrets else SETTINGS, name), text)

    # -- rows --------------------------------------------------------------------------------------

    def _read_mappings(self) -> None:
        for record_type in connector_class(self.page.opts.app_label).record_types:
            name = record_type.name
            if name in self.wanted.mappings and (self.is_new or self._mapping_differs(record_type)):
                keys = self._keys(name)
                rows = with_keys(self.wanted.mappings[name], record_type, keys)
                found = read_rows(self.page, self.request, self._instance, record_type, rows)
                label = _("Mapping of %(type)s") % {"type": record_type.label}
                for place, column, text in found.problems:
                    where = (MAPPINGS, name) if place is None else (MAPPINGS, name, place, column)
                    row = "" if place is None else f", {rows[place]['target'] or rows[place]['source']}"
                    self._add(where, text, f"{label}{row}")
                self.rows[name] = found.rows
                old = self.mappings_now.get(name, [])
                self.differences += words.mapping_differences(label, old, found.rows if not found.problems else rows)

    def _mapping_differs(self, record_type: Any) -> bool:
        return self._rows_differ(record_type.name, self.wanted.mappings[record_type.name])

    @property
    def _instance(self) -> Any:
        return self.form.instance if self.is_new and self.form is not None else self.obj

    def _keys(self, record_type: str) -> list[str]:
        settings = self.page.search_settings.get(record_type, ())
        return [value for name in settings if (value := self.settings.get(name))]

    def _read_parts(self) -> None:
        for name, rows in self.wanted.parts.items():
            old = self.now.get("parts", {}).get(name, [])
            if list(rows) == old:
                continue
            label = str(self.page.parts[name].label)
            found = self.page.read_part(self._instance, name, rows)
            for place, column, text in found.problems:
                self._add((name, place, column), text, f"{label}, {words.row_in_words(rows[place])}")
            if found.problems or found.rows != old:
                self.parts[name] = found.rows
                self.differences += words.part_differences(label, old, found.rows or rows)

    def _read_held_back(self) -> None:
        if self.form is None or self.is_new:
            return
        self.held_back = self.page.held_back(self.obj, self.form, self.changed)
        for text in self.held_back:
            self._add((), text)

    @property
    def result(self) -> Any:
        """The connection as it will be, with its secrets; not saved."""
        if self.form is None:
            return self.obj
        wanted = copy(self.form.instance)
        for name, value in self.form.typed_secrets().items():
            setattr(wanted, name, value)
        return wanted

    @property
    def changed(self) -> set[str]:
        """Of the rows: "mapping", and parts by name."""
        return {*self.parts, *(["mapping"] if self.rows else [])}

    # -- doing it ----------------------------------------------------------------------------------

    def carry_out(self) -> Any:
        """Save it, as one new version. Inside a transaction, once nothing is wrong; returns the connection."""
        page, request, form = self.page, self.request, self.form
        obj = form.save(commit=False)
        page.save_model(request, obj, form, not self.is_new)
        for name, rows in self.rows.items():
            write_rows(obj.pk, name, rows)
        for name, rows in self.parts.items():
            page.save_part(request, obj, name, rows)
        page.save_related(request, form, [], not self.is_new)
        return obj

    def _add(self, where: Where, text: str, label: str = "") -> None:
        if not label and len(where) > 1:
            label = self._label(str(where[1]))
        problem = Problem(where, label, str(text))
        if problem not in self.problems:
            self.problems.append(problem)

    def _label(self, name: str) -> str:
        return words.label_of(self.page.model, name)
