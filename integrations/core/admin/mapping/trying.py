"""Beside the rows of Edit Mapping: what they would do to a record, and to the last 500. Nothing is sent or saved."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.fernet import InvalidToken
from django.utils.translation import gettext as _

from integrations.core import catalog
from integrations.core.admin.log.sight import Sight
from integrations.core.admin.mapping.records import Asked, choices, chosen
from integrations.core.admin.mapping.rows import tried_rows
from integrations.core.admin.mapping.save import set_search_keys
from integrations.core.connector import Connector, Field, Record
from integrations.core.errors import RecordError
from integrations.core.forms import missing_secrets
from integrations.core.mapping import is_empty
from integrations.core.preview.fields import Made, Report, State, check, stumbled
from integrations.core.preview.payloads import latest
from integrations.core.preview.trial import Cell, Trial, try_out
from integrations.core.preview.words import LOOKS, verdict
from integrations.core.redact import MASK, clean, is_secret_name, mask_payload
from integrations.core.registry import connector_for

if TYPE_CHECKING:
    from integrations.core.admin.mapping.pages import MappingPage

CHECKED = 500
LONGEST = 300  # characters of a value in a cell


@dataclass(frozen=True)
class Eyes:
    """How values look to this user."""

    sight: Sight
    fields: Mapping[str, Field]

    def label(self, target: str) -> str:
        return self.fields[target].label if target in self.fields else target

    def value(self, value: Any, *names: str) -> str:
        """`names` of the fields it stands in: secrets stay hidden."""
        if is_empty(value):
            return ""
        if any(is_secret_name(name.rpartition(".")[2]) for name in names):
            return MASK
        shown = value if self.sight.full else mask_payload(value)
        text = ", ".join(map(str, shown)) if isinstance(shown, list | tuple) else str(shown)
        return clean(text, LONGEST)


class Tries:
    """What the page shows beside its rows. `posted_rows`: the submitted form; without it nothing was pressed yet."""

    def __init__(self, page: MappingPage, posted_rows: Any = None) -> None:
        self.page = page
        self.rows = posted_rows
        self.asked = Asked.of(page.request.POST)
        self.eyes = Eyes(Sight.of(page.request), page.known_fields)

    def context(self) -> dict[str, Any]:
        page = self.page
        found = choices(page.connection.pk, page.record_type.name, self.eyes.sight)
        context: dict[str, Any] = {"asked": self.asked, "last_records": found, "checked": CHECKED}
        if self.rows is not None and "_preview" in page.request.POST:
            context |= self._preview(found[0][0] if found else "")
        if self.rows is not None and "_check" in page.request.POST:
            context |= self._check()
        return context

    @contextmanager
    def _connector(self) -> Iterator[Connector]:
        """Bound to the mapping and the search keys as they stand in the form, on a copy of the connection."""
        page, rows = self.page, tried_rows(self.rows)
        connection = copy.copy(page.connection)
        if page.search_settings:
            set_search_keys(connection, page.search_settings, [row.target for row in rows if row.is_key])
        with closing(connector_for(connection)) as connector:
            connector.try_mapping(page.record_type.name, rows)
            yield connector

    # -- one record -------------------------------------------------------------------------------

    def _preview(self, newest: str) -> dict[str, Any]:
        with self._connector() as connector:
            try:
                record = chosen(self.asked, connector, self.page.record_type.name, newest)
                return {"trial": self._shown(self._tried(connector, record), record)}
            except RecordError as error:
                return {"no_record": str(error.message)}
            except Exception as error:  # noqa: BLE001 – what is pasted may have any shape
                return {"no_record": stumbled(error)}

    def _tried(self, connector: Connector, record: Record) -> Trial:
        missing = missing_secrets(connector.connection)
        hindrance = _("First enter %(keys)s.") % {"keys": ", ".join(missing)} if missing else ""
        try:
            return try_out(connector, record, hindrance=hindrance)
        except InvalidToken:
            return try_out(connector, record, hindrance=str(catalog.UNREADABLE))

    def _shown(self, trial: Trial, record: Record) -> dict[str, Any]:
        look, sign = LOOKS[trial.fate]
        return {
            "who": self.eyes.sight.label(record.label),
            "verdict": self.eyes.sight.sentence(verdict(trial, self.page.record_type, self.eyes.fields)),
            "look": look,
            "sign": sign,
            "blind": self.eyes.sight.sentence(str(trial.blind)),
            "looked": trial.looked,
            "cells": [self._cell(cell) for cell in trial.cells],
            "payload": self.eyes.sight.json(trial.payload),
        }

    def _cell(self, cell: Cell) -> dict[str, Any]:
        names = (cell.target, cell.source)
        values = {name: self.eyes.value(getattr(cell, name), *names) for name in ("came", "sent", "there")}
        return {
            **values,
            "label": self.eyes.label(cell.target),
            "source": cell.source,
            "changed": cell.changed,
            "reason": self.eyes.sight.sentence(str(cell.reason)),
        }

    # -- the last 500 -----------------------------------------------------------------------------

    def _check(self) -> dict[str, Any]:
        page = self.page
        found = latest(page.connection.pk, page.record_type.name, CHECKED)
        payloads = [one.payload for one in found if one.payload is not None]
        with self._connector() as connector:
            result = check(connector, page.record_type.name, payloads)
        return {
            "check": {
                "records": result.records,
                "unfit": result.unfit,
                "unreadable": len(found) - len(payloads),
                "reports": [self._report(report) for report in result.reports],
            }
        }

    def _report(self, report: Report) -> dict[str, Any]:
        return {
            "label": self.eyes.label(report.row.target),
            "source": report.row.source,
            **{state.value: report.counts[state] for state in State},
            "examples": [self._example(one) for one in (*report.refused, *report.converted)],
        }

    def _example(self, made: Made) -> dict[str, Any]:
        names = (made.row.target, made.row.source)
        came = self.eyes.value(made.came if not is_empty(made.came) else made.row.default, *names)
        value = self.eyes.value(made.value, *names)
        return {"came": came, "value": value, "reason": self.eyes.sight.sentence(str(made.reason))}
