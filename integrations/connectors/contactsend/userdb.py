"""A userdb's fields for “Show fields to be mapped”. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from integrations.connectors.contactsend.send_types import SendField, SendSource, SendSubscription
from integrations.connectors.contactsend.send_values import LONGEST_TEXT
from integrations.connectors.contactsend.sides import Newsletter
from integrations.core.connector import Field, Kind
from integrations.core.mapping import MappingRow

KINDS = {
    "FLAG": Kind.BOOLEAN, "DATE": Kind.DATE, "DATETIME": Kind.DATETIME, "TIMESTAMP": Kind.DATETIME,
    "DOUBLE": Kind.NUMBER, "INTEGER": Kind.NUMBER, "POSITIVE_INTEGER": Kind.NUMBER, "LONG": Kind.NUMBER,
}  # fmt: skip
# What userdbs usually have; rows for fields that this one hasn't are switched off.
DEFAULT_MAPPING = (
    MappingRow("base.contacts.email", "EMAIL", is_key=True),
    MappingRow("base.firstName", "NOME"),
    MappingRow("base.lastName", "COGNOME"),
    MappingRow("base.contacts.mobilePhone", "CELLULARE"),
)


def core_fields(source: SendSource) -> list[Field]:
    return [
        Field(
            name=one.name,
            label=one.name,
            kind=_kind(one),
            unique=one.name == source.identifier_field,
            max_length=LONGEST_TEXT if one.type in ("STRING", "CHAR") else None,
            type=one.type,
        )
        for one in source.fields.values()
    ]


def _kind(one: SendField) -> Kind:
    if one.is_email:
        return Kind.EMAIL
    return Kind.PHONE if one.is_phone else KINDS.get(one.type, Kind.TEXT)


def foreign_forms(newsletters: Sequence[Newsletter], there: Sequence[SendSubscription] | None) -> frozenset[str]:
    """Those whose Webform Code isn't that of their registration field; none where the service can't tell (None)."""
    if there is None:
        return frozenset()
    right = {(one.registration_field, one.webform_code) for one in there}
    return frozenset(one.subscription for one in newsletters if (one.registration_field, one.webform_code) not in right)


def foreign(names: str) -> str:
    return _("The Webform Code of %(names)s belongs to another form. Correct it under Subscriptions.") % {
        "names": names
    }
