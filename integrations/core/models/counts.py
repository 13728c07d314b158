"""Counters that are kept as work is settled, so that the dashboard reads a few rows instead of millions."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from integrations.core.causes import DIGEST_LENGTH, TEXT_LENGTH
from integrations.core.models.connection import Connection


class HourCount(models.Model):
    """What came of a connection's attempts within one hour (UTC). An event that failed and was retried counts twice."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="hours", db_index=False)
    hour = models.DateTimeField()
    # New, updated and unchanged.
    done = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "hour"], name="one_count_per_hour")]
        indexes = [models.Index(fields=["hour"], name="hour_old")]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.hour:%Y-%m-%d %H}"


class FailureGroup(models.Model):
    """The failed events of a connection and record type that have the same cause; gone with the last one.

    `since` is when the first of them failed, `example` the event that failed last.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="failure_groups", db_index=False)
    record_type = models.CharField(max_length=40)
    cause = models.CharField(max_length=DIGEST_LENGTH)
    code = models.CharField(max_length=20, blank=True)
    text = models.CharField(max_length=TEXT_LENGTH, blank=True)
    open = models.IntegerField(default=0)
    since = models.DateTimeField(default=timezone.now)
    last = models.DateTimeField(default=timezone.now)
    example = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "record_type", "cause"], name="one_group_per_cause")
        ]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.record_type} {self.cause}"
