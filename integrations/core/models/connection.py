"""A connection, its mapping, and the versions of both that events ran under."""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from integrations.core.fields import secret_names
from integrations.core.models.access import AccessBy, UserField, UserFieldValue

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def installed(self) -> Self:
        """Without removed ones: those live on in the log only."""
        return self.exclude(state=State.REMOVED)

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Connections whose Connector Access lets this user in; administrators see all. Removed ones, too: their log
        stays with those who could read it."""
        if getattr(user, "is_superuser", False):
            return self
        if not user.pk:
            return self.none()
        roles = Connection.access_roles.through.objects.filter(connection=OuterRef("pk"), group__user=user.pk)
        yes = UserFieldValue.objects.filter(field=OuterRef("access_field"), user=user.pk)
        return self.filter(Q(Exists(roles), access_by=AccessBy.ROLE) | Q(Exists(yes), access_by=AccessBy.USER_FIELD))


class State(models.TextChoices):
    DRAFT = "draft", _("Draft")
    ENABLED = "enabled", _("Enabled")
    DISABLED = "disabled", _("Disabled")
    ATTENTION = "attention", _("Needs attention")
    REMOVED = "removed", _("Removed")


def time_zone_choices() -> list[tuple[str, str]]:
    return [(name, name) for name in sorted(zoneinfo.available_timezones()) if "/" in name or name == "UTC"]


class Connection(models.Model):
    """One installed, configured connector. Each connector adds one child table: its settings page."""

    State = State
    # Secrets that may stay empty: of a part of the vendor that not everybody has.
    optional_secrets: ClassVar[tuple[str, ...]] = ()
    # What arrives meanwhile is held until somebody wants it. One that needs attention is not off: it goes on by itself
    # once its setting is corrected.
    OFF = (State.DRAFT, State.DISABLED, State.REMOVED)

    connector = models.CharField(max_length=40, editable=False)
    name = models.CharField(_("Name"), max_length=120, help_text=_("How this connection is called in the portal."))
    description = models.TextField(_("Description"), blank=True)
    state = models.CharField(_("State"), max_length=12, choices=State.choices, default=State.DRAFT, editable=False)
    state_reason = models.TextField(blank=True, editable=False)
    state_since = models.DateTimeField(default=timezone.now, editable=False)
    time_zone = models.CharField(_("Time zone"), max_length=64, default="UTC", choices=time_zone_choices)
    notify_to = models.CharField(_("User to notify on failure"), max_length=254, blank=True)
    notify = models.BooleanField(_("Enable notification"), default=False)
    access_by = models.CharField(_("Connector Access"), max_length=10, choices=AccessBy.choices, default=AccessBy.ROLE)
    access_roles = models.ManyToManyField(
        Group,
        blank=True,
        verbose_name=_("Specify Roles"),
        help_text=_("Users with one of these roles can use this connection. Administrators always can."),
    )
    access_field = models.ForeignKey(
        UserField,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Advanced (User Level)"),
        help_text=_(
            "Users whose value of this field is Yes can use this connection. Administrators define these fields, and "
            "set them on each user's page."
        ),
    )
    # Which secrets were set when and by whom; part of history in place of their values.
    secrets_set = models.JSONField(default=dict, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        ordering = ["name"]
        permissions = [
            ("run_connection", _("Can enable, disable, test and run connections")),
            ("view_personal_data", _("Can see personal data in logs unmasked")),
        ]

    def __str__(self) -> str:
        return _("%(name)s (removed)") % {"name": self.name} if self.state == State.REMOVED else self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def specific(self) -> Any:
        """This connection as its connector's own model, with the settings of its page."""
        from integrations.core.registry import connector_class

        model = connector_class(self.connector).model
        return self if isinstance(self, model) else model.objects.get(pk=self.pk)

    def secrets(self) -> list[str]:
        """The values to mask wherever text leaves this process."""
        return [value for name in secret_names(type(self)) if (value := getattr(self, name))]

    def destinations(self) -> dict[str, str]:
        """The address each secret is sent to, by the secret's name: it is never sent to one it wasn't entered for."""
        raise NotImplementedError

    def written_to(self) -> Any:
        """Whose records the Links name, to compare: once this is another, they say nothing about it."""
        return self.destinations()

    def parts(self) -> dict[str, list[dict[str, Any]]]:
        """Rows of other tables that belong to the settings, by name, as JSON: each settings version holds them."""
        return {}

    def set_state(self, state: str, reason: str = "") -> None:
        """Change the state and nothing else, so that a settings form open elsewhere can't undo it; alert, if it is bad
        or was. Removed stays removed, whoever finds out something about it afterwards."""
        from integrations.core.alerts.look import state_changed

        self.state, self.state_reason, self.state_since = state, reason, timezone.now()
        with transaction.atomic():
            installed = Connection.objects.installed().filter(pk=self.pk)
            if installed.update(state=self.state, state_reason=self.state_reason, state_since=self.state_since):
                state_changed(self)


class FieldMapping(models.Model):
    """A row of Edit Mapping: source path → target field."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="mappings")
    record_type = models.CharField(max_length=40)
    source = models.CharField(_("Source field"), max_length=200, blank=True)
    target = models.CharField(_("Target field"), max_length=200)
    default = models.CharField(
        _("Default Value"),
        max_length=500,
        blank=True,
        help_text=_("Used when the source sends nothing and the target field is still empty."),
    )
    enabled = models.BooleanField(_("On"), default=True)
    is_key = models.BooleanField(_("Search key"), default=False)
    position = models.PositiveIntegerField(default=0)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("field mapping")
        verbose_name_plural = _("field mappings")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "record_type", "target"],
                name="one_mapping_per_target",
                violation_error_message=_("Another row already fills this target field."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.source or '–'} → {self.target}"


class FieldCatalog(models.Model):
    """The vendor's fields of one record type as last read from the account."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="catalogs")
    record_type = models.CharField(max_length=40)
    fields = models.JSONField(default=list)
    fetched_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "record_type"], name="one_catalog_per_type")]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.record_type}"


class SettingsVersion(models.Model):
    """Settings and mapping as they were, without secrets: what an event ran under."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    snapshot = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["connection", "number"], name="one_version_per_number")]

    def __str__(self) -> str:
        return f"v{self.number}"
