"""What a push says: each change read and checked by itself, so that one that makes no sense refuses no other."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.core.batch import Refused
from integrations.core.hooks import as_json
from integrations.sources.cdp.kinds import as_moment, moment
from integrations.sources.cdp.models.people import Kind
from integrations.sources.cdp.raptor.models import RaptorKind
from integrations.sources.cdp.raptor.naming import Sighting, id_of

MOST_CHANGES = 500
LONGEST_BATCH_ID, LONGEST_ACTIVATION_ID = 200, 100
AUDIENCE, VALUE, DELETED = "audience", "calculated_attribute", "audience_deleted"
# Raptor's types of values are our proposal.
VALUE_KINDS = {"text": Kind.TEXT, "number": Kind.NUMBER, "boolean": Kind.YES_NO, "date": Kind.DATE}
MOVES = {"entered": True, "left": False}

NOT_A_BATCH = gettext_lazy("The call is not a JSON object with batchId and a list of changes.")
NO_BATCH_ID = gettext_lazy(
    "The call has no batchId (text of at most 200 characters): it could not be told from a repetition."
)
NO_ACTIVATION_ID = gettext_lazy("The activationId is no text of at most 100 characters.")


class NotABatch(Exception):
    """Why a call can't be taken at all, as a sentence without personal data."""


@dataclass(frozen=True)
class Batch:
    """A call, as far as it is looked at before it is stored."""

    batch_id: str
    activation_id: str
    sequence: int | None
    changes: list[Any] = field(repr=False)


@dataclass(frozen=True)
class Change:
    """One change that was checked. `state`: whether the person entered, or the value."""

    index: int
    type: str
    id: str
    name: str
    at: datetime.datetime
    person: Mapping[str, Any] = field(default_factory=dict, repr=False)
    state: Any = field(default=None, repr=False)
    value_kind: str = ""

    @property
    def sighting(self) -> Sighting:
        kind = RaptorKind.ATTRIBUTE if self.type == VALUE else RaptorKind.AUDIENCE
        return Sighting(kind, self.id, self.name, self.at, self.value_kind)


def batch_of(body: bytes) -> Batch:
    """Raises NotABatch."""
    try:
        said = as_json(body)
    except ValueError:
        raise NotABatch(NOT_A_BATCH) from None
    if not isinstance(said, dict) or not isinstance(said.get("changes"), list):
        raise NotABatch(NOT_A_BATCH)
    batch_id, activation_id, sequence = said.get("batchId"), said.get("activationId", ""), said.get("sequenceNumber")
    if not _is_text(batch_id, LONGEST_BATCH_ID) or not batch_id:
        raise NotABatch(NO_BATCH_ID)
    if not _is_text(activation_id, LONGEST_ACTIVATION_ID):
        raise NotABatch(NO_ACTIVATION_ID)
    numbered = isinstance(sequence, int) and not isinstance(sequence, bool) and 0 <= sequence < 2**63
    return Batch(batch_id, activation_id, sequence if numbered else None, said["changes"])


def read(index: int, said: Any) -> Change:
    """Raises Refused."""
    if not isinstance(said, dict):
        raise Refused("", _("This change is no JSON object."))
    type_ = said.get("type")
    if not isinstance(type_, str) or type_ not in READERS:
        known = {"known": ", ".join(READERS)}
        raise Refused("type", _("There is no such type of change. There are: %(known)s.") % known)
    name = said.get("name")
    common = {"index": index, "type": type_, "id": id_of(said.get("id")), "at": time_of(said.get("at"))}
    return READERS[type_](said, {**common, "name": name if isinstance(name, str) else ""})


def time_of(value: Any) -> datetime.datetime:
    """Raises Refused: without a time nobody knows which change is the last one."""
    found = as_moment(value) if isinstance(value, str) else None
    if found is None:
        raise Refused("at", _("The time is missing, or not written like 2026-03-09T05:07:00Z."))
    return moment(found, timezone.now())


def _membership(said: Mapping[str, Any], common: dict[str, Any]) -> Change:
    change = said.get("change")
    if not isinstance(change, str) or change not in MOVES:
        raise Refused("change", _("A person either entered or left; the change says neither."))
    return Change(**common, person=_person(said), state=MOVES[change])


def _value(said: Mapping[str, Any], common: dict[str, Any]) -> Change:
    value_type = said.get("valueType")
    if not isinstance(value_type, str) or value_type not in VALUE_KINDS:
        known = {"known": ", ".join(VALUE_KINDS)}
        raise Refused("valueType", _("There is no such type of value. There are: %(known)s.") % known)
    return Change(**common, person=_person(said), state=said.get("value"), value_kind=VALUE_KINDS[value_type])


def _person(said: Mapping[str, Any]) -> Mapping[str, Any]:
    person = said.get("person")
    if not isinstance(person, dict):
        raise Refused("person", _("The change names no person."))
    return person


def _is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest and value.isprintable()


READERS: Mapping[str, Callable[[Mapping[str, Any], dict[str, Any]], Change]] = {
    AUDIENCE: _membership,
    VALUE: _value,
    DELETED: lambda _said, common: Change(**common),
}
