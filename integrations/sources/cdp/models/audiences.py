"""Audiences: groups of persons, by conditions or by a membership that is told."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from integrations.sources.cdp.models.calculated import WORKED_OUT, Calculated
from integrations.sources.cdp.models.people import Person


class AudienceKind(models.TextChoices):
    CONDITIONS = "conditions", _("By conditions")
    FIXED = "fixed", _("Fixed: import or API")


def nobody() -> dict[str, Any]:
    return {"match": "all", "conditions": []}


class Audience(Calculated):
    """`condition` is a group as `conditions.py` reads it. Its row is locked while memberships change."""

    Kind = AudienceKind

    kind = models.CharField(_("Membership"), max_length=12, choices=Kind.choices, default=Kind.CONDITIONS)
    condition = models.JSONField(_("Conditions"), default=nobody, blank=True)
    size = models.BigIntegerField(_("Persons"), default=0, editable=False)

    history = HistoricalRecords(excluded_fields=["size", *WORKED_OUT])

    class Meta:
        verbose_name = _("audience")
        verbose_name_plural = _("audiences")
        ordering = ["name"]


class Membership(models.Model):
    """A person is in an audience, as long as the row is there."""

    audience = models.ForeignKey(Audience, models.CASCADE, related_name="memberships", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships")
    entered_at = models.DateTimeField(_("Since"), default=timezone.now)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["audience", "person"], name="cdp_once_in_an_audience")]

    def __str__(self) -> str:
        return f"{self.audience_id}: {self.person_id}"
