"""What somebody was, or should be, told about a connection."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.core.models.connection import Connection
from integrations.core.models.journal import Run


class AlertKind(models.TextChoices):
    STOPPED = "stopped", _("Connection stopped")
    RUN_FAILED = "run-failed", _("Sync job failed")
    MANY_FAILED = "many-failed", _("Many records failed")
    FIVE_IN_A_ROW = "five", _("Five failing sync jobs in a row")


class Alert(models.Model):
    """One state of trouble: mailed when it begins and when it is over. `job` is the job it is about ("": live changes,
    or the whole connection)."""

    Kind = AlertKind

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=12, choices=AlertKind.choices)
    job = models.CharField(max_length=60, blank=True)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+", db_index=False)
    # Counts and causes, without personal data, for alerts/words.py.
    facts = models.JSONField(default=dict)
    since = models.DateTimeField(default=timezone.now)
    # When it was last found to be so.
    seen_at = models.DateTimeField(default=timezone.now)
    recovered_at = models.DateTimeField(null=True)
    told_to = models.CharField(max_length=254, blank=True)
    told_at = models.DateTimeField(null=True)
    recovery_told_at = models.DateTimeField(null=True)
    # When a mail is due, how often it was tried, and why it could not be sent.
    mail_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "kind", "job"], condition=Q(recovered_at__isnull=True), name="one_open_alert"
            )
        ]
        indexes = [models.Index(fields=["mail_at"], name="alert_mail", condition=Q(mail_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.kind}"
