"""What all pages of a connection share: who may see it, its steps, and what stands above each page."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from unfold.admin import ModelAdmin

from integrations.core.admin.connection.steps import STATE_LOOKS, WEBHOOK, Step, what_next, with_progress
from integrations.core.admin.log.sight import Sight
from integrations.core.fields import secret_names
from integrations.core.forms import missing_secrets
from integrations.core.models import Connection
from integrations.core.models.connection import ConnectionQuerySet
from integrations.core.versions import current_version


class ConnectionPages(ModelAdmin):  # type: ignore[misc]
    """The common ground of the parts of ConnectionAdmin."""

    # Those of the vendor's page; core adds its own.
    steps: tuple[Step, ...] = ()

    # -- who may see what -------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Only connections the user has access to. Secrets are read one by one where they are needed."""
        mine = super().get_queryset(request).filter(pk__in=connections_of(request).values("pk"))
        return with_progress(mine.defer(*secret_names(self.model)))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and self._accessible(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._accessible(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._accessible(request, obj)

    def _accessible(self, request: HttpRequest, obj: Any) -> bool:
        return obj is None or connections_of(request).filter(pk=obj.pk).exists()

    def connection_or_404(self, request: HttpRequest, pk: int, *, change: bool = False) -> Any:
        """Raises PermissionDenied for those who may see no connection of this kind, Http404 for the others' ones."""
        allowed = self.has_change_permission if change else self.has_view_or_change_permission
        if not allowed(request):
            raise PermissionDenied
        found = self.get_queryset(request).filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        raise Http404

    # -- steps ------------------------------------------------------------------------------------

    @property
    def hooked(self) -> bool:
        return WEBHOOK in self.steps

    def needs_calls(self, obj: Any) -> bool:
        """Whether it isn't whole without webhook calls."""
        return self.hooked

    def asked_step(self, request: HttpRequest) -> Step:
        """The step of the address; the first one when there is none of that name."""
        return next((step for step in self.steps if step.name == request.GET.get("step")), self.steps[0])

    def current_step(self, request: HttpRequest, obj: Any = None) -> Step:
        """A new connection begins with the first step."""
        return self.steps[0] if obj is None else self.asked_step(request)

    def step_url(self, obj: Any, step: Step) -> str:
        return f"{self.page_url('change', obj)}?step={step.name}"

    def page_url(self, page: str, obj: Any, *args: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=[obj.pk, *args])

    def menu_links(self, request: HttpRequest, obj: Any) -> list[tuple[str, str]]:
        """(label, address) of what a connector adds at the top of the menus, for this user; without a query."""
        return []

    def verbs(self, request: HttpRequest, obj: Any) -> list[dict[str, Any]]:
        """The actions this user can take on this connection now."""
        raise NotImplementedError

    def frame(self, request: HttpRequest, obj: Any, current: Step | None) -> dict[str, Any]:
        """What stands above every page of a connection: its state, its steps, More Actions."""
        saved = obj is not None and obj.pk
        steps = [
            {"label": step.label, "url": self.step_url(obj, step) if saved else "", "current": step == current}
            for step in self.steps
        ]
        frame = {"steps": steps, "connection": obj if saved else None, "has_next": bool(self.step_after(current))}
        frame["save_label"] = current.save_label if current else ""
        if saved:
            sight = Sight.of(request)
            frame |= {
                "seen_version": current_version(obj) or "",
                "state_look": STATE_LOOKS[obj.state],
                "state_reason": sight.sentence(obj.state_reason),
                "what_next": what_next(obj, missing_secrets(obj), sight, hooked=self.needs_calls(obj)),
                "links": self.menu_links(request, obj),
                "verbs": self.verbs(request, obj),
                "history_url": self.page_url("history", obj),
                "delete_url": self.page_url("delete", obj) if self.has_delete_permission(request, obj) else "",
                "logs_url": _logs_url(obj),
            }
        return frame

    def page_context(self, request: HttpRequest, obj: Any, step: Step | None, **extra: Any) -> dict[str, Any]:
        title = f"{self.opts.verbose_name}: {obj}"
        return {
            **self.admin_site.each_context(request),
            **self.frame(request, obj, step),
            "opts": self.opts,
            "original": obj,
            "title": title,
            "can_change": self.has_change_permission(request, obj),
            **extra,
        }

    def step_after(self, step: Step | None) -> Step | None:
        following = self.steps[self.steps.index(step) + 1 :] if step in self.steps else ()
        return following[0] if following else None


def connections_of(request: HttpRequest) -> ConnectionQuerySet:
    """Those that this user may open the pages of, their other permissions granted."""
    return Connection.objects.visible_to(request.user).installed()


def _logs_url(obj: Any) -> str:
    try:
        return f"{reverse('admin:core_event_changelist')}?connection={obj.pk}"
    except NoReverseMatch:
        return ""
