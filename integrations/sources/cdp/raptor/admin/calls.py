"""Raptor's pushes: what came, and what became of each change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from integrations.core.admin.badges import badge
from integrations.core.redact import clean, mask_payload
from integrations.core.search import InfinitePaginator
from integrations.sources.cdp.raptor import calls
from integrations.sources.cdp.raptor.applying import Applied
from integrations.sources.cdp.raptor.models import CallStatus, RaptorCall
from integrations.sources.cdp.raptor.reading import NotABatch, batch_of

LOOKS = {
    CallStatus.APPLIED: "success",
    CallStatus.PARTLY: "converts",
    CallStatus.FAILED: "danger",
    CallStatus.REFUSED: "danger",
}
OUTCOMES: dict[str, tuple[Any, str]] = {
    Applied.APPLIED: (gettext_lazy("Applied"), "success"),
    Applied.UNCHANGED: (gettext_lazy("Was so already"), "default"),
    Applied.LATE: (gettext_lazy("Too late"), "default"),
    Applied.REFUSED: (gettext_lazy("Refused"), "danger"),
}
PAGE = "cdp_raptorcall"
LONGEST_CELL = 120


@admin.register(RaptorCall)
class RaptorCallAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ("received_at", "status_badge", "batch_id", "changes", "refused", "repeats", "message")
    list_filter = ("status",)
    search_fields = ("=batch_id",)
    search_help_text = gettext_lazy("A whole batch id")
    list_select_related = False
    show_full_result_count = False
    paginator = InfinitePaginator
    actions = None
    fields = ("received_at", "status_badge", "message", "batch_id", "activation_id", "sequence", "changes", "repeats")
    change_list_template = "admin/cdp/raptor/calls.html"
    change_form_outer_after_template = "admin/cdp/raptor/call.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[RaptorCall]:
        return super().get_queryset(request).defer("body", "results")  # type: ignore[no-any-return]

    @admin.display(description=gettext_lazy("Status"), ordering="status")
    def status_badge(self, obj: RaptorCall) -> str:
        look = LOOKS.get(CallStatus(obj.status), "default")
        return badge(look, obj.get_status_display())

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> Any:
        masked = not request.user.has_perm("core.view_personal_data")
        context |= {
            "rows": list(rows_of(obj, masked=masked)) if obj else [],
            "masked": masked,
            "forgotten": obj is not None and obj.batch_id is not None and obj.body is None,
            "can_apply_again": bool(obj) and obj.status == CallStatus.FAILED and _may_apply(request),
        }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view(self.again_view)
        return [path("<int:pk>/again/", view, name=f"{PAGE}_again"), *super().get_urls()]

    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST" or not _may_apply(request):
            raise PermissionDenied
        if calls.again(get_object_or_404(RaptorCall.objects.defer("body", "results"), pk=pk)):
            self.message_user(request, _("It is applied again, in a moment."), messages.SUCCESS)
        return HttpResponseRedirect(reverse(f"admin:{PAGE}_change", args=[pk]))


def _may_apply(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("cdp.change_raptorsettings"))


def rows_of(call: RaptorCall, *, masked: bool) -> Iterator[dict[str, Any]]:
    """A row for each change: what Raptor said, as far as it is still kept, and what became of it."""
    said = _changes(call)
    for index in range(max(len(said), len(call.results))):
        change = said[index] if index < len(said) else {}
        change = change if isinstance(change, dict) else {"type": change}
        outcome, message = call.results[index] if index < len(call.results) else ("", "")
        label, look = OUTCOMES.get(outcome, (gettext_lazy("Waiting"), "default"))
        private = {"person": change.get("person"), "said": change.get("change", change.get("value"))}
        shown = mask_payload(private) if masked else private
        yield {
            "number": index + 1,
            "type": _cell(change.get("type")),
            "what": _cell(change.get("name") or change.get("id")),
            "person": _cell(shown["person"]),
            # Entered and left say nothing about a person by themselves.
            "said": _cell(private["said"] if "change" in change and not masked else shown["said"]),
            "at": _cell(change.get("at")),
            "outcome": label,
            "look": look,
            "message": message,
        }


def _changes(call: RaptorCall) -> list[Any]:
    try:
        return batch_of(call.body).changes if call.body else []
    except NotABatch:
        return []


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        value = ", ".join(f"{key}: {one}" for key, one in value.items())
    return "–" if value is None else clean(str(value), LONGEST_CELL)
