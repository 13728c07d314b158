"""The parameters of a call, from wherever they came: query, form, multipart or JSON, the body over the query.

Names nest in brackets as PHP reads them: `filter[email][eq][]=x`, `options[0][label]=Yes`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from werkzeug.wrappers import Request

from integrations.sandbox.heyloyalty.errors import invalid

NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
PART = re.compile(r"\[([^\[\]]*)\]")
TRUE = frozenset({"1", "true", "yes", "on"})

Parameters = dict[str, Any]


def parameters_of(request: Request) -> Parameters:
    """Raises HeyloyaltyError when a body says it is JSON and isn't an object."""
    pairs = [*request.args.items(multi=True), *request.form.items(multi=True)]
    return nested(pairs) | json_of(request)


def json_of(request: Request) -> Parameters:
    raw = request.get_data() if request.mimetype.endswith("json") else b""
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise invalid("The body is not JSON") from None
    if not isinstance(body, dict):
        raise invalid("The body is not a JSON object")
    return body


def nested(pairs: Iterable[tuple[str, str]]) -> Parameters:
    """`[("a[b][]", "1"), ("a[b][]", "2")]` as `{"a": {"b": ["1", "2"]}}`."""
    tree: Parameters = {}
    for name, value in pairs:
        found = NAME.match(name)
        path = [found[1], *PART.findall(found[2])] if found else [name]
        branch = tree
        for part in path[:-1]:
            key = part or str(len(branch))
            if not isinstance(branch.get(key), dict):
                branch[key] = {}
            branch = branch[key]
        branch[path[-1] or str(len(branch))] = value
    return {name: with_lists(value) for name, value in tree.items()}


def with_lists(value: Any) -> Any:
    """Objects whose keys count from 0 are lists."""
    if not isinstance(value, dict):
        return value
    inner = {name: with_lists(one) for name, one in value.items()}
    return list(inner.values()) if list(inner) == [str(at) for at in range(len(inner))] else inner


def is_on(value: Any) -> bool:
    """A switch, however it was written: 1, "1", true, "true"."""
    return str(value).lower() in TRUE


def whole(parameters: Parameters, name: str, default: int, most: int) -> int:
    """A number of at least 1 and up to `most`. Raises HeyloyaltyError."""
    value = str(parameters.get(name, default))
    if not value.isdecimal() or not 1 <= int(value) <= most:
        raise invalid(f"{name} is a number from 1 to {most}")
    return int(value)
