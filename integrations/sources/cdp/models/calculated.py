"""What audiences and calculated attributes have in common: a definition that is worked out for every person."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# What the engine writes: no part of a definition's history.
WORKED_OUT = ("problem", "calculating_after", "worked_until", "calculated_at", "passed_until")


class Calculated(models.Model):
    """`calculating_after`: a calculation from scratch is under way and has come past this person; null: none is.
    `worked_until`: until then a worker is taken to be at it. `passed_until`: until then the passing of time has been
    taken into account. `problem` says what keeps it from being calculated: then everybody stays as they were.
    """

    name = models.CharField(_("Name"), max_length=120, unique=True)
    description = models.TextField(_("Description"), blank=True)
    # The id it has in Raptor, if it comes from there.
    external_id = models.CharField(max_length=60, unique=True, null=True, blank=True, editable=False)
    problem = models.TextField(blank=True, editable=False)
    calculating_after = models.BigIntegerField(null=True, editable=False)
    worked_until = models.DateTimeField(null=True, editable=False)
    calculated_at = models.DateTimeField(_("Calculated"), null=True, editable=False)
    passed_until = models.DateTimeField(default=timezone.now, editable=False)
    created_at = models.DateTimeField(_("Created"), default=timezone.now, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name
