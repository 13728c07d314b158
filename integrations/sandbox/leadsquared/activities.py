"""Activities of leads: their types, and what was posted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import uuid4

from integrations.sandbox.leadsquared.errors import MXError, invalid, malformed, mandatory, missing
from integrations.sandbox.leadsquared.values import date, text_of

FIRST_CUSTOM_CODE = 201
MOST_FIELDS = 50
CUSTOM = 2


@dataclass(slots=True)
class ActivityType:
    """A custom activity: `fields` maps mx_Custom_n to its label, `options` to its choices where it has any."""

    code: int
    name: str
    fields: dict[str, str] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)
    direction: int = 0
    score: int = 0
    mandatory: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Activity:
    id: str
    lead_id: str
    code: int
    note: str
    created_on: str
    modified_on: str
    values: dict[str, str | None]
    owner: str | None = None


def practice_types() -> list[ActivityType]:
    return [
        ActivityType(
            201,
            "Purchase in store",
            {"mx_Custom_1": "Receipt", "mx_Custom_2": "Amount", "mx_Custom_3": "Store"},
            {"mx_Custom_3": ["Aarhus", "Odense", "Copenhagen"]},
            score=10,
        ),
        ActivityType(202, "Store visit", {"mx_Custom_1": "Store"}, score=5),
        ActivityType(203, "Newsletter sign-up", {"mx_Custom_1": "Form"}, direction=1, score=3),
    ]


class ActivityBook:
    """Types and activities of one account, guarded by its lock."""

    def __init__(self) -> None:
        self.types = {kind.code: kind for kind in practice_types()}
        self.clear()

    def clear(self) -> None:
        self.activities: dict[str, Activity] = {}
        self.by_lead: dict[str, list[str]] = {}

    def of_lead(self, lead_id: str) -> list[Activity]:
        """Newest first."""
        return [self.activities[activity_id] for activity_id in reversed(self.by_lead.get(lead_id, []))]

    def type_of(self, code: Any) -> ActivityType:
        try:
            return self.types[int(code)]
        except (KeyError, ValueError, TypeError):
            raise invalid(f"ActivityEvent '{code}' does not exist in the system") from None

    def get(self, activity_id: Any) -> Activity:
        try:
            return self.activities[str(activity_id).lower()]
        except KeyError:
            raise missing("Activity") from None

    def create(self, lead_id: str, item: Mapping[str, Any], now: str, owner: str | None = None) -> Activity:
        """A new activity, always: the vendor has no idempotency key. Raises MXError."""
        kind = self.type_of(item.get("ActivityEvent"))
        values = self.values_of(kind, item)
        lacking = [name for name in kind.mandatory if not values.get(name)]
        if lacking:
            raise mandatory(f"'{lacking[0]}' is mandatory for activity '{kind.name}'")
        when = self.time_of(item) or now
        activity = Activity(
            str(uuid4()), lead_id, kind.code, text_of(item.get("ActivityNote")) or "", when, now, values, owner
        )
        self.activities[activity.id] = activity
        self.by_lead.setdefault(lead_id, []).append(activity.id)
        return activity

    def update(self, item: Mapping[str, Any], now: str) -> tuple[Activity, list[str]]:
        """Writes the sent fields and note; returns the activity and what changed. Raises MXError."""
        activity = self.get(item.get("ProspectActivityId"))
        code = item.get("ActivityEvent")
        if code is not None and str(code) != str(activity.code):
            raise invalid(f"ActivityEvent '{code}' is not that of the activity")
        values = self.values_of(self.types[activity.code], item)
        changed = [name for name, value in values.items() if activity.values.get(name) != value]
        activity.values |= values
        if "ActivityNote" in item and text_of(item["ActivityNote"]) != activity.note:
            activity.note = text_of(item["ActivityNote"]) or ""
            changed.append("ActivityNote")
        activity.modified_on = now
        return activity, changed

    def values_of(self, kind: ActivityType, item: Mapping[str, Any]) -> dict[str, str | None]:
        strict = item.get("ValidateDropDownOptions") in (True, "1", "true")
        values: dict[str, str | None] = {}
        for pair in item.get("Fields") or []:
            try:
                name, value = pair["SchemaName"], text_of(pair.get("Value"))
            except (TypeError, KeyError, AttributeError):
                raise malformed("Fields is a list of objects with SchemaName and Value") from None
            if name not in kind.fields:
                raise MXError("MXUnknownAttributeException", f"Attribute '{name}' does not exist in '{kind.name}'")
            if strict and value and name in kind.options and value not in kind.options[name]:
                raise invalid(f"Invalid value '{value}' for attribute '{name}': is not one of the options")
            values[name] = value
        return values

    @staticmethod
    def time_of(item: Mapping[str, Any]) -> str | None:
        value = text_of(item.get("ActivityDateTime"))
        try:
            return date(value) if value else None
        except ValueError as error:
            raise invalid(f"Invalid value '{value}' for 'ActivityDateTime': {error}") from None

    def create_type(self, body: Mapping[str, Any]) -> ActivityType:
        name = str(body.get("ActivityEventName") or "").strip()
        if not name:
            raise mandatory("'ActivityEventName' is mandatory for creating activity type")
        if any(kind.name.lower() == name.lower() for kind in self.types.values()):
            raise MXError("MXDuplicateEntityNameException", f"Activity type '{name}' already exists")
        wanted = body.get("Fields") or []
        if len(wanted) > MOST_FIELDS:
            raise invalid(f"An activity type has up to {MOST_FIELDS} fields")
        code = max(self.types, default=FIRST_CUSTOM_CODE - 1) + 1
        try:
            labels = {
                item.get("SchemaName") or f"mx_Custom_{at}": str(item.get("DisplayName") or f"Field {at}")
                for at, item in enumerate(wanted, 1)
            }
            direction, score = int(body.get("Direction") or 0), int(body.get("Score") or 0)
        except (AttributeError, TypeError, ValueError):
            raise malformed("Fields is a list of objects; Direction and Score are numbers") from None
        kind = ActivityType(code, name, labels, direction=direction, score=score)
        self.types[kind.code] = kind
        return kind

    def dump(self) -> dict[str, Any]:
        return {
            "activity_types": [asdict(kind) for kind in self.types.values()],
            "activities": [asdict(activity) for activity in self.activities.values()],
        }

    def load(self, data: dict[str, Any]) -> None:
        self.types = {row["code"]: ActivityType(**row) for row in data["activity_types"]}
        self.clear()
        for row in data["activities"]:
            activity = Activity(**row)
            self.activities[activity.id] = activity
            self.by_lead.setdefault(activity.lead_id, []).append(activity.id)


def listed_type(kind: ActivityType) -> dict[str, Any]:
    """A type as in ActivityTypes.Get; ActivityProperties is JSON in a string, and OptionSet JSON in that."""
    form = [
        {
            "SchemaName": name,
            "DisplayName": label,
            "DataType": "String",
            "OptionSet": json.dumps(kind.options[name]) if name in kind.options else "",
        }
        for name, label in kind.fields.items()
    ]
    return {
        "ActivityEvent": kind.code,
        "ActivityEventName": kind.name,
        "DisplayName": kind.name,
        "EventType": CUSTOM,
        "Score": kind.score,
        "ActivityProperties": json.dumps({"FormMetaData": form}),
    }


def setting_of(kind: ActivityType, activity: Activity | None = None) -> dict[str, Any]:
    """GetActivitySetting, or GetActivityDetails when an activity fills in the values."""
    values = activity.values if activity else {}
    return {
        "ID": activity.id if activity else str(kind.code),
        "Name": kind.name,
        "DisplayName": kind.name,
        "Fields": [
            {
                "SchemaName": name,
                "DisplayName": label,
                "Value": values.get(name),
                "DataType": "String",
                "IsMandatory": name in kind.mandatory,
                "ShowInForm": True,
                "Sequence": at,
                "OptionSet": json.dumps(kind.options[name]) if name in kind.options else "",
            }
            for at, (name, label) in enumerate(kind.fields.items(), 1)
        ],
    }


def retrieved(kind: ActivityType, activity: Activity) -> dict[str, Any]:
    """A row of Retrieve."""
    data = {"ActivityEvent_Note": activity.note or None, **activity.values}
    return {
        "Id": activity.id,
        "EventCode": kind.code,
        "EventName": kind.name,
        "ActivityScore": kind.score,
        "CreatedOn": activity.created_on + ".000",
        "ActivityType": CUSTOM,
        "IsEmailType": False,
        "Type": "Outbound" if kind.direction else "Inbound",
        "SessionId": None,
        "TrackLocation": None,
        "Latitude": None,
        "Longitude": None,
        "RelatedProspectId": activity.lead_id,
        "Data": [{"Key": name, "Value": value} for name, value in data.items()],
    }


def flat(activity: Activity) -> dict[str, Any]:
    """A row of RetrieveByActivityEvent, and the body of an activity webhook."""
    return {
        "ProspectActivityId": activity.id,
        "RelatedProspectId": activity.lead_id,
        "ActivityEvent": str(activity.code),
        "ActivityEvent_Note": activity.note or None,
        "CreatedOn": activity.created_on + ".000",
        "ModifiedOn": activity.modified_on + ".000",
        "Owner": activity.owner,
        **activity.values,
    }
