"""Who changed which setting or mapping row, when, from what to what. Of secrets: only that they changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from simple_history.admin import SimpleHistoryAdmin

from integrations.core.admin.connection.pages import ConnectionPages
from integrations.core.models import FieldMapping

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


class ConnectionHistory(SimpleHistoryAdmin, ConnectionPages):  # type: ignore[misc]
    """Part of ConnectionAdmin."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if not object_id.isdecimal():
            raise Http404
        obj = self.connection_or_404(request, int(object_id))
        changes = sorted(self.all_changes(obj), key=lambda change: change.at, reverse=True)
        page = Paginator(changes, PER_PAGE).get_page(request.GET.get("p"))
        context = self.page_context(request, obj, None, page=page, shown=SHOWN)
        return TemplateResponse(request, "admin/core/connection/history.html", context)

    def all_changes(self, obj: Any) -> Iterator[Change]:
        """In any order."""
        yield from settings_changes(obj)
        yield from mapping_changes(obj)

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
            yield _label(connection, name), "", _("changed (the value is never kept)")
    for found in newer.diff_against(older).changes:
        if found.field == "access_roles":
            yield _label(connection, found.field), _roles(found.old), _roles(found.new)
        else:
            column = connection._meta.get_field(found.field)
            yield _label(connection, found.field), _shown(column, found.old), _shown(column, found.new)


def mapping_changes(connection: Any) -> Iterator[Change]:
    rows = FieldMapping.history.filter(connection_id=connection.pk).select_related("history_user")[:SHOWN]
    newer_of: dict[int, Any] = {}
    made: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        if (newer := newer_of.get(row.id)) is not None and newer.history_type == "~":
            yield from _mapping_edit(newer, row)
        newer_of[row.id] = row
        if row.history_type != "~":
            at = row.history_date.replace(microsecond=0)
            made[row.history_type, row.record_type, row.history_user_id, at].append(row)
    for together in made.values():
        yield _made_together(together)


def _mapping_edit(newer: Any, older: Any) -> Iterator[Change]:
    name = {"type": newer.record_type, "row": f"{newer.source or '–'} → {newer.target}"}
    change = change_of(newer, _("Mapping of %(type)s: %(row)s") % name)
    for found in newer.diff_against(older).changes:
        if found.field not in NOT_SHOWN:
            column: Any = FieldMapping._meta.get_field(found.field)
            change.changes.append((str(column.verbose_name), _shown(column, found.old), _shown(column, found.new)))
    if change.changes:
        yield change


def _made_together(rows: list[Any]) -> Change:
    """Rows created or deleted in one go, as with a new connection, are one line."""
    named = [f"{row.source or '–'} → {row.target}" for row in rows[:NAMED]]
    more = [_("and %(number)s more") % {"number": len(rows) - NAMED}] if len(rows) > NAMED else []
    words = {"type": rows[0].record_type, "rows": ", ".join([*named, *more])}
    return change_of(rows[0], _("Mapping of %(type)s: %(rows)s") % words)


def change_of(row: Any, what: str) -> Change:
    """Of a historical row: when, by whom, and whether it was created or deleted."""
    done = {"+": _("created"), "-": _("deleted")}.get(row.history_type, "")
    user = row.history_user.get_username() if row.history_user else _("the portal")
    return Change(row.history_date, user, f"{what} {done}".strip())


def _label(connection: Any, name: str) -> str:
    return str(connection._meta.get_field(name).verbose_name)


def _roles(rows: Any) -> str:
    from django.contrib.auth.models import Group

    ids = [row["group"] for row in rows]
    return ", ".join(Group.objects.filter(pk__in=ids).order_by("name").values_list("name", flat=True)) or "–"


def _shown(column: Any, value: Any) -> str:
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if column.is_relation and value is not None:
        value = column.related_model._default_manager.filter(pk=value).first() or _("one that was deleted")
    choices = dict(column.flatchoices) if getattr(column, "choices", None) else {}
    return str(choices.get(value, value)) if value not in (None, "") else "–"
