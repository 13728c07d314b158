"""Runs, events, attempts, exchanges and links: every record's journey. Attempts and exchanges are append-only."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.core.causes import DIGEST_LENGTH
from integrations.core.fields import EncryptedText
from integrations.core.models.connection import Connection, SettingsVersion


class Trigger(models.TextChoices):
    WEBHOOK = "webhook", _("Webhook")
    SCHEDULE = "schedule", _("Schedule")
    MANUAL = "manual", _("Manual")
    IMPORT = "import", _("Import")
    EXPORT = "export", _("Export")
    CHANGE = "change", _("Change")
    RETRY = "retry", _("Retry")


class RunStatus(models.TextChoices):
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    STOPPING = "stopping", _("Stopping")
    SUCCESS = "success", _("Success")
    FAILURE = "failure", _("Failure")
    STOPPED = "stopped", _("Stopped")
    UNBALANCED = "unbalanced", _("Does not balance")
    SKIPPED = "skipped", _("Skipped")


# A job that is in one of these is not started a second time.
OPEN = (RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.STOPPING)
# The code of an event whose person was erased.
ERASED = "erased"
COUNTS = ("new", "updated", "unchanged", "skipped", "failed")


class Run(models.Model):
    """One execution (Sync job). Books balance: read = new + updated + unchanged + skipped + failed + waiting."""

    Trigger = Trigger
    Status = RunStatus

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="runs")
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    job = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=10, choices=RunStatus.choices, default=RunStatus.RUNNING)
    # Nothing more will be read into this run: it ends when its last event is settled.
    complete = models.BooleanField(default=False)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    read = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True)
    # Its connector was told of its end, if it wants to know (Connector.finished).
    reported = models.BooleanField(default=False)
    # It was looked at for alerts, once it had ended.
    judged = models.BooleanField(default=False)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    # What a run that is more than its events needs to go on after a restart: a bulk retry's events, how many records a
    # bulk run expects, since when it is paused and how long it was before (seconds); whether it was given up (`broke`).
    plan = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("sync job")
        verbose_name_plural = _("sync jobs")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["connection", "id"], name="run_list"),
            models.Index(fields=["status", "id"], name="run_status"),
            models.Index(fields=["finished_at"], name="run_unreported", condition=Q(reported=False)),
            models.Index(fields=["finished_at"], name="run_unjudged", condition=Q(judged=False)),
            models.Index(fields=["connection", "job", "id"], name="run_job"),
            models.Index(fields=["connection", "id"], name="run_scheduled", condition=Q(trigger="schedule")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "job"], condition=Q(status__in=OPEN) & ~Q(job=""), name="one_open_run_per_job"
            )
        ]

    def __str__(self) -> str:
        return f"J{self.pk}"

    @property
    def settled(self) -> int:
        return sum(getattr(self, name) for name in COUNTS)

    @property
    def waiting(self) -> int:
        return self.read - self.settled


class EventOutcome(models.TextChoices):
    PENDING = "pending", _("Pending")
    WAITING = "waiting", _("Waiting")
    NEW = "new", _("New")
    UPDATED = "updated", _("Updated")
    UNCHANGED = "unchanged", _("Unchanged")
    SKIPPED = "skipped", _("Skipped")
    FAILED = "failed", _("Failed")


class Priority(models.IntegerChoices):
    LIVE = 0, _("Live change")
    BULK = 5, _("Bulk work")


class Event(models.Model):
    """The journey of one record in a run, and the queue: an event with `due_at` is waiting for a worker.

    `key` is the record's identity at its source (order, duplicates and Links go by it); `label` is the normalised
    e-mail or phone people search for. Exactly one of `due_at` and `settled_at` is set.
    """

    Outcome = EventOutcome
    Priority = Priority

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="events", db_index=False)
    run = models.ForeignKey(Run, models.CASCADE, related_name="events", db_index=False)
    version = models.ForeignKey(SettingsVersion, models.SET_NULL, null=True, db_index=False)
    record_type = models.CharField(max_length=40)
    key = models.CharField(max_length=191)
    label = models.CharField(max_length=191, blank=True)
    source_time = models.DateTimeField(null=True)
    dedupe_key = models.CharField(max_length=64, null=True)
    priority = models.SmallIntegerField(choices=Priority.choices, default=Priority.LIVE)
    due_at = models.DateTimeField(null=True, default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=10, choices=EventOutcome.choices, default=EventOutcome.PENDING)
    code = models.CharField(max_length=20, blank=True)
    message = models.TextField(blank=True)
    # Of a failed event: the digest of what it failed of (core/causes.py).
    cause = models.CharField(max_length=DIGEST_LENGTH, null=True)
    recovered = models.BooleanField(default=False)
    # It failed before and somebody pressed Retry: a success now is a recovery.
    retried = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-pk"]
        permissions = [("retry_event", _("Can retry failed events"))]
        indexes = [
            models.Index(
                fields=["connection", "priority", "id"], name="event_queue", condition=Q(due_at__isnull=False)
            ),
            # Its predicate differs from the queue's so that PostgreSQL can't mistake one for the other (ENGINE).
            models.Index(
                fields=["connection", "record_type", "key", "id"],
                name="event_order",
                condition=Q(settled_at__isnull=True),
            ),
            models.Index(fields=["connection", "outcome", "id"], name="event_connection_tab"),
            models.Index(fields=["outcome", "id"], name="event_tab"),
            models.Index(fields=["run", "outcome", "id"], name="event_run"),
            models.Index(fields=["connection", "id"], name="event_list"),
            models.Index(fields=["key", "id"], name="event_key"),
            models.Index(fields=["label", "id"], name="event_label"),
            models.Index(fields=["cause", "id"], name="event_cause", condition=Q(cause__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "dedupe_key"], condition=Q(dedupe_key__isnull=False), name="event_once"
            ),
            models.CheckConstraint(
                condition=Q(due_at__isnull=True, settled_at__isnull=False)
                | Q(due_at__isnull=False, settled_at__isnull=True),
                name="event_due_or_settled",
            ),
        ]

    def __str__(self) -> str:
        return f"R{self.pk}"

    @property
    def can_be_retried(self) -> bool:
        """It failed, and there is something left to send: what was erased is gone."""
        return self.outcome == EventOutcome.FAILED and self.code != ERASED


class EventPayload(models.Model):
    """What came in, as JSON text. A table of its own: lists never read it, retention deletes it quickly."""

    event = models.OneToOneField(Event, models.CASCADE, primary_key=True, related_name="payload")
    body = EncryptedText()

    def __str__(self) -> str:
        return f"R{self.event_id}"


class Exchange(models.Model):
    """One HTTP request and its response, secrets masked. Bodies are emptied after the retention period."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="exchanges", db_index=False)
    method = models.CharField(max_length=8)
    url = models.TextField()
    status = models.PositiveSmallIntegerField(null=True)
    request_body = EncryptedText(null=True)
    response_body = EncryptedText(null=True)
    response_headers = models.JSONField(default=dict)
    request_truncated = models.BooleanField(default=False)
    response_truncated = models.BooleanField(default=False)
    error = models.TextField(blank=True)
    duration_ms = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.method} {self.url}"


class Attempt(models.Model):
    """One try of an event: what was sent (row of an exchange) and what came of it."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="tries")
    run = models.ForeignKey(Run, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    exchange = models.ForeignKey(Exchange, models.SET_NULL, null=True, related_name="+")
    row = models.PositiveSmallIntegerField(null=True)
    outcome = models.CharField(max_length=10, choices=EventOutcome.choices)
    code = models.CharField(max_length=20, blank=True)
    message = models.TextField(blank=True)
    remote_id = models.CharField(max_length=191, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"R{self.event_id}: {self.outcome}"


class Link(models.Model):
    """Which remote record a source record became, and a fingerprint of what was last written."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="links", db_index=False)
    record_type = models.CharField(max_length=40)
    key = models.CharField(max_length=191)
    remote_id = models.CharField(max_length=191)
    fingerprint = models.CharField(max_length=64, blank=True)
    # The last event that was applied: an older one must not write over it.
    event_id = models.BigIntegerField(default=0)
    source_time = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "record_type", "key"], name="one_link_per_record")]
        indexes = [models.Index(fields=["remote_id"], name="link_remote")]

    def __str__(self) -> str:
        return f"{self.record_type} {self.key}"
