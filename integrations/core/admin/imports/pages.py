"""The import page. The browser keeps the file: it is sent to be looked at, and again to be imported, and the portal
stores it neither time. A digest makes sure that both are the same.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminFileFieldWidget

from integrations.core.admin.imports.columns import BulkFile
from integrations.core.admin.imports.files import CsvFile, Unreadable, read
from integrations.core.admin.imports.load import Report, load
from integrations.core.batch import Outcome
from integrations.core.spreadsheet import BOM

ROWS_SHOWN = 10
PROBLEMS_SHOWN = 100
NONE, GOOD = "none", "good"


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,text/csv"}),
        error_messages={"empty": gettext_lazy("The file is empty. Its first row must name the columns.")},
    )
    keep = forms.ChoiceField(
        label=gettext_lazy("When a row is refused"),
        choices=[(GOOD, gettext_lazy("Import the good rows")), (NONE, gettext_lazy("Import nothing"))],
        initial=GOOD,
        widget=forms.RadioSelect,
    )


class ImportPages(ModelAdmin):  # type: ignore[misc]
    """Part of the ModelAdmin of what is imported. `import_kinds` are its files, by the name in the address."""

    import_kinds: ClassVar[Mapping[str, type[BulkFile]]]

    def get_urls(self) -> Any:
        view, template = self.admin_site.admin_view(self.import_view), self.admin_site.admin_view(self.template_view)
        return [
            path("import/", view, name=self._import_name()),
            path("import/<slug:kind>/", view, name=self._import_name("_kind")),
            path("import/<slug:kind>/template.csv", template, name=self._import_name("_template")),
            *super().get_urls(),
        ]

    def _import_name(self, page: str = "") -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_import{page}"

    def _import_url(self, page: str, kind: str) -> str:
        return reverse(f"admin:{self._import_name(page)}", args=[kind])

    def import_view(self, request: HttpRequest, kind: str = "") -> HttpResponse:
        """GET: the page. POST: what the file would do; with `confirm` (the digest of what was looked at): do it."""
        allowed = self.import_kinds_of(request)
        kind = kind or next(iter(allowed), "")
        if kind not in allowed:
            raise PermissionDenied
        posted = request.method == "POST"
        form = UploadForm(request.POST, request.FILES) if posted else UploadForm()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import"),
            "content_title": _("Import"),
            "form": form,
            "kinds": [(self._import_url("_kind", name), one.label, name == kind) for name, one in allowed.items()],
            "columns": allowed[kind].columns_for(request),
            "others": allowed[kind].others,
            "import_url": self._import_url("_kind", kind),
            "template_url": self._import_url("_template", kind),
        }
        if posted and form.is_valid():
            context |= self._answer(request, form, allowed[kind])
        return TemplateResponse(request, "admin/core/import.html", context)

    def template_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """A file with the header row and an example."""
        allowed = self.import_kinds_of(request)
        if kind not in allowed:
            raise PermissionDenied
        headers = {"Content-Disposition": f'attachment; filename="{kind}.csv"'}
        response = HttpResponse(BOM, content_type="text/csv; charset=utf-8", headers=headers)
        columns = allowed[kind].columns_for(request)
        csv.writer(response).writerows(
            [[column.column_name for column in columns], [column.example for column in columns]]
        )
        return response

    def import_kinds_of(self, request: HttpRequest) -> dict[str, type[BulkFile]]:
        """What this user may import."""
        return {name: kind for name, kind in self.import_kinds.items() if request.user.has_perms(kind.permissions)}

    def _answer(self, request: HttpRequest, form: UploadForm, kind: type[BulkFile]) -> dict[str, Any]:
        data = form.cleaned_data
        secret = [column.column_name for column in kind.columns() if column.secret]
        try:
            file = read(data["file"], lambda names: kind.check(request, names), secret)
        except Unreadable as unreadable:
            return {"unreadable": str(unreadable)}
        confirmed = request.POST.get("confirm", "")
        dry_run = confirmed != file.digest
        report = load(file, kind, all_or_nothing=data["keep"] == NONE, dry_run=dry_run)
        if report.saved:
            self._log(request, report)
        other_file = bool(confirmed) and dry_run
        return {"file": file, "report": report, "dry_run": dry_run, "other_file": other_file, **_words(file, report)}

    def _log(self, request: HttpRequest, report: Report) -> None:
        numbers = ", ".join(f"{outcome} {number}" for outcome, number in report.outcomes.items())
        LogEntry.objects.create(
            user_id=request.user.pk or 0,
            content_type=ContentType.objects.get_for_model(self.model),
            object_repr=_("CSV import"),
            action_flag=ADDITION,
            change_message=numbers,
        )


def _words(file: CsvFile, report: Report) -> dict[str, Any]:
    labels = {
        Outcome.CREATED: _("New"),
        Outcome.UPDATED: _("Updated"),
        Outcome.UNCHANGED: _("Unchanged"),
        Outcome.DUPLICATE: _("Recorded before"),
    }
    delimiters = {";": _("semicolons"), ",": _("commas"), "\t": _("tabs")}
    return {
        "numbers": [(label, report.outcomes[outcome]) for outcome, label in labels.items() if report.outcomes[outcome]],
        "problems": report.problems[:PROBLEMS_SHOWN],
        "more_problems": max(0, len(report.problems) - PROBLEMS_SHOWN),
        "delimiter": delimiters[file.delimiter],
        "start": file.start(ROWS_SHOWN),
    }
