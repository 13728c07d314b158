"""The API of Heyloyalty, members."""

from __future__ import annotations

import json
from typing import Any

from integrations.sandbox.heyloyalty import filters
from integrations.sandbox.heyloyalty.api import NOTHING, ApiCall, Reply, reply
from integrations.sandbox.heyloyalty.errors import invalid
from integrations.sandbox.heyloyalty.members import Member, key_of
from integrations.sandbox.heyloyalty.parameters import Parameters, is_on, whole
from integrations.sandbox.heyloyalty.reads import member_json, members_json
from integrations.sandbox.heyloyalty.values import Value
from integrations.sandbox.heyloyalty.writer import Writer

LARGEST_PAGE = 5000
PAGE = 50
OWN = ("created_at", "updated_at", "id")
# Parameters that tell how, not what.
SWITCHES = frozenset({"skipOptIn", "obscureMemberData"})


def get_members(call: ApiCall, list_id: int) -> Reply:
    one, parameters = call.list_of(list_id), call.parameters
    page, perpage = whole(parameters, "page", 1, 10**9), whole(parameters, "perpage", PAGE, LARGEST_PAGE)
    found = list(filters.matching(one, parameters.get("filter"), str(parameters.get("logic", "and"))))
    orderby = parameters.get("orderby", "created_at")
    if orderby not in (*OWN, *one.fields.fields):
        raise invalid(f"orderby '{orderby}' is neither a field nor one of {', '.join(OWN)}")
    ordered = call.ordered(found, sort_key)[(page - 1) * perpage : page * perpage]
    call.log.records = len(ordered)
    total, rows = json.dumps(len(found)), members_json(one, ordered)
    return Reply(f'{{"total":{total},"page":{page},"perpage":{perpage},"members":{rows}}}')


def sort_key(name: str) -> Any:
    if name in OWN:
        return lambda member: getattr(member, name)
    return lambda member: key_of(member.values.get(name, ""))


def get_member(call: ApiCall, list_id: int, member_id: str) -> Reply:
    """Whoever unsubscribed is still read by id."""
    one = call.list_of(list_id)
    return Reply(member_json(one, one.store.get(member_id)))


def create_member(call: ApiCall, list_id: int) -> Reply:
    writer, values = writing(call, list_id, "members.create", call.parameters)
    member = writer.create(values, is_on(call.parameters.get("skipOptIn")))
    return reply({"id": member.id}, 201)


def replace_member(call: ApiCall, list_id: int, member_id: str) -> Reply:
    writer, values = writing(call, list_id, "members.replace", call.parameters)
    writer.replace(member_of(writer, member_id), values)
    return NOTHING


def patch_member(call: ApiCall, list_id: int, member_id: str) -> Reply:
    writer, values = writing(call, list_id, "members.patch", call.parameters)
    writer.change(member_of(writer, member_id), values)
    return NOTHING


def delete_member(call: ApiCall, list_id: int, member_id: str) -> Reply:
    """Unsubscribes."""
    writer, _ = writing(call, list_id, "members.delete", {})
    writer.unsubscribe(member_of(writer, member_id), is_on(call.parameters.get("obscureMemberData")))
    return NOTHING


def upsert_member(call: ApiCall, list_id: int) -> Reply:
    """Its parameters are raw JSON, the member an object in it."""
    parameters = call.parameters
    sent, field = parameters.get("member"), str(parameters.get("unique_field", ""))
    if not isinstance(sent, dict):
        raise invalid("member is an object of field values")
    if field not in sent:
        raise invalid("unique_field is one of the fields of member")
    writer, values = writing(call, list_id, "members.upsert", sent)
    temporary, skip = is_on(parameters.get("search_temporary")), is_on(parameters.get("skipOptIn"))
    type, member = writer.upsert(field, values, temporary, skip)
    return reply({"type": type, "member_id": member.id})


def delete_by_field(call: ApiCall) -> Reply:
    """Unsubscribes the members that have a value, on several lists; it is no error when there is none."""
    field, value, lists = (call.parameters.get(name) for name in ("field", "value", "lists"))
    if not field or not value or not isinstance(lists, list):
        raise invalid("field, value and lists are needed")
    for list_id in lists:
        if not str(list_id).isdecimal():
            raise invalid("lists is a list of list ids")
        writer, _ = writing(call, int(list_id), "members.delete_by_field", {})
        if field not in writer.member_list.fields.fields:
            raise invalid(f"The field '{field}' does not exist on the list")
        for member in writer.member_list.store.find(field, value):
            if not member.unsubscribed_at:
                writer.unsubscribe(member)
    return NOTHING


def writing(call: ApiCall, list_id: int, operation: str, sent: Parameters) -> tuple[Writer, dict[str, Value | None]]:
    """Who writes to the list, and the values sent as they are kept."""
    one = call.list_of(list_id)
    call.log.records = 1
    fields = {name: value for name, value in sent.items() if name not in SWITCHES}
    values = one.fields.clean(fields, call.account.unknown_fields)
    return Writer(call.account, one, operation, call.now), values


def member_of(writer: Writer, member_id: str) -> Member:
    return writer.member_list.store.get(member_id)
