"""Every call of the client, against the practice account."""

from __future__ import annotations

import pytest

from integrations.connectors.heyloyalty.client import HeyloyaltyClient, ListRow, NotFound, Refused, bare
from integrations.connectors.heyloyalty.fields import CHOICE, new_field
from integrations.core.errors import ConfigurationError
from tests.connectors.heyloyalty.conftest import MakeClient
from tests.sandbox_heyloyalty import CUSTOMERS, NEWSLETTER, HeyloyaltyAccount

ADA = "ada@example.test"
BO = "bo@example.test"
NOBODY = "00000000-0000-4000-8000-000000000000"


def test_it_reads_lists_and_their_fields(client: HeyloyaltyClient, practice: HeyloyaltyAccount) -> None:
    practice.seed(3)
    assert client.lists() == [ListRow(CUSTOMERS, "Customers", 3), ListRow(NEWSLETTER, "Newsletter", 0)]
    found = client.list_of(CUSTOMERS)
    assert (found.id, found.name, found.duplicates, found.with_time) == (CUSTOMERS, "Customers", "disallow", False)
    assert found.fields["tier"].option_id("Gold") == practice.option("tier", "Gold")
    assert client.countries()["53"] == "Denmark"


def test_an_account_without_lists_has_none(client: HeyloyaltyClient, practice: HeyloyaltyAccount) -> None:
    for list_id in (CUSTOMERS, NEWSLETTER):
        practice.remove_list(list_id)
    assert client.lists() == []


def test_it_adds_a_field_and_learns_its_option_ids_by_reading(client: HeyloyaltyClient) -> None:
    client.add_fields(CUSTOMERS, [new_field("vip", "VIP", CHOICE, ["Yes", "No"])])
    found = client.list_of(CUSTOMERS)
    assert list(found.fields["vip"].options.values()) == ["Yes", "No"]
    assert "email" in found.fields


def test_upsert_tells_created_from_updated_and_leaves_other_fields(
    client: HeyloyaltyClient, practice: HeyloyaltyAccount
) -> None:
    first = client.upsert(CUSTOMERS, "email", {"email": ADA, "city": "Odense"})
    second = client.upsert(CUSTOMERS, "email", {"email": ADA, "firstname": "Ada"})
    assert (first.created, second.created) == (True, False)
    assert first.member_id == second.member_id == practice.member(ADA)["id"]
    assert practice.member(ADA)["values"] == {"email": ADA, "city": "Odense", "firstname": "Ada"}
    assert second.call.status == 200


@pytest.mark.parametrize(("skip_opt_in", "mails"), [(True, 0), (False, 1)])
def test_opt_in_mails_are_sent_only_when_asked_for(
    client: HeyloyaltyClient, practice: HeyloyaltyAccount, skip_opt_in: bool, mails: int
) -> None:
    practice.save_list(**{"double_opt-in": True})
    client.upsert(CUSTOMERS, "email", {"email": ADA}, skip_opt_in=skip_opt_in)
    client.create_member(CUSTOMERS, {"email": BO}, skip_opt_in=skip_opt_in)
    assert len(practice.mails("opt_in")) == 2 * mails


def test_someone_who_has_not_confirmed_is_found_when_asked_for(
    client: HeyloyaltyClient, practice: HeyloyaltyAccount
) -> None:
    practice.save_list(**{"double_opt-in": True})
    created = client.upsert(CUSTOMERS, "email", {"email": ADA}, skip_opt_in=False)
    assert client.upsert(CUSTOMERS, "email", {"email": ADA, "city": "Odense"}).member_id == created.member_id
    assert client.upsert(CUSTOMERS, "email", {"email": ADA}, search_temporary=False).created


def test_members_are_read_by_page_filter_and_id(client: HeyloyaltyClient, practice: HeyloyaltyAccount) -> None:
    ids = practice.seed(5)
    pages = [client.members(CUSTOMERS, page, 2) for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert {member["id"] for page in pages for member in page} == set(ids)
    (found,) = client.members(CUSTOMERS, filter={"email": {"eq": ["member000003@example.test"]}})
    assert found["id"] == ids[2]
    read = client.member(CUSTOMERS, ids[2])
    assert read is not None
    assert read["fields"]["email"]["value"] == "member000003@example.test"


def test_a_patch_changes_what_was_sent(client: HeyloyaltyClient, practice: HeyloyaltyAccount) -> None:
    member_id = practice.save_member(email=ADA, city="Odense")
    client.patch_member(CUSTOMERS, member_id, {"firstname": "Ada", "city": ""})
    assert practice.member(ADA)["values"] == {"email": ADA, "firstname": "Ada"}


def test_an_unsubscribed_member_is_hidden_but_read_by_id(client: HeyloyaltyClient, practice: HeyloyaltyAccount) -> None:
    member_id = client.create_member(CUSTOMERS, {"email": ADA}).member_id
    client.unsubscribe(CUSTOMERS, member_id)
    assert client.members(CUSTOMERS) == []
    read = client.member(CUSTOMERS, member_id)
    assert read is not None
    assert read["unsubscribed_at"]


def test_it_never_replaces_a_member(client: HeyloyaltyClient, practice: HeyloyaltyAccount) -> None:
    member_id = client.upsert(CUSTOMERS, "email", {"email": ADA}).member_id
    client.patch_member(CUSTOMERS, member_id, {"city": "Odense"})
    client.unsubscribe(CUSTOMERS, member_id)
    assert "PUT" not in {call["method"] for call in practice.calls()}


def test_nobody_of_an_id_is_none_to_read_and_an_error_to_change(client: HeyloyaltyClient) -> None:
    assert client.member(CUSTOMERS, NOBODY) is None
    with pytest.raises(NotFound):
        client.patch_member(CUSTOMERS, NOBODY, {"city": "Odense"})
    with pytest.raises(NotFound):
        client.unsubscribe(CUSTOMERS, NOBODY)


def test_an_id_from_outside_stays_one_part_of_the_address(
    client: HeyloyaltyClient, practice: HeyloyaltyAccount
) -> None:
    practice.seed(1)
    assert client.member(CUSTOMERS, "x/../../2") is None
    assert client.member(CUSTOMERS, "?perpage=1") is None


def test_a_webhook_is_added_and_found(client: HeyloyaltyClient) -> None:
    url = "https://portal.example.test/hooks/s3cret-token-of-a-hook"
    webhook_id = client.add_webhook(CUSTOMERS, url, "it@example.test", ["update", "unsubscribe"])
    (webhook,) = client.webhooks(CUSTOMERS)
    assert (webhook["id"], webhook["url"], webhook["contact_email"]) == (webhook_id, url, "it@example.test")
    assert [name for name, on in webhook["webhookTriggers"].items() if on] == ["update", "unsubscribe"]


def test_a_list_that_is_gone_asks_for_another(client: HeyloyaltyClient, practice: HeyloyaltyAccount) -> None:
    practice.remove_list(NEWSLETTER)
    for call in (
        lambda: client.list_of(NEWSLETTER),
        lambda: client.add_fields(NEWSLETTER, [new_field("vip", "VIP")]),
        lambda: client.members(NEWSLETTER),
        lambda: client.member(NEWSLETTER, NOBODY),
        lambda: client.upsert(NEWSLETTER, "email", {"email": ADA}),
        lambda: client.create_member(NEWSLETTER, {"email": ADA}),
        lambda: client.patch_member(NEWSLETTER, NOBODY, {"city": "Odense"}),
        lambda: client.unsubscribe(NEWSLETTER, NOBODY),
        lambda: client.import_members(NEWSLETTER, b"x", {"fields_selected": ["email"]}),
        lambda: client.webhooks(NEWSLETTER),
    ):
        with pytest.raises(ConfigurationError, match=r"The list 2 is gone.*Choose another under Settings") as caught:
            call()
        assert caught.value.call is not None


def test_a_field_that_was_removed_is_refused_by_name(client: HeyloyaltyClient, practice: HeyloyaltyAccount) -> None:
    practice.remove_field("tier")
    with pytest.raises(Refused, match="The field 'tier' does not exist on the list"):
        client.upsert(CUSTOMERS, "email", {"email": ADA, "tier": "1002"})


def test_a_refused_value_is_not_repeated(client: HeyloyaltyClient) -> None:
    with pytest.raises(Refused) as caught:
        client.upsert(CUSTOMERS, "email", {"email": ADA, "mobile": "12"})
    assert caught.value.reason == "The value ••• of the field 'mobile' is not a mobile number of 6 to 15 digits"
    assert "12" not in caught.value.message


def test_a_refused_import_is_about_the_settings(client: HeyloyaltyClient, practice: HeyloyaltyAccount) -> None:
    with pytest.raises(ConfigurationError, match=r"'nickname' does not exist.*check the field mapping"):
        client.import_members(CUSTOMERS, b"x;y\n", {"fields_selected": ["email", "nickname"], "delimiter": ";"})
    for call in (client.import_transactions, client.import_bookings):
        with pytest.raises(ConfigurationError, match=r"Check the Tracking ID.*tracking integration"):
            call("elsewhere", b"x\n", {"fields_selected": ["email"], "delimiter": ";"})


def test_calls_keep_to_the_limit_of_the_account(make_client: MakeClient, practice: HeyloyaltyAccount) -> None:
    from integrations.core.http.ratelimit import Limit, RateLimits

    practice.settings(calls_per_s=20)
    limited = make_client(limits=RateLimits({"default": Limit(20)}))
    for _ in range(30):
        limited.lists()
    assert 429 not in {call["status"] for call in practice.calls()}


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("https://api.heyloyalty.com", "https://api.heyloyalty.com"),
        (" api.heyloyalty.com/ ", "https://api.heyloyalty.com"),
        ("https://api.heyloyalty.com/loyalty/v1/", "https://api.heyloyalty.com"),
        ("https://tracking.heycommerce.dk/api", "https://tracking.heycommerce.dk"),
        ("http://127.0.0.1:8100/heyloyalty/practice", "http://127.0.0.1:8100/heyloyalty/practice"),
    ],
)
def test_an_address_is_understood_however_it_was_typed(typed: str, address: str) -> None:
    assert bare(typed) == address
