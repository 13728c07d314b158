"""Any interleaving of edits, polls, crashes and retries ends with equal sides, at most two writes an edit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from integrations.connectors.contactsend.models import ConflictRule, ContactsendConnection
from integrations.core.engine.drain import drain
from integrations.core.models import Event, Lease
from integrations.core.models.engine import EPOCH
from tests.connectors.contactsend.pair import NEWSLETTER, connect, from_hub, from_send, settle, subscribe_to
from tests.sandbox_contacthub import ContacthubAccount
from tests.sandbox_contactsend import SUBSCRIBED, UNSUBSCRIBED, ContactsendAccount

pytestmark = pytest.mark.django_db
PEOPLE = ("ada@example.test", "luca@example.test")
NAMES = st.sampled_from(["Ada", "Luca", "Gianluca"])
WRITES_AN_EDIT = 2


class TwoSides(RuleBasedStateMachine):
    """Two people who may be on either side; what happens to them, in any order."""

    hub: ContacthubAccount
    send: ContactsendAccount
    rule: str

    @initialize(conflict_rule=st.sampled_from(ConflictRule.values))
    def begin(self, conflict_rule: str) -> None:
        ContactsendConnection.objects.all().delete()
        self.hub.reset(data_only=True)
        self.send.reset(data_only=True)
        self.source = connect(self.hub, self.send, conflict_rule=conflict_rule)
        subscribe_to(self.source)
        settle(self.source, 1)
        self.edits = 0
        self.written = self.writes()

    def writes(self) -> int:
        return len(self.hub.ledger()) + len(self.send.ledger())

    # -- edits by people -----------------------------------------------------------------------------

    @rule(email=st.sampled_from(PEOPLE), name=NAMES)
    def somebody_edits_in_contacthub(self, email: str, name: str) -> None:
        found = self.hub.customers(email=email)
        if found:
            self.hub.save_customer(found[0]["id"], base={"firstName": name})
        else:
            self.hub.save_person(email, firstName=name)
        self.edits += 1

    @rule(email=st.sampled_from(PEOPLE), field=st.sampled_from(["NOME", "COGNOME"]), name=NAMES)
    def somebody_edits_in_contactsend(self, email: str, field: str, name: str) -> None:
        found = self.send.subscribers(EMAIL=email)
        values: dict[str, Any] = {"EMAIL": email, field: name}
        self.send.save_subscriber(found[0]["id"] if found else None, **values)
        self.edits += 1

    @rule(email=st.sampled_from(PEOPLE), subscribed=st.booleans())
    def a_subscription_is_changed_in_contacthub(self, email: str, subscribed: bool) -> None:
        if found := self.hub.customers(email=email):
            self.hub.subscribe(found[0]["id"], NEWSLETTER, subscribed)
            self.edits += 1

    @rule(email=st.sampled_from(PEOPLE), state=st.sampled_from([SUBSCRIBED, UNSUBSCRIBED]))
    def a_subscription_is_changed_in_contactsend(self, email: str, state: str) -> None:
        if found := self.send.subscribers(EMAIL=email):
            self.send.set_subscription(found[0]["id"], state)
            self.edits += 1

    # -- the portal ----------------------------------------------------------------------------------

    @rule()
    def contacthub_is_polled(self) -> None:
        from_hub(self.source)

    @rule()
    def contactsend_is_polled(self) -> None:
        from_send(self.source)

    @rule(of_hub=st.booleans())
    def an_answer_gets_lost(self, of_hub: bool) -> None:
        (self.hub if of_hub else self.send).fault("applied_unanswered")

    @rule()
    def waiting_records_are_tried_again(self) -> None:
        self.time_passes()
        drain(self.source.pk)

    def time_passes(self) -> None:
        Event.objects.filter(due_at__isnull=False).update(due_at=self.source.created_at)
        Lease.objects.update(not_before=EPOCH, failures=0)

    # -- what must hold ------------------------------------------------------------------------------

    @invariant()
    def nobody_is_there_twice(self) -> None:
        for email in PEOPLE:
            assert len(self.hub.customers(email=email)) <= 1
            assert len(self.send.subscribers(EMAIL=email)) <= 1

    def teardown(self) -> None:
        if not hasattr(self, "source"):
            return
        self.hub.clear_faults()
        self.send.clear_faults()
        for _ in range(3):
            self.time_passes()
            settle(self.source, 2)
        assert self.side_of_hub() == self.side_of_send()
        assert self.writes() - self.written <= WRITES_AN_EDIT * self.edits
        before = self.writes()
        settle(self.source)
        assert self.writes() == before, "what is equal stays as it is"

    def side_of_hub(self) -> dict[str, tuple[Any, ...]]:
        def state(customer: dict[str, Any]) -> bool | None:
            listed = customer["base"].get("subscriptions") or []
            return next((one["subscribed"] for one in listed if one["id"] == NEWSLETTER), None)

        return {
            one["base"]["contacts"]["email"]: (
                one["base"].get("firstName") or "", one["base"].get("lastName") or "", state(one)
            )
            for one in self.hub.customers()
        }  # fmt: skip

    def side_of_send(self) -> dict[str, tuple[Any, ...]]:
        states = {SUBSCRIBED: True, UNSUBSCRIBED: False}
        return {
            one["values"]["EMAIL"]: (
                one["values"].get("NOME", ""), one["values"].get("COGNOME", ""), states.get(one["values"]["__cls1"])
            )
            for one in self.send.subscribers()
        }  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_both_sides_always_become_equal(hub: ContacthubAccount, send: ContactsendAccount) -> None:
    class Practised(TwoSides):
        pass

    Practised.hub, Practised.send = hub, send
    run_state_machine_as_test(
        Practised,
        settings=settings(
            max_examples=8,
            # A failure is told as it was found: making it smaller would take minutes.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        ),
    )
