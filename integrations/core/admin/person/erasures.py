"""Erase person: what would go, a word to make it certain, and the list of what was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from integrations.core import keyset
from integrations.core.admin.log.access import LogAdmin
from integrations.core.admin.log.form import record_type_words
from integrations.core.admin.log.list import count_text, paging, position
from integrations.core.admin.log.sight import Sight
from integrations.core.admin.person.counts import counts_in_words
from integrations.core.admin.person.forms import EraseForm
from integrations.core.admin.person.handles import forget, term_of
from integrations.core.admin.person.pages import ERASE
from integrations.core.engine import erase
from integrations.core.keyset import Rows, Stream
from integrations.core.logbook import COUNT_CAP
from integrations.core.models import Connection, Erasure, Event, Link
from integrations.core.persons.holders import holders
from integrations.core.persons.person import Person, RecordKey
from integrations.core.persons.trace import event_rows, find, newest

PAGE = 50


@dataclass(frozen=True)
class RecordRow:
    """A record that would be erased, so that somebody can see whether it is the same person."""

    connection: str
    record_type: str
    key: str
    label: str


@admin.register(Erasure)
class ErasureAdmin(LogAdmin):
    """For administrators, and whoever they give the permission to: no shipped group has it."""

    def more_urls(self) -> list[URLPattern]:
        return [path("person/<str:token>/", self._page(self.erase_page), name="core_erasure_person")]

    def list_page(self, request: HttpRequest) -> HttpResponse:
        self._may_view(request)
        page = keyset.page(Rows(Erasure._meta.db_table, (Stream(),)), PAGE, **position(request.GET))
        found = Erasure.objects.defer("subject").in_bulk(page.ids)
        rows = [
            (found[pk], counts_in_words(found[pk].counts), self._page_of(found[pk])) for pk in page.ids if pk in found
        ]
        return self._shown(
            request, "admin/core/person/erasures.html", _("Erased persons"), {"rows": rows, **paging(request, page, "")}
        )

    def detail_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How far it is; brought up to date while it lasts."""
        self._may_view(request)
        erasure = get_object_or_404(Erasure.objects.defer("subject"), pk=pk)
        context = {
            "erasure": erasure,
            "counts": counts_in_words(erasure.counts),
            "percent": erase.percent(erasure),
            "own_url": self._page_of(erasure),
        }
        return self._shown(request, "admin/core/person/erasure.html", str(erasure), context)

    def erase_page(self, request: HttpRequest, token: str) -> HttpResponse:
        """GET says what would go and asks; POST with the identifier typed once more does it."""
        if not request.user.has_perm(ERASE):
            raise PermissionDenied
        term = term_of(request, token)
        person = find(term, None)
        if person.several:
            raise Http404  # the page offers no link to it
        form = EraseForm(term, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            erasure = erase.start(term, request.user.get_username())
            forget(request, token)
            messages.success(request, _("The person is being erased."))
            return HttpResponseRedirect(self._page_of(erasure))
        context = {
            "form": form,
            "shown_term": Sight.of(request).label(term),
            "records": _records(person, Sight.of(request)),
            "counts": _counts(person),
            "capped": person.capped,
            "back_url": reverse("admin:core_person_found", args=[token]),
        }
        return self._shown(request, "admin/core/person/erase.html", _("Erase person"), context)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(ERASE) or super().has_view_permission(request, obj)

    def _may_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _page_of(self, erasure: Erasure) -> str:
        return reverse("admin:core_erasure_change", args=[erasure.pk])

    def _shown(self, request: HttpRequest, template: str, title: Any, context: dict[str, Any]) -> HttpResponse:
        return TemplateResponse(request, template, self.page_context(request, title, **context))


def _records(person: Person, sight: Sight) -> list[RecordRow]:
    events = {
        RecordKey(event.connection_id, event.record_type, event.key): event.label
        for event in Event.objects.filter(pk__among=newest(person.records)).only(
            "connection_id", "record_type", "key", "label"
        )
    }
    connections = Connection.objects.in_bulk({one.connection_id for one in person.records})
    # Records that only a source or a Link told of may have nothing in the log.
    linked = Link.objects.filter(
        connection_id__in={one.connection_id for one in person.records},
        record_type__in={one.record_type for one in person.records},
        key__in=[one.key for one in person.records],
    )
    known = {*events, *(RecordKey(*row) for row in linked.values_list("connection_id", "record_type", "key"))}
    return [
        RecordRow(
            connection.name,
            record_type_words(connection.connector, one.record_type)[0],
            sight.key(one.key),
            sight.label(events.get(one, "")),
        )
        for one in sorted(person.records)
        if one in known and (connection := connections.get(one.connection_id))
    ]


def _counts(person: Person) -> list[tuple[str, str]]:
    """What is known beforehand; calls and webhook calls are found on the way."""
    found = keyset.walk(event_rows(person, None), COUNT_CAP)
    events = {"events": count_text((len(found.ids), found.horizon is not None)) or "0"}
    waiting = Event.objects.filter(pk__among=found.ids, settled_at__isnull=True).count()
    links = sum(
        Link.objects.filter(connection_id=one.connection_id, record_type=one.record_type, key=one.key).count()
        for one in person.records
    )
    numbers: dict[str, Any] = {**events, "waiting events": waiting, "links": links}
    for one in holders():
        numbers |= one.count(person)
    return counts_in_words(numbers)
