"""The settings page of Amero/FlexPOS, in the order and words of Heyloyalty's page."""

from __future__ import annotations

from contextlib import closing
from typing import Any, cast

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from integrations.connectors.flexpos.admin_import import InitialImportPages
from integrations.connectors.flexpos.checks import tracking
from integrations.connectors.flexpos.connector import FlexPOS
from integrations.connectors.flexpos.customers import MEMBER
from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.core import catalog
from integrations.core.admin.connection.live import listed
from integrations.core.admin.connection.main import ConnectionAdmin
from integrations.core.admin.connection.steps import WEBHOOK, Step
from integrations.core.connector import Connector
from integrations.core.errors import SyncError
from integrations.core.forms import ADDRESS_CHANGED, SettingsForm, missing_secrets, secret_is_set
from integrations.core.models import FieldMapping, Link
from integrations.core.registry import connector_for

SETTINGS = Step(
    "settings",
    _("Settings"),
    (
        (None, {"fields": ("name",)}),
        (_("Heyloyalty"), {"fields": ("api_key", "api_secret", "list_id", "tracking_id", "match_on")}),
        (_("FlexPOS"), {"fields": ("api_url", "client_id", "client_secret")}),
        (
            _("Fetch Customers"),
            {
                "fields": ("fetch_active", "fetch_club_members", "fetch_newsletter"),
                "description": _("Which customers are fetched. Without a choice here all of them are."),
            },
        ),
        (
            _("Addresses and limits"),
            {"fields": ("api_address", "tracking_address", "calls_per_second", "calls_per_minute")},
        ),
    ),
)
ATTRACTIONS = Step(
    "attractions",
    _("Attractions settings"),
    (
        (
            None,
            {
                "fields": ("attraction_api_url", "attraction_client_id", "attraction_client_secret"),
                "description": _(
                    "Only if tickets or memberships are sold with FlexPOS; else leave these empty. A ticket then tells "
                    "what it is for: Attraction.Name and more can be mapped."
                ),
            },
        ),
    ),
)
IMPORT = Step(
    "import",
    _("Import settings"),
    (
        (
            _("The import that runs every five minutes"),
            {"fields": ("import_type", "date_format", "separator")},
        ),
        (
            _("Members who unsubscribed"),
            {
                "fields": ("reimport_unsubscribed",),
                "description": _(
                    "Careful: with Yes, whoever unsubscribed from the list is created on it again as soon as FlexPOS "
                    "sends a change of theirs, and gets your mails again. Choose No unless everybody in FlexPOS has "
                    "agreed anew. Whoever unsubscribed before this portal knew them, Heyloyalty tells nobody about."
                ),
            },
        ),
        (
            _("What Heyloyalty does with it"),
            {
                "fields": ("send_automations", "send_webhooks"),
                "description": _(
                    "Heyloyalty sends webhooks only together with automations: without automations there are none."
                ),
            },
        ),
        (_("When something goes wrong"), {"fields": ("errors_to", "notify_to", "notify")}),
    ),
)
MAPPING = Step(
    "mapping",
    _("Field mapping"),
    (
        (
            None,
            {
                "fields": ("member_mapping", "journal_mapping", "ticket_mapping"),
                "description": _(
                    "A changed mapping counts for what FlexPOS sends from then on. To see it at once, run a manual "
                    "import: More Actions › Fetch data from FlexPOS."
                ),
            },
        ),
    ),
)
HEYLOYALTY_ADDRESSES = ("api_address", "tracking_address")


class FlexPOSForm(SettingsForm):
    address_fields = (*HEYLOYALTY_ADDRESSES, "api_url", "attraction_api_url")

    def _check_addresses(self) -> None:
        """Key and secret of Heyloyalty go to both addresses: whichever is changed, both are asked for again."""
        super()._check_addresses()
        if self.instance.pk and set(HEYLOYALTY_ADDRESSES) & set(self.changed_data):
            for name in {"api_key", "api_secret"} - set(self.typed_secrets()) - set(self.errors):
                if secret_is_set(self.instance, name):
                    self.add_error(name, ADDRESS_CHANGED)


@admin.register(FlexPOSConnection)
class FlexPOSAdmin(InitialImportPages, ConnectionAdmin):
    form = FlexPOSForm
    steps = (SETTINGS, ATTRACTIONS, IMPORT, MAPPING, WEBHOOK)
    live_choices = {"list_id": listed("lists")}
    mapping_step = MAPPING.name
    webhook_guide = "admin/flexpos/webhook_guide.html"
    readonly_fields = ("member_mapping", "journal_mapping", "ticket_mapping")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "separator" in form.changed_data:
            respell(obj, form.initial["separator"], obj.separator)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        if {"list_id", "match_on", "separator"} & set(form.changed_data):
            catalog.expire(form.instance)
        if change and "list_id" in form.changed_data:
            # They are members of the other list. Notes on who unsubscribed name their list, and stay.
            Link.objects.filter(connection_id=form.instance.pk, record_type=MEMBER).delete()
        super().save_related(request, form, formsets, change)
        if problem := tracking_problem(form.instance, set(form.changed_data), form.initial.get("list_id", "")):
            self.message_user(request, problem, messages.WARNING)

    def not_ready(self, obj: FlexPOSConnection) -> str:
        return "" if obj.list_id else _now("Choose a list under Settings first.")

    def mapping_note(self, request: HttpRequest, obj: FlexPOSConnection) -> str:
        links = self.menu_links(request, obj)
        text = _now("It counts for what FlexPOS sends from now on. To see it at once, run a manual import:")
        return format_html('{} <a class="underline" href="{}">{}</a>', text, links[0][1], links[0][0]) if links else ""

    @admin.display(description=_("Mapping for Customer"))
    def member_mapping(self, obj: FlexPOSConnection) -> str:
        return self._mapping(obj, "member")

    @admin.display(description=_("Mapping for Journal"))
    def journal_mapping(self, obj: FlexPOSConnection) -> str:
        return self._mapping(obj, "journal")

    @admin.display(description=_("Mapping for Ticket"))
    def ticket_mapping(self, obj: FlexPOSConnection) -> str:
        return self._mapping(obj, "ticket")

    def _mapping(self, obj: FlexPOSConnection, record_type: str) -> str:
        """The way to Edit Mapping, and what the list doesn't have."""
        connector = connector_for(obj)
        targets, sources = missing_fields(connector, record_type), missing_sources(connector, record_type)
        text = _now("%(field)s doesn't exist: add it to the list in Heyloyalty, or remove its row.")
        notes = [(text % {"field": name},) for name in targets]
        text = _now("%(field)s isn't in FlexPOS's data: have it added there, or remove its row.")
        notes += [(text % {"field": name},) for name in sources]
        return self.mapping_link(obj, record_type) + format_html_join(
            "", '<p class="set-note set-note-warning">{}</p>', notes
        )


def tracking_problem(connection: FlexPOSConnection, changed: set[str], list_before: str) -> str:
    """Why orders won't reach the list that was chosen. Heyloyalty tells it by refusing to import any, and of which list
    a Tracking ID is it doesn't tell."""
    if not connection.list_id or not {"list_id", "tracking_id"} & changed or missing_secrets(connection):
        return ""
    if list_before and connection.tracking_id and "tracking_id" not in changed:
        return _now("The Tracking ID is still that of the list before: enter that of the list you chose.")
    try:
        with closing(connector_for(connection)) as connector:
            tracking(cast(FlexPOS, connector))
    except SyncError as error:
        return error.message
    return ""


def missing_fields(connector: Connector, record_type: str) -> list[str]:
    """Targets of the mapping, switched on or off, that the account as last read doesn't have; [] if it never was."""
    known = connector.fields(record_type)
    return [row.target for row in connector.mapping(record_type) if known and row.target not in known]


def missing_sources(connector: Connector, record_type: str) -> list[str]:
    """Sources of the mapping that FlexPOS's data as last read doesn't have."""
    known = connector.fields(next(each.source for each in connector.record_types if each.name == record_type))
    return [row.source for row in connector.mapping(record_type) if known and row.source and row.source not in known]


def respell(connection: FlexPOSConnection, old: str, new: str) -> None:
    """The paths of the field mapping with another separator, so that they lead to the same data."""
    for row in FieldMapping.objects.filter(connection_id=connection.pk, source__contains=old):
        row.source = row.source.replace(old, new)
        row.save()
