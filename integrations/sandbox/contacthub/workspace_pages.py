"""The pages of the workspace's nodes and sources."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from integrations.sandbox.contacthub import control
from integrations.sandbox.contacthub.account import HubAccount
from integrations.sandbox.contacthub.customer_pages import node_of
from integrations.sandbox.contacthub.frame import back, shown
from integrations.sandbox.contacthub.sources import ROLES, new_token


def nodes_page(account: HubAccount, request: Request) -> Response:
    refused = ""
    if request.method == "POST":
        data = {"name": request.form.get("name", ""), "shows": request.form.getlist("shows")}
        try:
            made = control.save_node(account, data)
            return back(account, f"nodes/{made['id']}", "The node was made")
        except ValueError as error:
            refused = f"Not made: {error}"
    nodes = control.workspace(account, {})["nodes"]
    return shown(account, request, "nodes", "Nodes", "", nodes=nodes, refused=refused)


def delete_node(account: HubAccount, request: Request, node_id: str) -> Response:
    node = node_of(account, node_id)
    control.remove_node(account, {"id": node.id})
    return back(account, "", f"The node {node.name} was deleted")


def sources_page(account: HubAccount, request: Request) -> Response:
    """Role and token of each source."""
    refused = ""
    if request.method == "POST":
        token = {"token": new_token()} if request.form.get("action") == "renew" else {}
        try:
            saved = control.save_source(account, {"id": request.form["id"], "role": request.form["role"], **token})
            return back(account, "sources", f"The source {saved['name']} was saved")
        except (KeyError, ValueError) as error:
            refused = f"Not saved: {error}"
    sources = list(account.sources.values())
    return shown(account, request, "sources", "Sources", "sources", sources=sources, roles=ROLES, refused=refused)
