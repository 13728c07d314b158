"""What would become of customers, judged as the engine and the delivery judge them, but nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from integrations.connectors.flexpos.members import person_of
from integrations.connectors.flexpos.plans import Person, plan
from integrations.connectors.heyloyalty.bulk import Seen
from integrations.connectors.heyloyalty.plans import Plan
from integrations.core.connector import Item, Outcome, Record, Result
from integrations.core.engine.send import prepare
from integrations.core.errors import RecordError
from integrations.core.models import Link, Run

if TYPE_CHECKING:
    from integrations.connectors.flexpos.connector import FlexPOS

# Events of the import come after all there are.
COMES_LAST = 2**62

Look = Callable[[Person], Seen | None]


def judge(connector: FlexPOS, run: Run, records: Sequence[Record], look: Look) -> Iterator[Plan | Outcome]:
    """For each record what delivery would do with it, or what it would come to without being sent.

    `look` tells how a person stands on the list; it is asked for one after the other. Raises what reading a member that
    the list doesn't show raises.
    """
    items = [_item(run, record) for record in records]
    _attach_links(connector, items)
    good = [item for item, record in zip(items, records, strict=True) if not record.problem]
    for record, item in zip(records, items, strict=True):
        if record.problem:
            yield Outcome(item, Result.FAILED, record.problem, "refused")
    to_send, settled = prepare(connector, good)
    yield from settled
    for item in to_send:
        yield _judge_one(connector, item, look)


def _judge_one(connector: FlexPOS, item: Item, look: Look) -> Plan | Outcome:
    member_list = connector.member_list

    def read(member_id: str) -> Mapping[str, Any] | None:
        return connector.heyloyalty.member(member_list.id, member_id)

    try:
        person = person_of(connector, item)
        return plan(person, look(person), member_list, connector.connection.import_type, read)
    except RecordError as error:
        return Outcome(item, Result.FAILED, error.message, "refused")


def _item(run: Run, record: Record) -> Item:
    return Item(
        COMES_LAST,
        run.pk,
        record.record_type,
        record.key,
        record.payload,
        attempts=1,
        urgent=False,
        source_time=record.source_time,
        retried=False,
        link=None,
    )


def _attach_links(connector: FlexPOS, items: Sequence[Item]) -> None:
    """What is known of them, as the queue attaches it."""
    parents = {id(item): connector.parent(item) for item in items}
    wanted = {(item.record_type, item.key) for item in items} | {parent for parent in parents.values() if parent}
    links = {
        (link.record_type, link.key): link
        for kind in {record_type for record_type, _ in wanted}
        for link in Link.objects.filter(
            connection_id=connector.connection.pk,
            record_type=kind,
            key__among=[key for record_type, key in wanted if record_type == kind],
        )
    }
    for item in items:
        item.link = links.get((item.record_type, item.key))
        parent = parents[id(item)]
        item.parent = links.get(parent) if parent else None
