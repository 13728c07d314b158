"""The source page of Contacthub ↔ Contactsend, in the order and words of Contactlab's page."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from django.contrib import admin, messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from integrations.connectors.contactsend import pairs
from integrations.connectors.contactsend.admin_first_sync import FirstSyncPages
from integrations.connectors.contactsend.admin_subscriptions import ACCOUNT, SUBSCRIPTIONS, SubscriptionPages
from integrations.connectors.contactsend.changes import MOVES
from integrations.connectors.contactsend.collect_hub import CUSTOMER
from integrations.connectors.contactsend.edit_rules import Change
from integrations.connectors.contactsend.form import ContactsendForm
from integrations.connectors.contactsend.found_by import follow_otherwise, found_by
from integrations.connectors.contactsend.models import ContactsendConnection
from integrations.core import catalog
from integrations.core.admin.connection.live import fields_of_kind, listed
from integrations.core.admin.connection.steps import Step
from integrations.core.connector import Kind
from integrations.core.models import FieldCatalog, FieldMapping
from integrations.core.registry import connector_for

SOURCE = Step(
    "source",
    _("Source"),
    (
        (None, {"fields": ("name", "description")}),
        (_("Contacthub"), {"fields": ("workspace", "hub_token", "node_id", "hub_address")}),
    ),
)
PROVIDER = Step(
    "provider",
    _("Provider options"),
    (
        (_("Contactsend"), {"fields": ("user_key", "api_key", "userdb_id", "send_address")}),
        (_("Customers"), {"fields": ("customer_mapping",)}),
    ),
)
BEHAVIOUR = Step(
    "behaviour",
    _("Behaviour"),
    (
        (None, {"fields": ("conflict_rule", "deletes")}),
        (_("How changes are found"), {"fields": ("changes_found", "last_modified_field", "time_zone")}),
        (_("Limits"), {"fields": ("hub_calls_per_second", "send_calls_per_second")}),
        (_("When something goes wrong"), {"fields": ("notify_to", "notify")}),
    ),
)
# Which node can be chosen is known once workspace and token are.
NOT_YET = ("node_id",)
FASTER = _(
    "Somebody else saved another source for this node or userdb in the same moment. One source: one node: one userdb."
)


@admin.register(ContactsendConnection)
class ContactsendAdmin(FirstSyncPages, SubscriptionPages):
    form = ContactsendForm
    change_form_template = "admin/contactsend/change_form.html"
    steps = (SOURCE, PROVIDER, SUBSCRIPTIONS, BEHAVIOUR)
    mapping_step = PROVIDER.name
    mapping_sides = (_("Contacthub field"), _("Contactsend field"))
    live_choices = {
        "node_id": listed("nodes", ("hub_token",)),
        "userdb_id": listed("databases", ACCOUNT),
        "last_modified_field": fields_of_kind(CUSTOMER, Kind.DATETIME, ACCOUNT),
    }
    readonly_fields = ("customer_mapping", "changes_found")

    # -- the steps --------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None:
            return fieldsets
        return [
            (title, {"fields": [name for name in one["fields"] if name not in NOT_YET]}) for title, one in fieldsets
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.only_disabled = "_disable" in request.POST
        return form

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        if object_id.isdecimal():
            self.disable_if_asked(request, int(object_id))
            if self.asked_step(request) == SUBSCRIPTIONS:
                return self.subscriptions_view(request, self.connection_or_404(request, int(object_id)))
        return super().change_view(request, object_id, form_url, extra_context)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            self.message_user(request, str(FASTER), messages.ERROR)
            return redirect(request.get_full_path())

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        form = context["adminform"].form
        context["way"] = self.way_html(request, getattr(form, "way", []), f"{self.opts.model_name}_form")
        response = super().render_change_form(request, context, *args, **kwargs)
        if context["way"]:
            # The way says that nothing was saved.
            response.context_data |= {"errors": None, "typed_secrets_lost": bool(form.typed_secrets())}
        return response

    def frame(self, request: HttpRequest, obj: Any, current: Step | None) -> dict[str, Any]:
        frame = super().frame(request, obj, current)
        return frame if frame["connection"] else {**frame, "has_next": False}

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        self.message_user(request, _now("Source saved. Now choose the node."), messages.SUCCESS)
        return redirect(self.step_url(obj, SOURCE))

    @admin.display(description=_("Fields"))
    def customer_mapping(self, obj: ContactsendConnection) -> str:
        return self.mapping_link(obj, CUSTOMER, _now("Show fields to be mapped"))

    @admin.display(description=_("Changes are found"))
    def changes_found(self, obj: ContactsendConnection) -> str:
        return render_to_string("admin/contactsend/found_by.html", {"sentences": found_by(obj)})

    def mapping_note(self, request: HttpRequest, obj: Any) -> str:
        return _now("It counts for changes from now on. To have everybody carried over: More Actions › First sync.")

    # -- saving -----------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.node_is_aggregate is not None:
            obj.node_is_aggregate = form.node_is_aggregate
            obj.save(update_fields=["node_is_aggregate"])

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        obj = form.instance
        if MOVES & form.changes:
            pairs.forget(obj.pk)
        if {Change.API_KEY, Change.USERDB} & form.changes:
            # Another userdb has other fields: rows for those it hasn't are switched off when they are read.
            FieldCatalog.objects.filter(connection_id=obj.pk).delete()
        if change and "last_modified_field" in form.changed_data:
            follow_otherwise(obj)
        super().save_related(request, form, formsets, change)

    # -- enabling ---------------------------------------------------------------------------------

    def fields_to_enable(self, obj: Any) -> tuple[str, ...]:
        return (CUSTOMER,) if obj.userdb_id else ()

    def not_ready(self, obj: Any) -> str:
        if not obj.node_id:
            return _now("Choose a node under Source first.")
        if not obj.userdb_id:
            return _now("Choose a userdb under Provider options first.")
        with closing(connector_for(obj)) as connector:
            known = catalog.current(connector, CUSTOMER)
        if not known.fields:
            return known.problem
        matching = FieldMapping.objects.filter(connection_id=obj.pk, record_type=CUSTOMER, enabled=True, is_key=True)
        if not matching.filter(target__in=list(known.fields)).exists():
            return _now("Mark at least one pair of fields as matching under Show fields to be mapped first.")
        return ""
