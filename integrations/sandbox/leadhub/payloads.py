"""What the bodies of LeadHub's write calls may hold. Everything here raises LeadHubError (422) for anything else."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NoReturn

from integrations.sandbox.leadhub.errors import invalid

USER_ID_LENGTH = 50
IDENTIFIERS = ("user_id", "email_address")
NAMES = ("first_name", "last_name")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

# A profile's keys as they were sent; null: no value.
Values = dict[str, str | None]
TagData = dict[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class TagWrite:
    """A tag to set. `identification` has one key, user_id or email_address."""

    identification: Values
    name: str
    data: TagData


def parsed(raw: bytes) -> Any:
    try:
        body = json.loads(raw, parse_constant=refuse_constant)
        # Half a surrogate pair parses, but could never be shown or answered.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise invalid("The body is not JSON") from None
    return body


def refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def object_of(value: Any, what: str, keys: Collection[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid(f"{what} is an object")
    unknown = sorted(set(value) - set(keys))
    if unknown:
        raise invalid(f"{what} has no {', '.join(unknown)}; it may have: {', '.join(keys)}")
    return value


def profile_of(body: Any) -> Values:
    """The values of PUT /profiles."""
    values = object_of(body, "The profile", (*IDENTIFIERS, *NAMES))
    for name, value in values.items():
        refuse_wrong(name, value)
    if all(values.get(name) is None for name in IDENTIFIERS):
        raise invalid("A profile needs user_id or email_address")
    return values


def refuse_wrong(name: str, value: Any) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise invalid(f"{name} is a string or null")
    if name == "user_id" and not 0 < len(value) <= USER_ID_LENGTH:
        raise invalid(f"user_id has 1 to {USER_ID_LENGTH} characters")
    if name == "email_address" and not EMAIL.fullmatch(value):
        raise invalid("email_address is not an e-mail address")


def tag_of(body: Any) -> TagWrite:
    """The tag of POST /profiles/tags."""
    sent = object_of(body, "The body", ("profile_identification", "tag"))
    identification = object_of(sent.get("profile_identification"), "profile_identification", IDENTIFIERS)
    for name, value in identification.items():
        refuse_wrong(name, value)
    identification = {name: value for name, value in identification.items() if value is not None}
    if len(identification) != 1:
        raise invalid("profile_identification has either user_id or email_address")
    tag = object_of(sent.get("tag"), "tag", ("name", "data"))
    if not isinstance(tag.get("name"), str) or not tag["name"].strip():
        raise invalid("tag.name is a text")
    return TagWrite(identification, tag["name"], data_of(tag.get("data")))


def data_of(data: Any) -> TagData:
    """A tag's data; none is no error, a list or an object in it is."""
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise invalid("tag.data is an object")
    for name, value in data.items():
        if isinstance(value, list | dict):
            raise invalid(f"tag.data.{name} is a string, a number, a boolean or null")
    return data


def refuse_targeting(body: Any) -> None:
    """Practice mode answers one segment query: everybody."""
    if body != {"segments": [{"targetingBlocks": []}]}:
        raise invalid('Practice mode knows one query only: {"segments": [{"targetingBlocks": []}]}')
