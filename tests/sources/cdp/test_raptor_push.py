"""Raptor's signed push: stored before it is applied, applied by the times in it, an outcome for each change."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.core.api.tokens import new_token
from integrations.core.hooks import MAX_BODY
from integrations.core.models import ApiToken
from integrations.sources.cdp.models import (
    Attribute,
    Audience,
    Identifier,
    Person,
    RaptorCall,
    RaptorDefinition,
    RaptorSettings,
)
from integrations.sources.cdp.raptor import calls
from integrations.sources.cdp.signals import memberships_changed, removed, renamed
from tests.crawl import everything_stored
from tests.sandbox_raptor import signature
from tests.sources.cdp.raptor_hook import CATS, SECRET, Pusher, deleted, moved, valued
from tests.sources.cdp.town import email, fixed, listening

pytestmark = pytest.mark.django_db(transaction=True)
ANNA, BO = email(1), email(2)


@pytest.fixture
def raptor(live_server: Any) -> Pusher:
    return Pusher(live_server.url)


def outcomes(results: list[tuple[str, str]]) -> list[str]:
    return [outcome for outcome, _message in results]


def inside(external_id: str = CATS) -> set[str]:
    """E-mails of those who are in Raptor's audience."""
    people = Person.objects.filter(memberships__audience__external_id=external_id)
    return set(Identifier.objects.filter(person__in=people).values_list("value", flat=True))


def value_of(who: str) -> Any:
    [value] = Person.objects.get(identifiers__key=who).values.all()
    return value.value


# -- what is taken, and what isn't ------------------------------------------------------------------


def test_a_push_is_stored_and_answered_before_it_is_applied(raptor: Pusher) -> None:
    answer = raptor.push(moved(ANNA), moved(BO), batch="b-1")
    assert (answer.status_code, answer.json()) == (202, {"accepted": 2})
    call = RaptorCall.objects.get()
    assert (call.status, call.batch_id, call.activation_id, call.sequence) == ("received", "b-1", "act-77", 883)
    assert not Audience.objects.exists()
    calls.apply_waiting()
    call.refresh_from_db()
    assert (call.status, call.refused, call.results) == ("applied", 0, [["applied", ""], ["applied", ""]])


@pytest.mark.parametrize(
    "header",
    ["", "sha256=", "sha256=" + "0" * 64, SECRET, "sha1=" + "0" * 40, "sha256=æ"],
)
def test_a_bad_signature_is_401_and_nothing_of_the_body_is_kept(raptor: Pusher, header: str) -> None:
    body = json.dumps({"batchId": "b-1", "changes": [moved(ANNA)]}).encode()
    sent = header.encode().decode("latin-1")
    assert raptor.post(body, **{"X-Raptor-Signature": sent}).status_code == 401
    call = RaptorCall.objects.get()
    assert (call.status, call.body, call.batch_id) == ("refused", None, None)
    assert "signature" in call.message
    calls.apply_waiting()
    assert not Audience.objects.exists()


def test_the_signature_is_of_the_raw_body(raptor: Pusher) -> None:
    body = b'{"batchId": "b-1",   "changes": []}'
    same_json = b'{"batchId": "b-1", "changes": []}'
    assert raptor.post(body, **{"X-Raptor-Signature": signature(SECRET, same_json)}).status_code == 401
    assert raptor.post(body).status_code == 202


def test_without_a_saved_secret_nothing_can_be_signed(raptor: Pusher) -> None:
    RaptorSettings.objects.update(push_secret="")
    body = b'{"batchId": "b-1", "changes": []}'
    assert raptor.post(body, **{"X-Raptor-Signature": signature("", body)}).status_code == 401


def test_a_repeated_batch_is_409_and_applied_once(raptor: Pusher) -> None:
    with listening(memberships_changed) as heard:
        assert raptor.push(moved(ANNA), batch="b-1").status_code == 202
        assert raptor.push(moved(ANNA), batch="b-1").status_code == 409
        calls.apply_waiting()
        assert raptor.push(moved(ANNA), batch="b-1").status_code == 409
        calls.apply_waiting()
    assert len(heard) == 1
    assert RaptorCall.objects.get().repeats == 2


def test_more_than_500_changes_are_413_and_500_are_taken(raptor: Pusher) -> None:
    changes = [moved(email(number)) for number in range(501)]
    assert raptor.push(*changes).status_code == 413
    assert raptor.push(*changes[:500]).json() == {"accepted": 500}


def test_a_body_above_the_limit_is_413(raptor: Pusher) -> None:
    assert raptor.post(b"x" * (MAX_BODY + 1)).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"batchId": "b"}',
        b'{"changes": []}',
        b'{"batchId": "", "changes": []}',
        b'{"batchId": 7, "changes": []}',
        b'{"batchId": "b\\u0000", "changes": []}',
        b'{"batchId": "b", "activationId": [], "changes": []}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_batch_is_400(raptor: Pusher, body: bytes) -> None:
    assert raptor.post(body).status_code == 400
    assert RaptorCall.objects.get().status == "refused"


def test_an_unknown_a_revoked_and_another_pages_token_are_404(raptor: Pusher) -> None:
    good = raptor.token
    for token in ("unknown", new_token("Shop", ["loyalty"])[1]):
        raptor.token = token
        assert raptor.push(moved(ANNA)).status_code == 404
    raptor.token = good
    ApiToken.objects.filter(name="Raptor").update(revoked_at="2024-01-01T00:00:00Z")
    assert raptor.push(moved(ANNA)).status_code == 404
    assert not RaptorCall.objects.exists()


def test_a_get_is_not_a_push(raptor: Pusher) -> None:
    assert Client().get(f"/hooks/raptor/{raptor.token}/").status_code == 405


def test_a_database_that_is_away_is_503_and_leaves_no_trace_of_the_body(
    raptor: Pusher, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps({"batchId": "b-1", "changes": [moved(ANNA)]}).encode()

    def away(execute: Any, sql: str, *rest: Any) -> Any:
        raise OperationalError(f"away: {sql}")

    with connection.execute_wrapper(away), caplog.at_level(logging.INFO):
        answer = Client().post(
            f"/hooks/raptor/{raptor.token}/",
            body,
            content_type="application/json",
            headers={"X-Raptor-Signature": signature(SECRET, body)},
        )
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert ANNA not in caplog.text
    assert not RaptorCall.objects.exists()


# -- what is applied --------------------------------------------------------------------------------


def test_persons_enter_and_leave_an_audience_that_is_created_at_first_sight(raptor: Pusher) -> None:
    assert outcomes(raptor.applied(moved(ANNA), moved(BO), moved(BO, "left", 8))) == ["applied"] * 3
    audience = Audience.objects.get()
    assert (audience.name, audience.external_id, audience.kind, audience.size) == ("Cat owners", CATS, "fixed", 1)
    assert inside() == {ANNA}


def test_values_come_with_their_attribute_and_its_type(raptor: Pusher) -> None:
    raptor.applied(
        valued(ANNA, 1840.5),
        valued(ANNA, "gold", kind="text", id="ca-1"),
        valued(ANNA, True, kind="boolean", id="ca-2"),
        valued(ANNA, "2026-03-09", kind="date", id="ca-3"),
    )
    kinds = dict(Attribute.objects.values_list("external_id", "kind"))
    assert kinds == {"ca-12": "number", "ca-1": "text", "ca-2": "yes_no", "ca-3": "date"}
    assert Person.objects.get().values.count() == 4


def test_changes_are_applied_in_the_order_of_their_times_whatever_theirs_in_the_batch(raptor: Pusher) -> None:
    raptor.applied(moved(ANNA, "left", 9), moved(ANNA, "entered", 8), valued(ANNA, 2, 9), valued(ANNA, 1, 8))
    assert inside() == set()
    assert value_of(ANNA) == 2


def test_what_comes_too_late_changes_nothing_and_says_so(raptor: Pusher) -> None:
    raptor.applied(moved(ANNA, "left", 9), valued(ANNA, 2, 9))
    results = raptor.applied(moved(ANNA, "entered", 8), valued(ANNA, 1, 8))
    assert outcomes(results) == ["late", "late"]
    assert inside() == set()
    assert value_of(ANNA) == 2


def test_a_value_of_null_takes_it_away(raptor: Pusher) -> None:
    raptor.applied(valued(ANNA, 5))
    raptor.applied(valued(ANNA, None, 9))
    assert not Person.objects.get().values.exists()


def test_one_change_that_makes_no_sense_holds_up_no_other(raptor: Pusher) -> None:
    wrong: list[Any] = [
        7,
        {},
        moved(ANNA) | {"type": "person"},
        moved(ANNA) | {"change": "danced"},
        moved(ANNA) | {"at": "yesterday"},
        moved(ANNA) | {"at": "2999-01-01T00:00:00Z"},
        moved(ANNA) | {"id": ""},
        moved(ANNA) | {"id": "x" * 61},
        moved(ANNA) | {"person": {}},
        moved(ANNA) | {"person": {"coid": "c-1"}},
        moved("no address"),
        valued(ANNA, 1) | {"valueType": "colour"},
        valued(ANNA, "many"),
        valued(ANNA, [1]),
    ]
    results = raptor.applied(moved(ANNA), *wrong, valued(ANNA, 7))
    assert outcomes(results) == ["applied", *["refused"] * len(wrong), "applied"]
    assert all(message for outcome, message in results if outcome == "refused")
    assert inside() == {ANNA}
    assert value_of(ANNA) == 7
    call = RaptorCall.objects.get()
    assert (call.status, call.refused) == ("partly", len(wrong))
    assert "There are: email" in dict(enumerate(results))[10][1]
    assert not any("no address" in message for _outcome, message in results)


def test_an_attribute_keeps_its_type_and_a_value_of_another_is_refused(raptor: Pusher) -> None:
    raptor.applied(valued(ANNA, 5))
    [(outcome, message)] = raptor.applied(valued(ANNA, "five", 9, kind="text"))
    assert outcome == "refused"
    assert "Number" in message
    assert value_of(ANNA) == 5


def test_an_audience_is_renamed_when_raptor_renames_it_and_not_back_by_an_older_change(raptor: Pusher) -> None:
    raptor.applied(moved(ANNA, minute=7))
    with listening(renamed) as heard:
        raptor.applied(moved(BO, minute=9, name="Owners of cats"))
        raptor.applied(moved(BO, minute=8, name="Cat owners"))
    assert Audience.objects.get().name == "Owners of cats"
    assert [one.name for one in heard] == ["Owners of cats"]


def test_a_name_given_here_stays_until_raptor_renames(raptor: Pusher) -> None:
    raptor.applied(moved(ANNA))
    Audience.objects.update(name="Ours")
    raptor.applied(moved(BO, minute=8))
    assert Audience.objects.get().name == "Ours"


def test_a_name_that_another_audience_has_gets_raptors_id_behind_it(raptor: Pusher) -> None:
    fixed("Cat owners")
    fixed("x" * 120)
    raptor.applied(moved(ANNA), moved(ANNA, id="b", name="x" * 130), moved(ANNA, id="c", name=""))
    names = dict(Audience.objects.exclude(external_id=None).values_list("external_id", "name"))
    assert names == {CATS: f"Cat owners (Raptor {CATS})", "b": "x" * 119 + "…", "c": "c"}


def test_a_deleted_audience_goes_and_tells_and_nobody_leaves_it(raptor: Pusher) -> None:
    raptor.applied(moved(ANNA), moved(BO))
    with listening(removed) as gone, listening(memberships_changed) as heard:
        assert outcomes(raptor.applied(deleted())) == ["applied"]
    assert [(one.kind, one.name) for one in gone] == [("audience", "Cat owners")]
    assert heard == []
    assert not Audience.objects.exists()


def test_changes_from_before_a_deletion_do_not_bring_the_audience_back(raptor: Pusher) -> None:
    raptor.applied(moved(ANNA), deleted(8))
    assert outcomes(raptor.applied(moved(BO, minute=7), deleted(6))) == ["late", "late"]
    assert not Audience.objects.exists()
    raptor.applied(moved(BO, minute=9))
    assert inside() == {BO}


def test_a_deletion_that_comes_after_later_changes_is_too_late(raptor: Pusher) -> None:
    raptor.applied(moved(ANNA, minute=9))
    assert outcomes(raptor.applied(deleted(8))) == ["late"]
    assert inside() == {ANNA}


def test_deleting_what_never_was_changes_nothing(raptor: Pusher) -> None:
    assert outcomes(raptor.applied(deleted())) == ["unchanged"]
    assert outcomes(raptor.applied(moved(ANNA, minute=7))) == ["late"]


def test_one_batch_may_delete_an_audience_and_fill_another(raptor: Pusher) -> None:
    results = raptor.applied(moved(ANNA, minute=7), deleted(8), moved(ANNA, id="b", name="Dogs", minute=9))
    assert outcomes(results) == ["applied"] * 3
    assert [audience.name for audience in Audience.objects.all()] == ["Dogs"]


# -- what is kept -----------------------------------------------------------------------------------


def test_a_call_that_cannot_be_applied_waits_and_is_applied_once_it_can(
    raptor: Pusher, caplog: pytest.LogCaptureFixture
) -> None:
    raptor.push(moved(ANNA))

    def broken(execute: Any, sql: str, *rest: Any) -> Any:
        if "cdp_membership" in sql:
            raise OperationalError(f"broken: {ANNA}")
        return execute(sql, *rest)

    with connection.execute_wrapper(broken):
        for _ in range(calls.MOST_ATTEMPTS):
            RaptorCall.objects.update(claimed_until=None)
            calls.apply_waiting()
    call = RaptorCall.objects.get()
    assert (call.status, call.attempts) == ("failed", calls.MOST_ATTEMPTS)
    assert "Apply again" in call.message
    assert ANNA not in caplog.text
    assert calls.again(call)
    calls.apply_waiting()
    assert inside() == {ANNA}
    assert RaptorCall.objects.get().status == "applied"


def test_a_worker_that_died_is_followed_by_another_and_nothing_happens_twice(raptor: Pusher) -> None:
    raptor.push(moved(ANNA))
    with listening(memberships_changed) as heard:
        calls.apply_waiting()
        # As if the worker had died before it could write down what became of the call.
        RaptorCall.objects.update(status="received", claimed_until="2024-01-01T00:00:00Z")
        calls.apply_waiting()
    assert len(heard) == 1
    assert RaptorCall.objects.get().status == "applied"


def test_bodies_are_encrypted_and_forgotten_after_the_retention_period_but_the_batch_is_known(raptor: Pusher) -> None:
    raptor.push(moved(ANNA, name="Secret of Anna"), batch="b-1")
    assert "Secret of Anna" not in everything_stored()
    RaptorCall.objects.update(received_at="2024-01-01T00:00:00Z")
    calls.forget()
    assert RaptorCall.objects.get().body is not None, "it isn't applied yet"
    calls.apply_waiting()
    calls.forget()
    assert RaptorCall.objects.get().body is None
    assert raptor.push(moved(ANNA), batch="b-1").status_code == 409


def test_the_number_of_queries_does_not_grow_with_the_changes(raptor: Pusher) -> None:
    counts = []
    raptor.applied(moved(email(0)), valued(email(0), 1))
    for minute, number in ((8, 2), (9, 250)):
        who = [email(number * 1000 + n) for n in range(number)]
        raptor.push(*(moved(one, minute=minute) for one in who), *(valued(one, 5, minute) for one in who))
        with CaptureQueriesContext(connection) as queries:
            calls.apply_waiting()
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert RaptorDefinition.objects.count() == 2
