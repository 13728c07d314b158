"""What the log's filters show, as a file for a spreadsheet: all of it, streamed.

A chunk is read at a time, with the same few queries whatever the filter matches. What is masked on the page is masked
here. Events that come in meanwhile are newer than where it began, and are left out.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from integrations.core import keyset
from integrations.core.admin.log.access import Visible
from integrations.core.admin.log.form import record_type_words
from integrations.core.admin.log.list import COLUMNS, read_form
from integrations.core.admin.log.sight import Sight
from integrations.core.admin.log.words import OUTCOMES
from integrations.core.logbook import event_rows
from integrations.core.models import Event
from integrations.core.spreadsheet import BOM, line

CHUNK = 1000


def download(request: HttpRequest) -> StreamingHttpResponse:
    """The user's zone and language are noted now: the lines are written when the request is over for Django."""
    visible = Visible.of(request)
    _form, log = read_form(request, visible)
    table = _Table(visible, Sight.of(request), timezone.get_current_timezone(), translation.get_language() or "en")
    name = f"log-{timezone.localdate():%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        table.lines(keyset.chunks(event_rows(log, visible.ids), CHUNK)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


class _Table:
    """How one user sees events as lines."""

    def __init__(self, visible: Visible, sight: Sight, zone: datetime.tzinfo, language: str) -> None:
        self.visible, self.sight, self.zone, self.language = visible, sight, zone, language

    def lines(self, chunks: Iterator[Sequence[int]]) -> Iterator[str]:
        yield BOM + self._head()
        for ids in chunks:
            yield self._chunk(ids)

    def _head(self) -> str:
        return line(
            [
                _("Request ID"), _("Sync Job ID"), _("Arrived"), _("Settled"), _("Connection"), _("Record type"),
                _("Record"), _("Key"), _("Outcome"), _("Recovered"), _("Reason"),
            ]
        )  # fmt: skip

    def _chunk(self, ids: Sequence[int]) -> str:
        found = Event.objects.only(*COLUMNS, "settled_at").in_bulk(ids)
        with translation.override(self.language):
            events = (found[pk] for pk in ids if pk in found)
            return "".join(line(self._cells(event)) for event in events if event.connection_id in self.visible.names)

    def _cells(self, event: Event) -> list[str]:
        connector = self.visible.connectors.get(event.connection_id, "")
        return [
            f"R{event.pk}",
            f"J{event.run_id}",
            self._time(event.created_at),
            self._time(event.settled_at),
            self.visible.names[event.connection_id],
            record_type_words(connector, event.record_type)[0],
            self.sight.label(event.label),
            self.sight.key(event.key),
            str(OUTCOMES[event.outcome].text),
            _("yes") if event.recovered else _("no"),
            self.sight.sentence(event.message),
        ]

    def _time(self, moment: datetime.datetime | None) -> str:
        """As spreadsheets read it, in the user's zone."""
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M:%S}" if moment else ""
