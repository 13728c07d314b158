"""How the LeadHub Integration works: changes of loyalty customers become tags."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.connectors.leadhub import card, nights, tags
from integrations.connectors.leadhub.client import PROFILES, READS, TAGS, LeadHubClient
from integrations.connectors.leadhub.models import LeadHubConnection, Notification
from integrations.core.connector import (
    CheckStep,
    Connector,
    Estimate,
    Field,
    Item,
    Job,
    Outcome,
    Page,
    Record,
    RecordType,
    Result,
    Skip,
)
from integrations.core.errors import SyncError
from integrations.core.http.ratelimit import Limit, RateLimits
from integrations.core.mapping import Mapped
from integrations.core.models import Run
from integrations.core.registry import register
from integrations.sources.loyalty.expiry import expiring, expiring_of
from integrations.sources.loyalty.states import CustomerState, count_customers, states, states_of

ACCOUNT = RecordType("account", gettext_lazy("Account change"), gettext_lazy("Account changes"), merges=True)
PIN = RecordType("pin", gettext_lazy("PIN change"), gettext_lazy("PIN changes"))
EXPIRY = RecordType("expiry", gettext_lazy("Expiry notification"), gettext_lazy("Expiry notifications"))
TAG_NAMES = {ACCOUNT.name: tags.ACCOUNT_CHANGED, PIN.name: tags.PIN_CHANGED, EXPIRY.name: tags.EXPIRY_CHANGED}

EXPORT, NIGHTLY = "export", "expiry notification"
# In the connection's own time zone. Points are lost at midnight: by then it is settled who loses some.
AT_NIGHT = datetime.time(1, 0)
PAGE = 500
# 30 a minute in small portions: a few changes at once go at once, many go evenly. The hundredth is for calls that
# don't arrive as evenly as they left.
PORTIONS_A_MINUTE, MINUTE_SECONDS = 6, 60.6
# Who gets ellity_test_connection.
TEST_USER = "ellity-test"


def user_id(customer_id: int) -> str:
    """LeadHub's name for a customer. Ours, not the shop's: that one may be long, or change."""
    return f"ellity-{customer_id}"


def record(record_type: RecordType, state: CustomerState, payload: dict[str, Any], once: str | None = None) -> Record:
    return Record(record_type.name, str(state.id), payload, state.email.lower(), dedupe_key=once)


@register(LeadHubConnection)
class LeadHub(Connector):
    label = gettext_lazy("LeadHub Integration")
    summary = gettext_lazy("Points, PINs and coming expiries of loyalty customers reach LeadHub as tags.")
    flow = card.FLOW
    needs = card.NEEDS
    record_types = (ACCOUNT, PIN, EXPIRY)
    job_labels = {
        EXPORT: gettext_lazy("Export of all customers"),
        NIGHTLY: gettext_lazy("Notification before expiry"),
    }
    exports = {"loyalty.customer": EXPORT}
    duties = frozenset({"loyalty.pin_mail"})
    # One customer's profile is written while the tag of the one before is set.
    concurrency = 3
    connection: LeadHubConnection

    @cached_property
    def limits(self) -> RateLimits:
        calls = self.connection.calls_per_minute
        portion = max(1, calls // PORTIONS_A_MINUTE)
        limit = Limit(portion, portion * MINUTE_SECONDS / calls) if calls else Limit(0)
        return RateLimits(dict.fromkeys((PROFILES, TAGS, READS), limit))

    @cached_property
    def client(self) -> LeadHubClient:
        return LeadHubClient(self.connection.api_address, self.connection.api_key, self.limits)

    def close(self) -> None:
        if "client" in self.__dict__:
            self.client.close()

    # -- what the settings page asks ---------------------------------------------------------------

    def describe(self, record_type: str) -> list[Field]:
        return []

    def check(self) -> Iterator[CheckStep]:
        """Sends ellity_test_connection, as activation does."""
        label = _("LeadHub accepts the API key and the tag %(tag)s") % {"tag": tags.TEST_CONNECTION}
        try:
            self.client.put_profile(TEST_USER, None)
            self.client.post_tag(TEST_USER, tags.TEST_CONNECTION, {})
        except SyncError as error:
            yield CheckStep(label, False, error.message)
            return
        yield CheckStep(label, True, self.connection.api_address)

    def jobs(self) -> dict[str, Job]:
        if self.connection.expiry_notification == Notification.NOT:
            return {}
        return {NIGHTLY: Job(at=AT_NIGHT, bulk=True)}

    def estimate(self, job: str) -> Estimate:
        customers = count_customers()
        per_minute = self.connection.calls_per_minute
        seconds = customers / per_minute * MINUTE_SECONDS if per_minute else 0.0
        return Estimate(customers, seconds)

    # -- in ----------------------------------------------------------------------------------------

    def collect(self, job: str, run: Run) -> Iterator[Page]:
        cursor = self.cursor(job)
        return self._export(run, cursor) if job == EXPORT else self._expiries(cursor)

    def _export(self, run: Run, cursor: dict[str, Any]) -> Iterator[Page]:
        """Every customer, by id. The cursor belongs to its run: the next export starts anew."""
        after = cursor["after"] if cursor.get("run") == run.pk else 0
        while found := states(after, PAGE):
            after = found[-1].id
            records = [record(ACCOUNT, state, tags.account_payload(state)) for state in found]
            yield Page(records, {"run": run.pk, "after": after})

    def _expiries(self, cursor: dict[str, Any]) -> Iterator[Page]:
        """For tonight and for nights that were missed: who loses points so many days later."""
        today = timezone.now().astimezone(self.connection.zone).date()
        for night in nights.due(cursor, today):
            date = night + datetime.timedelta(days=self.connection.expiry_days)
            if date > today:
                yield from self._expiring(night, date, nights.reached(cursor, night))
            yield Page([], nights.done(night))

    def _expiring(self, night: datetime.date, date: datetime.date, after: int) -> Iterator[Page]:
        for losses in nights.pages(expiring(date, after_customer_id=after), PAGE):
            records = [
                record(EXPIRY, state, tags.expiry_payload(state, date, losses[state.id]), f"expiry {state.id} {date}")
                for state in states_of(losses)
            ]
            yield Page(records, nights.under_way(night, max(losses)))

    # -- out ---------------------------------------------------------------------------------------

    def refresh(self, items: Sequence[Item]) -> None:
        """An event says that something changed; what is sent is how the customer is by now. Only a PIN is that of its
        own change."""
        found = {state.id: state for state in states_of({item.payload["customer"] for item in items})}
        losses = self._losses(items)
        for item in items:
            state = found.get(item.payload["customer"])
            if state is None:
                item.payload = {"gone": True}
            elif item.record_type == ACCOUNT.name:
                item.payload = tags.account_payload(state)
            elif item.record_type == PIN.name:
                item.payload |= tags.person_payload(state) | {"registered": state.registered}
            else:
                points = losses.get((state.id, item.payload["expiryDate"]), 0)
                item.payload |= tags.person_payload(state) | {"expiryValue": points}

    def _losses(self, items: Sequence[Item]) -> dict[tuple[int, str], int]:
        """What the customers of expiry events lose by now, by customer and date."""
        ids = {item.payload["customer"] for item in items if item.record_type == EXPIRY.name}
        dates = {item.payload["expiryDate"] for item in items if item.record_type == EXPIRY.name}
        return {
            (customer_id, date): points
            for date in dates
            for customer_id, points in expiring_of(ids, datetime.date.fromisoformat(date)).items()
        }

    def prepare(self, item: Item) -> Mapped | Skip:
        """What tells whether a customer must be sent again is the revision, and the date for an expiry: no PIN may be
        guessed from a fingerprint."""
        if item.payload.get("gone"):
            return Skip.GONE
        if item.record_type == PIN.name and item.payload.get("registered"):
            return Skip.FILTERED
        if item.record_type == EXPIRY.name and not item.payload["expiryValue"]:
            return Skip.FILTERED
        if not item.payload.get("email"):
            return Skip.NO_EMAIL
        names = ("revision",) if item.record_type == ACCOUNT.name else ("pinOf", "expiryDate", "expiryValue")
        return Mapped({name: item.payload.get(name) for name in names})

    def deliver(self, record_type: str, items: Sequence[Item]) -> Iterable[Outcome]:
        for item in items:
            yield self._send(record_type, item)

    def _send(self, record_type: str, item: Item) -> Outcome:
        """No PIN stays in what is written down, wherever LeadHub repeats it."""
        pins = [str(pin) for name in ("pin", "newPin") if (pin := item.payload.get(name))]
        try:
            outcome = self._sent(record_type, item)
        except SyncError as error:
            error.hide(pins)
            raise
        if outcome.call is not None:
            outcome.call.hide(pins)
        return outcome

    def _sent(self, record_type: str, item: Item) -> Outcome:
        """The profile first, then the tag by the same id: a tag for somebody unknown would be lost."""
        name, data = TAG_NAMES[record_type], self._data(record_type, item.payload)
        person, email = user_id(item.payload["customer"]), item.payload["email"]
        result = Result.NEW if item.link is None else Result.UPDATED
        names = {"first_name": item.payload["firstName"], "last_name": item.payload["lastName"]}
        self.client.put_profile(person, email, **{field: value for field, value in names.items() if value})
        if item.maybe_applied and _is_there(self.client.tags_of(email).get(name), data):
            message = _("LeadHub has it already: an earlier try arrived, though no answer came back.")
            return Outcome(item, result, message, remote_id=person)
        answer = self.client.post_tag(person, name, data)
        return Outcome(item, result, remote_id=person, call=answer.call)

    def _data(self, record_type: str, payload: dict[str, Any]) -> dict[str, Any]:
        if record_type == ACCOUNT.name:
            return tags.account_data(payload, timezone.now(), self.connection.zone)
        return tags.pin_data(payload) if record_type == PIN.name else tags.expiry_data(payload)


def _is_there(found: dict[str, Any] | None, data: dict[str, Any]) -> bool:
    """Whether the tag LeadHub shows is this one; how many days ago it was may differ."""
    return found is not None and all(
        found.get(name) == value for name, value in data.items() if name != "lastChangeBeforeDays"
    )
