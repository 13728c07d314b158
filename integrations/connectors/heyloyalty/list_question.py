"""Which list is meant: its name, asked for before anything is saved."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from django.utils.translation import gettext as _

from integrations.connectors.heyloyalty.client import HeyloyaltyClient, bare
from integrations.connectors.heyloyalty.list_address import list_number
from integrations.connectors.heyloyalty.models import ActivationConnection
from integrations.core.catalog import UNREADABLE
from integrations.core.errors import SyncError


@dataclass(frozen=True)
class Answer:
    """The list's name, or why it can't be told."""

    name: str = ""
    problem: str = ""


def answer(connection: ActivationConnection, typed: Mapping[str, str]) -> Answer:
    """For what is typed in the form; keys left blank are those saved, which go to the saved address only."""
    number = list_number(typed.get("list_id", ""))
    if not number:
        return Answer(problem=_("Enter the List ID: its name is shown here.") if not typed.get("list_id") else "")
    address = typed.get("api_address") or connection.api_address
    try:
        key, secret = (typed.get(name) or _saved(connection, name, address) for name in ("api_key", "api_secret"))
    except InvalidToken:
        return Answer(problem=str(UNREADABLE))
    if not (key and secret):
        return Answer(problem=_("Enter API key and API secret: then the list's name is shown here."))
    try:
        with closing(HeyloyaltyClient(address, address, key, secret, connection.rate_limits())) as client:
            found = client.list_of(int(number))
    except SyncError as error:
        return Answer(problem=error.message)
    if connection.match_on not in found.fields:
        text = _("The list “%(name)s” has no field %(field)s, by which members are recognised.")
        return Answer(problem=text % {"name": found.name, "field": connection.match_on})
    return Answer(found.name)


def _saved(connection: ActivationConnection, name: str, address: str) -> str:
    return getattr(connection, name) if bare(address) == bare(connection.api_address) else ""
