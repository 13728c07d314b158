"""A calculated attribute's pages: how it stands and its values, the form, and its look at ten persons."""

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

from integrations.core.admin.history import HistoryPages
from integrations.core.keyset import LAST_ID
from integrations.sources.cdp import definitions, uses
from integrations.sources.cdp.admin.attribute_form import EVENTS, AttributeForm
from integrations.sources.cdp.admin.deletion import Deletion
from integrations.sources.cdp.admin.live import values_now
from integrations.sources.cdp.admin.naming import is_masked, named
from integrations.sources.cdp.admin.persons import persons_context
from integrations.sources.cdp.admin.standing import shown_time, standing_of
from integrations.sources.cdp.admin.values import shown_value
from integrations.sources.cdp.admin.words import attribute_words, looking_at
from integrations.sources.cdp.calculations import is_told
from integrations.sources.cdp.conditions import catalogue
from integrations.sources.cdp.models import Attribute, AttributeValue

LIST = "admin:cdp_attribute_changelist"


class AttributePages(Deletion, HistoryPages):
    """Part of AttributeAdmin."""

    definition_kind = "attribute"

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view
        own = [
            path("live/", view(self.live_view), name="cdp_attribute_live"),
            path("<int:pk>/edit/", view(self.edit_view), name="cdp_attribute_edit"),
        ]
        return own + super().get_urls()

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._form_page(request, Attribute(), _("Add calculated attribute"))

    def edit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        attribute = self.attribute_or_404(request, pk)
        if not self.has_change_permission(request, attribute):
            raise PermissionDenied
        return self._form_page(request, attribute, str(attribute))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """How it stands; it is changed on a page of its own, which those who may only look don't have."""
        attribute = self.attribute_or_404(request, int(object_id) if object_id.isdecimal() else 0)
        told = is_told(attribute)
        columns = {
            _("Value"): lambda row: shown_value(request, attribute.kind, row.value),
            _("Changed"): lambda row: shown_time(row.updated_at),
        }
        context = {
            **self.admin_site.each_context(request),
            **persons_context(request, AttributeValue.objects.filter(attribute=attribute), columns),
            "opts": self.opts,
            "original": attribute,
            "attribute": attribute,
            "told": told,
            "title": str(attribute),
            "standing": standing_of(attribute, told=told, facts=[(_("Type"), attribute.get_kind_display())]),
            "sentence": attribute_words(attribute),
            "uses": uses.of(self.definition_kind, attribute.pk, request.user),
            "persons_caption": _("Persons with a value"),
            "edit_url": self._edit_url(request, attribute),
            "can_delete": self.has_delete_permission(request, attribute),
        }
        context["nobody"] = _nobody(attribute, context["q"])
        return TemplateResponse(request, "admin/cdp/attribute.html", context)

    def live_view(self, request: HttpRequest) -> HttpResponse:
        """POST of the form: values of ten persons. Nothing is saved."""
        if request.method != "POST" or not (self.has_change_permission(request) or self.has_add_permission(request)):
            raise PermissionDenied
        form = AttributeForm({**request.POST.dict(), "name": "-", "source": EVENTS}, known=catalogue())
        if not form.is_valid():
            first = next(iter(form.errors.values()), [""])[0]
            return JsonResponse({"count": _("Finish the form to see values."), "html": str(first), "errors": {}})
        attribute = form.save(commit=False)
        values = values_now(attribute)
        shown = {pk: shown_value(request, attribute.kind, value) for pk, value in values.items()}
        sample = {
            "lead": _("Of those who did this lately, by the first identifier:"),
            "people": named(request, values, {_("Value"): shown}),
            "columns": [_("Value")],
            "masked": is_masked(request),
            "caption": _("Sample persons with their values"),
        }
        html = render_to_string("admin/cdp/_sample.html", sample, request)
        words = attribute_words(attribute) if values else _("None of those who did this lately has a value.")
        return JsonResponse({"count": words, "html": html, "errors": {}})

    def delete_model(self, request: HttpRequest, obj: Attribute) -> None:
        definitions.delete_attribute(obj)

    def what_goes(self, obj: Attribute) -> str:
        return _(
            "The calculated attribute goes, with everybody's value. The persons and events stay. It can't be undone."
        )

    def audiences_looking_at(self, obj: Attribute) -> list[str]:
        return looking_at(obj)

    # -- what they share --------------------------------------------------------------------------

    def attribute_or_404(self, request: HttpRequest, pk: int) -> Attribute:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        found: Attribute | None = None
        if pk <= LAST_ID:
            found = Attribute.objects.select_related("event_type").filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    def _edit_url(self, request: HttpRequest, attribute: Attribute) -> str:
        allowed = self.has_change_permission(request, attribute)
        return reverse("admin:cdp_attribute_edit", args=[attribute.pk]) if allowed else ""

    def _form_page(self, request: HttpRequest, attribute: Attribute, title: str) -> HttpResponse:
        known = catalogue()
        form = AttributeForm(request.POST if request.method == "POST" else None, instance=attribute, known=known)
        if request.method == "POST" and form.is_valid():
            return self._save(request, form)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": attribute if attribute.pk else None,
            "title": title,
            "content_title": title,
            "form": form,
            "no_events": "" if known.events else _no_events(),
            "live_url": reverse("admin:cdp_attribute_live"),
            "live_title": _("Ten persons, just now"),
            "back_url": reverse("admin:cdp_attribute_change", args=[attribute.pk]) if attribute.pk else reverse(LIST),
        }
        return TemplateResponse(request, "admin/cdp/attribute_form.html", context)

    def _save(self, request: HttpRequest, form: AttributeForm) -> HttpResponse:
        new = not form.instance.pk
        attribute = form.save(commit=False)
        definitions.save_attribute(attribute)
        if new:
            self.log_addition(request, attribute, _("Created"))
        else:
            self.log_change(request, attribute, _("Changed"))
        told = is_told(attribute)
        words = _("The calculated attribute is saved.")
        words = words if told else _("The calculated attribute is saved. It is being calculated.")
        self.message_user(request, words, messages.SUCCESS)
        return redirect(reverse("admin:cdp_attribute_change", args=[attribute.pk]))


def _no_events() -> str:
    return _(
        "No events have come in yet, so there is nothing to calculate from. Other systems send events by the API: an"
        " administrator makes the API token. Their types and fields appear here with the first one."
    )


def _nobody(attribute: Attribute, q: str) -> str:
    if q:
        return _("Nobody with an identifier that is or begins like that has a value.")
    if is_told(attribute):
        return _("Nobody has a value yet. Values come by one of the ways above.")
    return _("Nobody has a value. It appears with the first event of this type.")
