"""What a preview asks: how a customer's member is now, and what fields make of FlexPOS's values. Look-ups only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from integrations.connectors.flexpos import members, tracking
from integrations.connectors.flexpos.customers import EMAIL, MEMBER, customers
from integrations.connectors.flexpos.fields import read_all
from integrations.connectors.flexpos.orders import JOURNAL, TICKET, journals, tickets
from integrations.connectors.heyloyalty.fields import MULTI, MemberList, remembered
from integrations.connectors.heyloyalty.looking import look
from integrations.connectors.heyloyalty.plans import Act, Plan, known_id
from integrations.connectors.heyloyalty.values import Converter, changes, read_values
from integrations.core.connector import Item, Record, Standing
from integrations.core.errors import RecordError
from integrations.core.mapping import MappingRow

if TYPE_CHECKING:
    from integrations.connectors.flexpos.connector import FlexPOS

READERS: dict[str, Callable[[list[dict[str, Any]]], Any]] = {MEMBER: customers, JOURNAL: journals, TICKET: tickets}


def example(record_type: str, pasted: Any) -> Record:
    """A row as FlexPOS's API has it, or an answer with such rows."""
    rows = pasted.get("Data") if isinstance(pasted, dict) and isinstance(pasted.get("Data"), list) else pasted
    first = rows[0] if isinstance(rows, list) and rows else rows
    if not isinstance(first, dict):
        raise RecordError(_("This JSON is no row of FlexPOS: it must be an object, {…}."))
    records: list[Record] = READERS[record_type]([first]).records
    if not records:
        raise RecordError(_("Nobody is named in it (CustomerId), or it has no lines, so it would not be imported."))
    return records[0]


def source_value(payload: dict[str, Any], row: MappingRow, separator: str) -> Any:
    """Of a list on the way all values."""
    found = read_all(payload, row.source, separator) if row.source else []
    return found[0] if len(found) == 1 else found


def convert(connector: FlexPOS, record_type: str, target: str, raw: Any) -> Any:
    """By the fields as they were last read."""
    first = raw[0] if isinstance(raw, list) else raw
    if record_type != MEMBER:
        values = {target: first} if target == EMAIL else {EMAIL: "-", target: first}
        return tracking.line_of(connector, values, record_type == JOURNAL).get(target, "")
    fields = connector.fields(MEMBER)
    if not fields:
        return raw
    known = remembered(fields.values())
    several = target in known.fields and known.fields[target].format == MULTI
    own = connector.connection
    converter = Converter(known, separator=own.separator, date_format=own.date_format)
    return converter.convert(target, raw if several else first)


def standing(connector: FlexPOS, item: Item) -> Standing:
    if item.record_type not in READERS:
        return Standing({}, blind=_("It is looked at and noted here only."))
    if item.record_type != MEMBER:
        made = tracking.line_of(connector, item.values, item.record_type == JOURNAL)
        return Standing(made, blind=_("Heyloyalty's activity feed can't be read: what is in it stays unknown."))
    person = members.person_of(connector, item)
    member_list, match_on = connector.member_list, connector.match_on
    here = look(connector.heyloyalty, member_list, match_on, [person.key]).get(person.key)
    found = members.plan_of(connector, person, here)
    sent = found.row if isinstance(found, Plan) else person.row
    known = here.values if here else _known(connector, item)
    if known is None or (isinstance(found, Plan) and found.act in (Act.CREATE, Act.ANEW)):
        return Standing(_labelled(member_list, sent))
    changed = frozenset(changes(member_list, sent, known))
    return Standing(_labelled(member_list, sent), _labelled(member_list, known), match_on if here else "", changed)


def _known(connector: FlexPOS, item: Item) -> Mapping[str, Any] | None:
    """The member that the customer became before, in whatever state."""
    member_list, member_id = connector.member_list, known_id(item)
    member = connector.heyloyalty.member(member_list.id, member_id) if member_id else None
    return read_values(member_list, member) if member else None


def _labelled(member_list: MemberList, values: Mapping[str, Any]) -> dict[str, Any]:
    """Options by their labels, as people know them."""
    labelled = {}
    for name, value in values.items():
        options = member_list.fields[name].options if name in member_list.fields else {}
        one_or_more = value if isinstance(value, list | tuple) else [value]
        labels = [options.get(str(one), one) for one in one_or_more]
        labelled[name] = labels if isinstance(value, list | tuple) else labels[0]
    return labelled
