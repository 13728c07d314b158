"""An import's own page: what the file would do, the Import button, how far it has come, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from cryptography.fernet import InvalidToken
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from integrations.core.admin.dashboard.main import stillness
from integrations.core.admin.imports.words import BADGES, DELIMITERS, heading, is_at_once, numbers, progress
from integrations.core.batch import Outcome
from integrations.core.imports import control
from integrations.core.imports.columns import BulkFile
from integrations.core.imports.files import CsvFile, Unreadable, read
from integrations.core.imports.kinds import kinds_of
from integrations.core.keyset import LAST_ID
from integrations.core.models import Import, ImportFile

ROWS_SHOWN = 10
NONE = "none"
# The addresses that its templates link to.
LINKED = ("job", "progress", "start", "pause", "resume", "stop", "discard")
State = Import.State


class ImportJobPages(ModelAdmin):  # type: ignore[misc]
    """`import_source` is what its files are registered for (core/imports/kinds.py)."""

    import_source: ClassVar[str]

    def get_urls(self) -> Any:
        views: dict[str, Callable[..., HttpResponse]] = {
            "": self.import_job_view,
            "progress/": self.import_job_progress_view,
            "start/": self.import_start_view,
            "pause/": self.import_pause_view,
            "resume/": self.import_resume_view,
            "stop/": self.import_stop_view,
            "discard/": self.import_discard_view,
        }
        own = [
            path(
                f"import/<slug:kind>/<int:pk>/{page}",
                self.admin_site.admin_view(view),
                name=self._import_name(f"_{page.strip('/') or 'job'}"),
            )
            for page, view in views.items()
        ]
        return [*own, *super().get_urls()]

    # -- looking ---------------------------------------------------------------------------------

    def import_job_view(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        return self._import_page(request, "admin/core/import/job.html", self._import_or_404(request, kind, pk))

    def import_job_progress_view(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        """The part of the page that changes, alone."""
        return self._import_page(request, "admin/core/import/_job.html", self._import_or_404(request, kind, pk))

    # -- turning ---------------------------------------------------------------------------------

    def import_start_view(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        all_or_nothing = request.POST.get("keep") == NONE
        return self._turn_import(
            request, kind, pk, lambda one: control.start(one, request.user, all_or_nothing=all_or_nothing)
        )

    def import_pause_view(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        return self._turn_import(request, kind, pk, control.pause)

    def import_resume_view(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        return self._turn_import(request, kind, pk, control.resume)

    def import_discard_view(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        return self._turn_import(request, kind, pk, control.discard)

    def import_stop_view(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        """GET says what that means and asks; POST does it."""
        if request.method == "POST":
            return self._turn_import(request, kind, pk, control.stop)
        one = self._import_or_404(request, kind, pk)
        if not control.can_stop(one):
            return self._import_unchanged(request, one)
        return self._import_page(request, "admin/core/import/stop.html", one)

    def _turn_import(self, request: HttpRequest, kind: str, pk: int, turn: Callable[[Import], bool]) -> HttpResponse:
        one = self._import_or_404(request, kind, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        return (
            HttpResponseRedirect(self._import_url("_job", kind, pk))
            if turn(one)
            else self._import_unchanged(request, one)
        )

    def _import_unchanged(self, request: HttpRequest, one: Import) -> HttpResponse:
        """Somebody else was faster, or it ended meanwhile."""
        one.refresh_from_db(fields=["state"])
        text = _("Nothing was changed: %(job)s is now “%(status)s”.")
        messages.warning(request, text % {"job": one, "status": one.get_state_display()})
        return HttpResponseRedirect(self._import_url("_job", one.kind, one.pk))

    # -- underneath ------------------------------------------------------------------------------

    def import_kinds_of(self, request: HttpRequest) -> dict[str, type[BulkFile]]:
        """What this user may import."""
        kinds = kinds_of(self.import_source)
        return {name: kind for name, kind in kinds.items() if request.user.has_perms(kind.permissions)}

    def imports_of(self, request: HttpRequest) -> QuerySet[Import]:
        """Their own; administrators see those of all."""
        found = Import.objects.filter(source=self.import_source)
        return found if getattr(request.user, "is_superuser", False) else found.filter(uploaded_by=request.user.pk)

    def _import_name(self, page: str = "") -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_import{page}"

    def _import_url(self, page: str, *parts: Any) -> str:
        return reverse(f"admin:{self._import_name(page)}", args=parts)

    def _import_or_404(self, request: HttpRequest, kind: str, pk: int) -> Import:
        if kind not in self.import_kinds_of(request):
            raise PermissionDenied
        mine = self.imports_of(request).select_related("uploaded_by", "started_by").filter(kind=kind)
        found = mine.filter(pk=pk).first() if pk <= LAST_ID else None
        if found is None:
            raise Http404
        return found

    def _import_page(self, request: HttpRequest, template: str, one: Import) -> HttpResponse:
        kind, now = kinds_of(one.source)[one.kind], timezone.now()
        how_far = progress(one, now)
        urls = {f"{page}_url": self._import_url(f"_{page}", one.kind, one.pk) for page in LINKED}
        context = {
            **self.admin_site.each_context(request),
            **stillness(now),
            **urls,
            "title": str(one),
            "content_title": str(one),
            "one": one,
            "label": kind.label,
            "badge": BADGES[one.state],
            "heading": heading(one),
            "message": _(one.message) if one.message else "",
            "progress": how_far,
            "at_once": is_at_once(one),
            "can_pause": one.state == State.IMPORTING and not one.all_or_nothing,
            "can_resume": one.state == State.PAUSED,
            "can_stop": control.can_stop(one),
            "can_discard": one.state == State.CHECKING,
            "checked": one.state == State.CHECKED,
            "numbers": numbers(one),
            "more_problems": max(0, one.counts.get(Outcome.REFUSED, 0) - len(one.problems)),
            "kind_url": self._import_url("_kind", one.kind),
            **(_first_rows(one, kind) if one.state == State.CHECKED else {}),
        }
        return TemplateResponse(request, template, context)


def _first_rows(one: Import, kind: type[BulkFile]) -> dict[str, Any]:
    """As they were read."""
    if (file := _file(one, kind)) is None:
        return {}
    return {"file": file, "delimiter": DELIMITERS[file.delimiter], "first_rows": file.start(ROWS_SHOWN)}


def _file(one: Import, kind: type[BulkFile]) -> CsvFile | None:
    """None when it is gone, or can't be read any more."""
    try:
        raw = ImportFile.objects.filter(pk=one.pk).values_list("body", flat=True).first()
        return None if raw is None else read(raw, lambda names: None, kind.secret_names())
    except (InvalidToken, Unreadable):
        return None
