"""Find a person: a search, the timeline over all connections the user may see, and Retry there."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from integrations.core import keyset
from integrations.core.admin.log.access import LogAdmin, Visible
from integrations.core.admin.log.list import paging, position
from integrations.core.admin.log.sight import Sight
from integrations.core.admin.person.forms import FindForm
from integrations.core.admin.person.handles import keep, term_of
from integrations.core.admin.person.standing import NAMED, silent, standings
from integrations.core.admin.person.timeline import days
from integrations.core.persons.holders import Held, holder_named, holders
from integrations.core.persons.person import Person, lacks_country
from integrations.core.persons.trace import event_rows, find

PAGE = 20
ERASE = "core.erase_person"


class PersonPages(LogAdmin):
    """Part of EventAdmin: who may see the log may look for a person in it, by a whole address or id."""

    def more_urls(self) -> list[URLPattern]:
        return [
            path("person/", self._page(self.find_page), name="core_person"),
            path("person/of/<slug:holder>/<int:pk>/", self._page(self.of_page), name="core_person_of"),
            path("person/<str:token>/", self._page(self.person_page), name="core_person_found"),
        ]

    def find_page(self, request: HttpRequest) -> HttpResponse:
        """POST keeps the term in the session and goes on to an address that doesn't hold it (`handles`)."""
        self._may_look(request)
        form = FindForm(request.POST if request.method == "POST" else None, label_suffix="")
        if request.method == "POST" and form.is_valid():
            return self._to(keep(request, form.cleaned_data["term"]))
        return self._shown(request, "admin/core/person/find.html", _("Find a person"), {"form": form})

    def of_page(self, request: HttpRequest, holder: str, pk: int) -> HttpResponse:
        """The timeline of somebody with a page in a source."""
        self._may_look(request)
        known = holder_named(holder)
        term = known.name_of(request.user, pk) if known is not None and pk <= keyset.LAST_ID else ""
        if not term:
            raise Http404
        return self._to(keep(request, term))

    def person_page(self, request: HttpRequest, token: str) -> HttpResponse:
        self._may_look(request)
        return self._shown(
            request,
            "admin/core/person/person.html",
            _("Person"),
            person_context(request, token, term_of(request, token)),
        )

    def _may_look(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _shown(self, request: HttpRequest, template: str, title: Any, context: dict[str, Any]) -> HttpResponse:
        return TemplateResponse(request, template, self.page_context(request, title, opts=None, **context))

    def _to(self, token: str) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:core_person_found", args=[token]))


def person_context(request: HttpRequest, token: str, term: str) -> dict[str, Any]:
    visible, sight = Visible.of(request), Sight.of(request)
    person = find(term, visible.ids, request.user)
    page = keyset.page(event_rows(person, visible.ids), PAGE, **position(request.GET))
    can_retry = request.user.has_perm("core.retry_event")
    standing = standings(request, person, visible)
    quiet = silent(visible, standing)
    return {
        "form": FindForm(auto_id="again-%s", label_suffix=""),
        "shown_term": sight.label(term),
        "standings": standing,
        "quiet": quiet[:NAMED],
        "more_quiet": len(quiet) > NAMED,
        "held": held(request, person),
        "days": days(page.ids, person, visible, sight, can_retry=can_retry),
        "capped": person.capped,
        "several": person.several,
        "masked": not sight.full,
        "lacks_country": lacks_country(term),
        "sees_none": not visible.names,
        "back_url": reverse("admin:core_person_found", args=[token]),
        "erase_url": reverse("admin:core_erasure_person", args=[token]) if request.user.has_perm(ERASE) else "",
        **paging(request, page, "R"),
    }


def held(request: HttpRequest, person: Person) -> list[Held]:
    """What sources hold, of those this user may look into."""
    known = [one for one in holders() if not one.permission or request.user.has_perm(one.permission)]
    return [found for one in known for found in one.held(request.user, person.names)]
