"""Test connection: the keys, the list, the field members are recognised by, and the activation's own fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from integrations.connectors.heyloyalty.attached import fields_of, misfit, refuse_without_identifier
from integrations.core.connector import CheckStep
from integrations.core.errors import ConfigurationError, SyncError

if TYPE_CHECKING:
    from integrations.connectors.heyloyalty.connector import HeyloyaltyActivation


def steps(connector: HeyloyaltyActivation) -> Iterator[CheckStep]:
    """They end after the first that isn't ok. Nothing is written."""
    questions: list[tuple[str, Callable[[HeyloyaltyActivation], str]]] = [
        (_("Heyloyalty answers and accepts API key and API secret"), _keys),
        (_("The list is there"), _list),
        (_("The list has the field of the person identifier"), _identifier),
        (_("The list has the fields of what is attached"), _fields),
    ]
    for label, question in questions:
        try:
            detail = question(connector)
        except SyncError as error:
            yield CheckStep(label, False, error.message)
            return
        yield CheckStep(label, True, detail)


def _keys(connector: HeyloyaltyActivation) -> str:
    return _("%(number)s lists") % {"number": len(connector.heyloyalty.lists())}


def _list(connector: HeyloyaltyActivation) -> str:
    return connector.member_list.name


def _identifier(connector: HeyloyaltyActivation) -> str:
    refuse_without_identifier(connector)
    return connector.match_on


def _fields(connector: HeyloyaltyActivation) -> str:
    rows = fields_of(connector.connection.pk)
    if problems := [f"“{row}”: {problem}" for row in rows if (problem := row.problem or misfit(row))]:
        raise ConfigurationError(" ".join(problems))
    made = [row.field_name for row in rows if row.ready_at]
    if missing := connector.member_list.missing(made):
        raise ConfigurationError(
            _(
                "The list has no field %(fields)s any more. Save the last step of the activation again: the "
                "field is made anew and filled."
            )
            % {"fields": ", ".join(missing)}
        )
    return ", ".join(made)
