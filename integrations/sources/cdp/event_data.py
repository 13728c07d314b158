"""What an event may carry."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from integrations.core.batch import Refused
from integrations.sources.cdp.kinds import is_number, is_storable
from integrations.sources.cdp.models.people import LONGEST_NAME

# Names are shown in forms and asked for in the database's JSON paths.
FIELD_NAME = re.compile(rf"[^\W\d_][\w .\-]{{0,{LONGEST_NAME - 1}}}")
MOST_FIELDS = 100
LONGEST_DATA = 10_000
DEEPEST = 5


def check_data(data: Any) -> dict[str, Any]:
    """Raises Refused."""
    if not isinstance(data, Mapping):
        raise Refused("data", _("An event's data is an object, in curly brackets."))
    if len(data) > MOST_FIELDS:
        raise Refused("data", _("This event's data have too many fields: at most %(most)s.") % {"most": MOST_FIELDS})
    for name, value in data.items():
        if not isinstance(name, str) or not FIELD_NAME.fullmatch(name):
            text = _("A field's name has at most %(most)s letters, digits, spaces, _ - or ., a letter first.")
            raise Refused("data", text % {"most": LONGEST_NAME})
        _check(value, f"data.{name}", DEEPEST)
    if len(json.dumps(data, ensure_ascii=False)) > LONGEST_DATA:
        words = {"most": f"{LONGEST_DATA:,}"}
        raise Refused("data", _("This event's data are too long: at most %(most)s characters of JSON.") % words)
    return dict(data)


def _check(value: Any, field: str, deepest: int) -> None:
    """Values that aren't text, numbers or true/false are kept, but no condition can ask for them."""
    if not deepest:
        raise Refused(field, _("This value is nested too deep."))
    match value:
        case str() if not is_storable(value):
            raise Refused(field, _("This text holds a control character or one that can't be stored. Remove it."))
        case float() | int() if not is_number(value):
            raise Refused(field, _("This number is too large."))
        case Mapping():
            for name, inner in value.items():
                _check(name, field, deepest)
                _check(inner, field, deepest - 1)
        case list():
            for inner in value:
                _check(inner, field, deepest - 1)
