"""The account of Heyloyalty a connection writes to: settings that every connector to Heyloyalty has."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.connectors.heyloyalty.client import HeyloyaltyClient
from integrations.core.fields import SecretField
from integrations.core.http.ratelimit import Limit, RateLimits


class HeyloyaltyAccount(models.Model):
    """Stands beside core's Connection: `class FlexPOSConnection(HeyloyaltyAccount, Connection)`."""

    api_key = SecretField(
        _("API key"), help_text=_("In Heyloyalty: user menu (top right) › Account information, at the bottom.")
    )
    api_secret = SecretField(
        _("API secret"), help_text=_("In Heyloyalty: user menu (top right) › Account information, below the API key.")
    )
    api_address = models.CharField(
        _("API address"),
        max_length=200,
        default="https://api.heyloyalty.com",
        help_text=_("Heyloyalty's own; change it only if Heyloyalty tells you to."),
    )
    tracking_address = models.CharField(
        _("Tracking address"),
        max_length=200,
        default="https://tracking.heycommerce.dk",
        help_text=_("Where purchases and bookings are sent. Change it only if Heyloyalty tells you to."),
    )
    # The vendor publishes no limit.
    calls_per_second = models.PositiveSmallIntegerField(
        _("API calls per second"),
        default=5,
        help_text=_("What Heyloyalty takes from this account. 0 means no limit."),
    )

    class Meta:
        abstract = True

    def rate_limits(self) -> RateLimits:
        """New windows; one object serves all threads of a drain."""
        return RateLimits({"default": Limit(self.calls_per_second)})

    def client(self, limits: RateLimits | None = None) -> HeyloyaltyClient:
        """Close it after use. Raises ConfigurationError for an address that is none."""
        return HeyloyaltyClient(
            self.api_address,
            self.tracking_address,
            self.api_key,
            self.api_secret,
            limits or self.rate_limits(),
        )
