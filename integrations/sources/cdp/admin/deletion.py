"""Deleting an audience or a calculated attribute: first what that means, here and at the receivers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from integrations.sources.cdp import uses


class Deletion(ModelAdmin):  # type: ignore[misc]
    """Part of the admins of both. `definition_kind` as in `signals.Definition`."""

    delete_confirmation_template = "admin/cdp/delete.html"
    definition_kind: ClassVar[str] = ""

    def what_goes(self, obj: Any) -> str:
        """What else goes with it, and what stays."""
        raise NotImplementedError

    def audiences_looking_at(self, obj: Any) -> list[str]:
        """Names of audiences that can't be calculated without it."""
        return []

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        obj = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if obj is not None and request.method != "POST" and self.has_delete_permission(request, obj):
            context |= {
                "what_goes": self.what_goes(obj),
                "used_in_audiences": self.audiences_looking_at(obj),
                "uses": uses.of(self.definition_kind, obj.pk, request.user),
            }
        return super().delete_view(request, object_id, context)  # type: ignore[no-any-return]

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[Any], list[Any]]:
        """Named, not listed: an audience may have a million members. Who may delete it may delete those."""
        return [str(obj) for obj in objs], {str(self.opts.verbose_name_plural): len(objs)}, set(), []
