"""FlexPOS's API over real HTTP: tokens of two realms, pages, and what its errors mean."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from integrations.connectors.flexpos.client import AttractionsClient, FlexPOSClient, RowPage, rate_limits
from integrations.connectors.flexpos.customers import CustomerFilter
from integrations.connectors.flexpos.windows import Window
from integrations.core.errors import ConfigurationError, NotSent, RecordError, SyncError, TemporaryError, Throttled
from integrations.core.http.ratelimit import in_lane
from tests.connectors.flexpos.conftest import MONTH, NOON
from tests.core.scripted_server import Reply, ScriptedServer, json_reply
from tests.sandbox_flexpos import FlexPOSAccount

MakeClient = Callable[..., FlexPOSClient]
TOKEN = {"access_token": "eyJinvented", "token_type": "Bearer", "expires_in": 3600}


@pytest.fixture
def serve() -> Any:
    servers: list[ScriptedServer] = []

    def start(*script: Reply) -> ScriptedServer:
        servers.append(ScriptedServer(json_reply(TOKEN), *script).__enter__())
        return servers[-1]

    yield start
    for server in servers:
        server.__exit__(None, None, None)


def refusal(read: Callable[[], object]) -> SyncError:
    with pytest.raises(SyncError) as caught:
        read()
    assert caught.value.call is not None
    return caught.value


# -- pages ---------------------------------------------------------------------------------------


def test_a_page_of_each_resource_is_read(
    shop: FlexPOSAccount, client: FlexPOSClient, attractions: AttractionsClient
) -> None:
    shop.seed(customers=3, journals=2, tickets=4)
    pages = {
        "CustomerId": client.customers(MONTH, 1),
        "JournalId": client.journals(MONTH, 1),
        "TicketId": client.tickets(MONTH, 1),
        "AttractionId": attractions.attractions(1),
    }
    assert [page.total for page in pages.values()] == [3, 2, 4, 5]
    assert all(len(page.rows) == page.total and all(name in row for row in page.rows) for name, page in pages.items())
    assert all((page.page, page.size) == (1, 500) for page in pages.values())


def test_five_hundred_a_page_is_asked_for_and_never_more(shop: FlexPOSAccount, make_client: MakeClient) -> None:
    shop.seed(customers=1_040)
    page = make_client(page_size=5_000).customers(MONTH, 3)
    assert (len(page.rows), page.page, page.size, page.total) == (40, 3, 500, 1_040)
    assert shop.calls()[-1]["path"].endswith("&PageSize=500")
    assert make_client(page_size=7).customers(MONTH, 1).size == 7


def test_the_window_is_asked_for_in_local_time_without_zone(shop: FlexPOSAccount, client: FlexPOSClient) -> None:
    shop.customer(FirstName="Mette")
    shop.forward(minutes=5)
    five = timedelta(minutes=5)
    assert client.customers(Window(NOON - five, NOON), 1).total == 0
    assert client.customers(Window(NOON, NOON + five), 1).total == 1
    assert "ModifiedFrom=2026-03-09T12%3A00%3A00&ModifiedTo=2026-03-09T12%3A05%3A00" in shop.calls()[-1]["path"]


def test_filters_are_sent_as_flexpos_takes_them(shop: FlexPOSAccount, client: FlexPOSClient) -> None:
    shop.customer(FirstName="all", IsActive=True, IsClubMember=1, GetsNewsletter=1)
    shop.customer(FirstName="lapsed", IsActive=False, IsClubMember=1, GetsNewsletter=1)
    shop.customer(FirstName="silent", IsActive=True, IsClubMember=0, GetsNewsletter=0)
    shop.forward(minutes=1)
    today = Window(NOON, NOON + timedelta(minutes=1))

    def names(**chosen: bool) -> list[str]:
        return [row["FirstName"] for row in client.customers(today, 1, CustomerFilter(**chosen)).rows]

    assert names() == ["all", "lapsed", "silent"]
    assert names(active=True) == ["all", "silent"]
    assert names(club_member=True) == ["all", "lapsed"]
    assert names(active=True, club_member=True, newsletter=True) == ["all"]


def test_a_customer_of_two_megabytes_is_read(shop: FlexPOSAccount, client: FlexPOSClient) -> None:
    shop.customer(FirstName="Mette", filler_kb=2048)
    shop.forward(minutes=1)
    page = client.customers(Window(NOON, NOON + timedelta(minutes=1)), 1)
    assert len(page.rows[0]["FillerText"]) == 2048 * 1024


# -- tokens --------------------------------------------------------------------------------------


def test_sixteen_threads_ask_for_one_token(shop: FlexPOSAccount, client: FlexPOSClient) -> None:
    shop.latency(20)
    with ThreadPoolExecutor(16) as pool:
        pages = list(pool.map(lambda _: client.customers(MONTH, 1), range(16)))
    assert len(pages) == 16
    assert shop.counts() == {"v1/oauth/token": 1, "v1/Customers": 16}


def test_a_token_that_runs_out_in_mid_run_is_renewed_once_for_all_threads(
    shop: FlexPOSAccount, client: FlexPOSClient
) -> None:
    client.customers(MONTH, 1)
    shop.forward(hours=1)
    shop.latency(20)
    with ThreadPoolExecutor(16) as pool:
        totals = [page.total for page in pool.map(lambda _: client.customers(MONTH, 1), range(16))]
    assert totals == [0] * 16
    assert shop.counts()["v1/oauth/token"] == 2


def test_a_token_that_is_refused_again_is_not_renewed_for_ever(shop: FlexPOSAccount, client: FlexPOSClient) -> None:
    shop.fault("unauthorized", path="Customers", times=None)
    error = refusal(lambda: client.customers(MONTH, 1))
    assert isinstance(error, ConfigurationError)
    assert error.message == (
        "FlexPOS refused its own token (401: Authorization has been denied for this request). Check that Client_id "
        "belongs to this API url."
    )
    assert shop.counts() == {"v1/oauth/token": 2, "v1/Customers": 2}


@pytest.mark.parametrize("wrong", [{"client_id": "nobody"}, {"client_secret": "wrong"}])
def test_a_wrong_client_or_secret_of_the_main_realm_is_named(make_client: MakeClient, wrong: dict[str, str]) -> None:
    error = refusal(lambda: make_client(**wrong).customers(MONTH, 1))
    assert isinstance(error, ConfigurationError)
    assert error.message == (
        "FlexPOS refused Client_id or Client_secret (401: Unknown client). Enter both again as FlexPOS support gave "
        "them to you; what is waiting is kept."
    )


def test_a_wrong_client_of_the_attractions_realm_is_named(shop: FlexPOSAccount) -> None:
    error = refusal(lambda: AttractionsClient(shop.attraction_api_url, *shop.client).attractions(1))
    assert isinstance(error, ConfigurationError)
    assert error.message.startswith(
        "FlexPOS Attractions refused Attraction Client_id or Attraction Client_secret (401: Unknown client)."
    )


def test_token_calls_count_against_the_limit_of_the_client(shop: FlexPOSAccount, make_client: MakeClient) -> None:
    client = make_client(calls_per_minute=12)
    client.customers(MONTH, 1)
    with in_lane(urgent=False, deadline=0), pytest.raises(NotSent):
        client.customers(MONTH, 1)
    assert shop.counts() == {"v1/oauth/token": 1, "v1/Customers": 1}


def test_neither_token_nor_secret_is_in_what_is_written_down(shop: FlexPOSAccount, client: FlexPOSClient) -> None:
    shop.fault("unavailable", path="Customers")
    written = str(refusal(lambda: client.customers(MONTH, 1)).call)
    shop.settings(client_secret="another")
    shop.forward(hours=1)
    written += str(refusal(lambda: client.customers(MONTH, 1)).call)
    assert shop.client[1] not in written
    assert client._token not in written
    assert "oauth/token" in written


def test_a_token_is_masked_in_the_answer_that_brings_it(serve: Any) -> None:
    server = serve(json_reply({"Message": "eyJinvented is not welcome"}, 403))
    error = refusal(lambda: FlexPOSClient(server.url, "shop", "secret-of-shop").customers(MONTH, 1))
    assert "eyJinvented" not in f"{error.message} {error.call}"
    assert server.requests[1].headers["authorization"] == "Bearer eyJinvented"


def test_a_secret_that_flexpos_repeats_is_masked() -> None:
    with ScriptedServer(
        json_reply({"error": "invalid_client", "error_description": "not secret-of-shop"}, 401)
    ) as server:
        error = refusal(lambda: FlexPOSClient(server.url, "shop", "secret-of-shop").customers(MONTH, 1))
    assert "secret-of-shop" not in f"{error.message} {error.call}"
    assert error.message.startswith("FlexPOS refused Client_id or Client_secret (401: not ")


# -- errors --------------------------------------------------------------------------------------


def test_dates_that_are_refused_are_a_matter_of_this_span(client: FlexPOSClient) -> None:
    error = refusal(lambda: client.customers(Window(NOON - timedelta(days=400), NOON), 1))
    assert isinstance(error, RecordError)
    assert error.message == (
        "FlexPOS refused the dates (400: ModifiedFrom must be within the last year). Choose a later start, then fetch "
        "again."
    )


def test_another_refused_question_needs_attention(shop: FlexPOSAccount, client: FlexPOSClient) -> None:
    shop.fault("refused", path="Customers")
    error = refusal(lambda: client.customers(MONTH, 1))
    assert isinstance(error, ConfigurationError)
    assert "FlexPOS refused the question (400: A refusal was switched on in practice mode)." in error.message


def test_a_resource_the_client_may_not_read_is_named(
    shop: FlexPOSAccount, client: FlexPOSClient, attractions: AttractionsClient
) -> None:
    shop.settings(forbidden="Tickets, Attractions")
    main = refusal(lambda: client.tickets(MONTH, 1))
    other = refusal(lambda: attractions.attractions(1))
    assert isinstance(main, ConfigurationError)
    assert main.message.startswith("FlexPOS doesn't let this Client_id read Tickets (403: This client may not read Ti")
    assert other.message.startswith("FlexPOS Attractions doesn't let this Attraction Client_id read Attractions (403: ")
    assert client.journals(MONTH, 1).total == 0


def test_another_address_has_no_api(shop: FlexPOSAccount, make_client: MakeClient, serve: Any) -> None:
    error = refusal(lambda: make_client(base_url=f"{shop.url}/v2").customers(MONTH, 1))
    assert isinstance(error, ConfigurationError)
    assert error.message.endswith("Check API url in the settings.")
    server = serve(json_reply({"Message": "No HTTP resource was found"}, 404))
    error = refusal(lambda: AttractionsClient(server.url, "shop", "secret-of-shop").attractions(1))
    assert error.message == (
        "There is no FlexPOS Attractions API at this address (404: No HTTP resource was found). Check Attraction API "
        "url in the settings."
    )


def test_429_pauses_for_as_long_as_flexpos_says(shop: FlexPOSAccount, client: FlexPOSClient) -> None:
    shop.fault("too_many", path="Customers", retry_after=7)
    error = refusal(lambda: client.customers(MONTH, 1))
    assert isinstance(error, Throttled)
    assert error.retry_after == 7
    assert client.http.limits.paused_for() > 0


@pytest.mark.parametrize("path", ["token", "Customers"])
@pytest.mark.parametrize(
    "kind", ["html_200", "bad_gateway", "truncated_json", "unavailable", "system_error", "deep_json", "dropped"]
)
def test_what_is_not_flexpos_is_tried_again(shop: FlexPOSAccount, client: FlexPOSClient, kind: str, path: str) -> None:
    # Twice, as a dropped call is sent a second time at once.
    shop.fault(kind, path=path, times=2 if kind == "dropped" else 1)
    assert isinstance(refusal(lambda: client.customers(MONTH, 1)), TemporaryError)
    shop.clear_faults()
    assert client.customers(MONTH, 1).total == 0


def test_a_limit_that_is_told_in_a_200_is_no_empty_page(shop: FlexPOSAccount, client: FlexPOSClient) -> None:
    shop.fault("limit_in_200", path="Customers")
    error = refusal(lambda: client.customers(MONTH, 1))
    assert isinstance(error, TemporaryError)
    assert error.message == "FlexPOS answered in an unexpected form; it will be tried again."
    assert error.call is not None
    assert "API calls exceeded the limit" in error.call.response_body


@pytest.mark.parametrize(
    "body",
    [
        [],
        None,
        {"Data": None, "TotalCount": 0},
        {"Data": []},
        {"Data": [], "TotalCount": "1"},
        {"Data": [], "TotalCount": True},
    ],
)
def test_an_answer_of_another_shape_is_tried_again(serve: Any, body: Any) -> None:
    server = serve(json_reply(body))
    assert isinstance(refusal(lambda: FlexPOSClient(server.url, "shop", "s3cret").customers(MONTH, 1)), TemporaryError)


@pytest.mark.parametrize("body", [[], {}, {"access_token": None}, {"access_token": ""}])
def test_an_answer_without_a_token_is_tried_again(body: Any) -> None:
    with ScriptedServer(json_reply(body)) as server:
        error = refusal(lambda: FlexPOSClient(server.url, "shop", "s3cret").customers(MONTH, 1))
    assert isinstance(error, TemporaryError)
    assert error.message.startswith("FlexPOS answered without a token")


def test_a_row_that_is_none_is_counted(serve: Any) -> None:
    server = serve(json_reply({"Data": [{"CustomerId": 1}, None, "x"], "TotalCount": 3}))
    page = FlexPOSClient(server.url, "shop", "s3cret").customers(MONTH, 1)
    assert page == RowPage([{"CustomerId": 1}, {}, {}], 1, 500, 3)


def test_no_limit_and_few_calls_are_limits_too() -> None:
    rate_limits(0).acquire(deadline=0)
    few = rate_limits(3)
    for _ in range(3):
        few.acquire(deadline=float("inf"))
    with pytest.raises(NotSent):
        few.acquire(deadline=0)
