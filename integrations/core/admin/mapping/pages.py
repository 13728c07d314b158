"""Edit Mapping: a page for each record type of a connection, and its buttons."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.core import catalog
from integrations.core.admin.mapping.custom import create_field
from integrations.core.admin.mapping.judging import KIND_LABELS, Judgement, judge, target_choices
from integrations.core.admin.mapping.pairs import PairsForm, is_changed, judge_pair, with_every_source
from integrations.core.admin.mapping.rows import BLANK_ROWS, MAX_ROWS, RowsForm, saved_rows, typed_rows
from integrations.core.admin.mapping.save import save_rows, save_search_keys, search_keys
from integrations.core.admin.mapping.sources import seen_sources, with_suggestions
from integrations.core.admin.mapping.trying import Tries
from integrations.core.catalog import Catalog
from integrations.core.connector import Field, RecordType
from integrations.core.forms import missing_secrets
from integrations.core.meanwhile import SEEN, mapping_changed
from integrations.core.models import FieldMapping
from integrations.core.preview.suggest import suggest
from integrations.core.registry import connector_for


class MappingPage:
    """One request for the editor of one record type."""

    def __init__(self, admin: Any, request: HttpRequest, connection: Any, record_type: RecordType) -> None:
        self.admin = admin
        self.request = request
        self.connection = connection
        self.record_type = record_type
        self.search_settings: tuple[str, ...] = admin.search_settings.get(record_type.name, ())
        self.problem = ""
        self.source_fields: Mapping[str, Field] = {}
        self.known_fields: Mapping[str, Field] = {}
        self.seen: set[str] = set()
        self.hindrance = ""
        self.changed_meanwhile = False
        self.custom_error = ""

    # -- what was pressed -------------------------------------------------------------------------

    def answer(self) -> HttpResponse:
        posted = self.request.POST
        if self.request.method != "POST":
            return self._page(self._blank(saved_rows(self._rows(), self._keys()), self._catalog()))
        if "_refresh" in posted:
            return self._refresh()
        if "_custom" in posted:
            return self._add_custom()
        known = self._catalog()
        if "_suggest" in posted:
            return self._suggest(known)
        if "_preview" in posted or "_check" in posted:
            return self._try(known)
        if "_more" in posted:
            return self._page(self._blank(typed_rows(self._bound(known)), known, extra=3 * BLANK_ROWS))
        rows = self._bound(known)
        if not rows.is_valid():
            return self._page(rows)
        if is_changed(self._rows(), [form.cleaned_data for form in rows.kept()]):
            self.hindrance = self.admin.mapping_hindrance(self.request, self.connection)
            self.changed_meanwhile = mapping_changed(self.connection, self.record_type.name, posted)
        if self.hindrance or self.changed_meanwhile:
            return self._page(rows)
        self._save(rows)
        return self._saved(known)

    def _refresh(self) -> HttpResponse:
        known = self._catalog(now=True)
        if not known.problem:
            text = _("%(number)s fields were read from the account. Nothing is saved yet.")
            messages.success(self.request, text % {"number": len(known.fields)})
        return self._page(self._blank(typed_rows(self._bound(known)), known))

    def _suggest(self, known: Catalog) -> HttpResponse:
        """Rows to be looked at and saved, or deleted."""
        two_way = self.record_type.two_way
        rows = typed_rows(self._bound(known))
        rows = with_every_source(rows, self.source_fields) if two_way else rows
        taken = {row["target"] for row in rows if row.get("target") and not row.get("DELETE")}
        sources = self.source_fields or self._seen()
        found = suggest(known.fields, taken, sources, self.source_fields)
        rows, number = with_suggestions(rows, found, two_way=two_way)
        if number:
            text = ngettext(
                "%(number)s row is suggested: look at it, then save.",
                "%(number)s rows are suggested: look at them, then save.",
                number,
            )
            messages.success(self.request, text % {"number": number})
        else:
            messages.info(self.request, _("Nothing to suggest: no unmapped field is called like a source field."))
        return self._page(self._blank(rows, known))

    def _try(self, known: Catalog) -> HttpResponse:
        """Each row stays in its place, so that a script can bring its badge up to date."""
        bound = self._bound(known)
        rows = self._blank(typed_rows(bound, blank=True), known, extra=0)
        return self._page(rows, Tries(self, bound))

    def _add_custom(self) -> HttpResponse:
        """Create a field in the account; what was typed in the rows stays, and a row for the new field is added."""
        label = self.request.POST.get("custom_label", "").strip()
        before = self._catalog()
        way = self.admin.custom_fields.get(self.record_type.name)
        if way is None:
            raise Http404
        made, self.custom_error = create_field(self.connection, way, label, self.request.POST.get("custom_kind", ""))
        known = self._catalog(now=True) if made else before
        typed = typed_rows(self._bound(known))
        if made:
            typed.append({"target": made.name, "enabled": True})
            text = _("The field %(name)s was created in the account. Now map it: name its source field below and save.")
            messages.success(self.request, text % {"name": made.name or label})
        return self._page(self._blank(typed, known))

    # -- rows -------------------------------------------------------------------------------------

    def _rows(self) -> Any:
        return FieldMapping.objects.filter(connection_id=self.connection.pk, record_type=self.record_type.name)

    def _catalog(self, *, now: bool = False) -> Catalog:
        if missing := missing_secrets(self.connection):
            self.problem = _("First enter %(keys)s.") % {"keys": ", ".join(missing)}
            return Catalog({}, self.problem)
        source = Catalog({})
        with closing(connector_for(self.connection)) as connector:
            known = catalog.current(connector, self.record_type.name, now=now)
            if self.record_type.source:
                source = catalog.current(connector, self.record_type.source, now=now)
        self.problem, self.source_fields = known.problem or source.problem, source.fields
        self.known_fields = known.fields
        return known

    def _blank(self, rows: list[dict[str, Any]], known: Catalog, extra: int = BLANK_ROWS) -> Any:
        two_way = self.record_type.two_way
        made = self._form(known, initial=with_every_source(rows, self.source_fields) if two_way else rows)
        made.extra = 0 if two_way else extra
        return made

    def _bound(self, known: Catalog) -> Any:
        return self._form(known, data=self.request.POST)

    def _form(self, known: Catalog, **kwargs: Any) -> Any:
        kwargs |= {"fields_known": known.fields, "sources_known": self.source_fields}
        if self.record_type.two_way:
            return PairsForm(most_keys=MAX_ROWS, target_side=self.admin.mapping_sides[1], **kwargs)
        return RowsForm(most_keys=len(self.search_settings), **kwargs)

    def _keys(self) -> list[str]:
        if self.record_type.two_way:
            return [row.target for row in self._rows() if row.is_key]
        return search_keys(self.connection, self.search_settings)

    def read(self, posted: Mapping[str, Any]) -> Any:
        """Rows that were not typed here, as a form. Of a connection that isn't saved yet no fields are known."""
        known = self._catalog() if self.connection.pk else Catalog({})
        return self._form(known, data=posted)

    # -- saving -----------------------------------------------------------------------------------

    def _save(self, rows: Any) -> None:
        kept = [form.cleaned_data for form in rows.kept()]
        shown = {form.cleaned_data.get("id") for form in rows.forms}
        with transaction.atomic():
            save_rows(
                self._rows(), kept, shown, {"connection_id": self.connection.pk, "record_type": self.record_type.name}
            )
            if self.search_settings:
                marked = [row["target"] for row in kept if row["is_key"]]
                save_search_keys(self.connection, self.search_settings, marked)
            self.admin.settings_saved(self.request, self.connection)

    def _saved(self, known: Catalog) -> HttpResponse:
        messages.success(self.request, _("The mapping is saved."))
        if note := self.admin.mapping_note(self.request, self.connection):
            messages.info(self.request, note)
        rows = self._rows().filter(enabled=True)
        problems = [found for row in rows if (found := self._judge(row, known)) and found.sentence]
        if problems:
            text = _("%(number)s rows need a look: they are marked below.") % {"number": len(problems)}
            messages.warning(self.request, text)
        return redirect(self.request.path)

    def _judge(self, row: FieldMapping, known: Catalog) -> Judgement | None:
        if self.record_type.two_way:
            return judge_pair(self.source_fields.get(row.source), row.target, known.fields)
        return judge(row.source, row.target, known.fields)

    # -- the page ---------------------------------------------------------------------------------

    def _seen_version(self) -> dict[str, str]:
        """Typed rows were made from the version their page showed first, however often it is shown again."""
        seen = self.request.POST.get(SEEN)
        return {} if seen is None or self.changed_meanwhile else {SEEN: seen}

    def _page(self, rows: Any, tries: Tries | None = None) -> HttpResponse:
        method, kinds = self.admin.custom_fields.get(self.record_type.name, ("", ()))
        step = next((step for step in self.admin.steps if step.name == self.admin.mapping_step), None)
        context = self.admin.page_context(
            self.request,
            self.connection,
            step,
            record_type=self.record_type,
            rows=rows,
            keyed=bool(self.search_settings),
            hindrance=self.hindrance,
            changed_meanwhile=self.changed_meanwhile,
            **self._seen_version(),
            sides=self.admin.mapping_sides,
            live_problem=self.problem,
            sources=sorted(self._sources(rows)),
            targets=target_choices(rows.fields_known),
            custom_kinds=[(kind.value, KIND_LABELS[kind]) for kind in kinds] if method else [],
            custom_error=self.custom_error,
            custom_typed=self.request.POST if self.custom_error else {},
            back_url=self.admin.step_url(self.connection, step) if step else "",
            **(tries or Tries(self)).context(),
        )
        name = "pairs" if self.record_type.two_way else "mapping"
        return TemplateResponse(self.request, f"admin/core/connection/{name}.html", context)

    def _sources(self, rows: Any) -> set[str]:
        """Names to suggest: of the default mapping, of like-named fields, and those seen in the latest records."""
        defaults = {row.source for row in self.record_type.mapping}
        return defaults | set(rows.fields_known) | self._seen()

    def _seen(self) -> set[str]:
        self.seen = self.seen or seen_sources(self.connection, self.record_type.name)
        return self.seen
