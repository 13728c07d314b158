"""Calls of Ellity's own webhook, as they came and what became of them."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.core.fields import EncryptedBytes


class CallStatus(models.TextChoices):
    RECEIVED = "received", _("Received")
    APPLIED = "applied", _("Applied")
    DUPLICATE = "duplicate", _("Duplicate")
    REFUSED = "refused", _("Not applied")


class WebhookCall(models.Model):
    """One call of Ellity, stored before anything in it is trusted. `message` says why it was or wasn't applied, without
    personal data; `body` (of a GET: its query) is deleted after the retention period."""

    Status = CallStatus

    received_at = models.DateTimeField(_("received"), default=timezone.now)
    body = EncryptedBytes(null=True)
    status = models.CharField(_("status"), max_length=10, choices=CallStatus.choices, default=CallStatus.RECEIVED)
    message = models.TextField(_("message"), blank=True)
    customer = models.ForeignKey(
        "loyalty.Customer",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("customer"),
    )
    value = models.BigIntegerField(_("change"), null=True, blank=True)
    credit = models.BigIntegerField(_("points in Ellity"), null=True, blank=True)

    class Meta:
        verbose_name = _("Ellity webhook call")
        verbose_name_plural = _("Ellity webhook calls")
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [("change_ellity_address", _("Can create and revoke the webhook URL for Ellity"))]
        indexes = [
            models.Index(fields=["received_at"], name="loyalty_call_received", condition=models.Q(body__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{_('Ellity webhook call')} {self.pk}"
