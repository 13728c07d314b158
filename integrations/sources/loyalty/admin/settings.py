"""Settings – Basic Settings – Emails."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from integrations.core.admin.history import HistoryPages
from integrations.sources.loyalty.admin.pin_duty import pin_warnings
from integrations.sources.loyalty.models import LoyaltySettings

TITLE = _("Basic Settings")


@admin.register(LoyaltySettings)
class LoyaltySettingsAdmin(HistoryPages, ModelAdmin):  # type: ignore[misc]
    fieldsets = (
        (_("Emails"), {"fields": ("pin_mail", "sender_name")}),
        (_("Expiry"), {"fields": ("time_zone",)}),
    )
    radio_fields = {"pin_mail": admin.VERTICAL}
    change_form_outer_before_template = "admin/loyalty/settings_warnings.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        LoyaltySettings.load()
        return super().get_object(request, object_id, from_field)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is one row: straight to its page."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(reverse("admin:loyalty_loyaltysettings_change", args=[1]))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        context |= {"title": TITLE, "subtitle": None, "pin_warnings": list(pin_warnings(request))}
        return super().render_change_form(request, context, *args, **kwargs)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        self.message_user(request, _("Basic Settings saved."))
        return HttpResponseRedirect(reverse("admin:loyalty_loyaltysettings_change", args=[obj.pk]))
