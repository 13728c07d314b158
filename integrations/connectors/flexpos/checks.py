"""Test connection: both realms of FlexPOS, then Heyloyalty's keys, list, fields and tracking. Nothing is written."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.connectors.flexpos.customers import MEMBER
from integrations.connectors.flexpos.tracking import errors_address, tracking_id_of
from integrations.connectors.flexpos.windows import between
from integrations.connectors.heyloyalty.tracking import transactions
from integrations.core.connector import CheckStep
from integrations.core.errors import ConfigurationError, SyncError

if TYPE_CHECKING:
    from integrations.connectors.flexpos.connector import FlexPOS

MINUTE = datetime.timedelta(minutes=1)


def steps(connector: FlexPOS) -> Iterator[CheckStep]:
    """They end after the first that isn't ok."""
    questions: list[tuple[str, Callable[[FlexPOS], str]]] = [
        (_("FlexPOS answers and accepts Client_id and Client_secret"), _main_realm),
        (_("FlexPOS Attractions answers and accepts its own Client_id and Client_secret"), _attractions),
        (_("Heyloyalty answers and accepts API key and API secret"), _keys),
        (_("The list is there"), _list),
        (_("The list has the fields of the field mapping"), _fields),
        (_("The list has tracking, and the Tracking ID is right"), tracking),
    ]
    for label, question in questions:
        if question is _attractions and not connector.connection.has_attractions:
            continue
        try:
            detail = question(connector)
        except SyncError as error:
            yield CheckStep(label, False, error.message)
            return
        yield CheckStep(label, True, detail)


def _main_realm(connector: FlexPOS) -> str:
    now = timezone.now()
    [window] = between(now - MINUTE, now, now)
    connector.flexpos.customers(window, 1)
    return connector.connection.api_url


def _attractions(connector: FlexPOS) -> str:
    with closing(connector.connection.attractions()) as client:
        client.attractions(1)
    return connector.connection.attraction_api_url


def _keys(connector: FlexPOS) -> str:
    return _("%(number)s lists") % {"number": len(connector.heyloyalty.lists())}


def _list(connector: FlexPOS) -> str:
    return connector.member_list.name


def _fields(connector: FlexPOS) -> str:
    wanted = [connector.match_on, *(row.target for row in connector.mapping(MEMBER) if row.enabled)]
    if missing := connector.member_list.missing(dict.fromkeys(wanted)):
        raise ConfigurationError(
            _(
                "The list has no field %(fields)s. Add it to the list in Heyloyalty, or choose another under "
                "Field mapping (for the field members are matched on: under Settings)."
            )
            % {"fields": ", ".join(missing)}
        )
    return _("matched on %(field)s") % {"field": connector.match_on}


def tracking(connector: FlexPOS) -> str:
    """A file without a line: wrong ids are refused, and nothing is imported."""
    [file] = transactions([{"email": ""}], errors_address(connector))
    parameters = {**file.parameters, "skip_header_line": "1"}
    connector.heyloyalty.import_transactions(tracking_id_of(connector), file.csv, parameters)
    return connector.connection.tracking_id
