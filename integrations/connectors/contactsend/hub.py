"""Contacthub's REST API, as far as the portal uses it. https://github.com/contactlab has the vendor's own clients.

PUT on customers is left out on purpose: it clears what isn't sent. Subscriptions are written by their own resource:
what a PATCH does to lists inside base isn't documented.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus

from integrations.connectors.contactsend.hub_answers import (
    Customer,
    CustomerPage,
    Me,
    Node,
    Subscribed,
    Updates,
    Written,
    customer_of,
    me_of,
    nodes_of,
    page_of,
    read,
    schema_of,
    subscription_of,
    subscriptions_of,
    updates_of,
)
from integrations.connectors.contactsend.hub_changes import EQUALS, UPDATED_AT, Query, changed_since, where
from integrations.connectors.contactsend.hub_errors import VENDOR, Forbidden, NoSuchSubscription, classify
from integrations.core.errors import SyncError
from integrations.core.http import Answer, Call, HttpClient
from integrations.core.http.ratelimit import Limit, RateLimits

LARGEST_PAGE = 50
# 64 KB each of base, extended and extra make 192 KB of the largest customer: 250 of them fit into the largest answer.
# The vendor would give 4,000 updates a call.
UPDATES_PAGE = 250
LARGEST_ANSWER = 48 * 1024 * 1024
# The vendor documents no limit.
CALLS_PER_SECOND = 5
# Lists and queries are that far behind what was written, as the vendor's own tests of its SDK have it.
SEARCH_LAG = datetime.timedelta(seconds=40)


def rate_limits(calls_per_second: int = CALLS_PER_SECOND) -> RateLimits:
    """The limit of one workspace; 0 means none."""
    return RateLimits({"default": Limit(calls_per_second)})


class HubClient:
    """One workspace by the token of one source. Usable from many threads; close it after use.

    Methods raise the errors of core, and of `hub_errors`: Forbidden where the token's role doesn't reach (a
    ConfigurationError: other calls may work), ConfigurationError for a refused token, a workspace or a node that is
    gone, Refused for refused data, NoSuchCustomer, Conflict.
    """

    def __init__(self, base_url: str, workspace: str, token: str, limits: RateLimits | None = None) -> None:
        self._token = token
        self._workspace = f"workspaces/{quote(workspace.strip(), safe='')}"
        self.http = HttpClient(
            address(base_url),
            vendor=VENDOR,
            headers={"Authorization": f"Bearer {token}"},
            secrets=(token,),
            limits=limits or rate_limits(),
            classify=classify,
            max_bytes=LARGEST_ANSWER,
        )

    def close(self) -> None:
        self.http.close()

    # -- the workspace ---------------------------------------------------------------------------

    def me(self) -> Me:
        """Works for every token: the first step of a connection check. It doesn't look at the workspace."""
        return read(self.http.get("me"), me_of)

    def nodes(self) -> list[Node]:
        """Entries and views. Raises Forbidden for the token of an application."""
        entries = read(self._get("configuration/nodes/entries"), lambda said: nodes_of(said, False))
        return entries + read(self._get("configuration/nodes/views"), lambda said: nodes_of(said, True))

    def extended_schema(self) -> dict[str, Any]:
        """The JSON schema of the workspace's extended properties; {} when it declares none."""
        return read(self._get("configuration/properties/extended"), schema_of)

    def source_of_token(self) -> str | None:
        """What `updatedBy` will name for our own writes. None where the token may not ask, or isn't a source's:
        `written_by` tells it of the first customer we wrote."""
        try:
            answer = self._get("configuration/sources")
        except Forbidden:
            return None
        sources = read(answer, lambda said: [dict(one) for one in said["elements"]])
        # Other sources' userKeys have no secret's name.
        keys = (source["properties"].get("userKey") for source in sources if isinstance(source.get("properties"), dict))
        answer.call.hide(str(key) for key in keys if key)
        return next((str(source["id"]) for source in sources if source.get("token") == self._token), None)

    # -- reading customers -----------------------------------------------------------------------

    def count_customers(self, node: str) -> int:
        return self.customers(node, size=1, fields=("id",)).total

    def customers(
        self,
        node: str,
        page: int = 0,
        size: int = LARGEST_PAGE,
        fields: Sequence[str] = (),
        query: Query | None = None,
        sort: str = "",
    ) -> CustomerPage:
        """A page (from 0) of a node, SEARCH_LAG behind. `fields`: dotted paths of what is wanted, all by default.

        `query` is made by `where`; `sort` is `attribute,asc` or `attribute,desc`.
        """
        params = {
            "nodeId": node,
            "page": page,
            "size": size,
            "fields": ",".join(fields) or None,
            "query": json.dumps(query, ensure_ascii=False, separators=(",", ":")) if query else None,
            "sort": sort or None,
        }
        return read(self._get("customers", params=params), lambda said: page_of(said, size))

    def customers_updated_since(
        self, node: str, moment: datetime.datetime, size: int = LARGEST_PAGE
    ) -> Iterator[list[Customer]]:
        """Pages of those changed at this moment or later, the oldest change first, none left out whoever changes
        meanwhile. Start SEARCH_LAG before the last change known."""
        look = partial(self.customers, node, size=size)
        return changed_since(look, moment)

    def find_by(self, node: str, attribute: str, value: str) -> list[Customer]:
        """Customers whose attribute (a dotted path) has exactly this value, 50 at most, SEARCH_LAG behind."""
        try:
            return self.customers(node, query=where(attribute, EQUALS, value)).customers
        except SyncError as error:
            error.hide([value, quote_plus(value)])
            raise

    def customer(self, customer_id: str) -> Customer:
        """As it is now. Raises NoSuchCustomer."""
        return read(self._get(customer_path(customer_id)), customer_of)

    # -- the update stream -----------------------------------------------------------------------

    def updates(self, node: str, offset: int, size: int = UPDATES_PAGE) -> Updates:
        """What happened after an offset, in order. Raises Forbidden for the token of an application."""
        params = {"nodeId": node, "entity": "CUSTOMER", "offset": offset, "size": size}
        return read(self._get("updates", params=params), lambda said: updates_of(said, offset))

    def last_offset(self, node: str) -> int:
        """Where the stream is now: what happens from here on comes after it."""
        params = {"nodeId": node, "entity": "CUSTOMER"}
        return read(self._get("updates/last-offset", params=params), lambda said: int(said["lastOffset"]))

    # -- writing customers -----------------------------------------------------------------------

    def create_customer(self, node: str, body: Mapping[str, Any]) -> Written:
        """A new customer; `body` is made by `write_hub`. Raises Conflict, which may name the customer to PATCH.

        A workspace that merges changes the customer it has instead, and doesn't say so: it is older than this change.
        """
        answer = self._call("POST", "customers", json={**body, "nodeId": node})
        customer = read(answer, customer_of)
        was_there = customer.get("registeredAt") != customer.get(UPDATED_AT)
        return Written(customer, answer.call, merged=was_there or answer.status != 201)

    def patch_customer(self, customer_id: str, body: Mapping[str, Any]) -> Written:
        """Change what is sent, nothing else. Raises NoSuchCustomer; Conflict when somebody else has the address."""
        answer = self._call("PATCH", customer_path(customer_id), json=dict(body), idempotent=True)
        return Written(read(answer, customer_of), answer.call)

    def delete_customer(self, customer_id: str) -> Call:
        """With the customer's events. Raises NoSuchCustomer when it is gone already."""
        return self._call("DELETE", customer_path(customer_id)).call

    # -- subscriptions ---------------------------------------------------------------------------

    def subscriptions(self, customer_id: str) -> list[dict[str, Any]]:
        """All of a customer's: the API has no list of its own for them."""
        return subscriptions_of(self.customer(customer_id))

    def subscription(self, customer_id: str, subscription_id: str) -> dict[str, Any]:
        """Raises NoSuchSubscription."""
        answer = self._get(subscription_path(customer_id, subscription_id))
        return read(answer, lambda said: subscription_of(said, subscription_id))

    def post_subscription(self, customer_id: str, subscription: Mapping[str, Any]) -> Subscribed:
        """A new one; `{"id": …, "subscribed": true}`. Raises Conflict when it is there, NoSuchCustomer."""
        answer = self._call("POST", f"{customer_path(customer_id)}/subscriptions", json=without_nulls(subscription))
        return subscribed(answer, subscription)

    def put_subscription(self, customer_id: str, subscription: Mapping[str, Any]) -> Subscribed:
        """Sets the whole of one, new or old: start from what a read told, or its other values are cleared.

        Nulls are left out, as enums refuse theirs.
        """
        path = subscription_path(customer_id, str(subscription["id"]))
        try:
            answer = self._call("PUT", path, json=without_nulls(subscription))
        except NoSuchSubscription:
            return self.post_subscription(customer_id, subscription)
        return subscribed(answer, subscription)

    # -- underneath ------------------------------------------------------------------------------

    def _get(self, path: str, **options: Any) -> Answer:
        return self._call("GET", path, **options)

    def _call(self, method: str, path: str, **options: Any) -> Answer:
        return self.http.request(method, f"{self._workspace}/{path}", **options)


def address(typed: str) -> str:
    """The API's address however it was typed: bare name, with scheme, with /hub/v1 on the end or without."""
    typed = re.sub(r"(/hub(/v1)?)?/*$", "", typed.strip())
    return f"{typed if '://' in typed else f'https://{typed}'}/hub/v1"


def customer_path(customer_id: str) -> str:
    return f"customers/{quote(customer_id, safe='')}"


def subscription_path(customer_id: str, subscription_id: str) -> str:
    return f"{customer_path(customer_id)}/subscriptions/{quote(subscription_id, safe='')}"


def without_nulls(subscription: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in subscription.items() if value is not None}


def subscribed(answer: Answer, sent: Mapping[str, Any]) -> Subscribed:
    return Subscribed(read(answer, lambda said: subscription_of(said, str(sent["id"]))), answer.call)
