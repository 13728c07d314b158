"""What the customer data platform announces becomes events of the activations it concerns, in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.dispatch import receiver

from integrations.connectors.heyloyalty import records
from integrations.connectors.heyloyalty.attached import removed_label
from integrations.connectors.heyloyalty.models import ActivationConnection, AttachedField
from integrations.core.connector import Record
from integrations.core.engine.capture import capture
from integrations.core.fields import secret_names
from integrations.core.models import Connection, Run
from integrations.sources.cdp.models import Identifier
from integrations.sources.cdp.signals import (
    Definition,
    MembershipChange,
    ValueChange,
    identifiers_changed,
    memberships_changed,
    removed,
    renamed,
    values_changed,
)

State = AttachedField.State
# By person the ids of audiences or attributes.
Changed = Mapping[int, Collection[int]]


@receiver(memberships_changed)
def queue_memberships(changes: Sequence[MembershipChange], **kwargs: Any) -> None:
    _queue_changes("audience_id", _by_person((change.person_id, change.audience_id) for change in changes))


@receiver(values_changed)
def queue_values(changes: Sequence[ValueChange], **kwargs: Any) -> None:
    _queue_changes("attribute_id", _by_person((change.person_id, change.attribute_id) for change in changes))


@receiver(identifiers_changed)
def queue_identifiers(identifier_ids: Sequence[int], **kwargs: Any) -> None:
    """Everything about them: an identifier that is new, or belongs to somebody else now."""
    for connection in listening():
        found = Identifier.objects.filter(pk__among=list(identifier_ids), type_id=connection.identifier_type_id)
        rows = found.order_by("pk").values_list("pk", "key")
        queue(connection, [records.member(pk, connection.identifier_type_id, key) for pk, key in rows])


@receiver(renamed)
def queue_names(definitions: Sequence[Definition], **kwargs: Any) -> None:
    """The label follows the name."""
    rows = [(row, definition.name) for definition in definitions for row in _attached(definition)]
    for row, name in rows:
        row.label = name
        row.save(update_fields=["label"])
    queue_labels([row for row, _ in rows])


@receiver(removed)
def queue_removals(definitions: Sequence[Definition], **kwargs: Any) -> None:
    """The field stays, with a label that says so; nothing is sent to it any more."""
    rows = [row for definition in definitions for row in _attached(definition)]
    for row in rows:
        row.state, row.label, row.audience, row.attribute = State.REMOVED, removed_label(row), None, None
        row.save(update_fields=["state", "label", "audience", "attribute"])
    queue_labels(rows)


def listening() -> QuerySet[ActivationConnection]:
    """An activation that is off gets nothing: enabling it brings everybody up to date."""
    found = ActivationConnection.objects.exclude(state__in=Connection.OFF)
    return found.defer(*secret_names(ActivationConnection))  # type: ignore[return-value]


def queue(connection: Connection, found: Sequence[Record]) -> None:
    if found:
        run = Run.objects.create(connection=connection, trigger=Run.Trigger.CHANGE, complete=True)
        capture(connection, found, run=run)


def queue_labels(rows: Iterable[AttachedField]) -> None:
    """Also of an activation that is off: the label is set when it is on again."""
    by_connection: dict[int, list[int]] = {}
    for row in rows:
        if row.ready_at is not None:
            by_connection.setdefault(row.connection_id, []).append(row.pk)
    for connection in Connection.objects.installed().filter(pk__in=by_connection):
        queue(connection, records.field(by_connection[connection.pk]))


def _attached(definition: Definition) -> QuerySet[AttachedField]:
    return AttachedField.objects.filter(**{f"{definition.kind}_id": definition.id}, state=State.ATTACHED)


def _by_person(pairs: Iterable[tuple[int, int]]) -> Changed:
    found: dict[int, set[int]] = {}
    for person_id, subject_id in pairs:
        found.setdefault(person_id, set()).add(subject_id)
    return found


def _queue_changes(column: str, changed: Changed) -> None:
    """One record an identifier, naming the fields of whatever changed. Those that the list doesn't have yet, too: they
    may be there by the time it is sent."""
    subjects = {subject_id for found in changed.values() for subject_id in found}
    attached = AttachedField.objects.filter(**{f"{column}__in": subjects}, state=State.ATTACHED)
    names: dict[int, dict[int, str]] = {}
    for connection_id, subject_id, name in attached.values_list("connection_id", column, "field_name"):
        names.setdefault(connection_id, {})[subject_id] = name
    for connection in listening().filter(pk__in=names) if names else ():
        queue(connection, list(_records(connection, names[connection.pk], changed)))


def _records(connection: ActivationConnection, names: Mapping[int, str], changed: Changed) -> Iterable[Record]:
    type_id = connection.identifier_type_id
    people = [person_id for person_id, found in changed.items() if names.keys() & found]
    identifiers = Identifier.objects.filter(type_id=type_id, person_id__among=people).order_by("pk")
    for pk, person_id, key in identifiers.values_list("pk", "person_id", "key"):
        fields = [names[subject_id] for subject_id in changed[person_id] if subject_id in names]
        yield records.member(pk, type_id, key, fields)
