"""The pages of the LeadHub Integration, in the vendor's order."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from integrations.connectors.leadhub.connector import ACCOUNT, EXPIRY, NIGHTLY, PIN, TAG_NAMES
from integrations.connectors.leadhub.models import LeadHubConnection, Notification
from integrations.connectors.leadhub.tags import BASIC_TAGS
from integrations.core.admin.connection.actions import RUN
from integrations.core.admin.connection.check import run_check
from integrations.core.admin.connection.main import ConnectionAdmin
from integrations.core.admin.connection.steps import Step
from integrations.core.forms import SettingsForm
from integrations.core.models import Connection, Cursor, Event

KEY = Step(
    "key",
    _("API key"),
    (
        (None, {"fields": ("name", "api_key")}),
        (_("Connection"), {"fields": ("api_address", "calls_per_minute", "description")}),
    ),
)
EXPIRY_STEP = Step(
    "expiry",
    _("Notification before expiry"),
    (
        (
            None,
            {
                "fields": ("expiry_notification", "expiry_days", "time_zone"),
                "description": _(
                    "Sent once a day, at night, to customers who lose more than 0 points in so many days: the tag "
                    "ellity_expiry_changed with the date and the points."
                ),
            },
        ),
        (_("When something goes wrong"), {"fields": ("notify_to", "notify")}),
    ),
)
TAGS = Step("tags", _("Tags"), ((None, {"fields": ("basic_tags",)}),))


class LeadHubForm(SettingsForm):
    address_fields = ("api_address",)


@admin.register(LeadHubConnection)
class LeadHubAdmin(ConnectionAdmin):
    form = LeadHubForm
    steps = (KEY, EXPIRY_STEP, TAGS)
    readonly_fields = ("basic_tags",)
    conditional_fields = {"expiry_days": "expiry_notification == 'send'"}

    def settings_saved(self, request: HttpRequest, obj: Any) -> None:
        super().settings_saved(request, obj)
        if obj.expiry_notification == Notification.NOT:
            # Nights while it was off are no missed ones.
            Cursor.objects.filter(connection_id=obj.pk, job=NIGHTLY).delete()

    def _saved(self, request: HttpRequest, obj: Any, step: Step) -> HttpResponseRedirect:
        """Activation: the first key is tried at once, and the integration is on when LeadHub takes it. Each later key
        is tried, too: a wrong one would show only with the next change of a customer. Who typed one that is refused
        stays where it is corrected."""
        works = self._activate_or_try(request, obj)
        response = super()._saved(request, obj, step)
        return response if works or step != KEY else redirect(self.step_url(obj, KEY))

    def _activate_or_try(self, request: HttpRequest, obj: Any) -> bool:
        """Whether the key works, as far as it was tried."""
        if "api_key" not in obj.secrets_set or not request.user.has_perm(RUN):
            return True
        if obj.state == Connection.State.DRAFT:
            return self._activate(request, obj)
        if request.POST.get("api_key"):
            return self._try_key(request, obj, _now("The new key is saved, but does not work."))
        return True

    def _try_key(self, request: HttpRequest, obj: Any, failed: str) -> bool:
        [*_passed, last] = run_check(obj)
        if not last.ok:
            self.message_user(request, f"{failed} {last.detail}", messages.ERROR)
        return last.ok

    def _activate(self, request: HttpRequest, obj: Any) -> bool:
        if not self._try_key(request, obj, _now("The activation ended with an error.")):
            return False
        self._switch(request, obj, Connection.State.ENABLED, _now("Activated by %(user)s: LeadHub took the test tag"))
        text = _now(
            "LeadHub accepted the key, and the integration is on. Next: a one-time export of all customers (Customer "
            "List, Export), and Basic Settings, Emails, if LeadHub is to send the PIN."
        )
        self.message_user(request, text, messages.SUCCESS)
        return True

    @admin.display(description=_("What LeadHub gets"))
    def basic_tags(self, obj: LeadHubConnection) -> str:
        last = {TAG_NAMES[name]: sent_last(obj.pk, name) for name in (ACCOUNT.name, PIN.name, EXPIRY.name)}
        rows = [(tag, last[tag.made_from]) for tag in BASIC_TAGS]
        return render_to_string("admin/leadhub/basic_tags.html", {"rows": rows, "sent": last})


def sent_last(connection_id: int, record_type: str) -> Event | None:
    """The event of the last tag of this type that was sent; found by the index of the log's tabs."""
    of_type = Event.objects.filter(connection_id=connection_id, record_type=record_type).order_by("-pk")
    found = [of_type.filter(outcome=outcome).first() for outcome in (Event.Outcome.NEW, Event.Outcome.UPDATED)]
    return max(filter(None, found), key=lambda event: event.pk, default=None)
