"""My settings: the language and the time zone of one's own pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

from integrations.core.models import Preferences
from integrations.core.models.connection import time_zone_choices
from integrations.core.preferences import choose, chosen


def languages() -> list[tuple[str, Any]]:
    """Each by its own name, as whoever can't read the page looks for it."""
    own_names = [
        (code, translation.get_language_info(code)["name_local"].capitalize()) for code, _ in settings.LANGUAGES
    ]
    return [("", _("As the browser asks for")), *own_names]


def zones() -> list[tuple[str, Any]]:
    return [("", _("As the browser's")), *time_zone_choices()]


class PreferencesForm(forms.Form):
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=languages, required=False, widget=UnfoldAdminSelectWidget
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=zones,
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy(
            "All times on your pages are told in it. Syncs go by the time zone of their connection."
        ),
    )


@admin.register(Preferences)
class PreferencesAdmin(ModelAdmin):  # type: ignore[misc]
    """One page, for everybody who may sign in; it is reached from the account menu."""

    def get_urls(self) -> list[URLPattern]:
        return [path("", self.admin_site.admin_view(self.own_page), name="core_preferences_changelist")]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def own_page(self, request: HttpRequest) -> HttpResponse:
        language, zone = chosen(request)
        form = PreferencesForm(request.POST or None, initial={"language": language, "time_zone": zone})
        if request.method == "POST" and form.is_valid():
            choose(request, form.cleaned_data["language"], form.cleaned_data["time_zone"])
            with translation.override(form.cleaned_data["language"] or translation.get_language_from_request(request)):
                messages.success(request, _("Your settings are saved."))
            return redirect("admin:core_preferences_changelist")
        context = {**self.admin_site.each_context(request), "title": _("My settings"), "opts": self.opts, "form": form}
        return TemplateResponse(request, "admin/core/preferences.html", context)


def account_links(request: HttpRequest) -> list[dict[str, Any]]:
    """For UNFOLD["ACCOUNT"]["navigation"]."""
    links = [{"title": _("My settings"), "link": reverse("admin:core_preferences_changelist")}]
    if request.user.is_authenticated and request.user.has_usable_password():
        links.append({"title": _("Change password"), "link": reverse("admin:password_change")})
    return links
