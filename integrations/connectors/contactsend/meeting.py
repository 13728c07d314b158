"""Two sides of one person meet: read the other side, decide, write what differs.

An event only says where to look. Whatever was written, lost or written twice before, reading both sides and the pair as
it was last equal tells what is left to do: so a retry after a crash at any point ends where the first try would have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.connectors.contactsend.finding import Gone, find_customer, find_subscriber, make_sure_of_one
from integrations.connectors.contactsend.hub import SEARCH_LAG
from integrations.connectors.contactsend.hub_answers import subscriptions_of, written_by
from integrations.connectors.contactsend.hub_errors import Conflict, NoSuchCustomer
from integrations.connectors.contactsend.hub_fields import write_hub
from integrations.connectors.contactsend.pairs import Note, PairState
from integrations.connectors.contactsend.reconcile import EMPTY, Merge, Rule, Side, Where, merge
from integrations.connectors.contactsend.send_types import SendSubscriber
from integrations.connectors.contactsend.send_values import Typed, typed
from integrations.connectors.contactsend.sides import digest
from integrations.core.connector import Item, Outcome, Result
from integrations.core.errors import NotSent, RecordError, TemporaryError, Throttled
from integrations.core.http import Call

if TYPE_CHECKING:
    from integrations.connectors.contactsend.connector import Contactsend
    from integrations.connectors.contactsend.people import Known

# More writes to one pair within so many seconds are a loop: two systems that don't agree, or two sources on one list.
MOST_WRITES, WITHIN_SECONDS = 5, 600
SIDES = {Where.HUB: "Contacthub", Where.SEND: "Contactsend"}


class Meeting:
    """One item's customer and subscriber. `customer` and `subscriber` are None while nobody was found."""

    def __init__(self, connector: Contactsend, item: Item, known: Known) -> None:
        self.connector = connector
        self.shape = connector.shape
        self.item = item
        self.pair = known.pair
        self.rival = known.rival
        self.where = Where(item.payload["side"])
        self.customer: dict[str, Any] | None = None
        self.subscriber: SendSubscriber | None = None
        # What was read just now, rather than when the change was noticed.
        self.fresh: set[Where] = set()
        self.created: set[Where] = set()
        self.written: set[Where] = set()
        self.call: Call | None = None
        # Who Contacthub says has written: us.
        self.written_by = ""

    # -- reading -----------------------------------------------------------------------------------

    def read(self) -> None:
        """Both sides. The one the event is about as it told, unless that was a while ago."""
        told = self.item.payload
        retried = self.item.retried or self.item.maybe_applied
        if self.where == Where.HUB:
            self.customer = told["customer"]
            if retried:
                self.read_customer(self.customer["id"])
            self.make_sure_of_one(self.hub)
            self.subscriber = find_subscriber(self.connector, self.pair.send_id, self.hub)
            self.fresh.add(Where.SEND)
        else:
            self.subscriber = SendSubscriber(int(told["id"]), told["values"])
            if retried:
                self.read_subscriber()
            self.make_sure_of_one(self.send)
            self.customer = find_customer(self.connector, self.pair.hub_id, self.send)
            self.fresh.add(Where.HUB)

    def make_sure_of_one(self, side: Side) -> None:
        if self.rival is not None:
            make_sure_of_one(self.connector, self.where, self.rival, side)

    def read_customer(self, customer_id: str) -> None:
        """Raises Gone."""
        try:
            self.customer = self.connector.hub.customer(customer_id)
        except NoSuchCustomer:
            raise Gone from None
        self.fresh.add(Where.HUB)

    def read_subscriber(self) -> None:
        """Raises Gone."""
        assert self.subscriber is not None
        found = self.connector.send.subscriber(self.connector.userdb, self.subscriber.id)
        if found is None:
            raise Gone
        self.subscriber = found
        self.fresh.add(Where.SEND)

    @property
    def hub(self) -> Side:
        return EMPTY if self.customer is None else self.shape.of_hub(self.customer)

    @property
    def send(self) -> Side:
        if self.subscriber is None:
            return EMPTY
        return self.shape.of_send(self.subscriber.values, self.connector.seen_at(self.item))

    # -- deciding ----------------------------------------------------------------------------------

    def merge(self) -> Merge:
        met = self.customer is not None and self.subscriber is not None
        return merge(
            self.pair.base if met else None,
            self.hub,
            self.send,
            Rule(self.connector.connection.conflict_rule),
            fields=self.shape.fields,
            subscriptions=self.shape.subscriptions,
            from_hub_only=self.shape.from_hub_only,
        )

    def hold(self) -> Outcome:
        """Both become equal. Raises core's errors (another try goes on from there), and Gone."""
        self.read()
        merged = self.merge()
        # Nothing is written over that wasn't looked at just before.
        if merged.writes_hub and self.customer is not None and Where.HUB not in self.fresh:
            self.read_customer(self.customer["id"])
            merged = self.merge()
        if merged.writes_send and self.subscriber is not None and Where.SEND not in self.fresh:
            self.read_subscriber()
            merged = self.merge()
        if (merged.writes_hub or merged.writes_send) and self.is_bouncing():
            return Outcome(self.item, Result.FAILED, BOUNCING, "bouncing")
        merged = self.write_customer(merged)
        self.write_subscriber(merged)
        return self.outcome(merged)

    def is_bouncing(self) -> bool:
        """Who presses Retry has looked."""
        if self.item.retried:
            return False
        since = timezone.now().timestamp() - WITHIN_SECONDS
        return sum(at > since for at in self.pair.writes) >= MOST_WRITES

    # -- writing -----------------------------------------------------------------------------------

    def write_customer(self, merged: Merge) -> Merge:
        """What then is to be written to the other side: Contacthub may have had more than was known."""
        if self.customer is None:
            self.create_customer(merged)
            merged = self.merge()
        assert self.customer is not None
        hub, customer = self.connector.hub, self.customer
        paths = {row.path: merged.to_hub[row.field] for row in self.shape.rows if row.field in merged.to_hub}
        if body := write_hub(paths, self.connector.extended_schema, customer):
            written = hub.patch_customer(customer["id"], body)
            self.note(Where.HUB, written.call)
            self.customer, self.written_by = written.customer, written_by(written.customer)
        for name, state in merged.subscribe_hub.items():
            known = next((one for one in subscriptions_of(customer) if one["id"] == name), {})
            self.note(Where.HUB, hub.put_subscription(customer["id"], {**known, "id": name, "subscribed": state}).call)
        return merged

    def create_customer(self, merged: Merge) -> None:
        """Or find that somebody has the address already: lists are some seconds behind. Raises RecordError where nobody
        new can be."""
        if self.connector.connection.node_is_aggregate:
            raise RecordError(str(AGGREGATE))
        paths = {row.path: merged.to_hub[row.field] for row in self.shape.rows if row.field in merged.to_hub}
        body = write_hub(paths, self.connector.extended_schema)
        try:
            written = self.connector.hub.create_customer(self.connector.connection.node_id, body)
        except Conflict as conflict:
            if conflict.customer_id is None and not self.item.maybe_applied:
                raise TemporaryError(
                    str(NOT_LISTED), retry_after=SEARCH_LAG.total_seconds(), call=conflict.call
                ) from None
            if conflict.customer_id is None:
                raise
            existing = conflict.customer_id
        except TemporaryError as error:
            if not isinstance(error, NotSent | Throttled):
                # The customer may be there by now, and lists show it that late.
                error.retry_after = max(error.retry_after or 0.0, SEARCH_LAG.total_seconds())
            raise
        else:
            self.customer, self.written_by = written.customer, written_by(written.customer)
            self.note(Where.HUB, written.call)
            if not written.merged:
                self.created.add(Where.HUB)
            return
        self.read_customer(existing)

    def write_subscriber(self, merged: Merge) -> None:
        send, userdb = self.connector.send, self.connector.userdb
        values = self.typed(merged.to_send)
        if self.subscriber is None:
            written = send.add(userdb, values, self.connector.identifier(values))
            self.subscriber = SendSubscriber(written.id, {})
            self.created.add(Where.SEND)
            self.note(Where.SEND, written.call)
        elif values:
            self.note(Where.SEND, send.update(userdb, self.subscriber.id, values).call)
        for name, state in merged.subscribe_send.items():
            code = self.connector.form_of(self.shape.newsletter(name))
            self.note(Where.SEND, send.set_subscription(code, self.subscriber.id, state).call)

    def typed(self, values: dict[str, Any]) -> dict[str, Typed]:
        types = {row.field: row.type for row in self.shape.rows}
        return {name: typed(types[name], value, self.shape.zone) for name, value in values.items()}

    def note(self, where: Where, call: Call) -> None:
        """The call an outcome is shown with is the first to the other side, which usually is the only one."""
        if self.call is None or (where != self.where and self.where in self.written and where not in self.written):
            self.call = call
        self.written.add(where)

    # -- what became of it -------------------------------------------------------------------------

    def outcome(self, merged: Merge) -> Outcome:
        assert self.customer is not None and self.subscriber is not None
        equal = Side(merged.values, merged.subscriptions)
        now = timezone.now().timestamp()
        recent = [at for at in self.pair.writes if at > now - WITHIN_SECONDS]
        pair = PairState(
            hub_id=self.customer["id"],
            send_id=self.subscriber.id,
            base=equal,
            hub_seen=digest(Side(self.hub.values, merged.subscriptions)),
            send_seen=digest(equal),
            writes=tuple([*recent, now] if self.written else recent),
            match=self.shape.match(equal),
            event_id=self.item.event_id,
        )
        # Found equal by a second try and never seen before: the first one made them so, and its answer was lost.
        made_before = self.item.maybe_applied and not self.pair.hub_id
        result = Result.NEW if self.created or made_before else Result.UPDATED if self.written else Result.UNCHANGED
        remote = str(pair.send_id) if self.where == Where.HUB else pair.hub_id
        note = Note(pair, written_by=self.written_by, lost=merged.lost)
        return Outcome(self.item, result, _told(merged), remote_id=remote, call=self.call, note=note)


NOT_LISTED = gettext_lazy(
    "Contacthub has a customer with these identifying values already, which its lists don't show "
    "yet; it will be tried again."
)
AGGREGATE = gettext_lazy(
    "The active node is an aggregate: it shows customers of other nodes and takes nobody new. Create the person in one "
    "of those nodes in Contacthub, then press Retry; or choose one of those nodes under Source."
)
BOUNCING = gettext_lazy(
    "Held: the portal has changed this person %(times)s times within %(minutes)s minutes, and "
    "they change again and again. Look in the log which value goes to and fro: often a second "
    "integration writes it, or one side stores it in another form. Correct that, then press "
    "Retry."
) % {"times": MOST_WRITES, "minutes": WITHIN_SECONDS // 60}


def _told(merged: Merge) -> str:
    """Which fields both sides had changed. The value that lost stands with what came in."""
    if not merged.lost:
        return ""
    kept = {name: SIDES[Where.SEND if loser == Where.HUB else Where.HUB] for name, (loser, _) in merged.lost.items()}
    fields = ", ".join(_("%(name)s (kept: %(where)s)") % {"name": name, "where": where} for name, where in kept.items())
    return _("Both sides had changed %(fields)s. The values that were not kept stand with what came in.") % {
        "fields": fields
    }
