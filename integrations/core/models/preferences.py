"""How a user wants to read the portal."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.core.models.connection import time_zone_choices


class Preferences(models.Model):
    """One user's language and time zone; what is empty follows the browser."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="preferences")
    language = models.CharField(_("Language"), max_length=10, blank=True)
    time_zone = models.CharField(_("Time zone"), max_length=64, blank=True, choices=time_zone_choices)

    class Meta:
        # Everybody's own: no permission is needed, and none exists.
        default_permissions = ()
        verbose_name = _("my settings")
        verbose_name_plural = _("my settings")

    def __str__(self) -> str:
        return f"{self.user_id}"
