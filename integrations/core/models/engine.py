"""Who works on a connection now, how far a pull has come, and when the next one is due."""

from __future__ import annotations

import datetime

from django.db import models
from django.utils import timezone

from integrations.core.models.connection import Connection

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class Lease(models.Model):
    """Permission to work on a connection. A row of its own: a settings form never touches it.

    `token` fences: whoever holds an older one can't settle any more. Times are the database's, not a host's.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="leases")
    name = models.CharField(max_length=60)
    token = models.BigIntegerField(default=0)
    owner = models.CharField(max_length=120, blank=True)
    until = models.DateTimeField(default=EPOCH)
    # A worker was asked to come and has not started yet: a thousand webhooks ask once.
    wanted = models.BooleanField(default=False)
    # The vendor asked for a pause, or failed repeatedly: nothing is sent before this time.
    not_before = models.DateTimeField(default=EPOCH)
    failures = models.PositiveIntegerField(default=0)
    # The rate limit's window, handed from one drain to the next.
    spent = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "name"], name="one_lease_per_name")]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.name}"


class Cursor(models.Model):
    """How far a pull has read. Committed together with the events of the page before it."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="cursors")
    job = models.CharField(max_length=60)
    value = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "job"], name="one_cursor_per_job")]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.job}"


class Clock(models.Model):
    """When a job of a connection is due next, and when the schedule last started it."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="clocks")
    job = models.CharField(max_length=60)
    next_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "job"], name="one_clock_per_job")]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.job}"


class Pulse(models.Model):
    """A sign of life: django-q2's own needs a shared cache."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name
