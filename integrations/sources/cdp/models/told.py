"""When a fixed membership or a value was last told, also that there is none: what is older than that comes too late."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.sources.cdp.models.attributes import Attribute
from integrations.sources.cdp.models.audiences import Audience
from integrations.sources.cdp.models.people import Person


class ToldMembership(models.Model):
    """That a person entered a fixed audience, or left it: whether the person is in it, Membership says."""

    audience = models.ForeignKey(Audience, models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("told membership")
        verbose_name_plural = _("told memberships")
        constraints = [models.UniqueConstraint(fields=["audience", "person"], name="cdp_membership_told_once")]

    def __str__(self) -> str:
        return f"{self.audience_id}: {self.person_id}"


class ToldValue(models.Model):
    """That an attribute has a value for a person, or none: which, AttributeValue says."""

    attribute = models.ForeignKey(Attribute, models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("told value")
        verbose_name_plural = _("told values")
        constraints = [models.UniqueConstraint(fields=["attribute", "person"], name="cdp_value_told_once")]

    def __str__(self) -> str:
        return f"{self.attribute_id}: {self.person_id}"
