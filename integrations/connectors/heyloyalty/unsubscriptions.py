"""Who unsubscribed: list webhooks and a nightly look become notes, one a person, that deliveries are judged by.

Heyloyalty's look-ups don't show who unsubscribed, so somebody has to remember it.

A note is the link of an unsubscription record: its key stands for the list and the person's e-mail address or mobile
number, its remote id is "active" or the id of the member that unsubscribed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.connectors.heyloyalty import consent
from integrations.connectors.heyloyalty.bulk import page_size
from integrations.connectors.heyloyalty.client import HeyloyaltyClient
from integrations.connectors.heyloyalty.consent import Standing
from integrations.connectors.heyloyalty.fields import MemberList
from integrations.connectors.heyloyalty.list_connector import ListConnector
from integrations.connectors.heyloyalty.values import read_values
from integrations.core.connector import Item, Outcome, Page, Received, Record, RecordType, Result
from integrations.core.errors import TemporaryError
from integrations.core.hooks import as_json
from integrations.core.mapping import Mapped
from integrations.core.models import Delivery, Link
from integrations.core.persons.person import RecordKey, is_personal
from integrations.core.redact import pseudonym

UNSUBSCRIPTION, MEMBER = "unsubscription", "member"
RECORD_TYPE = RecordType(UNSUBSCRIPTION, gettext_lazy("Unsubscription"), gettext_lazy("Unsubscriptions"))
ACTIVE = "active"
# Members that are read again before their notes are stored.
LOOKS_A_PAGE = 50
LINKS_AT_ONCE = 2000
OTHER_LIST = gettext_lazy("The call is about list %(list)s, not about the list of this connection.")
ANOTHER_PERSON = gettext_lazy("The member has another address by now: the call is not about the one it names.")
NOBODY = gettext_lazy("Heyloyalty knows no member of this id.")


def person_key(list_number: str | int, match_on: str, value: str) -> str:
    """The key of the note on a person and a list; alike for “+4520112233” and Heyloyalty's “4520112233”."""
    return pseudonym(f"{list_number} {match_on} {value.strip().lower().removeprefix('+')}")


def member_key(member_id: str) -> str:
    """The key of a note on a member that is gone, so that nobody knows whom it was."""
    return pseudonym(f"member {member_id}")


def keys_of(lists: Iterable[tuple[int, str, str]], names: Collection[str]) -> set[RecordKey]:
    """The notes on a person known by `names`; `lists`: connection, its list and the field it matches members on."""
    return {
        RecordKey(connection, UNSUBSCRIPTION, person_key(list_number, match_on, name))
        for connection, list_number, match_on in lists
        for name in filter(is_personal, names)
    }


# -- in --------------------------------------------------------------------------------------------


def receive(delivery: Delivery, list_number: int, match_on: str) -> Received:
    """A list webhook. Its body is not trusted: it says whom to look at. Raises RecordError when it is none."""
    body = delivery.body or b""
    news = consent.read_webhook(body)
    if news.list_id != list_number:
        return Received([], [str(OTHER_LIST % {"list": news.list_id})])
    return Received([_record(list_number, news.member_id, _named(body, match_on), match_on)])


def _named(body: bytes, match_on: str) -> str:
    """The address in the body, if there is one."""
    member = as_json(body).get("member")
    fields = member.get("fields") if isinstance(member, dict) else None
    value = fields.get(match_on) if isinstance(fields, dict) else None
    return value.strip().lower() if isinstance(value, str) else ""


def _record(list_number: int, member_id: str, value: str, match_on: str) -> Record:
    key = person_key(list_number, match_on, value) if value else member_key(member_id)
    return Record(UNSUBSCRIPTION, key, {"member_id": member_id}, value)


def nightly(connector: ListConnector, cursor: Mapping[str, Any], run_id: int) -> Iterator[Page]:
    """Members we know that the list doesn't show any more and that nobody told us about, by the id of their link."""
    after = cursor["after"] if cursor.get("run") == run_id else 0
    client, member_list = connector.heyloyalty, connector.member_list
    shown = _shown(client, member_list)
    for links in _missing(connector.connection.pk, after, shown):
        records = []
        for link in links:
            member = client.member(member_list.id, link.remote_id)
            standing = consent.standing(link.remote_id, member)
            if standing != Standing.SUBSCRIBED:
                value = str(read_values(member_list, member).get(connector.match_on) or "") if member else ""
                records.append(_record(member_list.id, link.remote_id, value, connector.match_on))
        yield Page(records, {"run": run_id, "after": links[-1].pk})


def _shown(client: HeyloyaltyClient, member_list: MemberList) -> set[str]:
    """The ids of all subscribed members. Raises TemporaryError when a page repeats, as it would for ever."""
    ids: set[str] = set()
    size, page = page_size(member_list), 1
    while members := client.members(member_list.id, page, size):
        before = len(ids)
        ids.update(str(member.get("id")) for member in members)
        if len(ids) == before:
            raise TemporaryError(_("Heyloyalty sent the same page of members twice; it will be tried again."))
        page += 1
    return ids


def _missing(connection_id: int, after: int, shown: set[str]) -> Iterator[list[Link]]:
    """Links of members that are neither shown nor noted, LOOKS_A_PAGE at a time."""
    links = Link.objects.filter(connection_id=connection_id)
    noted = set(links.filter(record_type=UNSUBSCRIPTION).exclude(remote_id=ACTIVE).values_list("remote_id", flat=True))
    members = links.filter(record_type=MEMBER).order_by("pk")
    while chunk := list(members.filter(pk__gt=after)[:LINKS_AT_ONCE]):
        after = chunk[-1].pk
        missing = [link for link in chunk if link.remote_id not in shown and link.remote_id not in noted]
        yield from (missing[start : start + LOOKS_A_PAGE] for start in range(0, len(missing), LOOKS_A_PAGE))


# -- out -------------------------------------------------------------------------------------------


def prepare(item: Item) -> Mapped:
    """Every call is a reason to look, however alike they are."""
    return Mapped({"event": item.event_id})


def deliver(connector: ListConnector, items: Sequence[Item]) -> Iterable[Outcome]:
    """Read each member again, and note how they stand."""
    for item in items:
        yield _noted(connector, item)


def _noted(connector: ListConnector, item: Item) -> Outcome:
    member_id, member_list = str(item.payload.get("member_id", "")), connector.member_list
    member = connector.heyloyalty.member(member_list.id, member_id)
    if member is None:
        if item.key != member_key(member_id):
            return Outcome(item, Result.SKIPPED, str(NOBODY), "filtered")
        return _note(item, member_id)
    value = str(read_values(member_list, member).get(connector.match_on) or "")
    if item.key not in (person_key(member_list.id, connector.match_on, value), member_key(member_id)):
        return Outcome(item, Result.SKIPPED, str(ANOTHER_PERSON), "filtered")
    return _note(item, member_id if consent.is_unsubscribed(member) else ACTIVE)


def _note(item: Item, state: str) -> Outcome:
    same = item.link is not None and item.link.remote_id == state
    result = Result.UNCHANGED if same else Result.UPDATED if item.link else Result.NEW
    message = _("The person is subscribed.") if state == ACTIVE else _("The person has unsubscribed, or is gone.")
    return Outcome(item, result, message, remote_id=state)


def attach_notes(connector: ListConnector, items: Iterable[Item], addresses: Mapping[int, str]) -> None:
    """What is noted of each person, for records that tell their address (by event) late. One query."""
    list_number = connector.connection.list_id
    keys = {event: person_key(list_number, connector.match_on, address) for event, address in addresses.items()}
    found = Link.objects.filter(connection_id=connector.connection.pk, record_type=UNSUBSCRIPTION)
    notes = {note.key: note for note in found.filter(key__among=list(keys.values()))}
    for item in items:
        item.parent = notes.get(keys.get(item.event_id, ""))


def unsubscribed_as(item: Item) -> str:
    """The id of the member as whom the person of a record unsubscribed; "" for none."""
    note = item.parent.remote_id if item.parent else ""
    return "" if note == ACTIVE else note
