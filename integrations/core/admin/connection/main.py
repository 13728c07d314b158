"""The settings page every connector's own page is made of: access, steps, secrets, versions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter, display
from django.contrib.admin.utils import flatten_fieldsets
from django.http import HttpRequest
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.core.admin.badges import badge
from integrations.core.admin.connection.access import ConnectionAccess
from integrations.core.admin.connection.history import ConnectionHistory
from integrations.core.admin.connection.live import Source, live_choices
from integrations.core.admin.connection.menu import ConnectionMenu
from integrations.core.admin.connection.removal import ConnectionRemoval
from integrations.core.admin.connection.save import ConnectionSaving
from integrations.core.admin.connection.steps import STATE_LOOKS, WEBHOOK, what_next
from integrations.core.admin.connection.version import ConnectionVersions
from integrations.core.admin.connection.webhook import ConnectionWebhook
from integrations.core.admin.log.sight import Sight
from integrations.core.admin.mapping.admin import MappingPages
from integrations.core.fields import secret_names
from integrations.core.forms import SettingsForm
from integrations.core.models import Connection


class StateFilter(SimpleListFilter):
    """Removed ones are on no list."""

    title = gettext_lazy("State")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [choice for choice in Connection.State.choices if choice[0] != Connection.State.REMOVED]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(state=self.value()) if self.value() else queryset


class ConnectionAdmin(
    ConnectionAccess,
    ConnectionHistory,
    ConnectionVersions,
    ConnectionSaving,
    ConnectionMenu,
    ConnectionRemoval,
    ConnectionWebhook,
    MappingPages,
):
    """Base of a connector's settings page: it names its steps and fields, this does the rest."""

    form = SettingsForm
    # Fields with choices from the vendor's account, and where they are read.
    live_choices: ClassVar[dict[str, Source]] = {}

    change_form_template = "admin/core/connection/change_form.html"
    list_display = ("name", "state_badge", "state_since")
    list_display_links = ("name",)
    search_fields = ("name",)
    list_filter = (StateFilter,)
    ordering = ("name",)
    show_full_result_count = False
    actions = None
    save_on_top = False

    # -- the list ---------------------------------------------------------------------------------

    @display(description=gettext_lazy("State"), ordering="state")
    def state_badge(self, obj: Any) -> str:
        look = STATE_LOOKS[obj.state]
        return badge(look, obj.get_state_display())

    def get_list_display(self, request: HttpRequest) -> Any:
        sight = Sight.of(request)

        @display(description=gettext_lazy("What next"))
        def next_step(obj: Any) -> str:
            # The stamps, not the values: a list decrypts nothing.
            unset = [name for name in secret_names(self.model) if name not in {*obj.secrets_set, *obj.optional_secrets}]
            labels = [str(self.opts.get_field(name).verbose_name) for name in unset]
            return what_next(obj, labels, sight, hooked=self.needs_calls(obj))

        return [*super().get_list_display(request), next_step]

    # -- pages -----------------------------------------------------------------------------------

    def get_urls(self) -> Any:
        def page(route: str, view: Any, name: str) -> Any:
            name = f"{self.opts.app_label}_{self.opts.model_name}_{name}"
            return path(f"<int:pk>/{route}", self.admin_site.admin_view(view), name=name)

        own = [
            page("mapping/<slug:record_type>/", self.mapping_view, "mapping"),
            page("webhook/", self.new_address_view, "webhook"),
            page("versions/<int:number>/", self.version_view, "version"),
            page("calls/", self.calls_view, "calls"),
            page("do/<slug:verb>/", self.do_view, "do"),
        ]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        if self.asked_step(request) == WEBHOOK and self.hooked and object_id.isdecimal():
            return self.webhook_view(request, self.connection_or_404(request, int(object_id)))
        return super().change_view(request, object_id, form_url, extra_context)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> Any:
        step = self.current_step(request, obj)
        form = context["adminform"].form
        live = getattr(form, "live", {}).values()
        problems = {one.problem: None for one in live if one.problem}
        first = {one.first: None for one in live if one.first}
        context |= self.frame(request, obj, step)
        context |= {"live_problems": list(problems), "live_first": list(first)}
        context |= {"can_change": add or self.has_change_permission(request, obj)}
        context |= {"title": f"{self.opts.verbose_name}: {obj}" if obj else f"{self.opts.verbose_name}: {_('new')}"}
        context |= {"subtitle": None, "typed_secrets_lost": bool(form.errors and getattr(form, "secrets", ()))}
        return super().render_change_form(request, context, add, change, form_url, obj)

    # -- the form of a step -----------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = self.current_step(request, obj).fieldsets
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        # For those who may only look Django shows each field's value: leave secrets out.
        return [(title, {**options, "fields": self._public(options["fields"])}) for title, options in fieldsets]

    def _public(self, fields: Iterable[Any]) -> list[Any]:
        """Also of fields that share a line: those stand in a tuple."""
        hidden = secret_names(self.model)
        lines = [tuple(self._public(line)) if isinstance(line, list | tuple) else line for line in fields]
        return [line for line in lines if line not in hidden]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The model form of one step; secrets are put in by SettingsForm, so that no saved one is ever read."""
        wanted = list(kwargs.pop("fields", None) or flatten_fieldsets(self.get_fieldsets(request, obj)))
        form = super().get_form(request, obj, change, fields=self._public(wanted), **kwargs)
        form.secrets = tuple(name for name in wanted if name in secret_names(self.model))
        form.user = request.user
        sources = {name: source for name, source in self.live_choices.items() if name in wanted}
        form.live = live_choices(obj, sources) if obj is not None and self.has_change_permission(request, obj) else {}
        return form
