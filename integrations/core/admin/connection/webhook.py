"""The Webhook URL step: made here, shown once, and watched until the first call has come."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from integrations.core import hooks
from integrations.core.admin.connection.pages import ConnectionPages
from integrations.core.admin.connection.steps import WEBHOOK
from integrations.core.models import Connection, Delivery, HookToken

# Counting stops here: the sign must stay cheap with millions of calls.
COUNTED = 1000


class ConnectionWebhook(ConnectionPages):
    """Part of ConnectionAdmin."""

    # How to set up the webhook at the vendor: a template, shown below the URL.
    webhook_guide: ClassVar[str] = ""

    def webhook_view(self, request: HttpRequest, obj: Any, address: str = "") -> HttpResponse:
        context = self.page_context(
            request,
            obj,
            WEBHOOK,
            webhook_url=self.page_url("webhook", obj),
            address=address,
            address_without_scheme=address.partition("://")[2],
            tokens=HookToken.objects.filter(connection_id=obj.pk),
            newest_token=newest_token(obj),
            overlap_days=hooks.OVERLAP.days,
            now=timezone.now(),
            guide=self.webhook_guide,
            calls=self._calls(request, obj),
        )
        return TemplateResponse(request, "admin/core/connection/webhook.html", context)

    def new_address_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make a webhook URL and show it, this once."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        obj = self.connection_or_404(request, pk, change=True)
        if not request.user.has_perm("core.run_connection"):
            raise PermissionDenied
        if request.POST.get("after", newest := newest_token(obj)) != newest:
            text = _(
                "A webhook URL was created already, and it is shown only once. If you don't have it, create a new one."
            )
            self.message_user(request, text, messages.WARNING)
            return redirect(self.step_url(obj, WEBHOOK))
        address = hooks.new_address(obj, by=request.user.get_username())
        self.log_change(request, obj, gettext_noop("Created a webhook URL"))
        return self.webhook_view(request, self.connection_or_404(request, pk), address)

    def calls_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The sign alone, for the page to ask every few seconds; 204 when it would look the same."""
        obj = self.connection_or_404(request, pk)
        calls = self._calls(request, obj)
        if request.GET.get("seen") == calls["seen"]:
            return HttpResponse(status=204)
        return render(request, "admin/core/connection/calls.html", {"calls": calls})

    def _calls(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        calls = {
            **call_counts(obj),
            "url": self.page_url("calls", obj),
            "process_url": self.page_url("do", obj, "process-held"),
            "can_process": request.user.has_perm("core.run_connection"),
            "enabled": obj.state == Connection.State.ENABLED,
        }
        text = render_to_string("admin/core/connection/calls.html", {"calls": calls})
        return calls | {"seen": hashlib.sha256(text.encode()).hexdigest()[:16]}


def newest_token(connection: Any) -> str:
    """A page that is reloaded, or come back to, asks for no other URL: the one that was pasted would soon end."""
    return str(HookToken.objects.filter(connection_id=connection.pk).aggregate(newest=Max("pk"))["newest"] or "")


def call_counts(connection: Any) -> dict[str, Any]:
    """First and last call, and how many today and held (COUNTED + 1 means more than COUNTED)."""
    calls = Delivery.objects.filter(connection_id=connection.pk)
    latest = list(calls.order_by("-pk").values_list("received_at", flat=True)[: COUNTED + 1])
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    held = calls.filter(status=Delivery.Status.HELD).order_by("-pk").values_list("pk", flat=True)
    first = calls.order_by("pk").values_list("received_at", flat=True).first()
    return {
        "first": _ago(first),
        "last": _ago(latest[0] if latest else None),
        "today": sum(at >= midnight for at in latest),
        "held": len(held[: COUNTED + 1]),
        "counted": COUNTED,
    }


def _ago(at: datetime.datetime | None) -> str:
    if at is None:
        return ""
    if timezone.now() - at < datetime.timedelta(minutes=1):
        return _("just now")
    return _("%(time)s ago") % {"time": timesince(at)}
