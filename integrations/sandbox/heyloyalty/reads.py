"""How members are read: as JSON text, put together from parts that are the same for every member of a list.

A page of 5,000 members is 80,000 field objects; building and dumping them one by one would take seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from integrations.sandbox.heyloyalty.fields import WITH_OPTIONS, Field
from integrations.sandbox.heyloyalty.lists import MemberList
from integrations.sandbox.heyloyalty.members import Member

# What an empty date is read as.
ZERO_DATE = "0000-00-00"
dumped = json.JSONEncoder().encode


def members_json(one: MemberList, members: Iterable[Member]) -> str:
    """The members as a JSON list."""
    parts = [parts_of(field) for field in one.fields.fields.values()]
    return f"[{','.join(member_text(one.id, member, parts) for member in members)}]"


def member_json(one: MemberList, member: Member) -> str:
    return members_json(one, [member])[1:-1]


def parts_of(field: Field) -> tuple[str, str, str, str]:
    """Name, the text before a value, the text after it, and the text of no value."""
    before = dumped({"name": field.name, "label": field.label, "format": field.format})[:-1]
    options = f',"options":{dumped(field.options)}' if field.format in WITH_OPTIONS else ""
    empty = {"date": dumped(ZERO_DATE), "multi": "[]"}.get(field.format, "null")
    return field.name, f'{dumped(field.name)}:{before},"value":', options + "}", empty


def member_text(list_id: int, member: Member, parts: Iterable[tuple[str, str, str, str]]) -> str:
    values = member.values
    fields = ",".join(
        before + (dumped(values[name]) if name in values else empty) + after for name, before, after, empty in parts
    )
    return f'{dumped(frame_of(list_id, member))[:-1]},"fields":{{{fields}}}}}'


def frame_of(list_id: int, member: Member) -> dict[str, Any]:
    """What a member has beside its fields."""
    return {
        "id": member.id,
        "list_id": list_id,
        "status": {
            "status": member.state,
            "email": "active" if "email" in member.values else None,
            "mobile": "active" if "mobile" in member.values else None,
        },
        "created_at": member.created_at,
        "updated_at": member.updated_at,
        "unsubscribed_at": member.unsubscribed_at,
        "opt_in": member.opt_in,
        "imported": member.imported,
        "sent_mail": 0,
        "sent_sms": 0,
        "open_rate": 0,
    }
