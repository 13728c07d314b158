"""The step Subscription synchronisation: which newsletter of Contacthub goes with which of Contactsend."""

from __future__ import annotations

from collections.abc import Iterator
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
from integrations.connectors.contactsend.subscription_form import RowsForm, by_field, shown, typed
from integrations.core.admin.connection import history
from integrations.core.admin.connection.steps import Step
from integrations.core.catalog import UNREADABLE
from integrations.core.errors import SyncError
from integrations.core.forms import missing_secrets
from integrations.core.registry import connector_for

SUBSCRIPTIONS = Step("subscriptions", gettext_lazy("Subscription synchronisation"))
ACCOUNT = ("user_key", "api_key")


class SubscriptionPages(WayPages):
    """Part of ContactsendAdmin."""

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

    def all_changes(self, obj: Any) -> Iterator[history.Change]:
        yield from super().all_changes(obj)
        yield from subscription_changes(obj)

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


def replace(obj: ContactsendConnection, kept: list[dict[str, str]]) -> None:
    """Row by row, for the history; those that stay as they are aren't touched."""
    staying = []
    for row, values in zip(obj.subscription_rows.all(), shown(obj.subscription_rows.all()), strict=True):
        if values in kept:
            staying.append(values)
        else:
            row.delete()
    for place, values in enumerate(kept, 1):
        if values not in staying:
            SubscriptionRow.objects.create(connection=obj, position=place, **values)


def subscription_changes(obj: ContactsendConnection) -> Iterator[history.Change]:
    found: Any = SubscriptionRow.history.filter(connection_id=obj.pk).select_related("history_user")
    for row in found[: history.SHOWN]:
        named = {"subscription": row.hub_subscription_id, "field": row.registration_field, "code": row.webform_code}
        yield history.change_of(row, _("Subscription %(subscription)s ↔ %(field)s (%(code)s)") % named)


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
