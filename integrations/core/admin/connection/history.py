"""Who changed which setting, mapping row or state, when, from what to what, by the version of the settings it led to.

Of secrets: only that they changed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from simple_history.admin import SimpleHistoryAdmin

from integrations.core.admin.connection.parts import ConnectionParts, Part
from integrations.core.alerts.words import sentence
from integrations.core.configuration.words import label_of, part_differences, record_type_label, value_in_words
from integrations.core.models import Alert, FieldMapping, SettingsVersion
from integrations.core.references import names_of

# Of each kind; older changes are still in the database.
SHOWN = 500
# Mapping rows that are named in one line.
NAMED = 3
PER_PAGE = 50
NOT_SHOWN = {"position"}


@dataclass
class Change:
    """One line of the history: `changes` are (what, old, new)."""

    at: Any
    by: str
    what: str
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    # It is no setting: it belongs to the version that was in force, not to the one it led to.
    is_state: bool = False
    version: SettingsVersion | None = None


class ConnectionHistory(SimpleHistoryAdmin, ConnectionParts):  # type: ignore[misc]
    """Part of ConnectionAdmin."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if not object_id.isdecimal():
            raise Http404
        obj = self.connection_or_404(request, int(object_id))
        saved = list(_versions(obj, with_snapshots=bool(self.parts)))
        changes = [*self.all_changes(obj), *part_changes(self.parts, saved)]
        changes.sort(key=lambda change: change.at, reverse=True)
        _assign(changes, saved)
        page = Paginator(changes, PER_PAGE).get_page(request.GET.get("p"))
        context = self.page_context(request, obj, None, page=page, shown=SHOWN, current=saved[-1] if saved else None)
        return TemplateResponse(request, "admin/core/connection/history.html", context)

    def all_changes(self, obj: Any) -> Iterator[Change]:
        """In any order."""
        yield from settings_changes(obj)
        yield from mapping_changes(obj)
        yield from state_changes(obj)
        yield from stops(obj)

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> Any:
        """Stock pages of an old version show every column and can save it: not here."""
        raise Http404


def settings_changes(connection: Any) -> Iterator[Change]:
    rows = list(connection.history.select_related("history_user")[:SHOWN])
    for newer, older in zip(rows, [*rows[1:], None], strict=True):
        change = change_of(newer, _("Settings"))
        if older is not None and newer.history_type == "~":
            change.changes = list(_settings_diff(connection, newer, older))
            if not change.changes:
                continue
        yield change


def _settings_diff(connection: Any, newer: Any, older: Any) -> Iterator[tuple[str, str, str]]:
    for name in sorted(set(newer.secrets_set) | set(older.secrets_set)):
        if newer.secrets_set.get(name) != older.secrets_set.get(name):
            yield label_of(connection, name), "", _("changed (the value is never kept)")
    for found in newer.diff_against(older).changes:
        column = connection._meta.get_field(found.field)
        if not column.editable:
            continue
        show = _rows_named if column.is_relation else _shown
        yield label_of(connection, found.field), show(column, found.old), show(column, found.new)


def mapping_changes(connection: Any) -> Iterator[Change]:
    rows = FieldMapping.history.filter(connection_id=connection.pk).select_related("history_user")[:SHOWN]
    newer_of: dict[int, Any] = {}
    made: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        if (newer := newer_of.get(row.id)) is not None and newer.history_type == "~":
            yield from _mapping_edit(connection, newer, row)
        newer_of[row.id] = row
        if row.history_type != "~":
            at = row.history_date.replace(microsecond=0)
            made[row.history_type, row.record_type, row.history_user_id, at].append(row)
    for together in made.values():
        yield _made_together(connection, together)


def state_changes(connection: Any) -> Iterator[Change]:
    """What people did with it: Enable, Disable, Revert. What the admin notes of a saved form is told above."""
    kind = ContentType.objects.get_for_model(connection)
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(connection.pk), action_flag=CHANGE)
    told = entries.exclude(change_message="").exclude(change_message__startswith="[")
    for entry in told.select_related("user").order_by("-action_time")[:SHOWN]:
        yield Change(entry.action_time, entry.user.get_username(), _(entry.change_message), is_state=True)


def stops(connection: Any) -> Iterator[Change]:
    """That it stopped by itself, and why."""
    alerts = Alert.objects.filter(connection_id=connection.pk, kind=Alert.Kind.STOPPED, facts__by_itself=True)
    for alert in alerts.select_related("connection")[:SHOWN]:
        yield Change(alert.since, _("the portal"), sentence(alert), is_state=True)


def part_changes(parts: Mapping[str, Part], saved: Sequence[SettingsVersion]) -> Iterator[Change]:
    """Rows that belong to the settings (Connection.parts), as the versions have them."""
    for older, newer in pairwise(saved):
        for name, part in parts.items():
            if name not in older.snapshot.get("parts", {}):
                # Saved when versions didn't hold them yet.
                continue
            old, new = (version.snapshot["parts"].get(name, []) for version in (older, newer))
            found = [(each.what, each.old, each.new) for each in part_differences(str(part.label), old, new)]
            if found:
                user = newer.created_by.get_username() if newer.created_by else _("the portal")
                yield Change(newer.created_at, user, str(part.label), found)


def _versions(connection: Any, *, with_snapshots: bool) -> list[SettingsVersion]:
    """The newest ones, oldest first."""
    found = SettingsVersion.objects.filter(connection_id=connection.pk).select_related("created_by")
    return list((found if with_snapshots else found.defer("snapshot"))[:SHOWN])[::-1]


def _assign(changes: Sequence[Change], saved: Sequence[SettingsVersion]) -> None:
    """A change of settings led to the next version; what else was done, was done under the one before."""
    times = [version.created_at for version in saved]
    for change in changes:
        place = bisect_right(times, change.at) - 1 if change.is_state else bisect_left(times, change.at)
        if 0 <= place < len(saved):
            change.version = saved[place]


def _mapping_edit(connection: Any, newer: Any, older: Any) -> Iterator[Change]:
    name = {
        "type": record_type_label(connection.connector, newer.record_type),
        "row": f"{newer.source or '–'} → {newer.target}",
    }
    change = change_of(newer, _("Mapping of %(type)s: %(row)s") % name)
    for found in newer.diff_against(older).changes:
        if found.field not in NOT_SHOWN:
            column: Any = FieldMapping._meta.get_field(found.field)
            change.changes.append((str(column.verbose_name), _shown(column, found.old), _shown(column, found.new)))
    if change.changes:
        yield change


def _made_together(connection: Any, rows: list[Any]) -> Change:
    """Rows created or deleted in one go, as with a new connection, are one line."""
    named = [f"{row.source or '–'} → {row.target}" for row in rows[:NAMED]]
    more = [_("and %(number)s more") % {"number": len(rows) - NAMED}] if len(rows) > NAMED else []
    words = {"type": record_type_label(connection.connector, rows[0].record_type), "rows": ", ".join([*named, *more])}
    return change_of(rows[0], _("Mapping of %(type)s: %(rows)s") % words)


def change_of(row: Any, what: str) -> Change:
    """Of a historical row: when, by whom, and whether it was created or deleted."""
    done = {"+": _("%(what)s: created"), "-": _("%(what)s: deleted")}.get(row.history_type, "%(what)s")
    user = row.history_user.get_username() if row.history_user else _("the portal")
    return Change(row.history_date, user, done % {"what": what} if what else "")


def _rows_named(column: Any, found: Any) -> str:
    """Of other rows that a setting names, roles say: simple-history has the rows between the two, or a key."""
    if column.many_to_many:
        keys = [row[column.m2m_reverse_field_name()] for row in found]
    else:
        keys = [getattr(found, "pk", found)]
    return ", ".join(names_of(column.related_model._default_manager.filter(pk__in=keys))) or "–"


def _shown(column: Any, value: Any) -> str:
    if column.is_relation and value is not None:
        value = str(column.related_model._default_manager.filter(pk=value).first() or _("one that was deleted"))
    return value_in_words(column.model, column.name, value)
