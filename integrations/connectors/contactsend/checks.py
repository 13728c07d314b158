"""Test connection, step by step in plain words: both accounts, and which of the calls needed the token may make."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from integrations.connectors.contactsend.hub_errors import Forbidden
from integrations.connectors.contactsend.userdb import foreign, foreign_forms
from integrations.core.connector import CheckStep
from integrations.core.errors import ConfigurationError, SyncError, TemporaryError

if TYPE_CHECKING:
    from integrations.connectors.contactsend.connector import Contactsend


def steps(connector: Contactsend) -> Iterator[CheckStep]:
    for label, look in STEPS:
        step = _step(str(label), look, connector)
        yield step
        if not step.ok:
            return


def _step(label: str, look: Callable[[Contactsend], str], connector: Contactsend) -> CheckStep:
    try:
        return CheckStep(label, True, look(connector))
    except SyncError as error:
        return CheckStep(label, False, error.message)


def _token(connector: Contactsend) -> str:
    return connector.hub.me().name


def _node(connector: Contactsend) -> str:
    """One customer is read: lists are allowed to tokens that may not do that."""
    found = connector.hub.customers(connector.node, size=1, fields=("id",))
    if found.customers:
        connector.hub.customer(found.customers[0]["id"])
    return _("%(number)s customers") % {"number": f"{found.total:,}"}


def _stream(connector: Contactsend) -> str:
    try:
        connector.hub.last_offset(connector.node)
    except Forbidden:
        return _(
            "This token may not read the update stream, so customers are listed by the time of their last change "
            "instead. A change then takes up to a minute and a half, and deletions aren't noticed."
        )
    return _("by the update stream")


def _keys(connector: Contactsend) -> str:
    return _("%(number)s databases") % {"number": len(connector.send.sources())}


def _userdb(connector: Contactsend) -> str:
    source = connector.send.source(connector.userdb)
    if source.read_only:
        raise ConfigurationError(_("It is read-only. Choose another one, or have Contactlab open it."))
    if source.locked:
        raise TemporaryError(_("It is locked just now, as during an import. Try again in a while."))
    missing = [row.field for row in connector.shape.rows if row.field not in source.fields]
    if missing:
        text = _("It has no field %(fields)s. Choose others under Show fields to be mapped.")
        raise ConfigurationError(text % {"fields": ", ".join(missing)})
    return source.name


def _webforms(connector: Contactsend) -> str:
    wanted = connector.shape.newsletters
    if not wanted:
        return _("no subscriptions are synchronised")
    there = connector.send.subscriptions(connector.userdb)
    if there is None:
        return _("This service can't tell; compare the codes with those of the web forms in Contactsend.")
    if wrong := foreign_forms(wanted, there):
        raise ConfigurationError(foreign(", ".join(sorted(wrong))))
    return ", ".join(one.subscription for one in wanted)


STEPS = (
    (_lazy("Contacthub takes the token"), _token),
    (_lazy("The node can be read"), _node),
    (_lazy("Changes in Contacthub can be followed"), _stream),
    (_lazy("Contactsend takes userKey and apiKey"), _keys),
    (_lazy("The userdb can be written to"), _userdb),
    (_lazy("The webform codes are those of their subscription systems"), _webforms),
)
