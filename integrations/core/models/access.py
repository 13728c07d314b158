"""Connector Access by user: yes-or-no fields that administrators define, and who has a Yes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords


class AccessBy(models.TextChoices):
    """What decides who can use a connection."""

    ROLE = "role", _("Based on Role")
    USER_FIELD = "user_field", _("Advanced (User Level)")


class UserField(models.Model):
    """Something that is true of some users and not of others, such as “Is Employee”."""

    name = models.CharField(_("Name"), max_length=120, unique=True, help_text=_("For example “Is Employee”."))
    description = models.CharField(
        _("Description"), max_length=300, blank=True, help_text=_("For whom its value is to be Yes.")
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("user field")
        verbose_name_plural = _("user fields")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class UserFieldValue(models.Model):
    """A user's value of a field is Yes. Without a row it is No."""

    field = models.ForeignKey(UserField, models.CASCADE, related_name="values")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="field_values")

    history = HistoricalRecords()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["field", "user"], name="one_value_per_user_field")]

    def __str__(self) -> str:
        return f"{self.field_id} {self.user_id}"
