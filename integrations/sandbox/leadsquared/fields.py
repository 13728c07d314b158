"""The fields of a lead: LeadSquared's own, some custom ones to practise with, and those an account adds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from integrations.sandbox.leadsquared.errors import MXError, invalid, mandatory, unknown_attribute
from integrations.sandbox.leadsquared.values import CHECKS, XSS, Check, one_of, text_of

CREATABLE = ("Text", "Number", "Email", "Phone", "Website", "Date", "Time", "Select", "Boolean")
RENDER_TYPES = {
    "Text": (0, "Textbox"),
    "Number": (7, "Number"),
    "Email": (4, "Email"),
    "Phone": (3, "Phone"),
    "Website": (5, "URL"),
    "Date": (8, "DateTime"),
    "Time": (12, "Time"),
    "Select": (1, "Dropdown"),
    "Boolean": (2, "Checkbox"),
    "ActiveUsers": (11, "UserList"),
}
METADATA_DATE = "/Date(1417453996000+0000)/"
STAGES = ("Prospect", "Suspect", "Opportunity", "Customer", "Disqualified")
SOURCES = ("Direct Traffic", "Organic Search", "Referral Sites", "Social Media", "Inbound Phone call", "Inbound Email")
TIME_ZONES = ("UTC", "Europe/Copenhagen", "Europe/London", "Asia/Kolkata")


@dataclass(slots=True)
class Field:
    """One lead field. `open` options are suggestions: a new value is accepted, as for the lead source."""

    schema: str
    label: str
    type: str = "Text"
    options: tuple[str, ...] = ()
    unique: bool = False
    mandatory: bool = False
    writable: bool = True
    open: bool = False
    default: str | None = None

    @property
    def check(self) -> Check | None:
        if self.type == "Select" and not self.open:
            return one_of(frozenset(self.options))
        return CHECKS.get(self.type)


def read_only(schema: str, label: str, type: str = "Text", default: str | None = None) -> Field:
    return Field(schema, label, type, writable=False, default=default)


STANDARD = (
    read_only("ProspectID", "Lead Id"),
    read_only("ProspectAutoId", "Lead Number", "Number"),
    Field("FirstName", "First Name"),
    Field("LastName", "Last Name"),
    Field("EmailAddress", "Email", "Email", unique=True),
    Field("Phone", "Phone Number", "Phone", unique=True),
    Field("Mobile", "Mobile Number", "Phone", unique=True),
    Field("Company", "Company"),
    Field("JobTitle", "Job Title"),
    Field("Website", "Website", "Website"),
    Field("TimeZone", "Time Zone", "Select", TIME_ZONES, open=True),
    Field("Source", "Lead Source", "Select", SOURCES, open=True),
    Field("SourceMedium", "Source Medium"),
    Field("SourceCampaign", "Source Campaign"),
    Field("SourceContent", "Source Content"),
    Field("SourceReferrerURL", "Source Referrer URL", "Website"),
    Field("Notes", "Notes"),
    Field("DoNotEmail", "Do Not Email", "Boolean", default="0"),
    Field("DoNotCall", "Do Not Call", "Boolean", default="0"),
    Field("DoNotTrack", "Do Not Track", "Boolean", default="0"),
    Field("ProspectStage", "Lead Stage", "Select", STAGES, default="Prospect"),
    Field("Score", "Lead Score", "Number", default="0"),
    read_only("EngagementScore", "Engagement Score", "Number", "0"),
    Field("OwnerId", "Owner", "ActiveUsers"),
    read_only("Origin", "Origin", default="API"),
    read_only("StatusCode", "Status Code", "Number", "0"),
    read_only("NotableEvent", "Notable Event", default="Modified"),
    read_only("NotableEventdate", "Notable Event Date", "Date"),
    read_only("LeadLastModifiedOn", "Last Modified On (Lead)", "Date"),
    read_only("CreatedOn", "Created On", "Date"),
    read_only("ModifiedOn", "Modified On", "Date"),
    Field("mx_Street1", "Address 1"),
    Field("mx_City", "City"),
    Field("mx_Zip", "Zip"),
    Field("mx_Country", "Country"),
)
# One custom field of each data type, and one made unique.
PRACTICE = (
    Field("mx_Customer_Number", "Customer Number", unique=True),
    Field("mx_Tier", "Tier", "Select", ("Bronze", "Silver", "Gold")),
    Field("mx_Newsletter", "Newsletter", "Boolean"),
    Field("mx_Points", "Points", "Number"),
    Field("mx_Date_of_Birth", "Date of Birth", "Date"),
    Field("mx_Preferred_Time", "Preferred Time", "Time"),
    Field("mx_Second_Email", "Second Email", "Email"),
    Field("mx_Work_Phone", "Work Phone", "Phone"),
    Field("mx_Profile_Page", "Profile Page", "Website"),
    Field("mx_Favourite_Store", "Favourite Store"),
)
# What only one of the two accounts has: the everyday reason why a mapping needs an edit.
PRACTICE_IN = {"source": (Field("mx_Old_System_Id", "Old System Id"),)}


class FieldBook:
    """The fields of one account, with the checks of those that have one."""

    def __init__(self, account: str) -> None:
        self.fields: dict[str, Field] = {}
        self.checks: dict[str, Check | None] = {}
        for field in (*STANDARD, *PRACTICE, *PRACTICE_IN.get(account, ())):
            self.put(replace(field))

    def put(self, field: Field) -> None:
        self.fields[field.schema] = field
        self.refresh()

    def refresh(self) -> None:
        """To be called after a field was changed in place."""
        fields = self.fields.values()
        self.checks = {field.schema: field.check for field in fields}
        self.ignored = frozenset(field.schema for field in fields if not field.writable)
        self.mandatory = [field.schema for field in fields if field.mandatory]
        self.unique = [field.schema for field in fields if field.unique]
        self.dates = [field.schema for field in fields if field.type == "Date"]
        self.defaults = {field.schema: field.default for field in fields}

    def allow_owners(self, user_ids: Iterable[str]) -> None:
        self.checks["OwnerId"] = one_of(frozenset(user_ids))

    def clean(self, attributes: Mapping[str, Any]) -> dict[str, str | None]:
        """The values as they are kept; read-only ones are left out as the vendor ignores them.

        Raises MXError for an unknown attribute or a value that isn't of the field's type.
        """
        cleaned: dict[str, str | None] = {}
        checks = self.checks
        for name, value in attributes.items():
            if name not in checks:
                raise unknown_attribute(name)
            if name in self.ignored:
                continue
            cleaned[name] = self.clean_value(name, value)
        return cleaned

    def clean_value(self, name: str, value: Any) -> str | None:
        try:
            text = value if value.__class__ is str and value else text_of(value)
            check = self.checks[name]
            if text is None or check is None:
                return self.refuse_script(name, text)
            return check(text)
        except (ValueError, TypeError) as error:
            kind = self.fields[name].type
            raise invalid(f"Invalid value '{str(value)[:100]}' for attribute '{name}' ({kind}): {error}") from None

    @staticmethod
    def refuse_script(name: str, text: str | None) -> str | None:
        if text and XSS.search(text):
            raise MXError("MXXSSException", f"A potentially dangerous value was detected in attribute '{name}'")
        return text

    def refuse_missing(self, values: Mapping[str, str | None]) -> None:
        """Raises MXError when a new lead lacks a mandatory field."""
        for name in self.mandatory:
            if not values.get(name):
                raise mandatory(f"'{name}' is mandatory for creating lead")

    def create(self, body: Mapping[str, Any]) -> Field:
        """A custom field of a CreateLeadField body. Raises MXError."""
        label, kind = str(body.get("DisplayName") or "").strip(), str(body.get("DataType") or "Text")
        if not label:
            raise mandatory("'DisplayName' is mandatory for creating lead field")
        if kind not in CREATABLE:
            raise invalid(f"DataType '{kind}' is not supported")
        schema = body.get("SchemaName") or "mx_" + re.sub(r"\W+", "_", label).strip("_")
        if schema in self.fields:
            raise MXError("MXDuplicateEntityNameException", f"Lead field '{schema}' already exists")
        options = options_of(body)
        field = Field(schema, label, kind, options, bool(body.get("IsUnique")), bool(body.get("IsMandatory")))
        self.put(field)
        return field

    def dump(self) -> list[dict[str, Any]]:
        return [asdict(field) for field in self.fields.values()]

    def load(self, rows: list[dict[str, Any]]) -> None:
        self.fields = {row["schema"]: Field(**(row | {"options": tuple(row["options"])})) for row in rows}
        self.refresh()


def options_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The choices of a CreateLeadField body: a list, or one in the JSON text OptionsJson. Raises MXError."""
    try:
        listed = body.get("Options") or json.loads(body.get("OptionsJson") or "[]")
        return tuple(str(option["Value"] if isinstance(option, dict) else option) for option in listed)
    except (ValueError, TypeError, KeyError):
        raise invalid("OptionsJson is not a list of options") from None


def metadata(field: Field, with_options: bool = True) -> dict[str, Any]:
    """One item of LeadsMetaData.Get."""
    render, render_text = RENDER_TYPES[field.type]
    item = {
        "Entity": "Lead",
        "SchemaName": field.schema,
        "DisplayName": field.label,
        "DataType": field.type,
        "IsMandatory": field.mandatory,
        "Options": [{"Value": option} for option in field.options] or None,
        "MaxLength": "200" if field.type in ("Text", "Email", "Website", "Select") else "50",
        "EntityAttributeId": str(uuid5(NAMESPACE_URL, f"practice:{field.schema}")),
        "Name": field.schema,
        "Description": field.label,
        "EntityAttributeType": "Custom" if field.schema.startswith("mx_") else "System",
        "RenderType": render,
        "RenderTypeTextValue": render_text,
        "IsVisible": True,
        "IsSearchable": field.unique,
        "ShowInMailMerge": True,
        "DefaultValue": field.default,
        "AllowMultiple": False,
        "RangeMin": None,
        "ShowInImport": field.writable,
        "ShowInQuickAdd": field.schema in ("FirstName", "LastName", "EmailAddress", "Phone"),
        "ShowInQuickSearch": field.schema in ("FirstName", "LastName", "EmailAddress", "Phone", "Company"),
        "OwnerID": None,
        "CreatedBy": None,
        "CreatedOn": METADATA_DATE,
        "ModifiedOn": METADATA_DATE,
        "IsLeadIdentifier": field.unique,
        "LockAfterCreate": False,
        "UseInLeadClone": False,
        "IsSortable": True,
    }
    if not with_options:
        del item["Options"]
    return item
