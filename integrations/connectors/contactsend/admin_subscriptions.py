"""The step Subscription synchronisation: which newsletter of Contacthub goes with which of Contactsend."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any, cast

from cryptography.fernet import InvalidToken
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.connectors.contactsend.admin_way import WayPages
from integrations.connectors.contactsend.changes import way
from integrations.connectors.contactsend.connector import Contactsend
from integrations.connectors.contactsend.edit_rules import Change, WayStep
from integrations.connectors.contactsend.models import ContactsendConnection, SubscriptionRow
from integrations.connectors.contactsend.send_types import SendSubscription
from integrations.connectors.contactsend.subscription_form import (
    COLUMNS,
    MOST,
    RowsForm,
    by_field,
    column,
    shown,
    typed,
)
from integrations.core.admin.connection.parts import Part, ReadPart, Row
from integrations.core.admin.connection.steps import Step
from integrations.core.catalog import UNREADABLE
from integrations.core.errors import SyncError
from integrations.core.forms import missing_secrets
from integrations.core.registry import connector_for

SUBSCRIPTIONS = Step("subscriptions", gettext_lazy("Subscription synchronisation"))
ACCOUNT = ("user_key", "api_key")


class SubscriptionPages(WayPages):
    """Part of ContactsendAdmin."""

    parts = {"subscriptions": Part(SUBSCRIPTIONS.label, {name: column(name).label for name in COLUMNS})}

    def subscriptions_view(self, request: HttpRequest, obj: ContactsendConnection) -> HttpResponse:
        systems, problem = subscription_systems(obj)
        by_hand = systems is None
        rows, steps = RowsForm(systems=by_field(systems), initial=shown(obj.subscription_rows.all())), []
        rows.extra = 0 if rows.initial else 1
        if request.method == "POST":
            if not self.has_change_permission(request, obj) or obj.node_is_aggregate:
                raise PermissionDenied
            rows = RowsForm(systems=by_field(systems), data=request.POST)
            if "_more" in request.POST:
                rows = RowsForm(systems=by_field(systems), initial=typed(rows))
                rows.extra = 1
            elif rows.is_valid():
                steps = self._way_to(request, obj, rows)
                if not steps and "_disable" not in request.POST:
                    return self._save_subscriptions(request, obj, rows)
        context = self.page_context(
            request,
            obj,
            SUBSCRIPTIONS,
            rows=rows,
            problem=problem,
            by_hand=by_hand,
            way=self.way_html(request, steps, "subscriptions-form"),
            only_disabled="_disable" in request.POST,
        )
        return TemplateResponse(request, "admin/contactsend/subscriptions.html", context)

    # -- as part of a version or a file of settings --------------------------------------------------

    def read_part(self, obj: Any, name: str, rows: Sequence[Row]) -> ReadPart:
        if rows and obj.node_is_aggregate:
            text = _("An aggregate node has no subscriptions of its own: they can't be synchronised.")
            return ReadPart([], [(0, "", text)])
        systems = subscription_systems(obj)[0] if obj.pk else None
        posted: dict[str, Any] = {"rows-TOTAL_FORMS": len(rows), "rows-INITIAL_FORMS": 0}
        for place, row in enumerate(rows):
            posted |= {f"rows-{place}-{column}": value for column, value in row.items()}
        form = RowsForm(systems=by_field(systems), data=posted)
        if len(rows) > MOST:
            return ReadPart([], [(MOST, "", _("There can be %(most)s rows at most.") % {"most": MOST})])
        if form.is_valid():
            return ReadPart(form.kept())
        errors = [(place, each.errors) for place, each in enumerate(form.forms)]
        return ReadPart([], [(place, name, text) for place, one in errors for name in one for text in one[name]])

    def save_part(self, request: HttpRequest, obj: Any, name: str, rows: Sequence[Row]) -> None:
        replace(obj, rows)

    def _way_to(self, request: HttpRequest, obj: ContactsendConnection, rows: Any) -> list[WayStep]:
        if rows.kept() == shown(obj.subscription_rows.all()):
            return []
        return way({Change.SUBSCRIPTIONS}, obj)

    def _save_subscriptions(self, request: HttpRequest, obj: ContactsendConnection, rows: Any) -> HttpResponse:
        kept, before = rows.kept(), shown(obj.subscription_rows.all())
        if kept != before:
            with transaction.atomic():
                replace(obj, kept)
                self.settings_saved(request, obj)
        messages.success(request, _("%(step)s saved.") % {"step": SUBSCRIPTIONS.label})
        following = self.step_after(SUBSCRIPTIONS) if "_next" in request.POST else None
        return redirect(self.step_url(obj, following or SUBSCRIPTIONS))


def replace(obj: ContactsendConnection, kept: Sequence[dict[str, str]]) -> None:
    """Make the saved rows these. Their history is that of the settings' versions, which hold them."""
    obj.subscription_rows.all().delete()
    SubscriptionRow.objects.bulk_create(
        SubscriptionRow(connection=obj, position=place, **values) for place, values in enumerate(kept, 1)
    )


def subscription_systems(obj: ContactsendConnection) -> tuple[list[SendSubscription] | None, str]:
    """Those of the userdb, or None and why they are to be typed by hand."""
    if missing := missing_secrets(obj, ACCOUNT):
        return None, _("First enter %(keys)s.") % {"keys": ", ".join(missing)}
    try:
        with closing(cast(Contactsend, connector_for(obj))) as connector:
            return connector.systems(), ""
    except SyncError as error:
        return None, error.message
    except InvalidToken:
        return None, str(UNREADABLE)
