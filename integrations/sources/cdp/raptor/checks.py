"""Test connection, step by step."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography.fernet import InvalidToken
from django.utils.translation import gettext as _

from integrations.core.admin.connection.check import with_vendors
from integrations.core.connector import CheckStep
from integrations.core.errors import ConfigurationError, SyncError
from integrations.sources.cdp.raptor.client import RaptorClient
from integrations.sources.cdp.raptor.models import RaptorSettings
from integrations.sources.cdp.raptor.pulling import UNREADABLE, client_of


def check(settings: RaptorSettings) -> list[CheckStep]:
    """With what is saved. It ends after the first step that isn't ok."""
    try:
        client = client_of(settings)
    except ConfigurationError as error:
        return [CheckStep(_("Everything needed is entered"), False, error.message)]
    except InvalidToken:
        return [CheckStep(_("The API key can be read"), False, str(UNREADABLE))]
    with client:
        return with_vendors(_steps(client, settings))


def _steps(client: RaptorClient, settings: RaptorSettings) -> Iterator[CheckStep]:
    label = _("Raptor answers and accepts the API key")
    try:
        types = client.identifiers()
    except SyncError as error:
        yield CheckStep(label, False, error.message)
        return
    yield CheckStep(label, True, settings.base_url)
    key = settings.identifier.key if settings.identifier else ""
    known = key in types
    has = _("The activation's identifiers are: %(types)s. Choose one that has this name in the API here.")
    label = _("“%(key)s” is a person identifier of the activation") % {"key": key}
    yield CheckStep(label, known, "" if known else has % {"types": ", ".join(types) or "–"})
    if not known:
        return
    label = _("The activation's audiences can be read")
    try:
        names = [one.name for one in client.audiences(settings.activation_id)]
    except SyncError as error:
        yield CheckStep(label, False, error.message)
        return
    yield CheckStep(label, True, ", ".join(names) or _("No audience is attached to it yet."))
