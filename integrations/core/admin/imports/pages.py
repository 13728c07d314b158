"""The import page: what columns a file has, the file, and the imports so far."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminFileFieldWidget

from integrations.core.admin.dashboard.main import stillness
from integrations.core.admin.imports.job import ImportJobPages
from integrations.core.admin.imports.words import BADGES, numbers
from integrations.core.admin.log.words import Badge
from integrations.core.imports import control
from integrations.core.imports.columns import BulkFile
from integrations.core.imports.files import Unreadable, check_size, read
from integrations.core.models import Import
from integrations.core.spreadsheet import BOM

LATEST = 20


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,text/csv"}),
        error_messages={"empty": gettext_lazy("The file is empty. Its first row must name the columns.")},
    )


@dataclass(frozen=True)
class Row:
    """An import in the list."""

    one: Import
    url: str
    label: Any
    badge: Badge
    numbers: list[tuple[Any, int]]


class ImportPages(ImportJobPages):
    """Part of the ModelAdmin of what is imported."""

    def get_urls(self) -> Any:
        view, template = self.admin_site.admin_view(self.import_view), self.admin_site.admin_view(self.template_view)
        return [
            path("import/", view, name=self._import_name()),
            path("import/<slug:kind>/", view, name=self._import_name("_kind")),
            path("import/<slug:kind>/template.csv", template, name=self._import_name("_template")),
            *super().get_urls(),
        ]

    def import_view(self, request: HttpRequest, kind: str = "") -> HttpResponse:
        """GET: the page. POST: keep the file and have it checked; its own page says what it would do."""
        allowed = self.import_kinds_of(request)
        kind = kind or next(iter(allowed), "")
        if kind not in allowed:
            raise PermissionDenied
        posted = request.method == "POST"
        form = UploadForm(request.POST, request.FILES) if posted else UploadForm()
        unreadable = ""
        if posted and form.is_valid():
            try:
                made = self._keep_file(request, kind, allowed[kind], form.cleaned_data["file"])
            except Unreadable as error:
                unreadable = str(error)
            else:
                return HttpResponseRedirect(self._import_url("_job", kind, made.pk))
        context = {
            **self.admin_site.each_context(request),
            **stillness(timezone.now()),
            "title": _("Import"),
            "content_title": _("Import"),
            "form": form,
            "unreadable": unreadable,
            "kinds": [(self._import_url("_kind", name), one.label, name == kind) for name, one in allowed.items()],
            "columns": allowed[kind].columns_for(request.user),
            "others": allowed[kind].others,
            "import_url": self._import_url("_kind", kind),
            "template_url": self._import_url("_template", kind),
            "rows": self._latest_imports(request, allowed),
        }
        return TemplateResponse(request, "admin/core/import/upload.html", context)

    def template_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """A file with the header row and an example."""
        allowed = self.import_kinds_of(request)
        if kind not in allowed:
            raise PermissionDenied
        headers = {"Content-Disposition": f'attachment; filename="{kind}.csv"'}
        response = HttpResponse(BOM, content_type="text/csv; charset=utf-8", headers=headers)
        columns = allowed[kind].columns_for(request.user)
        csv.writer(response).writerows(
            [[column.column_name for column in columns], [column.example for column in columns]]
        )
        return response

    def _keep_file(self, request: HttpRequest, kind: str, file_kind: type[BulkFile], upload: Any) -> Import:
        """Raises Unreadable."""
        check_size(upload.size)
        raw = upload.read()
        file = read(raw, lambda names: file_kind.check(request.user, names))
        return control.upload(request.user, self.import_source, kind, raw, len(file.rows))

    def _latest_imports(self, request: HttpRequest, allowed: dict[str, type[BulkFile]]) -> list[Row]:
        found = self.imports_of(request).filter(kind__in=allowed).defer("problems")
        return [
            Row(
                one,
                self._import_url("_job", one.kind, one.pk),
                allowed[one.kind].label,
                BADGES[one.state],
                numbers(one),
            )
            for one in found.select_related("uploaded_by")[:LATEST]
        ]
