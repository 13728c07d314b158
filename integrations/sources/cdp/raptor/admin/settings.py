"""The page “Raptor”: webhook URL and secret for pushes, account and state of the pull, and its test."""

from __future__ import annotations

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
from unfold.widgets import UnfoldAdminSelectWidget

from integrations.core.api.tokens import new_token, tokens_for
from integrations.core.models import ApiToken
from integrations.sources.cdp.models import Audience
from integrations.sources.cdp.raptor import checks, standing
from integrations.sources.cdp.raptor.admin.form import FIELDS, RaptorForm
from integrations.sources.cdp.raptor.hook import SCOPE, address_of
from integrations.sources.cdp.raptor.models import RaptorCall, RaptorCursor, RaptorPull, RaptorSettings

PAGE = "cdp_raptorsettings"
# The newest; an activation has a handful.
SHOWN = 100


@admin.register(RaptorSettings)
class RaptorSettingsAdmin(ModelAdmin):  # type: ignore[misc]
    form = RaptorForm
    fieldsets = (
        (gettext_lazy("Push: Raptor tells of each change at once"), {"fields": ("push_secret",)}),
        (
            gettext_lazy("Pull: the portal asks Raptor"),
            {"fields": ("pull", "base_url", "header_name", "api_key", "activation_id", "identifier")},
        ),
    )
    change_form_outer_before_template = "admin/cdp/raptor/standing.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[RaptorSettings]:
        return RaptorSettings.objects.defer("push_secret", "api_key")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        fields = FIELDS if self.has_change_permission(request, obj) else ()
        return super().get_form(request, obj, change, **{**kwargs, "fields": fields})

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The identifier is chosen here, and made and changed on its own page: no buttons for that beside it."""
        if db_field.name == "identifier":
            return db_field.formfield(widget=UnfoldAdminSelectWidget())
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look sees no field for a secret."""
        if self.has_change_permission(request, obj):
            return self.fieldsets
        return ((gettext_lazy("Pull: the portal asks Raptor"), {"fields": FIELDS}),)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        RaptorSettings.load()
        return super().get_object(request, object_id, from_field)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is one row: straight to its page."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return _page()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        form.take_secrets(request.user.get_username())
        obj.changed_at = timezone.now()
        obj.save()
        form.go_on()

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        self.message_user(request, _("Settings saved."), messages.SUCCESS)
        return _page()

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        context |= {"title": "Raptor", "subtitle": None, **self._standing(request)}
        return super().render_change_form(request, context, *args, **kwargs)

    def _standing(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "settings": RaptorSettings.load(),
            "pull_row": RaptorPull.load(),
            "audiences": list(_audiences()),
            "tokens": tokens_for(SCOPE),
            "last_call": RaptorCall.objects.defer("body", "results").exclude(batch_id=None).first(),
            "failed_calls": RaptorCall.objects.filter(status=RaptorCall.Status.FAILED)[:1].exists(),
            "can_change": self.has_change_permission(request),
            "may_make_address": _may_make_address(request),
            "may_see_calls": request.user.has_perm("cdp.view_raptorcall"),
        }

    # -- test, and the webhook URL ------------------------------------------------------------------

    def get_urls(self) -> Any:
        views = (
            ("test/", self.test_view, f"{PAGE}_test"),
            ("address/", self.address_view, f"{PAGE}_address"),
            ("address/<int:pk>/revoke/", self.revoke_view, f"{PAGE}_revoke"),
        )
        own = [path(where, self.admin_site.admin_view(view), name=name) for where, view, name in views]
        return own + super().get_urls()

    def test_view(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or not self.has_change_permission(request):
            raise PermissionDenied
        steps = checks.check(RaptorSettings.load())
        passed = all(step.ok for step in steps)
        resumed = passed and bool(RaptorPull.load().stopped)
        if resumed:
            standing.resume()
        context = self._context(request, _("Test of Raptor"), checks=steps, passed=passed, resumed=resumed)
        return TemplateResponse(request, "admin/cdp/raptor/check.html", context)

    def address_view(self, request: HttpRequest) -> HttpResponse:
        """POST makes a URL and shows it, this once."""
        if request.method != "POST" or not _may_make_address(request):
            raise PermissionDenied
        made, token = new_token(_("Raptor's webhook"), [SCOPE], by=request.user.get_username())
        self.log_addition(request, made, _("Created a webhook URL"))
        context = self._context(request, _("Webhook URL for Raptor"), address=address_of(token))
        return TemplateResponse(request, "admin/cdp/raptor/address.html", context)

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST" or not _may_make_address(request):
            raise PermissionDenied
        token = get_object_or_404(tokens_for(SCOPE), pk=pk)
        ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())
        self.log_change(request, token, _("Revoked"))
        self.message_user(request, _("The URL no longer works."), messages.SUCCESS)
        return _page()

    def _context(self, request: HttpRequest, title: str, **more: Any) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **more}


def _page() -> HttpResponse:
    return HttpResponseRedirect(reverse(f"admin:{PAGE}_change", args=[1]))


def _may_make_address(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("cdp.change_raptor_address"))


def _audiences() -> Any:
    """Those that come from Raptor, each with how far it was read by the pull, if it was."""
    cursors = {cursor.external_id: cursor for cursor in RaptorCursor.objects.all()}
    for audience in Audience.objects.exclude(external_id=None).order_by("name")[:SHOWN]:
        yield audience, cursors.get(audience.external_id or "")
