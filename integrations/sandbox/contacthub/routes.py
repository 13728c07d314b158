"""The addresses of the API, what they do, and which group of calls (`sources.ALLOWED`) each belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from integrations.sandbox.contacthub import api, configuration_api
from integrations.sandbox.contacthub.api import ApiCall, Reply
from integrations.sandbox.contacthub.errors import HubError

ROOT = "/hub/v1"
WORKSPACE = f"{ROOT}/workspaces/<workspace>"
CUSTOMERS = f"{WORKSPACE}/customers"
CUSTOMER = f"{CUSTOMERS}/<customer_id>"
SUBSCRIPTIONS = f"{CUSTOMER}/subscriptions"
# Its id may hold a slash.
SUBSCRIPTION = f"{SUBSCRIPTIONS}/<path:subscription_id>"
SET_UP = f"{WORKSPACE}/configuration"
SOURCES = f"{SET_UP}/sources"
SOURCE = f"{SOURCES}/<source_id>"


class Route(NamedTuple):
    """`group`: whose roles may call it. `customer`: whether it writes a customer."""

    view: Callable[..., Reply]
    group: str
    customer: bool = False


ROUTES: dict[tuple[str, str], Route] = {
    ("GET", f"{ROOT}/me"): Route(configuration_api.get_me, "me"),
    ("GET", CUSTOMERS): Route(api.get_customers, "list"),
    ("POST", CUSTOMERS): Route(api.create_customer, "write", True),
    ("GET", CUSTOMER): Route(api.get_customer, "read"),
    ("PATCH", CUSTOMER): Route(api.patch_customer, "write", True),
    ("PUT", CUSTOMER): Route(api.replace_customer, "write", True),
    ("DELETE", CUSTOMER): Route(api.delete_customer, "delete", True),
    ("POST", SUBSCRIPTIONS): Route(api.create_subscription, "write", True),
    ("GET", SUBSCRIPTION): Route(api.get_subscription, "read"),
    ("PUT", SUBSCRIPTION): Route(api.replace_subscription, "write", True),
    ("DELETE", SUBSCRIPTION): Route(api.delete_subscription, "delete", True),
    ("GET", f"{WORKSPACE}/updates"): Route(api.get_updates, "updates"),
    ("GET", f"{WORKSPACE}/updates/last-offset"): Route(api.last_offset, "updates"),
    ("GET", SET_UP): Route(configuration_api.get_configuration, "workspace"),
    ("GET", f"{SET_UP}/properties/base"): Route(configuration_api.get_base, "nodes"),
    ("GET", f"{SET_UP}/properties/extended"): Route(configuration_api.get_extended, "nodes"),
    ("GET", f"{SET_UP}/nodes/entries"): Route(configuration_api.get_entries, "nodes"),
    ("GET", f"{SET_UP}/nodes/views"): Route(configuration_api.get_views, "nodes"),
    ("GET", SOURCES): Route(configuration_api.get_sources, "nodes"),
    ("POST", SOURCES): Route(configuration_api.create_source, "workspace"),
    ("GET", SOURCE): Route(configuration_api.get_source, "nodes"),
    ("PUT", SOURCE): Route(configuration_api.replace_source, "workspace"),
    ("DELETE", SOURCE): Route(configuration_api.delete_source, "workspace"),
    ("POST", f"{SOURCE}/refresh-token"): Route(configuration_api.refresh_token, "workspace"),
    ("GET", f"{WORKSPACE}/models/providers"): Route(configuration_api.get_providers, "nodes"),
}
URLS = Map([Rule(path, endpoint=route, methods=[method]) for (method, path), route in ROUTES.items()])


def routed(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The call and the arguments in its path. Raises HubError: 404 for no such address, 405 for the wrong method."""
    try:
        route, arguments = URLS.bind("practice").match(f"/{path.rstrip('/')}", method=method)
    except HTTPException as error:
        raise HubError(error.code or 404, error.name) from None
    return route, dict(arguments)


def called(route: Route, call: ApiCall, arguments: dict[str, str]) -> Reply:
    return route.view(call, **arguments)
