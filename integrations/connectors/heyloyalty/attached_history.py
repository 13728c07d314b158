"""Who attached and detached which audience or calculated attribute, and when: lines of the activation's history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from integrations.connectors.heyloyalty.attached import AUDIENCE_PREFIX
from integrations.connectors.heyloyalty.models import ActivationConnection, AttachedField
from integrations.core.admin.connection.history import SHOWN, Change, change_of

State = AttachedField.State


def attached_changes(connection: ActivationConnection) -> Iterator[Change]:
    """The newest first. A row that was renamed, or made anew on the list, is no change of anybody's."""
    found: Any = AttachedField.history.filter(connection_id=connection.pk).select_related("history_user")
    newer_of: dict[int, Any] = {}
    for row in found[:SHOWN]:
        if (newer := newer_of.get(row.id)) is not None and newer.state != row.state:
            yield _change(newer, row.label)
        newer_of[row.id] = row
        if row.history_type == "+":
            yield _change(row, row.label)


def _change(row: Any, before: str) -> Change:
    """`before`: its label before the change; one that was removed has another by now."""
    name = row.label if row.state == State.ATTACHED else before
    change = change_of(row, "")
    change.what = _wording(row) % {"name": name, "field": row.field_name}
    return change


def _wording(row: Any) -> str:
    audience = row.field_name.startswith(AUDIENCE_PREFIX)
    if row.state == State.ATTACHED:
        attached = _("Audience “%(name)s” attached: field %(field)s")
        return attached if audience else _("Calculated attribute “%(name)s” attached: field %(field)s")
    if row.state == State.DETACHED:
        detached = _("Audience “%(name)s” detached: field %(field)s")
        return detached if audience else _("Calculated attribute “%(name)s” detached: field %(field)s")
    removed = _("Audience “%(name)s” removed: the label of field %(field)s says so")
    return removed if audience else _("Calculated attribute “%(name)s” removed: the label of field %(field)s says so")
