"""Inbound webhooks: where they may call, and every call as it came."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.core.fields import EncryptedBytes
from integrations.core.models.connection import Connection


class HookToken(models.Model):
    """The secret part of a webhook URL, stored as its SHA-256. Rotation overlaps: the old one ends at `expires_at`."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="hook_tokens")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=150, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.created_at:%Y-%m-%d}"


class DeliveryStatus(models.TextChoices):
    RECEIVED = "received", _("Received")
    CAPTURED = "captured", _("Read")
    DUPLICATE = "duplicate", _("Duplicate")
    REJECTED = "rejected", _("Not understood")
    HELD = "held", _("Held: the connection is not enabled")


class Delivery(models.Model):
    """One raw inbound webhook request, stored before anything in it is trusted."""

    Status = DeliveryStatus

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="deliveries")
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    content_type = models.CharField(max_length=100, blank=True)
    query = models.CharField(max_length=500, blank=True)
    body = EncryptedBytes(null=True)
    size = models.PositiveIntegerField(_("size in bytes"), default=0)
    status = models.CharField(max_length=10, choices=DeliveryStatus.choices, default=DeliveryStatus.RECEIVED)
    message = models.TextField(blank=True)
    run = models.ForeignKey("core.Run", models.SET_NULL, null=True, blank=True, related_name="deliveries")

    class Meta:
        verbose_name = _("webhook call")
        verbose_name_plural = _("webhook calls")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["connection", "id"], name="delivery_waiting", condition=models.Q(status="received")),
            models.Index(fields=["connection", "id"], name="delivery_held", condition=models.Q(status="held")),
            models.Index(fields=["connection", "id"], name="delivery_list"),
        ]

    def __str__(self) -> str:
        return f"{_('Webhook call')} {self.pk}"
