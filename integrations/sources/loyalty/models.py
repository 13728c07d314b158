"""Loyalty customers, their point accounts and movements, the settings, and the PIN mails that wait to be sent.

Rows change through the bulk verbs of `customers.py` and `movements.py`, also when a single one changes: they hold the
locks, write the history and tell those who listen.
"""

from __future__ import annotations

import datetime
import zoneinfo
from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from integrations.core.fields import EncryptedText
from integrations.core.models.connection import time_zone_choices


def email_key_of(email: str) -> str | None:
    """What an e-mail address is found by, without regard to case; None when there is none."""
    return email.strip().lower() or None


class CustomerQuerySet(models.QuerySet["Customer"]):
    def update(self, **values: Any) -> int:
        if isinstance(email := values.get("email"), str):
            values["email_key"] = email_key_of(email)
        return super().update(**values)


class Customer(models.Model):
    """A person in the loyalty programme. The PIN is only for those who are not registered."""

    external_id = models.CharField(
        _("Own id"),
        max_length=100,
        unique=True,
        null=True,
        blank=True,
        help_text=_("The id of this customer in the shop's own system."),
    )
    email = models.EmailField(_("E-mail"), blank=True)
    email_key = models.CharField(max_length=254, unique=True, null=True, editable=False)
    first_name = models.CharField(_("First name"), max_length=100, blank=True)
    last_name = models.CharField(_("Last name"), max_length=100, blank=True)
    registered = models.BooleanField(_("Registered"), default=False)
    pin: models.Field[str | None, str | None] = EncryptedText(_("PIN"), null=True, blank=True)
    pin_changed_at = models.DateTimeField(_("PIN changed"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("Created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("Changed"), default=timezone.now, editable=False)

    objects = CustomerQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["pin", "email_key"])

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        permissions = [("view_pin", _("Can see PINs"))]
        # For the list's search by the beginning of a name, and its filter.
        indexes = [
            models.Index(fields=["last_name"], name="loyalty_last_name", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["first_name"], name="loyalty_first_name", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["registered", "id"], name="loyalty_registered"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(email="", email_key__isnull=True) | (~Q(email="") & Q(email_key__isnull=False)),
                name="loyalty_email_has_key",
            ),
            models.CheckConstraint(
                condition=Q(registered=False) | Q(pin__isnull=True),
                name="loyalty_pin_while_unregistered",
                violation_error_message=_("A registered customer has no PIN."),
            ),
        ]

    def __str__(self) -> str:
        return self.email or self.external_id or f"{_('Customer')} {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, with the key of the e-mail, and with an account when new. Raises IntegrityError for a PIN of a
        registered customer."""
        self.email_key = email_key_of(self.email)
        if (names := kwargs.get("update_fields")) is not None and "email" in names:
            kwargs["update_fields"] = {*names, "email_key"}
        is_new = self._state.adding
        with transaction.atomic():
            super().save(*args, **kwargs)
            if is_new:
                Account.objects.create(customer=self)


class Account(models.Model):
    """The points of one customer. Whoever changes the customer or the points locks this row first."""

    customer = models.OneToOneField(Customer, models.CASCADE, primary_key=True, related_name="account")
    balance = models.BigIntegerField(_("Points"), default=0)
    next_expiry = models.DateField(_("Next expiry"), null=True, blank=True)
    next_expiry_points = models.BigIntegerField(_("Points that expire next"), default=0)
    last_change_at = models.DateTimeField(_("Last change"), null=True, blank=True)
    last_change_value = models.BigIntegerField(_("Value of the last change"), null=True, blank=True)
    # Grows with every change of the account, the registration, the PIN, the name and the e-mail.
    revision = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("point account")
        verbose_name_plural = _("point accounts")
        constraints = [models.CheckConstraint(condition=Q(balance__gte=0), name="loyalty_balance_not_negative")]

    def __str__(self) -> str:
        return f"{_('Point account')} {self.pk}"


class Reason(models.TextChoices):
    """Why points moved: the reasons seen in Ellity, and ours."""

    REGISTRATION = "registration", _("Registration")
    ORDER = "order", _("Order")
    REVIEW = "review", _("Review")
    NAMEDAY = "nameday", _("Name day")
    BIRTHDAY = "birthday", _("Birthday")
    ANNIVERSARY = "anniversary", _("Anniversary")
    SPENDING = "spending", _("Spending")
    RETURN = "return", _("Return")
    CORRECTION = "correction", _("Correction")
    EXPIRY = "expiry", _("Expiry")


class Movement(models.Model):
    """A change of an account, append-only; only `remaining` goes down, while the points of an earning are used."""

    Reason = Reason

    # Also the customer's id: it is the account's primary key.
    account = models.ForeignKey(Account, models.CASCADE, related_name="movements", db_index=False)
    external_id = models.CharField(_("Own id"), max_length=100, unique=True, null=True, blank=True)
    value = models.BigIntegerField(_("Points"))
    reason = models.CharField(_("Reason"), max_length=12, choices=Reason.choices)
    moved_at = models.DateTimeField(_("Date"))
    expires_on = models.DateField(
        _("Expires on"), null=True, blank=True, help_text=_("The first day on which these points can't be used.")
    )
    remaining = models.BigIntegerField(_("Left"), default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("movement")
        verbose_name_plural = _("movements")
        indexes = [
            models.Index(
                fields=["expires_on", "account", "remaining"], name="loyalty_expiring", condition=Q(remaining__gt=0)
            ),
            models.Index(fields=["account"], name="loyalty_unused", condition=Q(remaining__gt=0)),
            models.Index(fields=["account", "id"], name="loyalty_movements"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(value=0), name="loyalty_value_not_zero"),
            models.CheckConstraint(condition=Q(remaining__gte=0), name="loyalty_remaining_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.value:+d}"


class PinMailBy(models.TextChoices):
    SYSTEM = "system", _("System")
    INTEGRATION = "integration", _("Over Available Integration")


def default_time_zone() -> str:
    name: str = settings.TIME_ZONE
    return name


class LoyaltySettings(models.Model):
    """Settings – Basic Settings. One row, for the whole installation."""

    PinMail = PinMailBy

    pin_mail = models.CharField(
        _("Sending of the PIN"),
        max_length=12,
        choices=PinMailBy.choices,
        default=PinMailBy.SYSTEM,
        help_text=_("Who mails a new PIN to the customer: this portal, or an integration that is told of it."),
    )
    sender_name = models.CharField(
        _("Name of the shop"),
        max_length=100,
        blank=True,
        help_text=_("Stands in the subject and the text of the mail with the PIN."),
    )
    time_zone = models.CharField(
        _("Time zone"),
        max_length=64,
        default=default_time_zone,
        choices=time_zone_choices,
        help_text=_("Points expire at midnight in this time zone."),
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("loyalty settings")
        verbose_name_plural = _("loyalty settings")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="loyalty_one_settings_row")]

    def __str__(self) -> str:
        return str(_("Basic Settings"))

    @classmethod
    def load(cls) -> Self:
        """The settings, with what a new installation has if nobody has saved them."""
        return cls.objects.get_or_create(pk=1)[0]

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    def today(self, now: datetime.datetime | None = None) -> datetime.date:
        return (now or timezone.now()).astimezone(self.zone).date()


class PinMail(models.Model):
    """A mail with a PIN that is to be sent. It holds no PIN: the mail takes the one the customer has by then."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="pin_mails")
    created_at = models.DateTimeField(_("Created"), default=timezone.now)
    due_at = models.DateTimeField(_("Next try"), default=timezone.now)
    sent_at = models.DateTimeField(_("Sent"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("Attempts"), default=0)
    problem = models.CharField(_("Problem"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("PIN mail")
        verbose_name_plural = _("PIN mails")
        indexes = [models.Index(fields=["due_at", "id"], name="loyalty_mail_due", condition=Q(sent_at__isnull=True))]

    def __str__(self) -> str:
        return f"{_('PIN mail')} {self.pk}"


from integrations.sources.loyalty.models_ellity import WebhookCall  # noqa: E402, F401
