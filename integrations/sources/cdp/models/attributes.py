"""Calculated attributes: a value a person, from what the person did or as it is told."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from integrations.sources.cdp.models.calculated import WORKED_OUT, Calculated
from integrations.sources.cdp.models.people import LONGEST_NAME, EventType, Kind, Person


class Aggregate(models.TextChoices):
    COUNT = "count", _("How many")
    SUM = "sum", _("Sum")
    AVERAGE = "average", _("Average")
    FIRST = "first", _("First value")
    LAST = "last", _("Last value")
    MOST_FREQUENT = "most_frequent", _("Most frequent value")


class Attribute(Calculated):
    """Without a calculation its values are told: by the API, CSV or Raptor. With one but without an event type, that
    was deleted. `left_out`: values that didn't fit, since it was last calculated as a whole."""

    Kind = Kind
    Aggregate = Aggregate

    kind = models.CharField(_("Type"), max_length=10, choices=Kind.choices, default=Kind.NUMBER)
    event_type = models.ForeignKey(EventType, models.SET_NULL, null=True, blank=True, verbose_name=_("Events"))
    aggregate = models.CharField(_("Calculation"), max_length=14, choices=Aggregate.choices, blank=True)
    field = models.CharField(
        _("Of the field"), max_length=LONGEST_NAME, blank=True, help_text=_("Which of the event's data.")
    )
    within_days = models.PositiveIntegerField(
        _("Within days"), null=True, blank=True, help_text=_("Empty: all events, however old.")
    )

    left_out = models.BigIntegerField(default=0, editable=False)

    history = HistoricalRecords(excluded_fields=["left_out", *WORKED_OUT])

    class Meta:
        verbose_name = _("calculated attribute")
        verbose_name_plural = _("calculated attributes")
        ordering = ["name"]


class AttributeValue(models.Model):
    """One column by the attribute's kind: text, number (1 and 0 for Yes/No) or moment. No row: there is no value."""

    attribute = models.ForeignKey(Attribute, models.CASCADE, related_name="values", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="values")
    text = models.CharField(max_length=255, null=True)
    number = models.FloatField(null=True)
    moment = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("value")
        verbose_name_plural = _("values")
        constraints = [
            models.UniqueConstraint(fields=["attribute", "person"], name="cdp_one_value_per_attribute"),
            models.CheckConstraint(
                condition=Q(text__isnull=False, number__isnull=True, moment__isnull=True)
                | Q(text__isnull=True, number__isnull=False, moment__isnull=True)
                | Q(text__isnull=True, number__isnull=True, moment__isnull=False),
                name="cdp_value_has_one_type",
            ),
        ]

    def __str__(self) -> str:
        return str(self.value)

    @property
    def value(self) -> Any:
        """As its column has it: text, number or time."""
        return next(one for one in (self.text, self.number, self.moment) if one is not None)
