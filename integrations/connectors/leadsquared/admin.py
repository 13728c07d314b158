"""The settings page of LeadSquared Lead Sync, in the order and words of the vendor's page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from integrations.connectors.leadsquared.fields import CREATABLE
from integrations.connectors.leadsquared.models import OTHER, LeadSquaredConnection
from integrations.core.admin.connection.live import listed, unique_fields
from integrations.core.admin.connection.main import ConnectionAdmin
from integrations.core.admin.connection.steps import WEBHOOK, Step
from integrations.core.forms import SettingsForm

ACCOUNT = Step(
    "account",
    _("Account"),
    (
        (None, {"fields": ("name",)}),
        (_("Destination account"), {"fields": ("region", "api_address", "access_key", "secret_key")}),
        (_("API limits of your plan"), {"fields": ("calls_per_5s", "bulk_calls_per_5s")}),
    ),
)
BASIC = Step(
    "basic",
    _("Basic Settings"),
    (
        (
            None,
            {
                "fields": (
                    "lead_source",
                    "default_country_code",
                    "time_zone",
                    "search_by",
                    "secondary_search_by",
                    "notify_to",
                    "notify",
                )
            },
        ),
    ),
)
ENTITIES = Step(
    "entities",
    _("Entity Options"),
    (
        (_("Lead/Contact Entity"), {"fields": ("lead_entity", "lead_behaviour", "lead_mapping")}),
        (_("Activity Entity"), {"fields": ("sync_activities", "activity_behaviour", "activity_mapping")}),
    ),
)


class LeadSquaredForm(SettingsForm):
    address_fields = ("region", "api_address")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {
            "time_zone": (_("Select Time Zone"), _("The time zone of your other LeadSquared account.")),
            "notify_to": (
                _("Select User to Notify on Failure"),
                _("A user of this LeadSquared account, who gets a mail when leads can't be captured."),
            ),
            "notify": (_("Enable Notification"), _("Send those mails.")),
        }
        for name in labels.keys() & self.fields.keys():
            self.fields[name].label, self.fields[name].help_text = labels[name]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if cleaned.get("region") == OTHER and not cleaned.get("api_address") and "api_address" not in self.errors:
            self.add_error("api_address", _now("Enter the address: in LeadSquared, Settings › API and Webhooks."))
        elif "region" in cleaned and cleaned["region"] != OTHER:
            cleaned["api_address"] = ""
        if cleaned.get("search_by") and cleaned.get("search_by") == cleaned.get("secondary_search_by"):
            self.add_error("secondary_search_by", _now("Choose another field than the first one, or none."))
        return cleaned


@admin.register(LeadSquaredConnection)
class LeadSquaredAdmin(ConnectionAdmin):
    form = LeadSquaredForm
    steps = (ACCOUNT, BASIC, ENTITIES, WEBHOOK)
    live_choices = {
        "search_by": unique_fields("lead"),
        "secondary_search_by": unique_fields("lead"),
        "notify_to": listed("users"),
    }
    search_settings = {"lead": ("search_by", "secondary_search_by")}
    custom_fields = {"lead": ("create_lead_field", tuple(CREATABLE))}
    webhook_guide = "admin/leadsquared/webhook_guide.html"
    conditional_fields = {"api_address": f"region == '{OTHER}'", "activity_behaviour": "sync_activities == true"}
    readonly_fields = ("lead_entity", "lead_mapping", "activity_mapping")

    @admin.display(description=_("Lead/Contact Entity"))
    def lead_entity(self, obj: LeadSquaredConnection) -> str:
        return _now("Always on: it cannot be switched off.")

    @admin.display(description=_("Field mapping"))
    def lead_mapping(self, obj: LeadSquaredConnection) -> str:
        return self.mapping_link(obj, "lead")

    @admin.display(description=_("Field mapping"))
    def activity_mapping(self, obj: LeadSquaredConnection) -> str:
        return self.mapping_link(obj, "activity")
