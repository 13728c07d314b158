"""The connector interface: what a vendor's folder implements and the words it speaks with the engine."""

from integrations.core.connector.answers import CheckStep, Estimate, Job, Standing
from integrations.core.connector.connector import Connector
from integrations.core.connector.fields import Field, Kind, RecordType
from integrations.core.connector.records import Item, Outcome, Page, Received, Record, Result
from integrations.core.connector.skips import SKIP_REASONS, Skip

__all__ = [
    "SKIP_REASONS",
    "CheckStep",
    "Connector",
    "Estimate",
    "Field",
    "Item",
    "Job",
    "Kind",
    "Outcome",
    "Page",
    "Received",
    "Record",
    "RecordType",
    "Result",
    "Skip",
    "Standing",
]
