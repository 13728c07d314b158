"""The event log: one page of events, its tabs, its filters."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.core import keyset
from integrations.core.admin.log.access import Visible
from integrations.core.admin.log.form import LogForm, record_type_words
from integrations.core.admin.log.sight import Sight
from integrations.core.admin.log.words import OUTCOMES, Badge
from integrations.core.keyset import LAST_ID, Page
from integrations.core.log_filter import LogFilter, Tab
from integrations.core.logbook import COUNT_CAP, PAGE_SIZE, event_rows, tab_counts
from integrations.core.models import Event, FailureGroup

TAB_LABELS: dict[Tab, Any] = {
    Tab.ALL: gettext_lazy("All events"),
    Tab.NEW: gettext_lazy("New Events"),
    Tab.UPDATED: gettext_lazy("Updated Events"),
    Tab.FAILED: gettext_lazy("Failed"),
    Tab.SKIPPED: gettext_lazy("Skipped"),
    Tab.WAITING: gettext_lazy("Waiting"),
}
# Never the payload; the message is needed for its reason.
COLUMNS = (
    "id",
    "run_id",
    "connection_id",
    "record_type",
    "key",
    "label",
    "outcome",
    "code",
    "recovered",
    "message",
    "created_at",
)
MESSAGE_SHOWN = 200


@dataclass(frozen=True)
class TabLink:
    label: Any
    count: str
    url: str
    current: bool


@dataclass(frozen=True)
class Row:
    """One event as the table shows it."""

    id: int
    url: str
    run: str
    run_url: str
    at: datetime.datetime
    connection: str
    label: str
    key: str
    record_type: str
    badge: Badge
    recovered: bool
    message: str
    can_retry: bool
    retry_url: str

    @property
    def request_id(self) -> str:
        return f"R{self.id}"


def query(params: QueryDict, **changes: Any) -> str:
    """The page's own query string with some values changed; None removes one. Paging starts anew."""
    copied = params.copy()
    for name in ("before", "after", "csrfmiddlewaretoken"):
        copied.pop(name, None)
    for name, value in changes.items():
        if value is None:
            copied.pop(name, None)
        else:
            copied[name] = str(value)
    for name in [name for name, value in copied.items() if not value]:
        del copied[name]
    return f"?{copied.urlencode()}"


def position(params: QueryDict) -> dict[str, int | None]:
    """`before` and `after` of the address; what is no id counts as absent."""
    return {name: _id(params.get(name, "")) for name in ("before", "after")}


def _id(text: str) -> int | None:
    return min(int(text), LAST_ID - 1) if text.isascii() and text.isdecimal() and len(text) < 20 else None


def read_form(request: HttpRequest, visible: Visible) -> tuple[LogForm, LogFilter]:
    """Filters of the address. Raises Http404 for a connection the user doesn't see."""
    chosen = request.GET.get("connection", "")
    if chosen and (not chosen.isascii() or not chosen.isdecimal() or int(chosen) not in visible.names):
        raise Http404
    form = LogForm(request.GET, visible)
    return form, form.log_filter()


def list_context(request: HttpRequest) -> dict[str, Any]:
    visible = Visible.of(request)
    form, log = read_form(request, visible)
    page = keyset.page(event_rows(log, visible.ids), PAGE_SIZE, **position(request.GET))
    numbers = tab_counts(log, visible.ids)
    sight, can_retry = Sight.of(request), request.user.has_perm("core.retry_event")
    return {
        "form": form,
        "cause": log.cause,
        "cause_text": cause_words(log.cause, visible, sight) if log.cause else "",
        "any_cause_url": query(request.GET, cause=None),
        "hidden_tab": log.tab if log.tab != Tab.ALL else "",
        "is_narrowed": log.is_narrowed,
        "clear_url": query(QueryDict(), connection=log.connection),
        "tabs": [_tab(request, tab, log, numbers[tab]) for tab in Tab],
        "rows": event_table(page.ids, visible, sight, can_retry=can_retry),
        "connection_name": visible.names.get(log.connection or 0, ""),
        "can_retry": can_retry,
        "failed_number": count_text(numbers[Tab.FAILED]) if Event.Outcome.FAILED in log.outcomes else "",
        "download_url": reverse("admin:core_event_download") + query(request.GET),
        "retry_selected_url": reverse("admin:core_event_retry_selected") + query(request.GET),
        "retry_matching_url": reverse("admin:core_event_retry_matching") + query(request.GET),
        "empty": empty_words(log, visible),
        **paging(request, page, "R"),
    }


def cause_words(cause: str, visible: Visible, sight: Sight) -> str:
    """The sentence of a cause; empty when nothing that this user sees fails of it any more."""
    groups = FailureGroup.objects.filter(cause=cause, connection__in=visible.names)
    return sight.sentence(groups.values_list("text", flat=True).first() or "")


def _tab(request: HttpRequest, tab: Tab, log: LogFilter, number: tuple[int, bool]) -> TabLink:
    url = query(request.GET, tab=None if tab == Tab.ALL else tab)
    return TabLink(TAB_LABELS[tab], count_text(number), url, tab == log.tab)


def count_text(number: tuple[int, bool]) -> str:
    """“12”, “1,000+”; “12+” is at least twelve (the rest would take too long to count). Zero is empty."""
    value, more = number
    if not value and not more:
        return ""
    shown = min(value, COUNT_CAP - 1)
    return f"{shown:,}+" if more or value >= COUNT_CAP else f"{shown:,}"


def paging(request: HttpRequest, page: Page, letter: str) -> dict[str, Any]:
    looked = ""
    if page.looked_to is not None:
        looked = _("Looked as far back as %(id)s.") % {"id": f"{letter}{page.looked_to}"}
    return {
        "older_url": f"{query(request.GET, before=page.before)}" if page.before is not None else "",
        "newer_url": f"{query(request.GET, after=page.after)}" if page.after is not None else "",
        "looked": looked,
    }


def event_table(ids: Sequence[int], visible: Visible, sight: Sight, *, can_retry: bool = False) -> list[Row]:
    """These events, in this order, as rows: one query. What isn't visible is left out once more."""
    found = {event.pk: event for event in Event.objects.filter(pk__in=ids).only(*COLUMNS)}
    return [
        event_row(found[pk], visible, sight, can_retry)
        for pk in ids
        if pk in found and found[pk].connection_id in visible.names
    ]


def event_row(event: Event, visible: Visible, sight: Sight, can_retry: bool) -> Row:
    connector = visible.connectors.get(event.connection_id, "")
    message = sight.sentence(_(event.message)[: 2 * MESSAGE_SHOWN])
    return Row(
        id=event.pk,
        url=reverse("admin:core_event_change", args=[event.pk]),
        run=f"J{event.run_id}",
        run_url=reverse("admin:core_run_change", args=[event.run_id]),
        at=event.created_at,
        connection=visible.names.get(event.connection_id, ""),
        label=sight.label(event.label),
        key=sight.key(event.key) if event.key != event.label else "",
        record_type=record_type_words(connector, event.record_type)[0],
        badge=OUTCOMES[event.outcome],
        recovered=event.recovered,
        message=message if len(message) <= MESSAGE_SHOWN else message[: MESSAGE_SHOWN - 1] + "…",
        can_retry=can_retry and event.can_be_retried,
        retry_url=reverse("admin:core_event_retry", args=[event.pk]),
    )


def empty_words(log: LogFilter, visible: Visible) -> Iterable[str]:
    """Why there is nothing, and what to do next."""
    if not visible.names:
        return (
            _("You have no access to any connection."),
            _("Ask an administrator to add your role under Connector Access."),
        )
    if not log.outcomes:
        return _("This tab has no events with that Sync Status."), _("Choose another tab, or Sync Status “All”.")
    if log.search:
        return (
            _("No event found for this search."),
            _("It looks for whole values: check the spelling, and clear the other filters."),
        )
    if log.is_narrowed:
        return _("No event matches these filters."), _("Choose a longer date range or clear the filters.")
    if log.tab != Tab.ALL:
        return _("Nothing here."), _("Events of other outcomes are under “All events”.")
    return (
        _("Nothing was synced yet."),
        _("Enable the connection and change a record at the source; it appears here within seconds."),
    )
