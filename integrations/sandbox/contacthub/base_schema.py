"""The schema of a customer's base properties, and of what a workspace declares as extended ones.

Closed and open objects, and that enums lack null, are as published; the pattern of `locale` is our guess.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

Schema = dict[str, Any]

AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
# The vendor's list has no UTC, and still the old name of Kyiv.
TIMEZONES = sorted({zone for zone in available_timezones() if zone.startswith(AREAS)} - {"Europe/Kyiv"})

TEXT: Schema = {"type": ["string", "null"]}
NUMBER: Schema = {"type": ["number", "null"]}
WHOLE: Schema = {"type": ["integer", "null"]}
SWITCH: Schema = {"type": ["boolean", "null"]}
DATE: Schema = {"type": ["string", "null"], "format": "date"}
TIME: Schema = {"type": ["string", "null"], "format": "date-time"}


def one_of(*values: str) -> Schema:
    """Null is of an allowed type, but not among the values: it is refused."""
    return TEXT | {"enum": list(values)}


def closed(**properties: Schema) -> Schema:
    return {"type": ["object", "null"], "properties": properties, "additionalProperties": False}


def listed(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def item(**properties: Schema) -> Schema:
    """An object of a list with an id; it may hold other keys, too."""
    return {"type": "object", "properties": {"id": {"type": "string"}, **properties}, "required": ["id"]}


SUBSCRIPTION = item(
    name=TEXT,
    type=TEXT,
    kind=one_of("DIGITAL_MESSAGE", "SERVICE", "OTHER"),
    subscribed=SWITCH,
    startDate=TIME,
    endDate=TIME,
    subscriberId=TEXT,
    registeredAt=TIME,
    updatedAt=TIME,
    preferences=listed({"type": "object", "properties": {"key": TEXT, "value": TEXT}}),
)
CONTACTS = closed(
    email=TEXT,
    fax=TEXT,
    mobilePhone=TEXT,
    phone=TEXT,
    otherContacts=listed(closed(name=TEXT, type=one_of("MOBILE", "PHONE", "EMAIL", "FAX", "OTHER"), value=TEXT)),
    mobileDevices=listed(
        {"type": "object", "properties": {"identifier": TEXT, "name": TEXT, "type": one_of("IOS", "GCM", "WP")}}
    ),
)
ADDRESS = closed(
    street=TEXT, city=TEXT, country=TEXT, region=TEXT, province=TEXT, zip=TEXT, geo=closed(lat=NUMBER, lon=NUMBER)
)
BASE = closed(
    pictureUrl=TEXT,
    title=TEXT,
    prefix=TEXT,
    firstName=TEXT,
    lastName=TEXT,
    middleName=TEXT,
    gender=TEXT,
    dob=DATE,
    locale=TEXT | {"pattern": "^[a-z]{2,3}(_[A-Z]{2})?$"},
    timezone=one_of(*TIMEZONES),
    contacts=CONTACTS,
    address=ADDRESS,
    credential=closed(username=TEXT, password=TEXT),
    educations=listed(
        item(
            schoolType=one_of("PRIMARY_SCHOOL", "SECONDARY_SCHOOL", "HIGH_SCHOOL", "COLLEGE", "OTHER"),
            schoolName=TEXT,
            schoolConcentration=TEXT,
            startYear=WHOLE,
            endYear=WHOLE,
            isCurrent=SWITCH,
        )
    ),
    likes=listed(item(category=TEXT, name=TEXT, createdTime=TIME)),
    socialProfile=closed(facebook=TEXT, google=TEXT, instagram=TEXT, linkedin=TEXT, qzone=TEXT, twitter=TEXT),
    jobs=listed(
        item(companyIndustry=TEXT, companyName=TEXT, jobTitle=TEXT, startDate=DATE, endDate=DATE, isCurrent=SWITCH)
    ),
    subscriptions=listed(SUBSCRIPTION),
)
TAGS = closed(auto=listed({"type": "string"}), manual=listed({"type": "string"}))
# What the practice workspace declares; a control call can change it.
EXTENDED = closed(
    loyaltyLevel=one_of("bronze", "silver", "gold"),
    cardNumber=TEXT,
    points=WHOLE,
    clubMember=SWITCH,
    lastVisit=DATE,
    lastPurchaseAt=TIME,
    favouriteShops=listed({"type": "string"}),
    preferences=closed(size=TEXT, colour=TEXT),
    purchases=listed({"type": "object", "properties": {"number": TEXT, "amount": NUMBER}}),
)


def blank(schema: Schema) -> dict[str, Any]:
    """How a read shows an object of which nothing was written. Never changed, so one serves all customers."""
    return {name: [] if inner["type"] == "array" else None for name, inner in schema["properties"].items()}


EMPTY_BASE = blank(BASE) | {"contacts": blank(CONTACTS), "address": blank(ADDRESS)}
EMPTY_SUBSCRIPTION = blank(SUBSCRIPTION)
