"""Add Custom: a field is created in the account."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

from cryptography.fernet import InvalidToken
from django.utils.translation import gettext as _

from integrations.core import catalog
from integrations.core.connector import Field, Kind
from integrations.core.errors import SyncError
from integrations.core.forms import missing_secrets
from integrations.core.registry import connector_for

LABEL_LENGTH = 100


def create_field(connection: Any, way: tuple[str, Sequence[Kind]], label: str, kind: str) -> tuple[Field | None, str]:
    """The new field, or None with the reason in plain words. `way`: the connector's method, and the kinds it makes."""
    method, kinds = way
    if not label or len(label) > LABEL_LENGTH:
        return None, _("Give the field a name of at most %(most)s characters.") % {"most": LABEL_LENGTH}
    if kind not in kinds:
        return None, _("Choose the type of the field.")
    if missing := missing_secrets(connection):
        return None, _("First enter %(keys)s.") % {"keys": ", ".join(missing)}
    try:
        with closing(connector_for(connection)) as connector:
            made: Field = getattr(connector, method)(label, Kind(kind))
            return made, ""
    except SyncError as error:
        # A vendor's own reason (the name is taken) says more than the general sentence.
        return None, " ".join(filter(None, (error.message, str(getattr(error, "reason", "")))))
    except InvalidToken:
        return None, str(catalog.UNREADABLE)
