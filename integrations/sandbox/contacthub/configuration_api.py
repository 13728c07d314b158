"""The API of Contacthub: how the workspace is set up, and who asks."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from integrations.sandbox.contacthub.api import ApiCall, Reply
from integrations.sandbox.contacthub.base_schema import BASE
from integrations.sandbox.contacthub.errors import bad_request, invalid, missing
from integrations.sandbox.contacthub.nodes import lasting_id
from integrations.sandbox.contacthub.schema import problems_of
from integrations.sandbox.contacthub.sources import PROVIDERS, Source, new_token

TEXT, LIST = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
SOURCE = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "token": TEXT,
        "provider": TEXT | {"enum": list(PROVIDERS)},
        "name": TEXT,
        "description": TEXT,
        "properties": {"type": "object"},
        "nodes": LIST,
        "enabled": {"type": "boolean"},
    },
    "required": ["provider", "name", "nodes", "properties"],
    "additionalProperties": False,
}


def elements(rows: list[Any]) -> Reply:
    return Reply({"elements": rows})


def get_me(call: ApiCall) -> Reply:
    """Who the token belongs to. Of a source's token the vendor tells nothing publicly: the id isn't the source's."""
    me = lasting_id(call.account.name, "me", call.source.id)
    return Reply({"id": me, "name": call.source.name, "surname": "", "groups": [{"name": call.source.role}]})


def get_configuration(call: ApiCall) -> Reply:
    account = call.account
    known = {"id": account.workspace, "name": f"Practice {account.name}", "industry": "RETAIL", "currency": "EUR"}
    return Reply(known | {"timezone": "Europe/Rome", "customerUniquenessPolicy": account.uniqueness})


def get_base(call: ApiCall) -> Reply:
    return elements([{"name": name, "description": "", "enabled": True} for name in BASE["properties"]])


def get_extended(call: ApiCall) -> Reply:
    return Reply({"schema": json.dumps(call.account.extended)})


def get_entries(call: ApiCall) -> Reply:
    return elements([node.told() for node in call.account.nodes.values() if not node.is_view])


def get_views(call: ApiCall) -> Reply:
    return elements([node.told() for node in call.account.nodes.values() if node.is_view])


def get_providers(call: ApiCall) -> Reply:
    return elements([{"id": name, "description": name, "propertiesSchema": '{"type":"object"}'} for name in PROVIDERS])


def get_sources(call: ApiCall) -> Reply:
    return elements([source.told() for source in call.account.sources.values()])


def get_source(call: ApiCall, source_id: str) -> Reply:
    return Reply(source_of(call, source_id).told())


def create_source(call: ApiCall) -> Reply:
    values = source_values(call)
    source = Source(str(uuid4()), token=new_token(), **values)
    call.account.sources[source.id] = source
    return Reply(source.told())


def replace_source(call: ApiCall, source_id: str) -> Reply:
    source = source_of(call, source_id)
    for name, value in ({"description": "", "enabled": True} | source_values(call)).items():
        setattr(source, name, value)
    return Reply(source.told())


def delete_source(call: ApiCall, source_id: str) -> Reply:
    if source_of(call, source_id) is call.account.portal:
        raise bad_request("practice mode keeps the source of the portal")
    del call.account.sources[source_id]
    return Reply()


def refresh_token(call: ApiCall, source_id: str) -> Reply:
    """The old token is refused from now on."""
    source = source_of(call, source_id)
    source.token = new_token()
    return Reply(source.told())


def source_values(call: ApiCall) -> dict[str, Any]:
    """What may be written; id and token are read-only."""
    body = call.body
    if problems := list(problems_of(body, SOURCE)):
        raise invalid(problems, "source")
    for node in body["nodes"]:
        call.account.node(node)
    return {name: value for name, value in body.items() if name not in ("id", "token")}


def source_of(call: ApiCall, source_id: str) -> Source:
    found = call.account.sources.get(source_id)
    if found is None:
        raise missing("source", source_id)
    return found
