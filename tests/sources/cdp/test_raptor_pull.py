"""Reading from Raptor's CDP API: an audience as a whole once, from then on its changes by sequence number."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.core.fields import secret_names
from integrations.sources.cdp.definitions import delete_audience
from integrations.sources.cdp.models import (
    Audience,
    Identifier,
    Membership,
    Person,
    RaptorCursor,
    RaptorPull,
    RaptorSettings,
)
from integrations.sources.cdp.raptor import calls, checks, standing
from integrations.sources.cdp.raptor.pulling import pull
from integrations.sources.cdp.signals import memberships_changed, removed, renamed
from tests.crawl import everything_stored
from tests.sandbox_raptor import RaptorAccount
from tests.sandbox_server import Sandbox
from tests.sources.cdp.raptor_hook import Pusher
from tests.sources.cdp.town import email, fixed, identifier_type, listening, tell

pytestmark = pytest.mark.django_db
ANNA, BO, CARL = email(1), email(2), email(3)


@pytest.fixture
def raptor(sandbox: Sandbox) -> RaptorAccount:
    raptor = sandbox.raptor()
    raptor.settings(calls_per_s=0)
    settings = RaptorSettings.load()
    settings.pull, settings.base_url, settings.api_key = True, raptor.url, raptor.api_key
    settings.activation_id = "act-77"
    settings.save()
    return raptor


def inside(external_id: str) -> set[str]:
    people = Person.objects.filter(memberships__audience__external_id=external_id)
    return set(Identifier.objects.filter(person__in=people).values_list("value", flat=True))


def cursor(external_id: str) -> RaptorCursor:
    return RaptorCursor.objects.get(external_id=external_id)


def paths(raptor: RaptorAccount, since: int = 0) -> list[str]:
    return [call["path"].partition("?")[0].removeprefix("api/v3/") for call in raptor.calls(since)]


def on_time() -> None:
    """As if the pause after an error were over."""
    RaptorPull.objects.update(not_before=None)


# -- as a whole, then by changes --------------------------------------------------------------------


def test_attached_audiences_are_read_as_a_whole_and_then_by_changes(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners", description="They own cats")
    raptor.enter(cats, ANNA, BO)
    pull()
    audience = Audience.objects.get()
    assert (audience.name, audience.description, audience.external_id) == ("Cat owners", "They own cats", cats)
    assert (audience.kind, audience.size, inside(cats)) == ("fixed", 2, {ANNA, BO})
    raptor.leave(cats, ANNA)
    raptor.enter(cats, CARL)
    seen = raptor.call_count()
    with listening(memberships_changed) as heard:
        pull()
    assert inside(cats) == {BO, CARL}
    assert len(heard) == 2
    assert paths(raptor, seen) == ["audiences", "membership/changes/email"]
    assert cursor(cats).sequence == 4


def test_a_pass_that_finds_nothing_changes_nothing(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, ANNA)
    pull()
    with listening(memberships_changed) as heard:
        pull()
    assert heard == []


def test_many_persons_and_changes_come_in_pages(raptor: RaptorAccount) -> None:
    raptor.settings(page_size=200)
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, *(email(n) for n in range(450)))
    pull()
    assert Audience.objects.get().size == 450
    assert paths(raptor).count(f"membership/{cats}") == 3
    raptor.leave(cats, *(email(n) for n in range(450)))
    raptor.enter(cats, *(email(n) for n in range(600, 1200)))
    seen = raptor.call_count()
    pull()
    assert Audience.objects.get().size == 600
    assert paths(raptor, seen).count("membership/changes/email") == 3


def test_an_audience_is_renamed_and_a_taken_name_is_avoided(raptor: RaptorAccount) -> None:
    fixed("Dog owners")
    cats = raptor.audience("Cat owners")
    pull()
    raptor.audience("Dog owners", id=cats)
    with listening(renamed) as heard:
        pull()
    assert [one.name for one in heard] == [f"Dog owners (Raptor {cats})"]


def test_an_audience_that_is_detached_stays_as_it_was_and_goes_on_when_attached_again(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, ANNA)
    pull()
    raptor.attach(cats, False)
    pull()
    assert (inside(cats), cursor(cats).attached) == ({ANNA}, False)
    raptor.attach(cats)
    raptor.enter(cats, BO)
    pull()
    assert (inside(cats), cursor(cats).attached) == ({ANNA, BO}, True)


def test_an_audience_that_was_deleted_here_comes_back_as_long_as_it_is_attached(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, ANNA)
    pull()
    delete_audience(Audience.objects.get())
    pull()
    assert inside(cats) == {ANNA}


# -- deleted in Raptor ------------------------------------------------------------------------------


@pytest.mark.parametrize("others", [True, False])
def test_an_audience_that_raptor_deleted_is_deleted_here_and_tells_and_nobody_leaves_it(
    raptor: RaptorAccount, others: bool
) -> None:
    cats = raptor.audience("Cat owners")
    if others:
        raptor.audience("Dog owners")
    raptor.enter(cats, ANNA)
    pull()
    raptor.delete_audience(cats)
    with listening(removed) as told, listening(memberships_changed) as left:
        pull()
        pull()
    assert ([(one.kind, one.name) for one in told], left) == ([("audience", "Cat owners")], [])
    assert not Audience.objects.filter(external_id=cats).exists()
    assert RaptorPull.load().problem == ""


def test_an_audience_that_was_detached_before_raptor_deleted_it_is_found_within_the_hour(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    pull()
    raptor.attach(cats, False)
    pull()
    raptor.delete_audience(cats)
    seen = raptor.call_count()
    pull()
    assert paths(raptor, seen) == ["audiences"], "one that is only detached is asked for seldom"
    with time_machine.travel(timezone.now() + datetime.timedelta(hours=1, seconds=1)):
        pull()
    assert Audience.objects.count() == 0


def test_an_audience_that_raptor_deleted_and_made_again_under_the_same_id_comes_back(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    pull()
    raptor.delete_audience(cats)
    pull()
    raptor.audience("Cat owners", id=cats)
    raptor.enter(cats, ANNA)
    pull()
    assert inside(cats) == {ANNA}


@pytest.mark.parametrize(
    "kind",
    ["unauthorized", "refused", "too_many", "system_error", "bad_gateway", "html_200", "truncated_json", "dropped"],
)
def test_what_goes_wrong_while_raptor_is_asked_for_it_is_no_deletion(raptor: RaptorAccount, kind: str) -> None:
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, ANNA)
    pull()
    raptor.attach(cats, False)
    raptor.fault(kind, path=f"membership/{cats}", times=None)
    pull()
    assert inside(cats) == {ANNA}
    assert RaptorPull.load().problem or cursor(cats).problem


def test_a_wrong_address_where_everything_is_missing_deletes_nothing(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, ANNA)
    pull()
    raptor.delete_audience(cats)
    for wrong in (f"{raptor.url}/elsewhere", raptor.url.replace("/raptor/", "/nobody/")):
        RaptorSettings.objects.update(base_url=wrong)
        pull()
        assert RaptorPull.load().stopped or RaptorPull.load().problem
        standing.resume()
    assert inside(cats) == {ANNA}


def test_another_account_that_never_had_an_audience_deletes_none(raptor: RaptorAccount, sandbox: Sandbox) -> None:
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, ANNA)
    pull()
    raptor.delete_audience(cats)
    other = sandbox.raptor("other")
    other.audience("Dog owners")
    settings = RaptorSettings.load()
    settings.base_url, settings.api_key = other.url, other.api_key
    settings.save()
    standing.resume(from_the_start=True)
    pull()
    assert (inside(cats), Audience.objects.count()) == ({ANNA}, 2)


def test_while_no_other_audience_can_be_read_none_is_deleted(raptor: RaptorAccount) -> None:
    cats, dogs = raptor.audience("Cat owners"), raptor.audience("Dog owners")
    raptor.enter(cats, ANNA)
    pull()
    raptor.delete_audience(cats)
    raptor.fault("system_error", path="membership/changes", times=None)
    pull()
    assert inside(cats) == {ANNA}
    raptor.clear_faults()
    on_time()
    pull()
    assert list(Audience.objects.values_list("external_id", flat=True)) == [dogs]


def test_a_person_identifier_that_raptor_does_not_have_is_told(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, ANNA)
    RaptorSettings.objects.update(identifier=identifier_type("coid"))
    pull()
    assert "Identifier type not found" in cursor(cats).problem
    assert (inside(cats), cursor(cats).refused) == (set(), 1)
    assert not checks.check(RaptorSettings.load())[-1].ok


# -- expired numbers --------------------------------------------------------------------------------


def test_after_an_expired_number_the_whole_audience_is_read_and_only_differences_are_written(
    raptor: RaptorAccount,
) -> None:
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, ANNA, BO)
    pull()
    raptor.leave(cats, ANNA)
    raptor.enter(cats, CARL)
    raptor.expire()
    since = Membership.objects.get(person__identifiers__key=BO).entered_at
    seen = raptor.call_count()
    with listening(memberships_changed) as heard:
        pull()
    assert inside(cats) == {BO, CARL}
    assert sorted(change.entered for change in heard) == [False, True]
    assert Membership.objects.get(person__identifiers__key=BO).entered_at == since
    expected = ["audiences", "membership/changes/email", f"membership/{cats}", "membership/changes/email"]
    assert paths(raptor, seen) == expected
    raptor.enter(cats, ANNA)
    pull()
    assert inside(cats) == {ANNA, BO, CARL}


def test_whoever_was_told_in_here_by_the_api_leaves_with_a_whole_reading(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, ANNA)
    pull()
    tell(cats, BO, at=datetime.datetime(2024, 3, 9, tzinfo=datetime.UTC))
    raptor.expire()
    pull()
    assert inside(cats) == {ANNA}


def test_more_members_than_a_slice_leave_after_a_whole_reading(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, *(email(n) for n in range(1100)))
    pull()
    raptor.leave(cats, *(email(n) for n in range(1099)))
    raptor.expire()
    with listening(memberships_changed) as heard:
        pull()
    assert (len(heard), Audience.objects.get().size, inside(cats)) == (1099, 1, {email(1099)})


# -- crashes ----------------------------------------------------------------------------------------


def test_a_reading_that_breaks_off_between_pages_goes_on_where_it_stood(raptor: RaptorAccount) -> None:
    raptor.settings(page_size=2)
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, *(email(n) for n in range(6)))
    raptor.fault("system_error", path=f"membership/{cats}", at=[2])
    pull()
    assert len(inside(cats)) == 2
    assert cursor(cats).reading_page.endswith("offset=2")
    on_time()
    seen = raptor.call_count()
    with listening(memberships_changed) as heard:
        pull()
    assert (len(inside(cats)), len(heard)) == (6, 4)
    assert paths(raptor, seen).count(f"membership/{cats}") == 2
    assert cursor(cats).reading_at is None


def test_changes_and_the_number_after_them_commit_together(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    pull()
    raptor.enter(cats, ANNA)

    def dies(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE") and "cdp_raptorcursor" in sql and "sequence" in sql:
            raise KeyboardInterrupt
        return execute(sql, *rest)

    with listening(memberships_changed) as heard:
        with connection.execute_wrapper(dies), pytest.raises(KeyboardInterrupt):
            pull()
        assert inside(cats) == set()
        assert cursor(cats).sequence == 0
        heard.clear()
        pull()
    assert inside(cats) == {ANNA}
    assert len(heard) == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_was_overtaken_leaves_the_position_alone(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    pull()
    raptor.enter(cats, ANNA)

    def overtaken(execute: Any, sql: str, *rest: Any) -> Any:
        found = execute(sql, *rest)
        if sql.startswith("SELECT") and "cdp_raptorcursor" in sql and not connection.in_atomic_block:
            RaptorCursor.objects.update(sequence=700)
        return found

    with connection.execute_wrapper(overtaken):
        pull()
    assert cursor(cats).sequence == 700
    assert inside(cats) == set()


def test_two_workers_do_not_read_at_once(raptor: RaptorAccount) -> None:
    raptor.audience("Cat owners")
    assert standing.claim()
    pull()
    assert raptor.call_count() == 0
    standing.release()
    pull()
    assert raptor.call_count() > 0


# -- what goes wrong --------------------------------------------------------------------------------


def test_a_refused_key_stops_with_a_reason_and_goes_on_when_it_is_corrected(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, ANNA)
    raptor.settings(api_key="another")
    pull()
    row = RaptorPull.load()
    assert "Raptor refused the API key (401 Invalid API key)" in row.stopped
    assert row.problem_since is not None
    seen = raptor.call_count()
    pull()
    assert raptor.call_count() == seen
    settings = RaptorSettings.load()
    settings.api_key = "another"
    settings.save()
    standing.resume()
    pull()
    assert inside(cats) == {ANNA}
    assert (RaptorPull.load().stopped, RaptorPull.load().problem) == ("", "")


def test_a_key_that_was_corrected_meanwhile_is_not_stopped_for_the_old_one(raptor: RaptorAccount) -> None:
    old = RaptorSettings.load()
    RaptorSettings.objects.update(changed_at=timezone.now() + datetime.timedelta(seconds=1))
    standing.stop(old, "refused")
    assert RaptorPull.load().stopped == ""


def test_an_unknown_activation_stops_too(raptor: RaptorAccount) -> None:
    RaptorSettings.objects.update(activation_id="act-78")
    pull()
    assert "Check the Activation ID" in RaptorPull.load().stopped


@pytest.mark.parametrize(("field", "value"), [("activation_id", ""), ("api_key", ""), ("identifier", None)])
def test_what_is_missing_stops_with_a_sentence(raptor: RaptorAccount, field: str, value: Any) -> None:
    RaptorSettings.objects.update(**{field: value})
    pull()
    assert "nter " in RaptorPull.load().stopped
    assert raptor.call_count() == 0


def test_too_many_calls_wait_as_long_as_raptor_says(raptor: RaptorAccount) -> None:
    raptor.audience("Cat owners")
    raptor.fault("too_many", retry_after=600)
    pull()
    row = RaptorPull.load()
    assert "fewer calls" in row.problem
    seen = raptor.call_count()
    pull()
    assert raptor.call_count() == seen
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=601)):
        pull()
    assert Audience.objects.count() == 1
    assert RaptorPull.load().problem == ""


@pytest.mark.parametrize(
    "kind", ["system_error", "bad_gateway", "html_200", "truncated_json", "limit_in_200", "dropped"]
)
def test_what_passes_is_tried_again_later_each_time(raptor: RaptorAccount, kind: str) -> None:
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, ANNA)
    raptor.fault(kind, times=None)
    pull()
    first = RaptorPull.load()
    assert (first.stopped, first.tries) == ("", 1)
    on_time()
    pull()
    second = RaptorPull.load()
    assert second.not_before is not None and first.not_before is not None
    assert second.not_before - timezone.now() > datetime.timedelta(minutes=1, seconds=30)
    assert second.problem_since == first.problem_since
    raptor.clear_faults()
    on_time()
    pull()
    assert inside(cats) == {ANNA}
    assert (RaptorPull.load().problem, RaptorPull.load().problem_since, RaptorPull.load().tries) == ("", None, 0)


def test_an_audience_that_cannot_be_read_holds_up_no_other(raptor: RaptorAccount) -> None:
    cats, dogs, birds = (raptor.audience(name) for name in ("Cats", "Dogs", "Birds"))
    for audience in (cats, dogs, birds):
        raptor.enter(audience, ANNA)
    raptor.fault("refused", path=f"membership/{cats}", times=None)
    raptor.fault("system_error", path=f"membership/{dogs}", times=None)
    pull()
    assert (inside(cats), inside(dogs), inside(birds)) == (set(), set(), {ANNA})
    assert "refused the request" in cursor(cats).problem
    assert "could not answer" in cursor(dogs).problem
    raptor.clear_faults()
    on_time()
    pull()
    assert (inside(cats), inside(dogs)) == ({ANNA}, {ANNA})
    assert (cursor(cats).problem, cursor(dogs).problem) == ("", "")


def test_a_person_that_makes_no_sense_is_counted_and_the_others_come(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, "no-address", ANNA)
    pull()
    raptor.enter(cats, "no-address-either", BO)
    pull()
    assert inside(cats) == {ANNA, BO}
    assert cursor(cats).refused == 2
    assert "valid e-mail" in cursor(cats).last_refusal


# -- push and pull at once --------------------------------------------------------------------------


def test_push_and_pull_describe_the_same_audiences_and_each_change_happens_once(
    raptor: RaptorAccount, live_server: Any
) -> None:
    pusher = Pusher(live_server.url)
    raptor.settings(push_address=pusher.address)
    secret = RaptorSettings.load()
    secret.push_secret = raptor.push_secret
    secret.save()
    cats = raptor.audience("Cat owners")
    with listening(memberships_changed) as heard:
        raptor.enter(cats, ANNA, BO)
        assert {push["status"] for push in raptor.wait_for_pushes(2)} == {202}
        pull()
        calls.apply_waiting()
        raptor.leave(cats, ANNA)
        raptor.wait_for_pushes(3)
        calls.apply_waiting()
        pull()
    assert inside(cats) == {BO}
    assert [change.entered for change in heard] == [True, True, False]


def test_the_change_with_the_latest_time_wins_however_it_came(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, ANNA)
    pull()
    tell(cats, ANNA, False, at=timezone.now() + datetime.timedelta(minutes=5))
    raptor.leave(cats, ANNA)
    raptor.enter(cats, ANNA)
    pull()
    assert inside(cats) == set(), "what was told for later still counts"


def test_switched_off_nothing_is_read(raptor: RaptorAccount) -> None:
    RaptorSettings.objects.update(pull=False)
    pull()
    assert raptor.call_count() == 0


# -- secrets, and how much work it is ---------------------------------------------------------------


def test_the_test_goes_step_by_step(raptor: RaptorAccount) -> None:
    raptor.audience("Cat owners")
    steps = checks.check(RaptorSettings.load())
    assert [step.ok for step in steps] == [True] * 5
    assert "clock" in str(steps[1].label)
    assert steps[-1].detail == "Cat owners"
    raptor.settings(api_key="another")
    *_reached, step = checks.check(RaptorSettings.load())
    assert [one.ok for one in _reached] == [True, True] and not step.ok
    assert "Check the API key" in step.detail


def test_keys_are_in_no_table_and_no_log(raptor: RaptorAccount, caplog: pytest.LogCaptureFixture) -> None:
    raptor.audience("Cat owners")
    pull()
    raptor.fault("unauthorized")
    pull()
    settings = RaptorSettings.load()
    assert set(secret_names(RaptorSettings)) == {"api_key", "push_secret"}
    assert settings.api_key not in everything_stored()
    assert settings.api_key not in caplog.text


def test_the_number_of_queries_does_not_grow_with_the_changes_of_a_page(raptor: RaptorAccount) -> None:
    cats = raptor.audience("Cat owners")
    pull()
    counts = []
    for number in (2, 499):
        raptor.enter(cats, *(email(number * 1000 + n) for n in range(number)))
        with CaptureQueriesContext(connection) as queries:
            pull()
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_limit_of_ten_calls_a_second_is_kept(raptor: RaptorAccount) -> None:
    raptor.settings(calls_per_s=10, page_size=1)
    cats = raptor.audience("Cat owners")
    raptor.enter(cats, *(email(n) for n in range(12)))
    pull()
    assert Audience.objects.get().size == 12
    assert [call["status"] for call in raptor.calls() if call["status"] != 200] == []
