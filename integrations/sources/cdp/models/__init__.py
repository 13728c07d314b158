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
from integrations.sources.cdp.raptor.models import (
    RaptorCall,
    RaptorCursor,
    RaptorDefinition,
    RaptorPull,
    RaptorSettings,
)

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
    "RaptorCall",
    "RaptorCursor",
    "RaptorDefinition",
    "RaptorPull",
    "RaptorSettings",
    "ToldMembership",
    "ToldValue",
]
