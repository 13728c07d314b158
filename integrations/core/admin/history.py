"""Who changed a source's row, when, from what to what. What the rows of its history don't hold is never shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

# The newest; older changes are still in the database.
SHOWN = 100
NOT_SHOWN = {"updated_at", "created_at"}


@dataclass(frozen=True)
class Change:
    """One line of the history: `changes` are (what, old, new)."""

    at: Any
    by: str
    what: str
    changes: list[tuple[str, str, str]] = field(default_factory=list)


class HistoryPages(ModelAdmin):  # type: ignore[misc]
    """For models with django-simple-history; its own pages could save an old version around the bulk verbs."""

    # What stands above the table.
    history_note: Any = ""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        obj = self.get_object(request, object_id)
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        if obj is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": obj,
            "title": _("History of %(name)s") % {"name": obj},
            "note": self.history_note,
            "changes": list(self._history_of(obj)),
            "back_url": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[obj.pk]),
        }
        return TemplateResponse(request, "admin/core/history.html", context)

    def in_history(self, column: Any, value: Any) -> str:
        """An old or new value in words."""
        if value in (None, ""):
            return "–"
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if hasattr(value, "utcoffset"):
            return formats.date_format(timezone.localtime(value), "DATETIME_FORMAT")
        return str(dict(column.flatchoices).get(value, value))

    def _history_of(self, obj: Any) -> Iterator[Change]:
        rows = list(obj.history.select_related("history_user")[: SHOWN + 1])
        for newer, older in zip(rows[:SHOWN], [*rows[1:], None], strict=False):
            user = newer.history_user.get_username() if newer.history_user else _("the portal")
            if newer.history_type != "~":
                yield Change(newer.history_date, user, _("created") if newer.history_type == "+" else _("deleted"))
            elif older is not None and (changes := list(self._differences(newer, older))):
                yield Change(newer.history_date, user, _("changed"), changes)

    def _differences(self, newer: Any, older: Any) -> Iterator[tuple[str, str, str]]:
        # Not `diff_against`: it leaves out what no form can edit, and so that the PIN was changed.
        for column in newer.tracked_fields:
            old, new = getattr(older, column.attname), getattr(newer, column.attname)
            if old != new and column.name not in NOT_SHOWN:
                yield str(column.verbose_name), self.in_history(column, old), self.in_history(column, new)
