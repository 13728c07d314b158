"""That a person was erased: when, by whom and how much, never who it was."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.core.fields import EncryptedText
from integrations.core.models.engine import EPOCH


class Erasure(models.Model):
    """One use of “Erase person”, and how far it has come.

    `digest` is keyed: who knows an identifier can see whether it was erased, nobody can find out which ones were.
    `subject` says whom to erase while that is under way – a restart must know – and is emptied at the end. Progress is
    kept here and not in a Run: those belong to one connection, and their books count records. `step` and `after` say
    where it stands; `worked_until`: until then a worker is taken to be at it.
    """

    digest = models.CharField(_("digest of the identifier"), max_length=64, db_index=True)
    by = models.CharField(_("by"), max_length=150)
    requested_at = models.DateTimeField(_("requested"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True)
    counts = models.JSONField(_("what was erased"), default=dict)
    subject: models.Field[str | None, str | None] = EncryptedText(null=True)
    step = models.CharField(max_length=80, blank=True)
    after = models.BigIntegerField(default=0)
    worked_until = models.DateTimeField(default=EPOCH)

    class Meta:
        verbose_name = _("erased person")
        verbose_name_plural = _("erased persons")
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [("erase_person", _("Can erase persons from everything the portal keeps"))]
        indexes = [models.Index(fields=["id"], name="erasure_open", condition=models.Q(finished_at__isnull=True))]

    def __str__(self) -> str:
        return f"{_('Erasure')} {self.pk}"
