"""Persons: what names them, what is known of them, and what they did.

Rows change through the bulk verbs of `people.py` and `events.py`, also when a single one changes: they hold the locks,
unify, bring audiences and calculated attributes up to date and tell those who listen.
"""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

# Names in the API and in conditions: small letters, digits and _, a letter first.
NAME_PATTERN = r"^[a-z][a-z0-9_]*\Z"
NAME = RegexValidator(NAME_PATTERN, _("Small letters, digits and _ only, beginning with a letter."))
LONGEST_NAME = 60
LONGEST_VALUE = 191


class Kind(models.TextChoices):
    """Types of a property, of an event's data and of a calculated attribute."""

    TEXT = "text", _("Text")
    NUMBER = "number", _("Number")
    YES_NO = "yes_no", _("Yes/No")
    DATE = "date", _("Date")


class IdentifierKind(models.TextChoices):
    """How its values are compared."""

    EMAIL = "email", _("E-mail address")
    PHONE = "phone", _("Phone number")
    TEXT = "text", _("Text")


class IdentifierType(models.Model):
    """A way to name a person, like Email. It can be deactivated, never deleted: a name is never used again."""

    Kind = IdentifierKind

    name = models.CharField(_("Name"), max_length=LONGEST_NAME, unique=True)
    key = models.CharField(
        _("Name in the API"), max_length=LONGEST_NAME, unique=True, validators=[NAME], help_text=NAME.message
    )
    kind = models.CharField(_("Type"), max_length=10, choices=Kind.choices, default=Kind.TEXT)
    active = models.BooleanField(_("Active"), default=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("person identifier")
        verbose_name_plural = _("person identifiers")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class Property(models.Model):
    """Something that can be known of a person."""

    Kind = Kind

    name = models.CharField(_("Name"), max_length=LONGEST_NAME)
    key = models.CharField(
        _("Name in the API"), max_length=LONGEST_NAME, unique=True, validators=[NAME], help_text=NAME.message
    )
    kind = models.CharField(_("Type"), max_length=10, choices=Kind.choices, default=Kind.TEXT)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("property")
        verbose_name_plural = _("properties")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Person(models.Model):
    """Everything known of one person, under however many identifiers. Whoever changes any of it locks this row first.

    `properties` maps Property.key to text, a number, true/false or an ISO date; what isn't known isn't there.
    `property_times` maps Property.key to when it last changed, in seconds since 1970: when persons turn out to be one,
    the newer value stays.
    """

    properties = models.JSONField(_("Properties"), default=dict, blank=True)
    property_times = models.JSONField(default=dict, editable=False)
    created_at = models.DateTimeField(_("Created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("Changed"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("persons")

    def __str__(self) -> str:
        return f"{_('Person')} {self.pk}"


class Identifier(models.Model):
    """One name of one person. `key` is `value` in the form in which the same is equal. It keeps its id when persons are
    unified: then it moves to the one that stays."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="identifiers")
    type = models.ForeignKey(IdentifierType, models.PROTECT, related_name="+", db_index=False)
    value = models.CharField(_("Value"), max_length=LONGEST_VALUE)
    key = models.CharField(max_length=LONGEST_VALUE, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")
        constraints = [models.UniqueConstraint(fields=["type", "key"], name="cdp_one_person_per_identifier")]
        # Searched by the beginning, whatever the type; read in the order of a type's activation.
        indexes = [
            models.Index(fields=["key"], name="cdp_identifier_key", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["type", "id"], name="cdp_identifier_type"),
        ]

    def __str__(self) -> str:
        return self.value


class EventType(models.Model):
    """A kind of thing persons do, like `purchase`. Made when the first one comes in.

    `fields` maps the names in its events' data to the Kind they were first seen with: what a form can offer.
    """

    key = models.CharField(_("Name in the API"), max_length=LONGEST_NAME, unique=True, validators=[NAME])
    fields = models.JSONField(default=dict, editable=False)

    class Meta:
        verbose_name = _("event type")
        verbose_name_plural = _("event types")
        ordering = ["key"]

    def __str__(self) -> str:
        return self.key


class PersonEvent(models.Model):
    """Something a person did. Append-only; `external_id` is the caller's own id."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="events", db_index=False)
    type = models.ForeignKey(EventType, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(_("Time"))
    data = models.JSONField(_("Data"), default=dict, blank=True)
    external_id = models.CharField(_("Own id"), max_length=100, unique=True, null=True, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            # One person's, and those of a range of persons; then what left a window of time since the last look.
            models.Index(fields=["person", "type", "at"], name="cdp_event_person"),
            models.Index(fields=["type", "at", "person"], name="cdp_event_time"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.pk}"
