"""Ellity's webhook in the portal: its URL, made here and shown once, and the calls that came."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from integrations.core.admin.badges import badge
from integrations.core.api.tokens import new_token, tokens_for
from integrations.core.models import ApiToken
from integrations.core.redact import mask_payload
from integrations.sources.loyalty.ellity import BODY, QUERY, fields_of
from integrations.sources.loyalty.ellity_hook import SCOPE, address_of
from integrations.sources.loyalty.models_ellity import CallStatus, WebhookCall

LOOKS = {CallStatus.APPLIED: "success", CallStatus.REFUSED: "danger"}
PAGE = "loyalty_webhookcall_address"


@admin.register(WebhookCall)
class WebhookCallAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ("received_at", "status_badge", "customer_number", "value", "credit", "message")
    list_filter = ("status",)
    list_select_related = False
    show_full_result_count = False
    actions = None
    fields = ("received_at", "status_badge", "message", "customer_number", "value", "credit", "said")
    change_list_template = "admin/loyalty/ellity_calls.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookCall]:
        return super().get_queryset(request).defer("body")  # type: ignore[no-any-return]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        call = super().get_object(request, object_id, from_field)
        if call is not None:
            call.masked = not request.user.has_perm("core.view_personal_data")
        return call

    @admin.display(description=gettext_lazy("Status"), ordering="status")
    def status_badge(self, obj: WebhookCall) -> str:
        look = LOOKS.get(CallStatus(obj.status), "default")
        return badge(look, obj.get_status_display())

    @admin.display(description=gettext_lazy("Customer"))
    def customer_number(self, obj: WebhookCall) -> str:
        return f"{_('Customer')} {obj.customer_id}" if obj.customer_id else "–"

    @admin.display(description=gettext_lazy("What Ellity said"))
    def said(self, obj: Any) -> str:
        if obj.body is None:
            return _("Deleted after the retention period, or never stored.")
        try:
            fields = dict(fields_of(obj.body))
        except ValueError:
            return obj.body.decode("utf-8", "replace") if not obj.masked else _("Not JSON; it may hold personal data.")
        return json.dumps(mask_payload(fields) if obj.masked else fields, ensure_ascii=False)

    # -- the webhook URL ----------------------------------------------------------------------------

    def get_urls(self) -> Any:
        own = [path("address/", self.admin_site.admin_view(self.address_view), name=PAGE)]
        own += [path("address/<int:pk>/revoke/", self.admin_site.admin_view(self.revoke_view), name=f"{PAGE}_revoke")]
        return own + super().get_urls()

    def address_view(self, request: HttpRequest) -> HttpResponse:
        """POST makes a URL and shows it, this once."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        address = self._new_address(request) if request.method == "POST" else ""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Webhook URL for Ellity"),
            "address": address,
            "address_with_query": f"{address}?{QUERY}",
            "body": BODY,
            "tokens": tokens_for(SCOPE),
            "can_change": _may_change(request),
        }
        return TemplateResponse(request, "admin/loyalty/ellity_address.html", context)

    def _new_address(self, request: HttpRequest) -> str:
        if not _may_change(request):
            raise PermissionDenied
        made, token = new_token(_("Ellity's webhook"), [SCOPE], by=request.user.get_username())
        self.log_addition(request, made, _("Created a webhook URL"))
        return address_of(token)

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST" or not _may_change(request):
            raise PermissionDenied
        token = get_object_or_404(tokens_for(SCOPE), pk=pk)
        ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())
        self.log_change(request, token, _("Revoked"))
        self.message_user(request, _("The URL no longer works."), messages.SUCCESS)
        return HttpResponseRedirect(reverse(f"admin:{PAGE}"))


def _may_change(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("loyalty.change_ellity_address"))
