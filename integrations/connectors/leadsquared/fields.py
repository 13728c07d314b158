"""LeadSquared's metadata as fields the mapping understands, and the default mapping."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from integrations.core.connector import Field, Kind
from integrations.core.mapping import MappingRow

KINDS = {
    "Text": Kind.TEXT,
    "Number": Kind.NUMBER,
    "Email": Kind.EMAIL,
    "Phone": Kind.PHONE,
    "Website": Kind.TEXT,
    "Date": Kind.DATE,
    "DateTime": Kind.DATETIME,
    "Time": Kind.TEXT,
    "Select": Kind.CHOICE,
    "Boolean": Kind.BOOLEAN,
}
# Types a custom lead field can be created with.
CREATABLE = {Kind.TEXT: "Text", Kind.NUMBER: "Number", Kind.EMAIL: "Email", Kind.PHONE: "Phone", Kind.DATE: "Date",
             Kind.BOOLEAN: "Boolean"}  # fmt: skip
# The metadata has no certain sign of uniqueness; these always are, and IsLeadIdentifier marks others.
UNIQUE = {"EmailAddress", "Phone", "Mobile"}
PHONES = {"Phone", "Mobile"}

DEFAULT_LEAD_FIELDS = (
    "EmailAddress", "FirstName", "LastName", "Phone", "Mobile", "Company", "JobTitle", "Website", "mx_Street1",
    "mx_Street2", "mx_City", "mx_State", "mx_Country", "mx_Zip", "DoNotEmail", "DoNotCall",
)  # fmt: skip
LEAD_MAPPING = tuple(MappingRow(name, name) for name in DEFAULT_LEAD_FIELDS)
ACTIVITY_MAPPING = (
    MappingRow("ActivityEvent", "ActivityEvent"),
    MappingRow("ActivityNote", "ActivityNote"),
    MappingRow("CreatedOn", "ActivityDateTime"),
    *(MappingRow(f"mx_Custom_{number}", f"mx_Custom_{number}") for number in range(1, 6)),
)
# Without them an activity can't be posted; its custom fields are the account's own.
ACTIVITY_FIELDS = (
    Field("ActivityEvent", gettext_noop("Activity type (code)"), Kind.NUMBER, required=True),
    Field("ActivityNote", gettext_noop("Note")),
    Field("ActivityDateTime", gettext_noop("Date and time"), Kind.DATETIME),
)


def lead_field(spec: dict[str, Any]) -> Field:
    """One entry of LeadsMetaData.Get."""
    name = str(spec["SchemaName"])
    kind = KINDS.get(str(spec.get("DataType")), Kind.TEXT)
    options = tuple(str(option["Value"]) for option in spec.get("Options") or [] if option.get("Value"))
    return Field(
        name=name,
        label=str(spec.get("DisplayName") or name),
        kind=kind,
        required=bool(spec.get("IsMandatory")),
        unique=name in UNIQUE or bool(spec.get("IsLeadIdentifier")),
        options=options if kind == Kind.CHOICE else (),
        max_length=_length(spec.get("MaxLength")),
    )


def _length(raw: Any) -> int | None:
    return int(raw) if str(raw or "").isdigit() and int(raw) > 0 else None


def activity_fields(types: list[dict[str, Any]]) -> list[Field]:
    """The fields of all activity types: the fixed ones and every mx_Custom_n with the labels it has."""
    labels: dict[str, list[str]] = {}
    for kind in types:
        for entry in _form(kind.get("ActivityProperties")):
            name = str(entry.get("SchemaName") or "")
            if name.startswith("mx_Custom_"):
                labels.setdefault(name, []).append(str(entry.get("DisplayName") or name))
    custom = [Field(name, " / ".join(dict.fromkeys(found))) for name, found in labels.items()]
    fixed = [replace(field, label=_(field.label)) for field in ACTIVITY_FIELDS]
    return [*fixed, *sorted(custom, key=lambda field: int(field.name.rpartition("_")[2]))]


def _form(properties: Any) -> list[dict[str, Any]]:
    """ActivityProperties is JSON in a string, with FormMetaData[] in it."""
    try:
        parsed = json.loads(properties) if isinstance(properties, str) else properties
    except ValueError:
        return []
    listed = parsed.get("FormMetaData") if isinstance(parsed, dict) else None
    return [entry for entry in listed or [] if isinstance(entry, dict)]
