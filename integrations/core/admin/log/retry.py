"""The Retry buttons: one, a selection, or everything the filter matches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.core.admin.log.access import Visible
from integrations.core.admin.log.list import read_form
from integrations.core.engine import retry
from integrations.core.keyset import LAST_ID
from integrations.core.logbook import RETRY_CAP, failed_ids
from integrations.core.models import Connection, Event, Run
from integrations.core.models.journal import ERASED

CHUNK = 500
# More checkboxes than a page has are no selection.
SELECTION = 1_000
Start = Callable[[int, list[int], Any], Run | None]


def require_permission(request: HttpRequest) -> None:
    if not request.user.has_perm("core.retry_event"):
        raise PermissionDenied


def selected_ids(request: HttpRequest) -> list[int]:
    texts = request.POST.getlist("event")[:SELECTION]
    return [int(text) for text in texts if text.isascii() and text.isdecimal() and int(text) <= LAST_ID]


def matching_ids(request: HttpRequest, visible: Visible) -> list[int]:
    _form, log = read_form(request, visible)
    return failed_ids(log, visible.ids)


def oldest_matching(request: HttpRequest, visible: Visible) -> list[int]:
    """The one of them that has failed longest, in a list; none when nothing matches (any more)."""
    _form, log = read_form(request, visible)
    return failed_ids(log, visible.ids, cap=1)


def by_connection(event_ids: Iterable[int], visible: Visible) -> dict[int, list[int]]:
    """The still failed ones of these events among visible connections, oldest first."""
    ids = sorted(event_ids)
    groups: dict[int, list[int]] = defaultdict(list)
    for start in range(0, len(ids), CHUNK):
        chunk = Event.objects.filter(pk__in=ids[start : start + CHUNK], outcome=Event.Outcome.FAILED)
        chunk = chunk.exclude(code=ERASED)
        for pk, connection_id in chunk.order_by("pk").values_list("pk", "connection_id"):
            if connection_id in visible.names:
                groups[connection_id].append(pk)
    return dict(groups)


def start_retry(request: HttpRequest, event_ids: Iterable[int], *, one_first: bool = False) -> None:
    """Start a run for each connection and tell the user."""
    visible = Visible.of(request)
    start: Start = retry.retry_all if one_first else retry.retry
    runs = []
    number = 0
    groups = by_connection(event_ids, visible)
    ended = visible.removed & groups.keys()
    for connection_id in ended:
        text = _("%(name)s: what failed there can't be sent again, because the connection was removed.")
        messages.warning(request, text % {"name": visible.names[connection_id]})
    for connection_id, ids in groups.items():
        run = start(connection_id, ids, request.user)
        if run is not None:
            runs.append(run)
            number += len(ids)
    if runs or not ended:
        _tell(request, runs, number, one_first=one_first)


def _tell(request: HttpRequest, runs: list[Run], number: int, *, one_first: bool) -> None:
    if not runs:
        messages.warning(request, _("Nothing to retry: these events are not failed (any more)."))
        return
    links = format_html_join(", ", '<a class="underline" href="{}">J{}</a>', ((_run_url(run), run.pk) for run in runs))
    text = ngettext("Retry of %(number)s event started:", "Retry of %(number)s events started:", number)
    messages.success(request, format_html("{} {}", text % {"number": f"{number:,}"}, links))
    if one_first and number > len(runs):
        messages.info(request, _("One event goes first; the others follow when it got through."))
    asleep = Connection.objects.filter(pk__in=[run.connection_id for run in runs])
    for name in asleep.exclude(state=Connection.State.ENABLED).values_list("name", flat=True):
        text = _("“%(name)s” is not enabled: its events are queued and will run once it is enabled.")
        messages.warning(request, text % {"name": name})


def _run_url(run: Run) -> str:
    return reverse("admin:core_run_change", args=[run.pk])


def confirmation(request: HttpRequest) -> dict[str, Any]:
    """What “Retry all” would do, by connection."""
    visible = Visible.of(request)
    ids = matching_ids(request, visible)
    groups = by_connection(ids, visible)
    rows = [
        (visible.names[connection_id], len(found))
        for connection_id, found in groups.items()
        if connection_id not in visible.removed
    ]
    return {
        "rows": rows,
        "number": sum(number for _name, number in rows),
        "capped": len(ids) >= RETRY_CAP,
        "cap": RETRY_CAP,
    }
