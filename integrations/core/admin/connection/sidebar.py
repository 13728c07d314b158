"""The sidebar: where everybody begins, what sources add, each connector with the connections this user has access to,
then the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import conditional_escape
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from integrations.core.models import Connection
from integrations.core.registry import all_connectors

# More than these are found through the list.
SHOWN = 15
LOGS = (
    ("core_event", "receipt_long"),
    ("core_run", "play_circle"),
    ("core_delivery", "webhook"),
    ("core_erasure", "person_off"),
)

Group = Callable[[HttpRequest], dict[str, Any]]
Items = Callable[[HttpRequest], list[dict[str, Any]]]
_groups: list[Group] = []
_joined: dict[str, list[Items]] = defaultdict(list)


def sidebar_group(group: Group) -> Group:
    """Register a source's group: a function to its title and those of its items (`item()`) that this user may open.

    With a `name` connectors can add theirs (`joins`).
    """
    _groups.append(group)
    return group


def joins(name: str) -> Callable[[Items], Items]:
    """Register a connector's items in a source's group. The connector needs no group of its own then."""

    def remember(items: Items) -> Items:
        _joined[name].append(items)
        return items

    return remember


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """For UNFOLD["SIDEBAR"]["navigation"]."""
    sources = [_of_source(request, group) for group in _groups]
    mine: dict[str, list[tuple[int, str]]] = defaultdict(list)
    visible = Connection.objects.visible_to(request.user).installed().order_by("name")
    for kind, pk, title in visible.values_list("connector", "pk", "name"):
        mine[kind].append((pk, title))
    connectors = [
        _connections(request, name, connector, mine[name])
        for name, connector in all_connectors()
        if not connector.joins_source
    ]
    groups = [_first(request), *sources, *connectors, _logs(request), _people(request)]
    return [group for group in groups if group and group["items"]]


def _first(request: HttpRequest) -> dict[str, Any]:
    """What is asked for most, never to be scrolled to: support is on the phone."""
    wanted = [(_("Dashboard"), "dashboard", reverse("admin:index"))]
    if request.user.has_perm("core.view_event"):
        wanted.append((_("Find a person"), "person_search", reverse("admin:core_person")))
    if admin.site._registry[Connection].has_view_permission(request):
        wanted.append((_("Apps Marketplace"), "apps", reverse("admin:core_connection_changelist")))
    return {"title": "", "items": [item(title, icon, link, request.path == link) for title, icon, link in wanted]}


def _of_source(request: HttpRequest, group: Group) -> dict[str, Any]:
    found = group(request)
    joined = [one for items in _joined.get(found.get("name", ""), ()) for one in items(request)]
    return {"title": found["title"], "separator": True, "items": [*found["items"], *joined]}


def _connections(request: HttpRequest, name: str, connector: Any, mine: list[tuple[int, str]]) -> dict[str, Any] | None:
    model_admin = admin.site._registry.get(connector.model)
    if model_admin is None or not model_admin.has_view_or_change_permission(request):
        return None
    prefix = f"admin:{name}_{connector.model._meta.model_name}"
    everything = reverse(f"{prefix}_changelist")
    items = [item(_("All connections"), "hub", everything, request.path == everything)]
    for pk, title in mine[:SHOWN]:
        here = f"{everything}{pk}/"
        items.append(item(title, "sync_alt", f"{here}change/", request.path.startswith(here)))
    return {"title": connector.label, "separator": True, "items": items}


def item(title: str, icon: str, link: str, active: bool) -> dict[str, Any]:
    """Escaped here: unfold's template takes a title for markup."""
    return {"title": conditional_escape(title), "icon": icon, "link": link, "active": active}


def _logs(request: HttpRequest) -> dict[str, Any]:
    # The address of Find a person stands below the log's.
    elsewhere = request.path.startswith(reverse("admin:core_person"))
    items = [
        one | {"active": request.path.startswith(one["link"]) and not elsewhere} for one in _registered(request, LOGS)
    ]
    return {"title": _("Logs"), "separator": True, "items": items}


def _people(request: HttpRequest) -> dict[str, Any]:
    pages = (("auth_user", "person"), ("auth_group", "group"), ("core_userfield", "rule"), ("core_apitoken", "key"))
    return {"title": _("Users and roles"), "separator": True, "items": _registered(request, pages)}


def _registered(request: HttpRequest, pages: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    items = []
    for model, model_admin in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        icon = dict(pages).get(name)
        if icon is None or not model_admin.has_view_permission(request):
            continue
        try:
            link = reverse(f"admin:{name}_changelist")
        except NoReverseMatch:
            continue
        items.append({"title": capfirst(model._meta.verbose_name_plural), "icon": icon, "link": link})
    return items
