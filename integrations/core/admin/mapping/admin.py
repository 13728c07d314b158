"""What Edit Mapping adds to a connection's admin: its settings, its page, and the way to it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.core.admin.connection.pages import ConnectionPages
from integrations.core.admin.mapping.pages import MappingPage
from integrations.core.connector import Kind
from integrations.core.models import FieldMapping
from integrations.core.registry import connector_class


class MappingPages(ConnectionPages):
    """Part of ConnectionAdmin."""

    # The step that leads to Edit Mapping and is marked while it is open.
    mapping_step: ClassVar[str] = "entities"
    # How the two columns of fields are called.
    mapping_sides: ClassVar[tuple[Any, Any]] = (gettext_lazy("Source field"), gettext_lazy("Target field"))
    # Record type → the settings that name the target fields records are found by, the first one first.
    search_settings: ClassVar[dict[str, tuple[str, ...]]] = {}
    # Record type → the connector's method that creates a field there, and the kinds it can create.
    custom_fields: ClassVar[dict[str, tuple[str, tuple[Kind, ...]]]] = {}

    def mapping_link(self, obj: Any, record_type: str, label: str = "") -> str:
        """For a step: how many fields are mapped, and the way to the page."""
        number = FieldMapping.objects.filter(connection_id=obj.pk, record_type=record_type, enabled=True).count()
        url = self.page_url("mapping", obj, record_type)
        text = _("%(number)s fields are mapped.") % {"number": number}
        label = label or _("Edit Mapping")
        return format_html('<span>{}</span> <a class="set-button" href="{}">{}</a>', text, url, label)

    def mapping_note(self, request: HttpRequest, obj: Any) -> str:
        """What a connector has to say when the mapping was saved."""
        return ""

    def mapping_hindrance(self, request: HttpRequest, obj: Any) -> str:
        """What stands in the way of another mapping, as HTML shown in place of saving it."""
        return ""

    def mapping_view(self, request: HttpRequest, pk: int, record_type: str) -> HttpResponse:
        obj = self.connection_or_404(request, pk, change=True)
        types = {known.name: known for known in connector_class(obj.connector).record_types}
        if record_type not in types:
            raise Http404
        return MappingPage(self, request, obj, types[record_type]).answer()
