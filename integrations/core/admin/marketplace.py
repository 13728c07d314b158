"""Apps Marketplace: what can be connected, what that takes, and what is connected already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from integrations.core.admin.connection.steps import STATE_LOOKS
from integrations.core.admin.log.access import LogAdmin
from integrations.core.admin.log.sight import Sight
from integrations.core.models import Connection
from integrations.core.registry import all_connectors

State = Connection.State
RUN = "core.run_connection"


@dataclass(frozen=True)
class Installed:
    """A connection on its connector's card, with what this user can do there."""

    connection: Connection
    look: str
    # Why it needs attention; "" when it doesn't.
    reason: str
    is_draft: bool
    edit_url: str
    logs_url: str
    remove_url: str
    # Enable or disable; "" for those who may not, and for a draft: its own page says what it misses.
    verb: str
    verb_url: str


@dataclass(frozen=True)
class Card:
    """A connector. Without the permission to add one, `install_url` is ""."""

    name: str
    label: str
    summary: str
    flow: str
    needs: tuple[str, ...]
    install_url: str
    installed: list[Installed]

    def matches(self, search: str) -> bool:
        """All words of the search, anywhere in what the card says."""
        text = " ".join((self.label, self.summary, self.flow)).casefold()
        return all(word in text for word in search.casefold().split())


@admin.register(Connection)
class MarketplaceAdmin(LogAdmin):
    def get_urls(self) -> list[URLPattern]:
        return [path("marketplace/", self._page(self.list_page), name="core_connection_changelist")]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """For whoever may add a connection or see settings of some kind."""
        return any(True for _name, _connector, _page in pages_for(request))

    @method_decorator(require_GET)
    def list_page(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        search = request.GET.get("q", "").strip()
        cards = cards_for(request)
        context = {
            "cards": [(card, card.matches(search)) for card in cards],
            "found": sum(card.matches(search) for card in cards),
            "search": search,
            "own_url": reverse("admin:core_connection_changelist"),
            # The title stands above the page, not the model's name.
            "opts": None,
        }
        page = self.page_context(request, _("Apps Marketplace"), **context)
        return TemplateResponse(request, "admin/core/marketplace.html", page)


def pages_for(request: HttpRequest) -> Iterator[tuple[str, Any, Any]]:
    """(name, connector, its settings pages) of those of which this user may add or see connections."""
    for name, connector in all_connectors():
        page = admin.site._registry.get(connector.model)
        if page is not None and (page.has_add_permission(request) or page.has_view_or_change_permission(request)):
            yield name, connector, page


def may_install(request: HttpRequest) -> bool:
    return any(page.has_add_permission(request) for _name, _connector, page in pages_for(request))


def cards_for(request: HttpRequest) -> list[Card]:
    """By label; one query, however many connections there are."""
    mine: dict[str, list[Connection]] = defaultdict(list)
    for connection in Connection.objects.visible_to(request.user).installed().order_by("name"):
        mine[connection.connector].append(connection)
    cards = [_card(request, name, connector, page, mine[name]) for name, connector, page in pages_for(request)]
    return sorted(cards, key=lambda card: card.label.casefold())


def _card(request: HttpRequest, name: str, connector: Any, page: Any, mine: list[Connection]) -> Card:
    prefix = f"admin:{name}_{connector.model._meta.model_name}"
    may_open = page.has_view_or_change_permission(request)
    return Card(
        name=name,
        label=str(connector.label),
        summary=str(connector.summary),
        flow=str(connector.flow),
        needs=tuple(map(str, connector.needs)),
        install_url=reverse(f"{prefix}_add") if page.has_add_permission(request) else "",
        installed=[_installed(request, connection, page) for connection in mine] if may_open else [],
    )


def _installed(request: HttpRequest, connection: Connection, page: Any) -> Installed:
    is_draft = connection.state == State.DRAFT
    verb = "enable" if connection.state in Connection.OFF else "disable"
    if is_draft or not request.user.has_perm(RUN):
        verb = ""
    return Installed(
        connection=connection,
        look=STATE_LOOKS[State(connection.state)],
        reason=Sight.of(request).sentence(connection.state_reason) if connection.state == State.ATTENTION else "",
        is_draft=is_draft,
        edit_url=page.page_url("change", connection),
        logs_url=f"{reverse('admin:core_event_changelist')}?connection={connection.pk}",
        remove_url=page.page_url("delete", connection) if page.has_delete_permission(request) else "",
        verb=verb,
        verb_url=page.page_url("do", connection, verb) if verb else "",
    )
