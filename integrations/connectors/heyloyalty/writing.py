"""Writing members one by one: a call each tells what became of it, and sets off automations and webhooks."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from integrations.connectors.heyloyalty.client import NotFound
from integrations.connectors.heyloyalty.list_connector import ListConnector
from integrations.connectors.heyloyalty.looking import look
from integrations.connectors.heyloyalty.plans import Act, Plan
from integrations.connectors.heyloyalty.taking_back import after_upsert
from integrations.core.connector import Outcome, Result
from integrations.core.errors import RecordError

VANISHED = _("The member vanished from the list while it was written; it will be tried again.")


def write(connector: ListConnector, one: Plan, *, skip_opt_in: bool = True) -> Outcome:
    try:
        return _update(connector, one) if one.act in (Act.UPDATE, Act.PATCH) else _create(connector, one, skip_opt_in)
    except RecordError as error:
        return Outcome(one.item, Result.FAILED, error.message, "refused", call=error.call)


def _update(connector: ListConnector, one: Plan) -> Outcome:
    try:
        call = connector.heyloyalty.patch_member(connector.member_list.id, one.member_id, one.row)
    except NotFound as error:
        return Outcome(one.item, Result.WAITING, str(VANISHED), "vanished", call=error.call)
    return Outcome(one.item, Result.UPDATED, remote_id=one.member_id, call=call)


def _create(connector: ListConnector, one: Plan, skip_opt_in: bool) -> Outcome:
    client, list_id = connector.heyloyalty, connector.member_list.id
    if one.watched and (joined := _look_again(connector, one)) is not None:
        return _update(connector, joined)
    if one.act == Act.ANEW:
        written = client.create_member(list_id, one.row, skip_opt_in)
    else:
        written = client.upsert(list_id, connector.match_on, one.row, skip_opt_in)
    if one.watched and not written.created:
        return after_upsert(connector, one, written)
    result = Result.NEW if written.created else Result.UPDATED
    return Outcome(one.item, result, remote_id=written.member_id, call=written.call)


def _look_again(connector: ListConnector, one: Plan) -> Plan | None:
    """By this address alone, right before the call: whom an upsert then finds nevertheless was hidden."""
    seen = look(connector.heyloyalty, connector.member_list, connector.match_on, [one.key]).get(one.key)
    if seen is None:
        return None
    row = {name: value for name, value in one.row.items() if name != connector.match_on}
    return replace(one, act=Act.UPDATE, row=row, member_id=seen.member_id, seen=seen)
