"""Fetch data from FlexPOS: the dialog, the estimate with its confirmation, and what became of the import."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.connectors.flexpos.import_form import ChoicesForm, in_words, prefilled
from integrations.connectors.flexpos.import_start import (
    Planned,
    hindrance,
    latest,
    outdated,
    refusal,
    start_estimate,
    start_import,
    under_way,
)
from integrations.connectors.flexpos.import_summary import failure_lines, reasons
from integrations.connectors.flexpos.initial_import import ESTIMATE, JOB, JOURNALS, TICKETS, needs_typed_name
from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.core.admin.connection.pages import ConnectionPages
from integrations.core.admin.log.runs import run_context
from integrations.core.durations import about
from integrations.core.models import Cursor, Run
from integrations.core.models.journal import OPEN

RUN, SEE_PEOPLE = "core.run_connection", "core.view_personal_data"
TEMPLATES = "admin/flexpos"
ORDER_WORDS = {JOURNALS: gettext_lazy("Lines of receipts (journals)"), TICKETS: gettext_lazy("Bookings (tickets)")}


class InitialImportPages(ConnectionPages):
    """Part of FlexPOSAdmin."""

    def menu_links(self, request: HttpRequest, obj: Any) -> list[tuple[str, str]]:
        """At the top of the ••• menu."""
        if not request.user.has_perm(RUN):
            return []
        return [(_("Fetch data from FlexPOS"), self.page_url("import", obj))]

    def get_urls(self) -> Any:
        pages = (
            ("import/", self.import_view, "import"),
            ("import/<int:run_pk>/", self.import_run_view, "import_run"),
            ("import/<int:run_pk>/progress/", self.import_progress_view, "import_progress"),
            ("import/<int:run_pk>/failures.csv", self.import_failures_view, "import_failures"),
        )
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path(f"<int:pk>/{route}", self.admin_site.admin_view(view), name=f"{name}_{page}")
            for route, view, page in pages
        ]
        return own + super().get_urls()

    # -- the dialog -------------------------------------------------------------------------------

    def import_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET: the six choices. POST: an estimate for them; nothing is sent yet."""
        obj = self._importable(request, pk)
        form = ChoicesForm(request.POST or None, initial=prefilled(obj, timezone.now()), tracked=bool(obj.tracking_id))
        problem = hindrance(obj)
        running = under_way(obj, JOB)
        if request.method == "POST" and not problem and running is None and form.is_valid():
            run = start_estimate(obj, form.choices(), request.user)  # type: ignore[arg-type]
            if run is None:
                messages.info(request, _("An estimate is under way already: here it is."))
                run = under_way(obj, ESTIMATE)
            return redirect(self._run_url(obj, run)) if run else redirect(request.path)
        last = running or latest(obj, JOB)
        context = self.page_context(request, obj, None, form=form, problem=problem, running=running, last=last)
        context |= {"run_url": self._run_url(obj, last) if last else ""}
        return TemplateResponse(request, f"{TEMPLATES}/import.html", context)

    # -- the estimate, its confirmation, and the import --------------------------------------------

    def import_run_view(self, request: HttpRequest, pk: int, run_pk: int) -> HttpResponse:
        """GET: the estimate, or the import. POST: start the import of this estimate."""
        obj = self._importable(request, pk)
        run = self._run_or_404(obj, run_pk)
        if request.method == "POST":
            if run.job != ESTIMATE:
                return HttpResponseNotAllowed(["GET"])
            return self._confirm(request, obj, run)
        if run.job == JOB:
            return TemplateResponse(request, f"{TEMPLATES}/import_run.html", self._import_context(request, obj, run))
        return TemplateResponse(request, f"{TEMPLATES}/estimate.html", self._estimate_context(request, obj, run))

    def import_progress_view(self, request: HttpRequest, pk: int, run_pk: int) -> HttpResponse:
        """The part of the estimate's page that changes, alone."""
        obj = self._importable(request, pk)
        context = self._estimate_context(request, obj, self._run_or_404(obj, run_pk, ESTIMATE))
        return TemplateResponse(request, f"{TEMPLATES}/_estimate.html", context)

    def import_failures_view(self, request: HttpRequest, pk: int, run_pk: int) -> Any:
        """The failed records as CSV, for those who may see personal data."""
        obj = self._importable(request, pk)
        if not request.user.has_perm(SEE_PEOPLE):
            raise PermissionDenied
        run = self._run_or_404(obj, run_pk, JOB)
        headers = {"Content-Disposition": f'attachment; filename="{run}-failures.csv"', "Cache-Control": "no-store"}
        return StreamingHttpResponse(failure_lines(run), content_type="text/csv; charset=utf-8", headers=headers)

    # -- underneath -------------------------------------------------------------------------------

    def _importable(self, request: HttpRequest, pk: int) -> Any:
        obj = self.connection_or_404(request, pk)
        if not request.user.has_perm(RUN):
            raise PermissionDenied
        return obj

    def _run_or_404(self, obj: FlexPOSConnection, run_pk: int, job: str = "") -> Run:
        jobs = (job,) if job else (ESTIMATE, JOB)
        run = Run.objects.select_related("connection", "requested_by").filter(pk=run_pk, connection_id=obj.pk).first()
        if run is None or run.job not in jobs:
            raise Http404
        return run

    def _run_url(self, obj: FlexPOSConnection, run: Run) -> str:
        return self.page_url("import_run", obj, run.pk)

    def _confirm(self, request: HttpRequest, obj: FlexPOSConnection, estimate: Run) -> HttpResponse:
        if problem := refusal(obj, estimate, request.POST.get("list_name", "")):
            messages.error(request, problem)
            return redirect(self._run_url(obj, estimate))
        run, started = start_import(obj, estimate, request.user)  # type: ignore[arg-type]
        if run is None:
            messages.error(request, _("Another initial import is under way: wait for it, or stop it first."))
            return redirect(self._run_url(obj, estimate))
        if started:
            messages.success(request, _("The import has started. You can close this page: it goes on without it."))
        else:
            messages.info(request, _("This import was started already: here it is."))
        return redirect(self._run_url(obj, run))

    def _estimate_context(self, request: HttpRequest, obj: FlexPOSConnection, run: Run) -> dict[str, Any]:
        planned = Planned.of(run)
        result = planned.result if run.status == Run.Status.SUCCESS else None
        context = {
            "run": run,
            "open": run.status in OPEN,
            "choices": in_words(planned.choices),
            "result": result,
            "done": kept(run, ESTIMATE, "done"),
            "again_url": self.page_url("import", obj),
            "start_url": self._run_url(obj, run),
            "progress_url": self.page_url("import_progress", obj, run.pk),
            "import_url": self.page_url("import_run", obj, planned.import_id) if planned.import_id else "",
        }
        if result is not None:
            context |= {
                "takes": about(result["seconds"]),
                "orders": [(ORDER_WORDS[name], number) for name, number in result["orders"]],
                "outdated": outdated(obj, run),
                "typed": needs_typed_name(result["mails"], result["created"]),
            }
        return self.page_context(request, obj, None, **context)

    def _import_context(self, request: HttpRequest, obj: FlexPOSConnection, run: Run) -> dict[str, Any]:
        may_see = request.user.has_perm(SEE_PEOPLE)
        return {
            **self.page_context(request, obj, None),
            **run_context(request, run),
            "choices": in_words(Planned.of(run).choices),
            "reasons": reasons(run),
            "left_out": kept(run, JOB, "left_out"),
            "failures_url": self.page_url("import_failures", obj, run.pk) if run.failed and may_see else "",
        }


def kept(run: Run, job: str, name: str) -> dict[str, int]:
    """A part of the run's cursor; the rest of an estimate's is megabytes. Empty when another run has it by now."""
    cursors = Cursor.objects.filter(connection_id=run.connection_id, job=job, value__run=run.pk)
    return cursors.values_list(f"value__{name}", flat=True).first() or {}
