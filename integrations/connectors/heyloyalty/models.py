"""The settings page of the Heyloyalty activation: its fields, in its order, with its words."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from integrations.connectors.heyloyalty.account import HeyloyaltyAccount
from integrations.connectors.heyloyalty.client import bare
from integrations.connectors.heyloyalty.fields import EMAIL, LONGEST_NAME, LONGEST_TEXT, MOBILE
from integrations.core.errors import ConfigurationError
from integrations.core.history import SettingsHistory
from integrations.core.models import Connection
from integrations.sources.cdp.models import Attribute, Audience, IdentifierType

# The fixed field of a list that holds identifiers of a kind; both other ones take text.
MATCH_ON = {
    IdentifierType.Kind.EMAIL: EMAIL,
    IdentifierType.Kind.PHONE: MOBILE,
    IdentifierType.Kind.TEXT: "reference",
}


class ActivationConnection(HeyloyaltyAccount, Connection):
    """Audiences and calculated attributes as fields of the members of one list."""

    identifier_type = models.ForeignKey(
        IdentifierType,
        models.PROTECT,
        limit_choices_to={"active": True},
        related_name="+",
        verbose_name=_("Preferred person identifier"),
        help_text=_(
            "By what a person is recognised on the list: e-mail addresses by its field E-mail, phone numbers by "
            "Mobile, others by Reference. In Heyloyalty this is usually Email."
        ),
    )
    errors_to = models.EmailField(
        _("E-mail"), blank=True, help_text=_("Who gets error reports: which members failed, and why.")
    )
    # Text, as what is typed or pasted there.
    list_id = models.CharField(
        _("List ID"),
        max_length=20,
        blank=True,
        help_text=_("A number. You can paste the list's address from Heyloyalty: the number is taken out of it."),
    )
    create_members = models.BooleanField(
        _("Create members"),
        default=False,
        help_text=_(
            "Whether persons who aren't on the list become members of it, without being asked to opt in. Leave it off "
            "unless everybody in the customer data platform agreed to get mails. Whoever unsubscribed stays "
            "unsubscribed, if the list's webhook is set up (last step); but of those who did so before, Heyloyalty "
            "tells nothing."
        ),
    )

    history = SettingsHistory("api_key", "api_secret")

    class Meta:
        verbose_name = _("activation")
        verbose_name_plural = _("activations")

    def destinations(self) -> dict[str, str]:
        """Nothing is tracked: both go to the API."""
        return dict.fromkeys(("api_key", "api_secret"), bare(self.api_address))

    def parts(self) -> dict[str, list[dict[str, Any]]]:
        """What is attached: of each the name, of audiences first."""
        attached = self.attached.filter(state=FieldState.ATTACHED)
        pairs = list(attached.values_list("audience__name", "attribute__name"))
        audiences = [{"audience": name} for name in sorted(name for name, _other in pairs if name)]
        attributes = [{"attribute": name} for name in sorted(name for _other, name in pairs if name)]
        return {"attached": audiences + attributes}

    @property
    def list_number(self) -> int:
        """Raises ConfigurationError when none is entered."""
        if not self.list_id.isdecimal():
            raise ConfigurationError(_now("No List ID is entered. Enter it under Heyloyalty information."))
        return int(self.list_id)

    @property
    def match_on(self) -> str:
        return MATCH_ON[IdentifierType.Kind(self.identifier_type.kind)]


class FieldState(models.TextChoices):
    """DETACHED: nothing is sent to it any more. REMOVED: nor is it; its label says that its audience is gone."""

    ATTACHED = "attached", _("Attached")
    DETACHED = "detached", _("Detached")
    REMOVED = "removed", _("Removed")


class AttachedField(models.Model):
    """A field of the list that an activation fills: of an audience or of a calculated attribute.

    The list knows it by `field_name`, which never changes: so it is found when its label was. A row stays when its
    audience is detached or deleted; attached again, it is the same field.
    """

    State = FieldState

    connection = models.ForeignKey(ActivationConnection, models.CASCADE, related_name="attached")
    audience = models.ForeignKey(Audience, models.SET_NULL, null=True, blank=True, related_name="+")
    attribute = models.ForeignKey(Attribute, models.SET_NULL, null=True, blank=True, related_name="+")
    field_name = models.CharField(max_length=LONGEST_NAME)
    label = models.CharField(max_length=LONGEST_TEXT)
    format = models.CharField(max_length=10)
    state = models.CharField(max_length=8, choices=FieldState.choices, default=FieldState.ATTACHED)
    # Since when the list has it; null: not yet.
    ready_at = models.DateTimeField(null=True)
    # Why the list doesn't have it, or why nothing is sent to it.
    problem = models.TextField(blank=True)

    # What the engine notes is written without it.
    history = HistoricalRecords(excluded_fields=["format", "ready_at", "problem"])

    class Meta:
        verbose_name = _("attached field")
        verbose_name_plural = _("attached fields")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "field_name"], name="heyloyalty_one_row_per_field"),
            models.UniqueConstraint(
                fields=["connection", "audience"],
                condition=Q(audience__isnull=False),
                name="heyloyalty_audience_attached_once",
            ),
            models.UniqueConstraint(
                fields=["connection", "attribute"],
                condition=Q(attribute__isnull=False),
                name="heyloyalty_attribute_attached_once",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def subject(self) -> Audience | Attribute | None:
        """What it is the field of; None when that was deleted."""
        return self.audience or self.attribute
