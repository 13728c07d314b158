"""The settings page of LeadSquared Lead Sync: its fields, in its order, with its words."""

from __future__ import annotations

import phonenumbers
from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.core.fields import SecretField
from integrations.core.history import SettingsHistory
from integrations.core.models import Connection

# https://apidocs.leadsquared.com/ – the API host differs by the region an account lives in.
REGIONS = {
    "api.leadsquared.com": _("Singapore"),
    "api-us11.leadsquared.com": _("United States"),
    "api-in21.leadsquared.com": _("India (Mumbai)"),
    "api-in22.leadsquared.com": _("India (Hyderabad)"),
    "api-ir31.leadsquared.com": _("Ireland"),
    "api-me61.leadsquared.com": _("Middle East"),
    "api-ca12.leadsquared.com": _("Canada"),
}
OTHER = "other"


class Behaviour(models.TextChoices):
    """Sync Behaviour, as on the vendor's page."""

    CAPTURE = "capture", _("Capture (Create and Update existing) Record")
    CREATE = "create", _("Create only new record")
    UPDATE = "update", _("Update only existing record")
    NOTHING = "nothing", _("Do Nothing")


ACTIVITY_BEHAVIOURS = [choice for choice in Behaviour.choices if choice[0] != Behaviour.NOTHING]


def country_code_choices() -> list[tuple[str, str]]:
    """“+45 (DK)”: every country calling code with its regions."""
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()
    return [(f"+{code}", f"+{code} ({', '.join(regions[:4])})") for code, regions in sorted(codes)]


class LeadSquaredConnection(Connection):
    """Leads and activities from another LeadSquared account (by webhook) into this one (by its API)."""

    region = models.CharField(
        _("API address"),
        max_length=60,
        default="api.leadsquared.com",
        choices=[*((host, f"{name} – {host}") for host, name in REGIONS.items()), (OTHER, _("Another address …"))],
        help_text=_("Of the account that receives the leads. In LeadSquared: Settings › API and Webhooks."),
    )
    api_address = models.CharField(
        _("Other API address"),
        max_length=200,
        blank=True,
        help_text=_("Only with “Another address …”: the host from Settings › API and Webhooks."),
    )
    access_key = SecretField(_("Access Key"), help_text=_("In LeadSquared: Settings › API and Webhooks › Access Key."))
    secret_key = SecretField(_("Secret Key"), help_text=_("In LeadSquared: Settings › API and Webhooks › Secret Key."))

    lead_source = models.CharField(
        _("Lead Source"),
        max_length=100,
        blank=True,
        help_text=_("Shown under Lead Source on the Lead Details page, for example “LeadSquared 2nd Account”."),
    )
    default_country_code = models.CharField(
        _("Default Country Code"),
        max_length=5,
        default="+45",
        choices=country_code_choices,
        help_text=_("Added to phone numbers that come without a country code."),
    )
    search_by = models.CharField(
        _("Lead Capture Search By Criteria"),
        max_length=100,
        default="EmailAddress",
        help_text=_("The unique lead field by which a lead is found, so that no duplicates are created."),
    )
    secondary_search_by = models.CharField(
        _("Lead Capture Secondary Search By Criteria"),
        max_length=100,
        blank=True,
        help_text=_("Tried when the first one finds no lead."),
    )
    lead_behaviour = models.CharField(
        _("Sync Behaviour"), max_length=10, choices=Behaviour.choices, default=Behaviour.CAPTURE
    )
    sync_activities = models.BooleanField(_("Activity Entity"), default=False)
    activity_behaviour = models.CharField(
        _("Sync Behaviour"), max_length=10, choices=ACTIVITY_BEHAVIOURS, default=Behaviour.CAPTURE
    )
    calls_per_5s = models.PositiveSmallIntegerField(
        _("API calls per 5 seconds"),
        default=10,
        help_text=_("What your plan allows: LeadSquared › My Account › Billing and Usage. 0 means no limit."),
    )
    bulk_calls_per_5s = models.PositiveSmallIntegerField(
        _("Bulk API calls per 5 seconds"), default=1, help_text=_("The same for bulk calls. 0 means no limit.")
    )

    history = SettingsHistory("access_key", "secret_key")

    class Meta:
        verbose_name = _("LeadSquared Lead Sync")
        verbose_name_plural = _("LeadSquared Lead Sync")

    @property
    def base_url(self) -> str:
        """The API's base address, however it was typed (bare name, with scheme, with /v2/ on the end)."""
        typed = self.api_address if self.region == OTHER else self.region
        address = typed.strip().rstrip("/").removesuffix("/v2")
        return f"{address if '://' in address else f'https://{address}'}/v2/"

    def destinations(self) -> dict[str, str]:
        return dict.fromkeys(("access_key", "secret_key"), self.base_url)
