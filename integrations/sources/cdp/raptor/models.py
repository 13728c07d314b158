"""Raptor: its settings, how far its data were read, and the calls it pushed.

The settings are a person's; what is worked out stands in rows of its own, so that a form never touches it.
"""

from __future__ import annotations

from typing import Any, Self

from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from integrations.core.fields import EncryptedBytes, SecretField

SECRETS = ("push_secret", "api_key")
# Whoever knows a short one's hash of a known body could try them all.
SHORTEST_PUSH_SECRET = 16


def headers_of_their_own() -> RegexValidator:
    return RegexValidator(r"^[A-Za-z0-9-]+\Z", _("Letters, digits and - only."))


class RaptorSettings(models.Model):
    """The page “Raptor”. One row. Pushes come when there is a webhook URL and a secret; pulls when switched on."""

    push_secret = SecretField(
        _("Push secret"),
        validators=[MinLengthValidator(SHORTEST_PUSH_SECRET)],
        help_text=_("Raptor signs each push with it (header X-Raptor-Signature). At least 16 characters."),
    )
    pull = models.BooleanField(
        _("Read from Raptor's CDP API every minute"),
        default=False,
        help_text=_(
            "Push and pull may be on at once: they describe the same audiences. Of several changes for a person in an "
            "audience, the one with the latest time in Raptor counts, however it came and in whatever order."
        ),
    )
    base_url = models.CharField(_("API address"), max_length=300, default="https://cdp-api.raptorsmartadvisor.com")
    header_name = models.CharField(
        _("Name of the key's header"), max_length=60, default="X-API-Key", validators=[headers_of_their_own()]
    )
    api_key = SecretField(_("API key"), help_text=_("You get it from Raptor."))
    activation_id = models.CharField(
        _("Activation ID"),
        max_length=100,
        blank=True,
        help_text=_("Of the activation “CDP API” in Raptor. Only one of them can be active at a time."),
    )
    identifier = models.ForeignKey(
        "cdp.IdentifierType",
        models.PROTECT,
        null=True,
        limit_choices_to={"active": True},
        related_name="+",
        verbose_name=_("Person identifier"),
        help_text=_("The activation's. Its name in the API here must be Raptor's type, as “email”."),
    )
    # Which secrets were set when and by whom.
    secrets_set = models.JSONField(default=dict, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    history = HistoricalRecords(excluded_fields=[*SECRETS, "changed_at"])

    class Meta:
        verbose_name = _("Raptor settings")
        verbose_name_plural = _("Raptor settings")
        default_permissions = ("view", "change")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="cdp_one_raptor_settings_row")]

    def __str__(self) -> str:
        return "Raptor"

    @classmethod
    def load(cls) -> Self:
        """The settings; the secrets are decrypted when asked for (InvalidToken if they can't be)."""
        from integrations.sources.cdp.models import IdentifierType

        found = cls.objects.defer(*SECRETS).filter(pk=1).first()
        if found is None:
            email = IdentifierType.objects.filter(key="email").first()
            cls.objects.get_or_create(pk=1, defaults={"identifier": email})
            found = cls.objects.defer(*SECRETS).get(pk=1)
        return found


class RaptorPull(models.Model):
    """How pulling goes. `stopped`: why it waits for a setting to be corrected. `problem`: what went wrong last, since
    when; empty when all is well. `worked_until`: until then a worker is taken to be at it."""

    stopped = models.TextField(blank=True)
    problem = models.TextField(blank=True)
    problem_since = models.DateTimeField(null=True)
    succeeded_at = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    worked_until = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="cdp_one_raptor_pull_row")]

    def __str__(self) -> str:
        return self.stopped or self.problem or "Raptor"

    @classmethod
    def load(cls) -> Self:
        return cls.objects.get_or_create(pk=1)[0]


class RaptorKind(models.TextChoices):
    AUDIENCE = "audience", _("Audience")
    ATTRIBUTE = "attribute", _("Calculated attribute")


class RaptorDefinition(models.Model):
    """An audience or attribute as Raptor called it last. `last_at` is the time of the latest change of it that came;
    what is older than `deleted_at` came too late to bring it back."""

    Kind = RaptorKind

    kind = models.CharField(max_length=10, choices=RaptorKind.choices)
    external_id = models.CharField(max_length=60)
    name = models.CharField(max_length=120, blank=True)
    last_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["kind", "external_id"], name="cdp_once_from_raptor")]

    def __str__(self) -> str:
        return self.name


class RaptorCursor(models.Model):
    """How far an audience was read. Without a `sequence` number it has to be read as a whole.

    While that is under way, `reading_at` is the time it describes, `reading_page` the address of the next page (empty:
    the first) and `reading_sequence` where changes go on afterwards. After the last page, those leave who weren't on
    any: `reading_after` is the last person who was looked at. It holds no foreign key: an audience can be deleted
    while it is read.
    """

    audience_id = models.BigIntegerField()
    external_id = models.CharField(max_length=60, unique=True)
    sequence = models.BigIntegerField(null=True)
    reading_at = models.DateTimeField(null=True)
    reading_page = models.TextField(blank=True)
    reading_sequence = models.BigIntegerField(null=True)
    reading_after = models.BigIntegerField(null=True)
    attached = models.BooleanField(default=True)
    read_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)
    refused = models.BigIntegerField(default=0)
    last_refusal = models.TextField(blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.external_id

    def position(self) -> tuple[Any, ...]:
        """Where it stands: a worker that finds another one has gone on from there leaves it alone."""
        return self.sequence, self.reading_at, self.reading_page, self.reading_after


class CallStatus(models.TextChoices):
    RECEIVED = "received", _("Received")
    APPLIED = "applied", _("Applied")
    PARTLY = "partly", _("Partly applied")
    FAILED = "failed", _("Failed")
    REFUSED = "refused", _("Refused")


class RaptorCall(models.Model):
    """One push, stored before anything in it is applied. `results` has an outcome and a sentence, without personal
    data, for each change; `body` is deleted after the retention period. `message` says why it was refused or failed."""

    Status = CallStatus

    received_at = models.DateTimeField(_("received"), default=timezone.now)
    activation_id = models.CharField(_("activation"), max_length=100, blank=True)
    batch_id = models.CharField(_("batch"), max_length=200, null=True)
    sequence = models.BigIntegerField(_("sequence number"), null=True)
    body = EncryptedBytes(null=True)
    changes = models.PositiveIntegerField(_("changes"), default=0)
    status = models.CharField(_("status"), max_length=10, choices=CallStatus.choices, default=CallStatus.RECEIVED)
    message = models.TextField(_("message"), blank=True)
    results = models.JSONField(default=list)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    repeats = models.PositiveIntegerField(_("repeated"), default=0)
    attempts = models.PositiveIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("Raptor push")
        verbose_name_plural = _("Raptor pushes")
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [("change_raptor_address", _("Can create and revoke the webhook URL for Raptor"))]
        constraints = [models.UniqueConstraint(fields=["activation_id", "batch_id"], name="cdp_one_call_per_batch")]
        indexes = [
            models.Index(fields=["id"], name="cdp_raptor_waiting", condition=Q(status="received")),
            models.Index(fields=["received_at"], name="cdp_raptor_bodies", condition=Q(body__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{_('Raptor push')} {self.pk}"
