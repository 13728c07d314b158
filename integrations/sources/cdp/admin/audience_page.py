"""An audience's pages: how it stands and who is in it, the form with the builder, and its live look."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.core.admin.history import HistoryPages
from integrations.core.keyset import LAST_ID
from integrations.sources.cdp import definitions, uses
from integrations.sources.cdp.admin.audience_form import AudienceForm
from integrations.sources.cdp.admin.builder import UnreadableState, errors_of, offered, read_state
from integrations.sources.cdp.admin.deletion import Deletion
from integrations.sources.cdp.admin.live import look
from integrations.sources.cdp.admin.naming import is_masked, named
from integrations.sources.cdp.admin.persons import persons_context
from integrations.sources.cdp.admin.standing import shown_time, standing_of
from integrations.sources.cdp.admin.words import audience_words, condition_words
from integrations.sources.cdp.conditions import Catalogue, catalogue, parse
from integrations.sources.cdp.models import Audience, Membership
from integrations.sources.cdp.models.audiences import AudienceKind

LIST = "admin:cdp_audience_changelist"


class AudiencePages(Deletion, HistoryPages):
    """Part of AudienceAdmin."""

    definition_kind = "audience"

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view
        own = [
            path("live/", view(self.live_view), name="cdp_audience_live"),
            path("<int:pk>/edit/", view(self.edit_view), name="cdp_audience_edit"),
        ]
        return own + super().get_urls()

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._form_page(request, Audience(), _("Add audience"))

    def edit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        audience = self.audience_or_404(request, pk)
        if not self.has_change_permission(request, audience):
            raise PermissionDenied
        return self._form_page(request, audience, str(audience))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """How it stands; it is changed on a page of its own, which those who may only look don't have."""
        audience = self.audience_or_404(request, int(object_id) if object_id.isdecimal() else 0)
        fixed = audience.kind == AudienceKind.FIXED
        members = Membership.objects.filter(audience=audience)
        facts = [(_("Persons"), f"{audience.size:,}"), (_("Membership"), audience.get_kind_display())]
        context = {
            **self.admin_site.each_context(request),
            **persons_context(request, members, {_("In it since"): lambda row: shown_time(row.entered_at)}),
            "opts": self.opts,
            "original": audience,
            "audience": audience,
            "title": str(audience),
            "standing": standing_of(audience, told=fixed, facts=facts),
            "sentence": audience_words(audience, catalogue()),
            "uses": uses.of(self.definition_kind, audience.pk, request.user),
            "persons_caption": _("Persons in the audience"),
            "edit_url": self._edit_url(request, audience),
            "can_delete": self.has_delete_permission(request, audience),
        }
        context["nobody"] = _nobody(audience, context["q"])
        return TemplateResponse(request, "admin/cdp/audience.html", context)

    def live_view(self, request: HttpRequest) -> HttpResponse:
        """POST of the form: who would be in it. Nothing is saved."""
        if request.method != "POST" or not (self.has_change_permission(request) or self.has_add_permission(request)):
            raise PermissionDenied
        known = catalogue()
        try:
            state = read_state(request.POST.get("condition", ""))
        except UnreadableState:
            return JsonResponse(
                {"count": _("The conditions could not be read. Reload the page."), "html": "", "errors": {}}
            )
        if errors := errors_of(state, known):
            words = _("Finish the conditions to see who is in it.")
            return JsonResponse({"count": words, "html": "", "errors": errors})
        found = look(parse(state), known)
        sample = {
            "lead": " ".join(filter(None, [found.note, _sample_words(len(found.sample))])),
            "people": named(request, found.sample, {}),
            "masked": is_masked(request),
            "caption": _("Ten sample persons"),
        }
        html = render_to_string("admin/cdp/_sample.html", sample, request)
        return JsonResponse({"count": found.count, "html": html, "errors": {}})

    def delete_model(self, request: HttpRequest, obj: Audience) -> None:
        definitions.delete_audience(obj)

    def what_goes(self, obj: Audience) -> str:
        words = {"number": f"{obj.size:,}"}
        text = _("The audience goes; persons in it at the moment: %(number)s. The persons stay. It can't be undone.")
        return text % words

    # -- what they share --------------------------------------------------------------------------

    def audience_or_404(self, request: HttpRequest, pk: int) -> Audience:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        found: Audience | None = Audience.objects.filter(pk=pk).first() if pk <= LAST_ID else None
        if found is None:
            raise Http404
        return found

    def in_history(self, column: Any, value: Any) -> str:
        return condition_words(value, catalogue()) if column.name == "condition" else super().in_history(column, value)

    def _edit_url(self, request: HttpRequest, audience: Audience) -> str:
        allowed = self.has_change_permission(request, audience)
        return reverse("admin:cdp_audience_edit", args=[audience.pk]) if allowed else ""

    def _form_page(self, request: HttpRequest, audience: Audience, title: str) -> HttpResponse:
        known = catalogue()
        form = AudienceForm(request.POST if request.method == "POST" else None, instance=audience, known=known)
        if request.method == "POST" and form.is_valid():
            return self._save(request, form)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": audience if audience.pk else None,
            "title": title,
            "content_title": title,
            "form": form,
            "builds": not audience.pk or audience.kind == AudienceKind.CONDITIONS,
            "catalogue": offered(known),
            "errors": form.condition_errors,
            "nothing_to_choose": _nothing_to_choose(known),
            "live_url": reverse("admin:cdp_audience_live"),
            "live_title": _("Just now"),
            "back_url": reverse("admin:cdp_audience_change", args=[audience.pk]) if audience.pk else reverse(LIST),
        }
        return TemplateResponse(request, "admin/cdp/audience_form.html", context)

    def _save(self, request: HttpRequest, form: AudienceForm) -> HttpResponse:
        new = not form.instance.pk
        audience = form.save(commit=False)
        audience.condition = form.cleaned_data["condition"]
        definitions.save_audience(audience)
        if new:
            self.log_addition(request, audience, _("Created"))
        else:
            self.log_change(request, audience, _("Changed"))
        told = audience.kind == AudienceKind.FIXED
        words = _("The audience is saved.") if told else _("The audience is saved. It is being calculated.")
        self.message_user(request, words, messages.SUCCESS)
        return redirect(reverse("admin:cdp_audience_change", args=[audience.pk]))


def _sample_words(number: int) -> str:
    if not number:
        return ""
    words = ngettext(
        "%(number)s of them, by the first identifier:", "%(number)s of them, by the first identifier:", number
    )
    return words % {"number": number}


def _nothing_to_choose(known: Catalogue) -> str:
    if known.properties or known.events or known.attributes:
        return ""
    return _(
        "There is nothing yet that conditions could look at. Add a property, import persons from a CSV file, or let"
        " another system send persons and events by the API; then come back."
    )


def _nobody(audience: Audience, q: str) -> str:
    if q:
        return _("Nobody in this audience has an identifier that is or begins like that.")
    if audience.kind == AudienceKind.FIXED:
        return _("Nobody is in it yet. Persons come in by one of the ways above.")
    if audience.problem:
        return _("Nobody was in it when it was last calculated.")
    if audience.calculating_after is not None:
        return _("Nobody has come in so far. The calculation is under way.")
    return _(
        "Nobody is like that. If that surprises you, press Edit: the count below the conditions follows each change."
    )
