"""API tokens: made and shown once, listed, revoked. Never changed: who needs other rights makes another one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from integrations.core.admin.badges import badge
from integrations.core.api.scopes import offered_scopes, scope_label
from integrations.core.api.tokens import new_token
from integrations.core.models import ApiToken


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name and rights of a new token."""

    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("May use"),
        choices=offered_scopes,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=gettext_lazy("What the program may use with this token."),
    )

    class Meta:
        model = ApiToken
        fields = ("name", "scopes")


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):  # type: ignore[misc]
    form = TokenForm
    list_display = ("name", "may_use", "created_by", "created_at", "last_used_on", "state")
    list_display_links = None
    search_fields = ("name",)
    show_full_result_count = False
    actions = ("revoke",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("core.change_apitoken"))

    @admin.display(description=gettext_lazy("May use"))
    def may_use(self, obj: ApiToken) -> str:
        return ", ".join(scope_label(name) for name in obj.scopes)

    @admin.display(description=gettext_lazy("State"))
    def state(self, obj: ApiToken) -> str:
        look, text = ("default", _("Revoked")) if obj.revoked_at else ("success", _("In use"))
        return badge(look, text)

    @admin.action(description=gettext_lazy("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiToken]) -> None:
        """From the next request on these tokens are refused."""
        for token in (valid := list(chosen.filter(revoked_at__isnull=True))):
            self.log_change(request, token, _("Revoked"))
        count = ApiToken.objects.filter(pk__in=[token.pk for token in valid]).update(revoked_at=timezone.now())
        text = ngettext("%(count)d API token revoked.", "%(count)d API tokens revoked.", count) % {"count": count}
        self.message_user(request, text, messages.SUCCESS)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        made, obj.token = new_token(obj.name, obj.scopes, by=request.user.get_username())
        obj.pk = made.pk

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """The only page that ever shows the token."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("API token “%(name)s”") % {"name": obj},
            "token": obj.token,
        }
        return TemplateResponse(request, "admin/core/apitoken/created.html", context)
