"""CSV files that were uploaded: what was found in them, what became of their rows, and the file while it is needed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.core.fields import EncryptedBytes
from integrations.core.models.engine import EPOCH


class ImportState(models.TextChoices):
    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Waits for you")
    IMPORTING = "importing", _("Being imported")
    PAUSED = "paused", _("Paused")
    DONE = "done", _("Imported")
    NOTHING = "nothing", _("Nothing was imported")
    STOPPED = "stopped", _("Stopped")
    DISCARDED = "discarded", _("Discarded")
    FAILED = "failed", _("Failure")


# A worker is at it, or one is to come.
AT_WORK = (ImportState.CHECKING, ImportState.IMPORTING)
# The file is held.
OPEN = (*AT_WORK, ImportState.CHECKED, ImportState.PAUSED)


class Import(models.Model):
    """One uploaded file. `source` is the model it goes to (`loyalty.customer`), `kind` one of that one's files.

    Counts, problems and `done` (rows) are of the check until somebody has pressed Import, then of the import. A problem
    is a line of the file, a column (or "") and a sentence without the row's values. Who works on it holds it until
    `until`, by the database's clock, and writes under its `token`: whoever has an older one can't any more.
    """

    State = ImportState

    source = models.CharField(max_length=100)
    kind = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.CHECKING)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)
    # Who pressed Import: it is done in this one's name.
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    rows = models.PositiveIntegerField()
    all_or_nothing = models.BooleanField(default=False)
    done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    message = models.TextField(blank=True)
    # Seconds of work: of what is under way, and of the check.
    worked = models.FloatField(default=0.0)
    check_took = models.FloatField(default=0.0)
    # How dates and sentences are meant: as whoever uploaded it has them.
    language = models.CharField(max_length=10)
    time_zone = models.CharField(max_length=64)
    token = models.BigIntegerField(default=0)
    until = models.DateTimeField(default=EPOCH)
    # Workers that have begun since the last rows were done.
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("CSV import")
        verbose_name_plural = _("CSV imports")
        ordering = ["-pk"]
        # Its pages go by the permissions of what is imported.
        default_permissions = ()
        indexes = [
            models.Index(fields=["source", "id"], name="import_list"),
            models.Index(fields=["state", "id"], name="import_state"),
        ]

    def __str__(self) -> str:
        return f"{_('CSV import')} {self.pk}"


class ImportFile(models.Model):
    """The file as it was uploaded, until its import ends."""

    imported = models.OneToOneField(Import, models.CASCADE, primary_key=True, related_name="file")
    body = EncryptedBytes()

    def __str__(self) -> str:
        return str(self.imported_id)
