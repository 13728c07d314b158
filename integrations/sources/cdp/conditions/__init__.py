"""What an audience's members have in common: the grammar, what it may refer to, whether it still can, and in words."""

from integrations.sources.cdp.conditions.catalogue import (
    AttributeEntry,
    Catalogue,
    EventEntry,
    PropertyEntry,
    catalogue,
)
from integrations.sources.cdp.conditions.checking import check, check_test
from integrations.sources.cdp.conditions.grammar import (
    AttributeCondition,
    Condition,
    ConditionError,
    Depends,
    EventCondition,
    FieldTest,
    Group,
    PropertyCondition,
    Test,
    Times,
    depends_on,
    parse,
    windows,
)
from integrations.sources.cdp.conditions.operators import DAYS, OPERATORS, TIMES
from integrations.sources.cdp.conditions.wording import sentence

__all__ = [
    "DAYS",
    "OPERATORS",
    "TIMES",
    "AttributeCondition",
    "AttributeEntry",
    "Catalogue",
    "Condition",
    "ConditionError",
    "Depends",
    "EventCondition",
    "EventEntry",
    "FieldTest",
    "Group",
    "PropertyCondition",
    "PropertyEntry",
    "Test",
    "Times",
    "catalogue",
    "check",
    "check_test",
    "depends_on",
    "parse",
    "sentence",
    "windows",
]
