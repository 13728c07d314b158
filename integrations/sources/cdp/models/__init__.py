from integrations.sources.cdp.models.attributes import Attribute, AttributeValue
from integrations.sources.cdp.models.audiences import Audience, Membership
from integrations.sources.cdp.models.people import (
    EventType,
    Identifier,
    IdentifierType,
    Person,
    PersonEvent,
    Property,
)
from integrations.sources.cdp.models.told import ToldMembership, ToldValue

__all__ = [
    "Attribute",
    "AttributeValue",
    "Audience",
    "EventType",
    "Identifier",
    "IdentifierType",
    "Membership",
    "Person",
    "PersonEvent",
    "Property",
    "ToldMembership",
    "ToldValue",
]
