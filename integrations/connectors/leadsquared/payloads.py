"""What LeadSquared's webhooks send, in all its shapes, made into flat leads and activities. Pure.

Shapes (vendor documentation and public receivers): a flat lead; Before/After/Current; wrapped in Data, Lead or
Prospect; lists of {Attribute, Value}; form-encoded; activities single or grouped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.core.errors import RecordError
from integrations.core.hooks import as_json

WRAPPERS = ("Data", "data", "Lead", "lead", "Prospect", "prospect", "LeadPropertyList", "Leads")
LEAD_BLOCKS = ("Current", "Prospect", "Lead")
ACTIVITY_MARKS = ("ProspectActivityId", "ActivityEvent")
# Where the lead of an activity is kept after normalising.
LEAD_OF_ACTIVITY = "Lead"
NOT_JSON = gettext_lazy(
    "The call's body is not JSON. In LeadSquared's Webhook card choose application/json and send it again."
)
EMPTY = gettext_lazy("The call's body is empty. In LeadSquared's Webhook card choose which fields to send.")


@dataclass
class Normalised:
    """Flat leads and activities in the order they came, and what was not understood."""

    leads: list[dict[str, Any]] = field(default_factory=list)
    activities: list[dict[str, Any]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def normalise(body: bytes, content_type: str = "application/json") -> Normalised:
    """Read a webhook body. Raises RecordError with a plain sentence when nothing in it can be understood."""
    result = Normalised()
    _sort(_parsed(body, content_type), result)
    if not result.leads and not result.activities:
        raise RecordError(" ".join(result.ignored) or str(EMPTY))
    return result


def _parsed(body: bytes, content_type: str) -> Any:
    if not body.strip():
        raise RecordError(str(EMPTY))
    if content_type == "application/x-www-form-urlencoded":
        return _from_form(body)
    try:
        return as_json(body)
    except ValueError:
        raise RecordError(str(NOT_JSON)) from None


def _from_form(body: bytes) -> Any:
    """Form fields; a field that holds JSON text is read as such."""
    pairs = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    if not pairs:
        raise RecordError(str(EMPTY))
    parsed = {name: _maybe_json(value) for name, value in pairs.items()}
    only = next(iter(parsed.values()))
    return only if len(parsed) == 1 and isinstance(only, dict | list) else parsed


def _maybe_json(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return as_json(value.encode())
        except ValueError:
            return value
    return value


def _sort(value: Any, result: Normalised) -> None:
    value = _maybe_json(value)
    if isinstance(value, list):
        _sort_list(value, result)
    elif not isinstance(value, dict):
        result.ignored.append(_("The call holds no lead or activity."))
    elif any(mark in value for mark in ACTIVITY_MARKS):
        result.activities.append(_activity(value))
    elif snapshot := _snapshots(value):
        _sort(snapshot, result)
    elif wrapper := next((name for name in WRAPPERS if isinstance(_maybe_json(value.get(name)), dict | list)), None):
        _sort(value[wrapper], result)
    elif value:
        result.leads.append(value)
    else:
        result.ignored.append(_("A record is empty."))


def _sort_list(values: list[Any], result: Normalised) -> None:
    """One lead as a list of its attributes, or several records."""
    if attributes := _from_attributes(values):
        result.leads.append(attributes)
        return
    for number, entry in enumerate(values, 1):
        if isinstance(entry, dict | list):
            _sort(entry, result)
        else:
            result.ignored.append(_("Item %(number)s is not a record.") % {"number": number})


def _from_attributes(value: Any) -> dict[str, Any]:
    """[{"Attribute": …, "Value": …}] as a flat object; anything else gives {}."""
    if not value or not all(isinstance(pair, dict) and isinstance(pair.get("Attribute"), str) for pair in value):
        return {}
    return {pair["Attribute"]: pair.get("Value") for pair in value}


def _snapshots(value: dict[str, Any]) -> dict[str, Any]:
    """Current with After laid over it: After may lack what only Current has (the e-mail!). Before only as a last
    resort: it tells what was."""
    found = {name: _flat(value.get(name)) for name in ("Before", "After", "Current")}
    if not any(found.values()):
        return {}
    return {**found["Current"], **found["After"]} or found["Before"]


def _flat(value: Any) -> dict[str, Any]:
    value = _maybe_json(value)
    if isinstance(value, list):
        return _from_attributes(value)
    if isinstance(value, dict):
        return _from_attributes(value.get("LeadPropertyList")) or value
    return {}


def _activity(value: dict[str, Any]) -> dict[str, Any]:
    """A flat activity; its lead, if one came with it, under LEAD_OF_ACTIVITY."""
    flat = {key: entry for key, entry in value.items() if key not in LEAD_BLOCKS and key != "Fields"}
    for entry in _listed(value.get("Fields")):
        if isinstance(entry, dict) and isinstance(entry.get("SchemaName"), str):
            flat[entry["SchemaName"]] = entry.get("Value")
    note = flat.pop("ActivityEvent_Note", None)
    flat.setdefault("ActivityNote", note)
    lead = next((block for name in LEAD_BLOCKS if (block := _flat(value.get(name)))), None)
    return {**flat, LEAD_OF_ACTIVITY: lead} if lead else flat


def _listed(value: Any) -> list[Any]:
    value = _maybe_json(value)
    return value if isinstance(value, list) else []
