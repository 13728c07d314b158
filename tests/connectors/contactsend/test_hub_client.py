"""Every call of Contacthub's client, against the practice workspace."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from integrations.connectors.contactsend.hub import HubClient, address, rate_limits
from integrations.connectors.contactsend.hub_answers import Node, written_by
from integrations.connectors.contactsend.hub_changes import where
from integrations.connectors.contactsend.hub_errors import Conflict, Forbidden, NoSuchCustomer, NoSuchSubscription
from integrations.connectors.contactsend.hub_values import read_moment
from integrations.core.errors import ConfigurationError
from tests.connectors.contactsend.conftest import MakeHubClient
from tests.sandbox_contacthub import ContacthubAccount

ADA, BO = "ada@example.test", "bo@example.test"
NOBODY = "00000000-0000-4000-8000-000000000000"
LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


def body(email: str = ADA, **base: Any) -> dict[str, Any]:
    return {"base": {"contacts": {"email": email}, **base}}


def test_it_reads_how_the_workspace_is_set_up(hub_client: HubClient, hub: ContacthubAccount) -> None:
    assert hub_client.me().name == "Portal"
    assert hub_client.nodes() == [
        Node(hub.shop, "Shop"),
        Node(hub.node("Newsletter"), "Newsletter"),
        Node(hub.everybody, "Everybody", is_aggregate=True),
    ]
    assert "loyaltyLevel" in hub_client.extended_schema()["properties"]


def test_customers_are_counted_in_one_small_call(hub_client: HubClient, hub: ContacthubAccount) -> None:
    assert hub_client.count_customers(hub.shop) == 0
    hub.seed(57)
    assert hub_client.count_customers(hub.shop) == 57
    assert "size=1" in hub.calls()[-1]["path"]


def test_customers_are_read_by_page_and_id(hub_client: HubClient, hub: ContacthubAccount) -> None:
    ids = hub.seed(57)
    first, last = (hub_client.customers(hub.shop, page, sort="registeredAt,asc") for page in (0, 1))
    assert [len(first.customers), len(last.customers)] == [50, 7]
    assert (first.is_last, last.is_last, first.total) == (False, True, 57)
    assert [one["id"] for one in (*first.customers, *last.customers)] == ids
    assert hub_client.customer(ids[3]) == first.customers[3]
    small = hub_client.customers(hub.shop, size=2, fields=("base.firstName",))
    assert set(small.customers[0]) == {"id", "base"}


def test_customers_are_found_by_a_value_of_any_attribute(hub_client: HubClient, hub: ContacthubAccount) -> None:
    ids = hub.seed(3, extended={"cardNumber": 'A "1" & 2'})
    hub.save_customer(ids[1], base={"address": {"city": "Århus"}})
    for attribute, value in (
        ("base.contacts.email", "customer000002@example.test"),
        ("externalId", "C-2"),
        ("base.address.city", "Århus"),
    ):
        assert [one["id"] for one in hub_client.find_by(hub.shop, attribute, value)] == [ids[1]]
    assert len(hub_client.find_by(hub.shop, "extended.cardNumber", 'A "1" & 2')) == 3
    assert hub_client.find_by(hub.shop, "externalId", "C-9") == []


def test_an_address_that_exists_twice_finds_both(hub_client: HubClient, hub: ContacthubAccount) -> None:
    hub.settings(uniqueness="NO_CHECK")
    hub.save_person(ADA)
    hub.save_person(ADA)
    assert len(hub_client.find_by(hub.shop, "base.contacts.email", ADA)) == 2


def test_a_new_customer_is_created_with_our_source_as_its_writer(hub_client: HubClient, hub: ContacthubAccount) -> None:
    written = hub_client.create_customer(hub.shop, body(firstName="Ada"))
    assert written.merged is False
    assert written.customer == hub.customer(ADA)
    assert written_by(written.customer) == hub.source_id == hub_client.source_of_token()
    assert written.call.status == 201


def test_our_source_is_not_told_to_an_application_but_every_write_tells_it(
    hub_client: HubClient, hub: ContacthubAccount
) -> None:
    hub.settings(role="TRUSTED_APPLICATION")
    assert hub_client.source_of_token() is None
    assert written_by(hub_client.create_customer(hub.shop, body()).customer) == hub.source_id
    assert written_by({}) == ""


def test_no_key_of_another_source_is_kept_of_the_call(hub_client: HubClient, hub: ContacthubAccount) -> None:
    hub.settings(role="ADMIN")
    keys = {"userKey": "canary-user-key-1", "apiKey": "canary-api-key-2"}
    source = {"provider": "CONTACTSEND", "name": "Send", "nodes": [hub.shop], "properties": keys}
    other = hub.api("POST", "configuration/sources", source).json()
    kept: list[Any] = []
    judge = hub_client.http._classify
    assert judge is not None
    hub_client.http._classify = lambda answer: kept.append(answer.call) or judge(answer)  # type: ignore[func-returns-value]
    assert hub_client.source_of_token() == hub.source_id
    (call,) = kept
    assert "CONTACTSEND" in call.response_body
    for canary in (*keys.values(), other["token"], hub.token):
        assert canary not in call.response_body


def test_somebody_who_is_there_already_is_told_by_id(hub_client: HubClient, hub: ContacthubAccount) -> None:
    there = hub.save_person(ADA)
    with pytest.raises(Conflict) as caught:
        hub_client.create_customer(hub.shop, body(ADA.upper()))
    assert caught.value.customer_id == there["id"]
    assert hub_client.patch_customer(there["id"], body(firstName="Ada")).customer["base"]["firstName"] == "Ada"
    other = hub.save_person(BO)
    with pytest.raises(Conflict) as caught:
        hub_client.patch_customer(other["id"], body())
    assert caught.value.customer_id == there["id"]


def test_an_untrusted_token_is_not_told_who_it_is(hub_client: HubClient, hub: ContacthubAccount) -> None:
    hub.save_person(ADA)
    hub.settings(role="UNTRUSTED_APPLICATION")
    with pytest.raises(Conflict, match="Use the token of a trusted source") as caught:
        hub_client.create_customer(hub.shop, body())
    assert caught.value.customer_id is None


def test_a_workspace_that_merges_changes_who_is_there(hub_client: HubClient, hub: ContacthubAccount) -> None:
    there = hub.seed(1)[0]
    hub.settings(uniqueness="MERGE")
    written = hub_client.create_customer(hub.shop, body("customer000001@example.test", firstName="Ada"))
    assert (written.customer["id"], written.merged) == (there, True)
    assert hub_client.create_customer(hub.shop, body(BO)).merged is False


def test_a_patch_changes_what_was_sent(hub_client: HubClient, hub: ContacthubAccount) -> None:
    there = hub.save_person(ADA, firstName="Ada", lastName="King")
    written = hub_client.patch_customer(there["id"], {"base": {"lastName": "Lovelace"}})
    assert (written.customer["base"]["firstName"], written.customer["base"]["lastName"]) == ("Ada", "Lovelace")
    assert "PUT" not in {call["method"] for call in hub.calls()}


def test_a_deleted_customer_is_gone_for_every_call(hub_client: HubClient, hub: ContacthubAccount) -> None:
    there = hub.save_person(ADA)["id"]
    assert hub_client.delete_customer(there).status == 200
    assert hub.customer_count() == 0
    for call in (
        lambda: hub_client.customer(there),
        lambda: hub_client.patch_customer(there, {}),
        lambda: hub_client.delete_customer(there),
        lambda: hub_client.subscriptions(there),
        lambda: hub_client.post_subscription(there, {"id": "news"}),
        lambda: hub_client.put_subscription(there, {"id": "news"}),
    ):
        with pytest.raises(NoSuchCustomer):
            call()


def test_an_id_from_outside_stays_one_part_of_the_address(hub_client: HubClient, hub: ContacthubAccount) -> None:
    there = hub.save_person(ADA)["id"]
    for odd in (f"x/../{there}", f"{there}?fields=id", "#"):
        with pytest.raises((NoSuchCustomer, ConfigurationError)):
            hub_client.customer(odd)
    assert hub_client.put_subscription(there, {"id": "news/it & more", "subscribed": True}).call.status == 201
    assert hub_client.subscription(there, "news/it & more")["subscribed"] is True


def test_a_subscription_is_made_the_first_time_and_changed_the_next(
    hub_client: HubClient, hub: ContacthubAccount
) -> None:
    there = hub.save_person(ADA)["id"]
    made = hub_client.put_subscription(there, {"id": "news", "subscribed": True, "kind": "DIGITAL_MESSAGE"})
    assert (made.subscription["subscribed"], made.call.status) == (True, 201)
    before = hub_client.subscription(there, "news")
    changed = hub_client.put_subscription(there, {**before, "subscribed": False})
    assert (changed.subscription["subscribed"], changed.subscription["kind"]) == (False, "DIGITAL_MESSAGE")
    assert [one["id"] for one in hub_client.subscriptions(there)] == ["news"]
    with pytest.raises(NoSuchSubscription):
        hub_client.subscription(there, "other")
    with pytest.raises(Conflict):
        hub_client.post_subscription(there, {"id": "news"})


def test_a_subscription_is_put_back_as_it_was_read_without_its_nulls(
    hub_client: HubClient, hub: ContacthubAccount
) -> None:
    there = hub.save_person(ADA)["id"]
    hub.subscribe(there, "news")
    (before,) = hub_client.subscriptions(there)
    assert before["kind"] is None
    assert hub_client.put_subscription(there, before).subscription["subscribed"] is True


def test_the_stream_is_read_from_where_it_is(hub_client: HubClient, hub: ContacthubAccount) -> None:
    hub.seed(2)
    offset = hub_client.last_offset(hub.shop)
    there = hub.save_person(ADA)["id"]
    hub.save_person(BO, hub.node("Newsletter"))
    hub_client.patch_customer(there, {"base": {"firstName": "Ada"}})
    hub_client.delete_customer(there)
    found = hub_client.updates(hub.shop, offset)
    assert [(one.operation, one.customer["id"]) for one in found.updates] == [
        ("CREATE", there),
        ("UPDATE", there),
        ("DELETE", there),
    ]
    assert [written_by(one.customer) == hub.source_id for one in found.updates] == [False, True, True]
    again = hub_client.updates(hub.shop, found.next_offset)
    assert (again.updates, again.next_offset) == ([], found.next_offset)


def test_the_stream_is_read_in_pages(hub_client: HubClient, hub: ContacthubAccount) -> None:
    ids, offset, seen = hub.seed(7), 0, []
    while (found := hub_client.updates(hub.shop, offset, size=3)).updates:
        seen += [one.customer["id"] for one in found.updates]
        offset = found.next_offset
    assert seen == ids


@pytest.mark.parametrize(
    ("role", "call", "doing"),
    [
        ("TRUSTED_APPLICATION", lambda hub_client, hub: hub_client.updates(hub.shop, 0), "read the update stream"),
        ("TRUSTED_APPLICATION", lambda hub_client, hub: hub_client.last_offset(hub.shop), "read the update stream"),
        ("TRUSTED_APPLICATION", lambda hub_client, hub: hub_client.nodes(), "read the nodes"),
        ("TRUSTED_APPLICATION", lambda hub_client, hub: hub_client.extended_schema(), "read the extended fields"),
        ("UNTRUSTED_APPLICATION", lambda hub_client, hub: hub_client.customer(NOBODY), "read customers"),
        ("UNTRUSTED_APPLICATION", lambda hub_client, hub: hub_client.delete_customer(NOBODY), "delete customers"),
        ("PLATFORM_UPDATES", lambda hub_client, hub: hub_client.count_customers(hub.shop), "read customers"),
        ("GUEST", lambda hub_client, hub: hub_client.create_customer(hub.shop, {}), "create customers"),
        ("GUEST", lambda hub_client, hub: hub_client.patch_customer(NOBODY, {}), "change customers"),
        ("GUEST", lambda hub_client, hub: hub_client.put_subscription(NOBODY, {"id": "n"}), "change subscriptions"),
    ],
)
def test_a_role_that_does_not_reach_is_told_by_what_it_may_not(
    hub_client: HubClient, hub: ContacthubAccount, role: str, call: Any, doing: str
) -> None:
    hub.settings(role=role)
    with pytest.raises(Forbidden, match=f"The token may not {doing}") as caught:
        call(hub_client, hub)
    assert caught.value.doing == doing
    assert caught.value.call is not None


def moments(rows: list[dict[str, Any]]) -> list[str]:
    return [row["updatedAt"] for row in rows]


def test_an_application_lists_what_was_changed_since(hub_client: HubClient, hub: ContacthubAccount) -> None:
    hub.settings(role="TRUSTED_APPLICATION")
    ids = hub.seed(7)
    pages = list(hub_client.customers_updated_since(hub.shop, LONG_AGO, size=3))
    rows = [row for page in pages for row in page]
    assert [row["id"] for row in rows] == ids
    assert moments(rows) == sorted(moments(rows))
    later = hub_client.customers_updated_since(hub.shop, read_moment(rows[4]["updatedAt"]), size=3)
    assert [row["id"] for page in later for row in page] == ids[4:]
    assert list(hub_client.customers_updated_since(hub.shop, datetime.datetime.now(datetime.UTC))) == []


def test_nobody_is_left_out_when_somebody_changes_meanwhile(hub_client: HubClient, hub: ContacthubAccount) -> None:
    ids, seen = hub.seed(9), list[str]()
    for number, page in enumerate(hub_client.customers_updated_since(hub.shop, LONG_AGO, size=3)):
        seen += [row["id"] for row in page]
        if number == 0:
            # By page number, the fourth would now be on the first page.
            hub.save_customer(ids[0], base={"firstName": "Ada"})
    assert set(seen) == set(ids)
    assert seen[-1] == ids[0]


def test_fields_and_queries_travel_as_the_api_takes_them(hub_client: HubClient, hub: ContacthubAccount) -> None:
    hub.seed(4, extended={"points": 5})
    query = where("extended.points", "GTE", 5)
    assert hub_client.customers(hub.shop, query=query, sort="updatedAt,desc").total == 4
    assert hub_client.customers(hub.shop, query=where("extended.points", "GTE", 6)).total == 0


def test_a_node_that_is_gone_asks_for_another(hub_client: HubClient, hub: ContacthubAccount) -> None:
    outlet = hub.add_node("Outlet")
    hub.remove_node(outlet)
    for call in (
        lambda: hub_client.count_customers(outlet),
        lambda: hub_client.find_by(outlet, "externalId", "C-1"),
        lambda: hub_client.create_customer(outlet, body()),
        lambda: hub_client.updates(outlet, 0),
        lambda: hub_client.last_offset(outlet),
        lambda: list(hub_client.customers_updated_since(outlet, LONG_AGO)),
    ):
        with pytest.raises(ConfigurationError, match=r"The node is gone.*Choose another under Settings"):
            call()


def test_calls_keep_to_five_a_second(make_hub_client: MakeHubClient, hub: ContacthubAccount) -> None:
    hub.settings(calls_per_s=5)
    limited = make_hub_client(limits=rate_limits())
    for _ in range(7):
        limited.me()
    assert {call["status"] for call in hub.calls()} == {200}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("https://api.contactlab.it/hub/v1", "https://api.contactlab.it/hub/v1"),
        (" api.contactlab.it/ ", "https://api.contactlab.it/hub/v1"),
        ("https://api.contactlab.it/hub/", "https://api.contactlab.it/hub/v1"),
        ("http://127.0.0.1:8010/contacthub/practice", "http://127.0.0.1:8010/contacthub/practice/hub/v1"),
    ],
)
def test_an_address_is_understood_however_it_was_typed(typed: str, found: str) -> None:
    assert address(typed) == found
