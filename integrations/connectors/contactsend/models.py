"""The source page of Contacthub ↔ Contactsend: its fields, in its order, with its words; and the pairs kept equal."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from integrations.connectors.contactsend.reconcile import Rule
from integrations.core.fields import EncryptedText, SecretField
from integrations.core.history import SettingsHistory
from integrations.core.models import Connection


class ConflictRule(models.TextChoices):
    NEWEST = Rule.NEWEST, _("The newest change wins")
    HUB = Rule.HUB, _("Contacthub wins")
    SEND = Rule.SEND, _("Contactsend wins")


class Deletes(models.TextChoices):
    IGNORE = "ignore", _("Leave the other side alone")
    CARRY = "carry", _("Delete on the other side, too")


class ContactsendConnection(Connection):
    """One source: one node of Contacthub and one userdb of Contactsend, kept equal in both directions."""

    workspace = models.CharField(
        _("Contacthub workspace"),
        max_length=64,
        blank=True,
        help_text=_("In Contacthub: the id of the workspace, as in the address of its pages."),
    )
    hub_token = SecretField(_("Contacthub token"), help_text=_("In Contacthub: Manage sources › your source › Token."))
    # Text, as the choices of a settings page are.
    node_id = models.CharField(
        _("Active nodes"),
        max_length=64,
        blank=True,
        help_text=_("The node that this source may read and write. One source: one node: one userdb."),
    )
    # A view of other nodes' customers: its subscriptions can't be synchronised.
    node_is_aggregate = models.BooleanField(default=False, editable=False)
    user_key = SecretField(_("userKey"), help_text=_("Contactlab gives it to you, together with the apiKey."))
    api_key = SecretField(_("apiKey"), help_text=_("Contactlab gives it to you, together with the userKey."))
    userdb_id = models.CharField(
        _("userdb ID"),
        max_length=20,
        blank=True,
        help_text=_("The Contactsend database that subscribers are kept in."),
    )
    conflict_rule = models.CharField(
        _("When both sides have changed"),
        max_length=10,
        choices=ConflictRule.choices,
        default=ConflictRule.NEWEST,
        help_text=_(
            "Counts for fields that were changed on both sides since they were last equal; the value that isn't kept "
            "stays visible in the log. Without a last-modified field the time of a change in Contactsend is when it "
            "was found. An unsubscription always beats a subscription that isn't newer."
        ),
    )
    deletes = models.CharField(
        _("When one is deleted"),
        max_length=10,
        choices=Deletes.choices,
        default=Deletes.IGNORE,
        help_text=_(
            "Who was removed in Contactsend is found by looking through the userdb: with a last-modified field once a "
            "night, without one each time around. In Contacthub only the update stream tells of deletions."
        ),
    )
    last_modified_field = models.CharField(
        _("Last-modified field"),
        max_length=60,
        blank=True,
        help_text=_(
            "The userdb's field with the time of the last change, if it has one: changes in Contactsend are then found "
            "within a minute, and the whole userdb is looked through once a night. Without it the whole userdb is "
            "looked through again and again. Its times are read by the time zone of this source."
        ),
    )
    hub_address = models.CharField(_("Contacthub address"), max_length=200, default="https://api.contactlab.it/hub/v1")
    send_address = models.CharField(
        _("Contactsend address"), max_length=200, default="https://soap.contactlab.it/soap/services"
    )
    # Neither vendor publishes a limit.
    hub_calls_per_second = models.PositiveSmallIntegerField(
        _("Contacthub calls per second"), default=5, help_text=_("0 means no limit.")
    )
    send_calls_per_second = models.PositiveSmallIntegerField(
        _("Contactsend calls per second"), default=10, help_text=_("0 means no limit.")
    )

    # What Contacthub calls the source of this token, once it has told.
    source_id = models.CharField(max_length=64, blank=True, editable=False)

    history = SettingsHistory("hub_token", "user_key", "api_key")

    class Meta:
        verbose_name = _("Contacthub ↔ Contactsend")
        verbose_name_plural = _("Contacthub ↔ Contactsend")
        constraints = [
            models.UniqueConstraint(
                fields=["hub_address", "workspace", "node_id"], condition=~Q(node_id=""), name="contactsend_one_node"
            ),
            models.UniqueConstraint(
                fields=["send_address", "userdb_id"], condition=~Q(userdb_id=""), name="contactsend_one_userdb"
            ),
        ]

    def destinations(self) -> dict[str, str]:
        return {"hub_token": self.hub_address, "user_key": self.send_address, "api_key": self.send_address}

    def parts(self) -> dict[str, list[dict[str, Any]]]:
        return {"subscriptions": list(self.subscription_rows.values(*SubscriptionRow.COLUMNS))}

    def written_to(self) -> list[str]:
        return [self.hub_address, self.workspace, self.node_id, self.send_address, self.userdb_id]


class SubscriptionRow(models.Model):
    """A newsletter: a subscription of Contacthub and the subscription system of Contactsend that follows it."""

    COLUMNS = ("hub_subscription_id", "registration_field", "webform_code")

    connection = models.ForeignKey(ContactsendConnection, models.CASCADE, related_name="subscription_rows")
    hub_subscription_id = models.CharField(_("Contacthub subscription ID"), max_length=100)
    # The field of the userdb in which the state stands: 1, -1 or 0.
    registration_field = models.CharField(_("Contactsend subscription system"), max_length=60)
    webform_code = models.CharField(
        _("Webform Code"),
        max_length=60,
        help_text=_("In Contactsend: the code of this subscription system's web form."),
    )
    position = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "hub_subscription_id"], name="contactsend_one_row_hub"),
            models.UniqueConstraint(fields=["connection", "registration_field"], name="contactsend_one_row_send"),
        ]

    def __str__(self) -> str:
        return self.hub_subscription_id


class Pair(models.Model):
    """A customer and the subscriber that are one person.

    `base` holds values and subscriptions as they were last equal, as JSON. `hub_seen` and `send_seen` are digests of
    how each side then looked: what looks like that is no news.
    """

    connection = models.ForeignKey(ContactsendConnection, models.CASCADE, related_name="pairs", db_index=False)
    hub_id = models.CharField(max_length=64)
    # Null only for as long as two pairs exchange theirs.
    send_id = models.BigIntegerField(null=True)
    base = EncryptedText(null=True)
    hub_seen = models.CharField(max_length=64, blank=True)
    send_seen = models.CharField(max_length=64, blank=True)
    # When we last wrote, as epoch seconds: more than a few within minutes is a loop.
    writes = models.JSONField(default=list)
    # What the two are found by, as `Shape.match` has it.
    match = models.CharField(max_length=64, blank=True)
    # The event that last made them equal: what a side looks like after it is news once.
    event_id = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["connection", "match"], name="contactsend_pair_match")]
        constraints = [
            models.UniqueConstraint(fields=["connection", "hub_id"], name="contactsend_one_pair_hub"),
            models.UniqueConstraint(fields=["connection", "send_id"], name="contactsend_one_pair_send"),
        ]

    def __str__(self) -> str:
        return f"{self.hub_id} ↔ {self.send_id}"
