"""The preview of Edit Mapping for leads and activities, against the practice account."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client

from integrations.connectors.leadsquared.models import Behaviour
from integrations.core.models import Event, Link, Run
from integrations.core.setup import SUPPORT
from tests.connectors.leadsquared.people import person, shown, url
from tests.connectors.leadsquared.test_edit_mapping import form
from tests.core.toy import deliver, email, lead, leads, queue_up

pytest_plugins = ("tests.connectors.leadsquared.people",)


@pytest.fixture
def page(leadsync: Any) -> str:
    return url("mapping", leadsync, "lead")


def pressed(client: Client, page: str, sent: dict[str, Any], button: str = "_preview", **tried: str) -> Any:
    sent = {name: value for name, value in sent.items() if name != "_save"}
    return client.post(page, sent | {button: ""} | tried)


def tried(client: Client, page: str, sent: dict[str, Any], **more: str) -> dict[str, Any]:
    """What the preview shows."""
    return dict(pressed(client, page, sent, **more).context["trial"])


def pasted(client: Client, page: str, sent: dict[str, Any], record: Any) -> dict[str, Any]:
    text = record if isinstance(record, str) else json.dumps(record)
    return tried(client, page, sent, try_from="pasted", try_json=text)


def cells(trial: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {cell["label"]: cell for cell in trial["cells"]}


def test_it_says_what_would_change_in_the_lead_that_is_there(
    mia: Client, leadsync: Any, page: str, destination: Any
) -> None:
    destination.save_lead(EmailAddress="ada@example.test", FirstName="Ada", mx_City="Aarhus")
    record = {"ProspectID": "s-1", "EmailAddress": "ada@example.test", "FirstName": "Ada", "mx_City": "Odense"}
    trial = pasted(mia, page, form(leadsync), record)
    assert trial["verdict"] == "Would update this lead by Email: 1 field changes, 1 call."
    city = cells(trial)["City"]
    assert (city["came"], city["sent"], city["there"], city["changed"]) == ("Odense", "Odense", "Aarhus", True)
    assert not cells(trial)["First Name"]["changed"]


def test_it_previews_the_mapping_of_the_form_not_the_saved_one(
    mia: Client, leadsync: Any, page: str, destination: Any
) -> None:
    destination.save_lead(Phone="+45-20304050", FirstName="Ada")
    changes = {
        "FirstName": {"source": "Given"},
        "EmailAddress": {"is_key": ""},
        "Phone": {"is_key": "on"},
        "City": {"DELETE": "on"},
    }
    trial = pasted(mia, page, form(leadsync, changes=changes), {"Given": "Bo", "Phone": "20 30 40 50"})
    assert trial["verdict"] == "Would update this lead by Phone Number: 1 field changes, 1 call."
    assert cells(trial)["First Name"]["sent"] == "Bo"
    leadsync.refresh_from_db()
    assert leadsync.search_by == "EmailAddress"
    assert leadsync.mappings.get(target="FirstName").source == "FirstName"


def test_somebody_new_would_be_created(mia: Client, leadsync: Any, page: str) -> None:
    trial = pasted(mia, page, form(leadsync), {"EmailAddress": "new@example.test", "FirstName": "Nu"})
    assert trial["verdict"] == "Would create this lead: 2 fields, 1 call."
    assert cells(trial)["First Name"]["there"] == ""


def test_a_default_value_is_sent_where_nothing_is_there(
    mia: Client, leadsync: Any, page: str, destination: Any
) -> None:
    destination.save_lead(EmailAddress="ada@example.test", mx_City="Aarhus")
    changes = {"mx_City": {"default": "Odense"}, "mx_Country": {"default": "Denmark"}}
    trial = pasted(mia, page, form(leadsync, changes=changes), {"EmailAddress": "ada@example.test"})
    assert cells(trial)["Country"]["changed"]
    assert (cells(trial)["City"]["sent"], cells(trial)["City"]["there"]) == ("", "Aarhus")


@pytest.mark.parametrize(
    ("settings", "record", "sentence"),
    [
        ({"lead_behaviour": Behaviour.UPDATE}, {"EmailAddress": "new@example.test"}, "It doesn't exist yet"),
        ({"lead_behaviour": Behaviour.CREATE}, {"EmailAddress": "ada@example.test"}, "It exists already"),
        ({"lead_behaviour": Behaviour.NOTHING}, {"EmailAddress": "ada@example.test"}, "is “Do Nothing”"),
        ({}, {"FirstName": "Nobody"}, "It holds none of the values"),
    ],
)
def test_what_would_be_skipped_says_why(
    mia: Client, leadsync: Any, page: str, destination: Any, settings: Any, record: Any, sentence: str
) -> None:
    destination.save_lead(EmailAddress="ada@example.test")
    type(leadsync).objects.filter(pk=leadsync.pk).update(**settings)
    trial = pasted(mia, page, form(leadsync), record)
    assert trial["verdict"].startswith("Would be skipped: ")
    assert sentence in trial["verdict"]


def test_a_value_that_does_not_fit_would_be_refused_and_its_cell_says_so(mia: Client, leadsync: Any, page: str) -> None:
    sent = form(leadsync, {"source": "Points", "target": "mx_Points"})
    trial = pasted(mia, page, sent, {"EmailAddress": "ada@example.test", "Points": "many"})
    assert trial["verdict"].startswith("Would be refused: Points (mx_Points): what the source sent is not a number.")
    assert "is not a number" in cells(trial)["Points"]["reason"]
    assert cells(trial)["Email"]["sent"] == "ada@example.test"
    assert not trial["looked"]


def test_what_was_sent_as_it_is_would_not_be_sent_again(mia: Client, leadsync: Any, page: str) -> None:
    deliver(leadsync, *leads([1]))
    trial = tried(mia, page, form(leadsync))
    assert trial["verdict"] == "Nothing would be sent: Nothing changed since it was last sent."
    assert cells(trial)["First Name"]["there"] == "Name 1"
    changed = form(leadsync, changes={"FirstName": {"source": "EmailAddress"}})
    assert tried(mia, page, changed)["verdict"] == "Would update this lead by Email: 1 field changes, 1 call."


def test_a_record_is_one_of_the_last_or_found_by_key(mia: Client, leadsync: Any, page: str) -> None:
    queue_up(leadsync, leads([1, 2, 3]))
    answer = mia.get(page)
    assert [label.partition(" · ")[0] for _, label in answer.context["last_records"]] == [email(3), email(2), email(1)]
    second = Event.objects.get(label=email(2))
    assert tried(mia, page, form(leadsync), try_event=str(second.pk))["who"] == email(2)
    for text in (email(1).upper(), "s-1"):
        assert tried(mia, page, form(leadsync), try_from="found", try_search=text)["who"] == email(1)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({}, "No record has come in yet"),
        ({"try_event": "7"}, "isn't there any more"),
        ({"try_event": "x"}, "isn't there any more"),
        ({"try_from": "found", "try_search": " "}, "Enter an e-mail address"),
        ({"try_from": "found", "try_search": "who@example.test"}, "No record of this person"),
        ({"try_from": "pasted", "try_json": ""}, "Paste a record as JSON first."),
        ({"try_from": "pasted", "try_json": '{\n "a": 1,\n "b" 2}'}, "broken in line 3, column 6"),
        ({"try_from": "pasted", "try_json": "[" * 100_000}, "nested too deeply"),
        ({"try_from": "pasted", "try_json": '{"a": NaN}'}, "a number in it is none"),
        ({"try_from": "pasted", "try_json": "7"}, "holds no lead"),
        ({"try_from": "pasted", "try_json": '{"ActivityEvent": 201}'}, "This is an activity, no lead."),
        ({"try_from": "pasted", "try_json": '"' + "x" * 1_100_000 + '"'}, "more than 1 MB"),
    ],
)
def test_what_is_no_record_is_said_in_plain_words(
    mia: Client, leadsync: Any, page: str, more: dict[str, str], sentence: str
) -> None:
    assert sentence in pressed(mia, page, form(leadsync), **more).context["no_record"]


def test_records_of_another_connection_are_not_shown(mia: Client, leadsync: Any, page: str, make_leadsync: Any) -> None:
    other = make_leadsync(name="Somebody else's")
    queue_up(other, leads([1]))
    theirs = Event.objects.get()
    asked = ({"try_event": str(theirs.pk)}, {"try_from": "found", "try_search": email(1)})
    for more in asked:
        answer = pressed(mia, page, form(leadsync), **more)
        assert "trial" not in answer.context
        assert "Name 1" not in shown(answer)


@pytest.mark.parametrize(
    ("fault", "reason"), [("unauthorized", "LeadSquared refused the keys"), ("unavailable", "LeadSquared")]
)
def test_a_vendor_that_does_not_tell_leaves_two_columns_and_the_reason(
    mia: Client, leadsync: Any, page: str, destination: Any, fault: str, reason: str
) -> None:
    mia.get(page)
    destination.fault(fault, times=None)
    trial = pasted(mia, page, form(leadsync), {"EmailAddress": "ada@example.test", "FirstName": "Ada"})
    assert reason in trial["blind"]
    assert trial["verdict"].startswith("Would wait: ")
    assert (cells(trial)["First Name"]["came"], cells(trial)["First Name"]["sent"]) == ("Ada", "Ada")


def test_without_keys_it_says_which_are_missing(mia: Client, leadsync: Any, page: str) -> None:
    type(leadsync).objects.filter(pk=leadsync.pk).update(access_key="")
    trial = pasted(mia, page, form(leadsync), {"EmailAddress": "ada@example.test"})
    assert trial["blind"] == "First enter Access Key."


def test_an_activity_is_previewed_with_its_lead(mia: Client, leadsync: Any, destination: Any) -> None:
    page = url("mapping", leadsync, "activity")
    sent = activity_form(leadsync)
    record = {
        "ProspectActivityId": "a-1", "ActivityEvent": 201, "ActivityNote": "Bought", "CreatedOn": "2026-03-09 12:00:00",
        "Current": {"EmailAddress": "ada@example.test"},
    }  # fmt: skip
    assert pasted(mia, page, sent, record)["verdict"].startswith("Would wait: The lead of this activity isn't in")
    destination.save_lead(EmailAddress="ada@example.test")
    assert pasted(mia, page, sent, record)["verdict"] == "Would create this activity: 3 fields, 1 call."


def test_an_activity_that_was_posted_is_shown_as_it_is(mia: Client, leadsync: Any, destination: Any) -> None:
    page = url("mapping", leadsync, "activity")
    lead_id = destination.save_lead(EmailAddress="ada@example.test")
    posted = destination.save_activity(lead_id, note="Bought", mx_Custom_1="K-1")
    Link.objects.create(connection=leadsync, record_type="activity", key="a-1", remote_id=posted)
    record = {
        "ProspectActivityId": "a-1", "ActivityEvent": 201, "ActivityNote": "Bought", "mx_Custom_1": "K-2",
        "Current": {"EmailAddress": "ada@example.test"},
    }  # fmt: skip
    trial = pasted(mia, page, activity_form(leadsync), record)
    assert trial["verdict"] == "Would update this activity: 1 field changes, 1 call."
    assert cells(trial)["Note"]["there"] == "Bought"


def activity_form(connection: Any) -> dict[str, Any]:
    rows = list(connection.mappings.filter(record_type="activity"))
    sent: dict[str, Any] = {"rows-INITIAL_FORMS": len(rows), "rows-TOTAL_FORMS": len(rows)}
    for number, row in enumerate(rows):
        values = {"id": row.pk, "source": row.source, "target": row.target, "enabled": "on"}
        sent |= {f"rows-{number}-{name}": value for name, value in values.items()}
    return sent


def test_nothing_is_sent_stored_or_saved_by_a_preview(mia: Client, leadsync: Any, page: str, destination: Any) -> None:
    mia.get(page)
    versions, ledger = leadsync.versions.count(), destination.ledger()
    pasted(mia, page, form(leadsync), {"EmailAddress": "new@example.test", "FirstName": "Secretly pasted"})
    assert destination.ledger() == ledger
    assert [model.objects.count() for model in (Event, Run, Link)] == [0, 0, 0]
    assert leadsync.versions.count() == versions


# -- the last 500 -----------------------------------------------------------------------------------


def checked(client: Client, page: str, sent: dict[str, Any]) -> Any:
    return pressed(client, page, sent, "_check").context["check"]


def test_the_last_records_are_checked_field_by_field(mia: Client, leadsync: Any, page: str, destination: Any) -> None:
    found = [*leads(range(1, 8), Points="12"), *leads([8, 9], Points="many"), lead(10), lead(11, Mobile="20304050")]
    queue_up(leadsync, found)
    mia.get(page)
    calls = destination.call_count()
    sent = form(leadsync, {"source": "Points", "target": "mx_Points"})
    result = checked(mia, page, sent)
    assert destination.call_count() == calls
    assert (result["records"], result["unfit"]) == (11, 2)
    reports = {report["label"]: report for report in result["reports"]}
    points = reports["Points"]
    assert [points[state] for state in ("fine", "empty", "converted", "refused")] == [7, 2, 0, 2]
    assert [one["came"] for one in points["examples"]] == ["many"]
    assert "is not a number" in points["examples"][0]["reason"]
    mobile = reports["Mobile Number"]
    assert (mobile["converted"], mobile["examples"][0]["value"]) == (1, "+45-20304050")


def test_no_more_than_500_are_checked_whatever_their_number_with_as_many_queries(
    mia: Client, leadsync: Any, page: str, django_assert_max_num_queries: Any
) -> None:
    queue_up(leadsync, leads(range(1, 521)))
    mia.get(page)
    with django_assert_max_num_queries(40):
        answer = pressed(mia, page, form(leadsync), "_check")
    assert answer.context["check"]["records"] == 500
    assert "That is all there is of the last 500" not in shown(answer)


def test_it_says_how_many_are_left(mia: Client, leadsync: Any, page: str) -> None:
    assert "There is no record left to check" in shown(pressed(mia, page, form(leadsync), "_check"))
    queue_up(leadsync, leads([1, 2]))
    text = shown(pressed(mia, page, form(leadsync), "_check"))
    assert "2 records were checked." in text
    assert "That is all there is of the last 500" in text


def test_a_payload_that_can_not_be_decrypted_takes_no_other_along(mia: Client, leadsync: Any, page: str) -> None:
    queue_up(leadsync, leads([1, 2]))
    spoil(Event.objects.get(label=email(2)).pk)
    result = checked(mia, page, form(leadsync))
    assert (result["records"], result["unreadable"]) == (1, 1)
    assert "Can't be decrypted" in pressed(mia, page, form(leadsync)).context["no_record"]


def spoil(event_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_eventpayload SET body = %s WHERE event_id = %s", [b"not ours", event_id])


# -- who sees what -----------------------------------------------------------------------------------


@pytest.fixture
def nell(mia: Client, leadsync: Any) -> Client:
    """Somebody who edits mappings and may not see personal data."""
    user = User.objects.create_user("nell", password="x", is_staff=True)
    own = ("view_leadsquaredconnection", "change_leadsquaredconnection", "change_fieldmapping")
    user.user_permissions.add(*Permission.objects.filter(codename__in=own))
    user.groups.add(*leadsync.access_roles.all())
    leadsync.access_roles.get().permissions.remove(Permission.objects.get(codename="view_personal_data"))
    client = Client()
    client.force_login(user)
    return client


def test_personal_data_is_masked_for_those_who_may_not_see_it(
    nell: Client, leadsync: Any, page: str, destination: Any
) -> None:
    destination.save_lead(EmailAddress=email(1), FirstName="Augusta", mx_City="Aarhus")
    queue_up(leadsync, leads([1], FirstName="Margrethe", Points="manifold"))
    sent = form(leadsync, {"source": "Points", "target": "mx_Points"})
    for button in ("_preview", "_check"):
        text = html.unescape(shown(pressed(nell, page, sent, button)))
        for value in (email(1), "Augusta", "Margrethe", "manifold", "Aarhus"):
            assert value not in text
    assert email(1) not in shown(nell.get(page))
    trial = tried(nell, page, form(leadsync))
    assert cells(trial)["First Name"]["changed"]
    assert cells(trial)["First Name"]["there"] == "A•••"


def test_secrets_in_a_record_stay_hidden(mia: Client, leadsync: Any, page: str) -> None:
    sent = form(leadsync, {"source": "customer_pin", "target": "mx_Tier"})
    record = {"EmailAddress": "ada@example.test", "customer_pin": "8431-zz"}
    answer = pressed(mia, page, sent, try_from="pasted", try_json=json.dumps(record))
    results = shown(answer).partition('id="try-results"')[2]
    assert "8431-zz" not in results


def test_support_previews_nothing(leadsync: Any, page: str, groups: None) -> None:
    client = person("sam", SUPPORT)
    assert client.post(page, {"_preview": ""}).status_code in (302, 403, 404)
