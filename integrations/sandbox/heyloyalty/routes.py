"""The addresses of the API, and what they do."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from integrations.sandbox.heyloyalty import api, import_api, member_api
from integrations.sandbox.heyloyalty.api import ApiCall, Reply
from integrations.sandbox.heyloyalty.errors import coded

LISTS = "/loyalty/v1/lists"
LIST = f"{LISTS}/<int:list_id>"
MEMBERS = f"{LIST}/members"
View = Callable[..., Reply]

# (method, address) -> what it does. The tracking host's addresses start with /api/.
ROUTES: dict[tuple[str, str], View] = {
    ("GET", LISTS): api.get_lists,
    ("POST", LISTS): api.create_list,
    ("GET", f"{LISTS}/countries"): api.get_countries,
    ("GET", LIST): api.get_list,
    ("PUT", LIST): api.replace_list,
    ("DELETE", LIST): api.delete_list,
    ("PATCH", "/loyalty/v2/lists/<int:list_id>"): api.patch_list,
    ("GET", f"{LIST}/webhooks"): api.get_webhooks,
    ("POST", f"{LIST}/webhooks"): api.create_webhook,
    ("PUT", f"{LIST}/webhooks/<int:webhook_id>"): api.change_webhook,
    ("DELETE", f"{LIST}/webhooks/<int:webhook_id>"): api.delete_webhook,
    ("GET", MEMBERS): member_api.get_members,
    ("POST", MEMBERS): member_api.create_member,
    ("POST", f"{MEMBERS}/upsert"): member_api.upsert_member,
    ("GET", f"{MEMBERS}/<member_id>"): member_api.get_member,
    ("PUT", f"{MEMBERS}/<member_id>"): member_api.replace_member,
    ("PATCH", f"{MEMBERS}/<member_id>"): member_api.patch_member,
    ("DELETE", f"{MEMBERS}/<member_id>"): member_api.delete_member,
    ("DELETE", "/loyalty/v2/lists/members/byfield"): member_api.delete_by_field,
    ("POST", f"{LIST}/import"): import_api.import_members,
    ("POST", "/api/<any(transaction, booking):kind>/import/<tracking_id>"): import_api.import_tracking,
}
URLS = Map([Rule(path, endpoint=view, methods=[method]) for (method, path), view in ROUTES.items()])


def routed(method: str, path: str) -> Callable[[ApiCall], Reply]:
    """Raises HeyloyaltyError: 404 for no such address, 405 for the wrong method."""
    try:
        view, arguments = URLS.bind("practice").match(f"/{path.rstrip('/')}", method=method)
    except HTTPException as error:
        raise coded(error.name, error.code or 404) from None
    return lambda call: view(call, **arguments)
