"""The fields of an activation: which there are to be, what they hold, and that the list has them."""

from __future__ import annotations

import datetime
import math
from collections.abc import Collection, Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from integrations.connectors.heyloyalty.awaited import IMPORT_MARKS
from integrations.connectors.heyloyalty.client import Refused
from integrations.connectors.heyloyalty.fields import CHOICE, DATE, NUMBER, TEXT, ListField, field_name, new_field
from integrations.connectors.heyloyalty.models import ActivationConnection, AttachedField
from integrations.connectors.heyloyalty.records import MEMBER
from integrations.core.errors import ConfigurationError
from integrations.core.models import Link
from integrations.sources.cdp.models import Attribute, Audience
from integrations.sources.cdp.states import PersonState

if TYPE_CHECKING:
    from integrations.connectors.heyloyalty.connector import HeyloyaltyActivation

State = AttachedField.State
# Yes/No is a choice of these two: what the vendor shows of this integration. A boolean field couldn't tell a person
# outside the audience from a member nobody knows anything about.
YES, NO = "Yes", "No"
FORMATS = {
    Attribute.Kind.TEXT: TEXT,
    Attribute.Kind.NUMBER: NUMBER,
    Attribute.Kind.YES_NO: CHOICE,
    Attribute.Kind.DATE: DATE,
}
AUDIENCE_PREFIX, ATTRIBUTE_PREFIX = "raptor_aud_", "raptor_att_"
# The first one is the vendor's, to the letter.
AUDIENCE_REMOVED = "Audience Removed by Raptor CDP"
ATTRIBUTE_REMOVED = "Calculated Attribute Removed by Raptor CDP"
REMOVED_LABELS = (AUDIENCE_REMOVED, ATTRIBUTE_REMOVED)


def fields_of(connection_id: int) -> list[AttachedField]:
    """Those attached, in the order in which they were. One query."""
    rows = AttachedField.objects.filter(connection_id=connection_id, state=State.ATTACHED)
    return list(rows.select_related("audience", "attribute"))


def filled(connection_id: int) -> list[AttachedField]:
    """Those that the list has and that take what they are to hold. One query."""
    return [row for row in fields_of(connection_id) if row.ready_at and not misfit(row)]


def audiences(rows: Iterable[AttachedField]) -> list[int]:
    return [row.audience_id for row in rows if row.audience_id is not None]


def attributes(rows: Iterable[AttachedField]) -> list[int]:
    return [row.attribute_id for row in rows if row.attribute_id is not None]


def removed_label(row: AttachedField) -> str:
    return AUDIENCE_REMOVED if row.field_name.startswith(AUDIENCE_PREFIX) else ATTRIBUTE_REMOVED


def format_of(subject: Audience | Attribute) -> str:
    return CHOICE if isinstance(subject, Audience) else FORMATS[Attribute.Kind(subject.kind)]


def misfit(row: AttachedField) -> str:
    """Why the field can't take what it is to hold any more, with what to do; "" when it can."""
    if row.subject is None or format_of(row.subject) == row.format:
        return ""
    text = _(
        "Its type was changed, but its field in Heyloyalty is of the format %(format)s. Nothing is sent to the field. "
        "Detach it and attach it again: then it gets a new field."
    )
    return text % {"format": row.format}


def value_of(row: AttachedField, state: PersonState) -> Any:
    """What the field holds for a person: text, a whole number, or nothing (None)."""
    if row.audience_id is not None:
        return YES if row.audience_id in state.audiences else NO
    value = state.values.get(row.attribute_id or 0)
    if value is None:
        return None
    if row.format == CHOICE:
        return YES if value else NO
    if row.format == NUMBER and math.isfinite(value):
        # Heyloyalty's numbers are whole.
        return int(Decimal(str(value)).to_integral_value(ROUND_HALF_UP))
    return value.isoformat() if isinstance(value, datetime.datetime) else value


# -- attaching -----------------------------------------------------------------------------------


def attach(connection: ActivationConnection, subjects: Iterable[Audience | Attribute]) -> None:
    """Give each a field; whatever has one, or had one before, keeps it. Call `ensure` afterwards."""
    with transaction.atomic():
        # Two savings of one page must not choose one name twice.
        ActivationConnection.objects.select_for_update().only("pk").get(pk=connection.pk)
        for subject in subjects:
            kind = "audience" if isinstance(subject, Audience) else "attribute"
            row = AttachedField.objects.filter(connection_id=connection.pk, **{kind: subject}).first()
            if row is None:
                row = AttachedField(connection_id=connection.pk, **{kind: subject})
            elif row.state == State.ATTACHED and not misfit(row):
                continue
            if row.format != format_of(subject):
                row.format, row.ready_at = format_of(subject), None
                row.field_name = free_name(connection, subject)
            row.label, row.state, row.problem = subject.name, State.ATTACHED, ""
            row.save()


def free_name(connection: ActivationConnection, subject: Audience | Attribute, more: Collection[str] = ()) -> str:
    """A name that no activation of this list uses. A field of that name that is there already is taken over."""
    prefix = AUDIENCE_PREFIX if isinstance(subject, Audience) else ATTRIBUTE_PREFIX
    used = AttachedField.objects.filter(connection__list_id=connection.list_id).values_list("field_name", flat=True)
    return field_name(subject.name, {*used, *more}, prefix)


# -- the list ------------------------------------------------------------------------------------


def ensure(connector: HeyloyaltyActivation, at: datetime.datetime) -> list[AttachedField]:
    """Make the fields that the list doesn't have; those it has, whatever they are called by now, are found by name.

    Returns those that have a problem: it stands on the row. Raises ConfigurationError for what concerns all of them.
    """
    connector.forget_list()
    rows = fields_of(connector.connection.pk)
    refuse_without_identifier(connector)
    wanted = [row for row in rows if _is_wanted(connector, row)]
    if wanted:
        _create(connector, wanted)
        connector.forget_list()
        # What was sent last says nothing about a field that was just made.
        links = Link.objects.filter(connection_id=connector.connection.pk, record_type=MEMBER.name)
        links.exclude(fingerprint__in=IMPORT_MARKS).update(fingerprint="")
    for row in rows:
        row.ready_at = None if row.problem else row.ready_at or at
        # Meanwhile it may have been renamed, or deleted.
        found = AttachedField.objects.filter(pk=row.pk)
        found.update(field_name=row.field_name, ready_at=row.ready_at, problem=row.problem)
    return [row for row in rows if row.problem]


def refuse_without_identifier(connector: HeyloyaltyActivation) -> None:
    """Raises ConfigurationError for a list that members can't be recognised on."""
    if connector.match_on not in connector.member_list.fields:
        raise ConfigurationError(
            _(
                "The list “%(list)s” has no field %(field)s, by which members are recognised. Add it to the "
                "list in Heyloyalty, or choose another person identifier under General information."
            )
            % {"list": connector.member_list.name, "field": connector.match_on}
        )


def _is_wanted(connector: HeyloyaltyActivation, row: AttachedField) -> bool:
    """Whether the field must be made, or get its label back. What can't be used is named on the row."""
    row.problem = misfit(row)
    if row.problem or row.subject is None:
        return False
    fields = connector.member_list.fields
    found = fields.get(row.field_name)
    if found is not None and found.format != row.format:
        row.field_name = free_name(connector.connection, row.subject, fields)
        return True
    return found is None or _lacks_options(found) or found.label in REMOVED_LABELS


def _lacks_options(field: ListField) -> bool:
    return field.format == CHOICE and not {YES, NO} <= set(field.options.values())


def _create(connector: HeyloyaltyActivation, rows: Sequence[AttachedField]) -> None:
    """Together, or one by one when Heyloyalty refuses: then each learns why."""
    list_id = connector.member_list.id
    try:
        connector.heyloyalty.add_fields(list_id, [_spec(row) for row in rows])
    except Refused as error:
        if len(rows) > 1:
            for row in rows:
                _create(connector, [row])
            return
        text = _(
            "Heyloyalty refused the field: %(reason)s. Remove fields that nobody needs from the list in Heyloyalty, or "
            "detach it here, then save again."
        )
        rows[0].problem = text % {"reason": error.reason}


def _spec(row: AttachedField) -> dict[str, Any]:
    return new_field(row.field_name, row.label, row.format, (YES, NO))
