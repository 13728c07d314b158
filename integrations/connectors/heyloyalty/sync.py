"""Everybody at once: the sync after saving, the nightly comparison with the list, and emptying a field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.connectors.heyloyalty import records
from integrations.connectors.heyloyalty.attached import attributes, audiences, ensure, filled, value_of
from integrations.connectors.heyloyalty.bulk import page_size
from integrations.connectors.heyloyalty.fields import MOBILE
from integrations.connectors.heyloyalty.members import row_of
from integrations.connectors.heyloyalty.models import ActivationConnection, AttachedField
from integrations.connectors.heyloyalty.values import Normal, changes, read_values
from integrations.core.connector import Page, Record
from integrations.core.engine import collect
from integrations.core.errors import RecordError, TemporaryError
from integrations.core.models import Cursor, Link, Run
from integrations.sources.cdp.models import Identifier
from integrations.sources.cdp.states import count_identifiers, states_of

if TYPE_CHECKING:
    from integrations.connectors.heyloyalty.connector import HeyloyaltyActivation

SYNC, COMPARE = "sync", "comparison"
# Followed by the name of the field.
EMPTY = "empty "
PAGE = 1000


def start(connection: ActivationConnection, user: User | None = None) -> Run | None:
    """Sync everybody; None when it is under way already: `go_on` sees to what was attached meanwhile."""
    expected = count_identifiers(connection.identifier_type)
    return collect.start(connection, SYNC, Run.Trigger.EXPORT, user, expected=expected)


def go_on(connection: ActivationConnection, run: Run) -> None:
    """What was attached while a sync was under way missed some of it: once more."""
    latest = AttachedField.objects.filter(connection_id=connection.pk).aggregate(at=Max("ready_at"))["at"]
    if run.job == SYNC and latest is not None and latest > run.started_at:
        start(connection)


def start_emptying(connection: ActivationConnection, row: AttachedField, user: User | None = None) -> Run | None:
    expected = Link.objects.filter(connection_id=connection.pk, record_type=records.MEMBER.name).count()
    return collect.start(connection, f"{EMPTY}{row.field_name}", Run.Trigger.EXPORT, user, expected=expected)


# -- what there is to send -----------------------------------------------------------------------


def everybody(connector: HeyloyaltyActivation, run: Run) -> Iterator[Page]:
    """Every person with the identifier, by its id, once the list has the fields."""
    ensure(connector, run.started_at)
    type_id = connector.connection.identifier_type_id
    after = _after(connector, run)
    while found := _identifiers(type_id, after):
        after = found[-1][0]
        yield Page([records.member(pk, type_id, key) for pk, key in found], {"run": run.pk, "after": after})


def emptied(connector: HeyloyaltyActivation, job: str, run: Run) -> Iterator[Page]:
    """Every member that was ever written to."""
    name = job.removeprefix(EMPTY)
    after = _after(connector, run)
    links = Link.objects.filter(connection_id=connector.connection.pk, record_type=records.MEMBER.name).order_by("pk")
    while found := list(links.filter(pk__gt=after).values_list("pk", "key")[:PAGE]):
        after = found[-1][0]
        yield Page([records.emptied(key, name) for _, key in found], {"run": run.pk, "after": after})


def compared(connector: HeyloyaltyActivation, run: Run) -> Iterator[Page]:
    """Members whose fields aren't what they should be, page by page of the list: who joined it since, or came back, or
    was changed by somebody else. The list is read from its beginning after a break."""
    ensure(connector, timezone.now())
    client, member_list = connector.heyloyalty, connector.member_list
    size, page, first = page_size(member_list), 1, None
    while members := client.members(member_list.id, page, size):
        if members[0].get("id") == first:
            raise TemporaryError(_("Heyloyalty sent the same page of members twice; it will be tried again."))
        page, first = page + 1, members[0].get("id")
        for start in range(0, len(members), PAGE):
            yield Page(_different(connector, members[start : start + PAGE]), {"run": run.pk})
        del members  # before the next are read: a page takes some 50 MB


def _different(connector: HeyloyaltyActivation, members: Sequence[Mapping[str, Any]]) -> list[Record]:
    connection, member_list = connector.connection, connector.member_list
    rows = filled(connection.pk)
    seen = {str(values.get(connector.match_on) or ""): values for values in _values(connector, members)}
    keys = [_key(connector.match_on, address) for address in seen]
    names = Identifier.objects.filter(type_id=connection.identifier_type_id, key__among=keys)
    by_id = dict(names.values_list("pk", "key"))
    different = []
    for state in states_of(by_id, audiences=audiences(rows), attributes=attributes(rows)):
        wanted = {row.field_name: value_of(row, state) for row in rows}
        known = seen[_address(connector.match_on, by_id[state.identifier_id])]
        try:
            changed = changes(member_list, row_of(connector, wanted), known)
        except RecordError:
            # Whatever doesn't take its value says so when it is sent.
            changed = list(wanted)
        if changed:
            key = by_id[state.identifier_id]
            different.append(
                records.member(state.identifier_id, connection.identifier_type_id, key, changed, again=True)
            )
    return different


def _values(connector: HeyloyaltyActivation, members: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Normal]]:
    return (read_values(connector.member_list, member) for member in members)


def _key(match_on: str, address: str) -> str:
    """An address as the list has it in the form in which persons are found: phone numbers have a plus there."""
    return f"+{address}" if match_on == MOBILE else address


def _address(match_on: str, key: str) -> str:
    return key.removeprefix("+") if match_on == MOBILE else key


def _identifiers(type_id: int, after: int) -> list[tuple[int, str]]:
    found = Identifier.objects.filter(type_id=type_id, pk__gt=after).order_by("pk")
    return list(found.values_list("pk", "key")[:PAGE])


def _after(connector: HeyloyaltyActivation, run: Run) -> int:
    """How far this run has come; the next one starts anew."""
    cursor = Cursor.objects.filter(connection_id=connector.connection.pk, job=run.job).first()
    return int(cursor.value["after"]) if cursor and cursor.value.get("run") == run.pk else 0
