"""Audiences: the list, with each one in words."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from integrations.core.admin.badges import badge
from integrations.sources.cdp.admin.audience_page import AudiencePages
from integrations.sources.cdp.admin.standing import WORDS, shown_time, state_of
from integrations.sources.cdp.admin.words import audience_words
from integrations.sources.cdp.conditions import catalogue
from integrations.sources.cdp.models import Audience
from integrations.sources.cdp.models.audiences import AudienceKind


@admin.register(Audience)
class AudienceAdmin(AudiencePages, ModelAdmin):  # type: ignore[misc]
    list_display = ("name", "who", "persons", "standing", "calculated")
    list_before_template = "admin/cdp/audiences_help.html"
    list_per_page = 50
    search_fields = ("name", "description")
    ordering = ("name",)
    actions = None
    history_note = gettext_lazy("Changed settings. Who came in and went out is not kept here.")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Its rows know their conditions in words: what those name is read once."""
        listed = super().get_changelist_instance(request)
        known = catalogue()
        for audience in listed.result_list:
            audience.words = audience_words(audience, known)
        return listed

    @admin.display(description=gettext_lazy("Who is in it"))
    def who(self, obj: Any) -> str:
        return format_html(WORDS, obj.words)

    @admin.display(description=gettext_lazy("Persons"))
    def persons(self, obj: Audience) -> str:
        return f"{obj.size:,}"

    @admin.display(description=gettext_lazy("State"))
    def standing(self, obj: Audience) -> str:
        return badge("default", _("Fixed")) if obj.kind == AudienceKind.FIXED else badge(*state_of(obj))

    @admin.display(description=gettext_lazy("Calculated"))
    def calculated(self, obj: Audience) -> str:
        return shown_time(None if obj.kind == AudienceKind.FIXED else obj.calculated_at)
