"""The settings page of the LeadHub Integration: its fields, in its order, with its words."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.core.fields import SecretField
from integrations.core.history import SettingsHistory
from integrations.core.models import Connection


class Notification(models.TextChoices):
    """The first field of “Notification before expiry”."""

    SEND = "send", _("Send")
    NOT = "not", _("Do not send")


class LeadHubConnection(Connection):
    """Tags for the loyalty customers of this portal in one LeadHub account."""

    api_key = SecretField(_("API key"), help_text=_("LeadHub support gives it to you: ask them for an API key."))
    api_address = models.CharField(
        _("API address"),
        max_length=200,
        default="https://api.leadhub.co",
        help_text=_("LeadHub's own; change it only if LeadHub tells you to."),
    )
    expiry_notification = models.CharField(
        _("Notification before expiry"), max_length=4, choices=Notification.choices, default=Notification.NOT
    )
    expiry_days = models.PositiveSmallIntegerField(
        _("Number of days before expiry"),
        default=14,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text=_(
            "A customer whose points expire in so many days gets the tag, once, at night. When you raise the number, "
            "those whose points expire sooner than that by then are not told any more."
        ),
    )
    calls_per_minute = models.PositiveSmallIntegerField(
        _("Tags per minute"),
        default=30,
        help_text=_("What LeadHub takes from this account. 0 means no limit."),
    )

    history = SettingsHistory("api_key")

    class Meta:
        verbose_name = _("LeadHub Integration")
        verbose_name_plural = _("LeadHub Integration")

    def destinations(self) -> dict[str, str]:
        return {"api_key": self.api_address}
