"""Keys of the programs that use the JSON API."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ApiToken(models.Model):
    """A program's key, stored as its SHA-256. `scopes` names the APIs it may use (core/api/scopes.py)."""

    name = models.CharField(_("Name"), max_length=120, help_text=_("The program that uses the token."))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("May use"), default=list)
    created_by = models.CharField(_("created by"), max_length=150, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    last_used_on = models.DateField(_("last used"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name
