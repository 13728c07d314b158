"""As much of JSON Schema as a workspace's customers need: what is wrong with a value, in a validator's own words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from integrations.sandbox.contacthub.clock import moment_of
from integrations.sandbox.contacthub.errors import Problem

Schema = Mapping[str, Any]

TYPES: dict[type, str] = {
    bool: "boolean",
    str: "string",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
}
FORMATS: dict[str, Callable[[str], Any]] = {"date": date.fromisoformat, "date-time": moment_of}


def problems_of(value: Any, schema: Schema, path: str = "") -> Iterator[Problem]:
    """Every reason why the schema doesn't take the value."""
    kind, allowed = TYPES[type(value)], types_of(schema)
    if allowed and kind not in allowed and not (kind == "integer" and "number" in allowed):
        yield Problem(
            f"instance type ({kind}) does not match any allowed primitive type (allowed: {json.dumps(allowed)})", path
        )
        return
    if "enum" in schema and value not in schema["enum"]:
        yield Problem(f"instance value ({json.dumps(value)}) not found in enum", path)
    if isinstance(value, str):
        yield from text_problems(value, schema, path)
    elif isinstance(value, dict):
        yield from object_problems(value, schema, path)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from problems_of(item, schema.get("items", {}), f"{path}/{number}")


def types_of(schema: Schema) -> list[str]:
    allowed = schema.get("type", [])
    return [allowed] if isinstance(allowed, str) else list(allowed)


def text_problems(value: str, schema: Schema, path: str) -> Iterator[Problem]:
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield Problem(
            f"ECMA 262 regex {json.dumps(schema['pattern'])} does not match input string {json.dumps(value)}", path
        )
    if "maxLength" in schema and len(value) > schema["maxLength"]:
        yield Problem(
            f"string {json.dumps(value)} is too long (length: {len(value)}, maximum allowed: {schema['maxLength']})",
            path,
        )
    check = FORMATS.get(schema.get("format", ""))
    if check is not None:
        try:
            check(value)
        except ValueError:
            yield Problem(f"string {json.dumps(value)} is invalid against requested format {schema['format']}", path)


def object_problems(value: dict[str, Any], schema: Schema, path: str) -> Iterator[Problem]:
    known = schema.get("properties", {})
    lacking = [name for name in schema.get("required", ()) if name not in value]
    if lacking:
        yield Problem(f"object has missing required properties ({json.dumps(lacking)})", path)
    unknown = sorted(set(value) - set(known))
    if unknown and schema.get("additionalProperties") is False:
        yield Problem(
            f"object instance has properties which are not allowed by the schema: {json.dumps(unknown)}", path
        )
    for name, inner in value.items():
        if name in known:
            yield from problems_of(inner, known[name], f"{path}/{name}")
