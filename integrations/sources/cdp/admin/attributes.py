"""Calculated attributes: the list."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from integrations.core.admin.badges import badge
from integrations.sources.cdp.admin.attribute_page import AttributePages
from integrations.sources.cdp.admin.standing import WORDS, shown_time, state_of
from integrations.sources.cdp.admin.words import attribute_words
from integrations.sources.cdp.calculations import is_told
from integrations.sources.cdp.models import Attribute


@admin.register(Attribute)
class AttributeAdmin(AttributePages, ModelAdmin):  # type: ignore[misc]
    list_display = ("name", "what", "kind", "standing", "calculated")
    list_select_related = ("event_type",)
    list_before_template = "admin/cdp/attributes_help.html"
    list_per_page = 50
    search_fields = ("name", "description")
    ordering = ("name",)
    actions = None
    history_note = gettext_lazy("Changed settings. The values that persons had are not kept here.")

    @admin.display(description=gettext_lazy("What it is"))
    def what(self, obj: Attribute) -> str:
        return format_html(WORDS, attribute_words(obj))

    @admin.display(description=gettext_lazy("State"))
    def standing(self, obj: Attribute) -> str:
        return badge("default", _("Told")) if is_told(obj) else badge(*state_of(obj))

    @admin.display(description=gettext_lazy("Calculated"))
    def calculated(self, obj: Attribute) -> str:
        return shown_time(None if is_told(obj) else obj.calculated_at)
