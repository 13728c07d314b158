"""What names persons, what can be known of them, what they do: person identifiers, properties, event types."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from integrations.core.admin.badges import badge
from integrations.core.admin.history import HistoryPages
from integrations.sources.cdp.definitions import recheck
from integrations.sources.cdp.models import EventType, IdentifierType, Property
from integrations.sources.cdp.models.people import Kind


class IdentifierTypeForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = IdentifierType
        fields = ("name", "key", "kind", "active")
        help_texts = {
            "name": gettext_lazy("A name that was given once is never used for another one."),
            "kind": gettext_lazy("E-mail addresses are compared without regard to capitals, phone numbers with their "
                                 "country code, texts letter by letter."),
            "active": gettext_lazy("Deactivated: persons keep it, but nothing more is taken in or found by it."),
        }  # fmt: skip

    def clean_name(self) -> str:
        """Also one that another one had before it was renamed."""
        name: str = self.cleaned_data["name"].strip()
        history = IdentifierType.history.filter(name__iexact=name).exclude(id=self.instance.pk or 0)
        if history.exists() or IdentifierType.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Another person identifier has or had this name. Choose a new one."))
        return name


class _Fixed(ModelAdmin):  # type: ignore[misc]
    """`key` and `kind` are chosen once: what is stored was compared and checked by them."""

    actions = None
    list_per_page = 50

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("key", "kind")


@admin.register(IdentifierType)
class IdentifierTypeAdmin(HistoryPages, _Fixed):
    form = IdentifierTypeForm
    list_display = ("name", "key", "kind", "state")
    list_before_template = "admin/cdp/identifier_types_help.html"
    ordering = ("pk",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: a name that stood for one thing would stand for another."""
        return False

    @admin.display(description=gettext_lazy("State"))
    def state(self, obj: IdentifierType) -> str:
        return badge("success", _("Active")) if obj.active else badge("default", _("Deactivated"))


@admin.register(Property)
class PropertyAdmin(HistoryPages, _Fixed):
    fields = ("name", "key", "kind")
    list_display = ("name", "key", "kind")
    list_before_template = "admin/cdp/properties_help.html"
    search_fields = ("name", "key")
    ordering = ("name",)
    delete_confirmation_template = "admin/cdp/property_delete.html"

    def save_model(self, request: HttpRequest, obj: Property, form: Any, change: bool) -> None:
        """Audiences whose condition looks at a property of this name may be calculated again."""
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            recheck()

    def delete_model(self, request: HttpRequest, obj: Property) -> None:
        with transaction.atomic():
            obj.delete()
            recheck()


@admin.register(EventType)
class EventTypeAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ("key", "data")
    list_before_template = "admin/cdp/event_types_help.html"
    fields = readonly_fields = ("key", "data")
    search_fields = ("key",)
    ordering = ("key",)
    actions = None
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """One is made when its first event comes in."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("Data"))
    def data(self, obj: EventType) -> str:
        return ", ".join(f"{name} ({Kind(kind).label})" for name, kind in sorted(obj.fields.items())) or "–"
