"""The table of operations: what each is made of, in the schema's order, and who does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.contactsend import reads, writes
from integrations.sandbox.contactsend.calls import ApiCall

SOURCE = ("token", "sourceIdentifier")


@dataclass(frozen=True, slots=True)
class Operation:
    """`newer`: not in the WSDL of 2016."""

    children: tuple[str, ...]
    view: Callable[[ApiCall], Any]
    newer: bool = False


def keep_alive(call: ApiCall) -> bool:
    call.account.tokens.keep_alive(token_of(call), call.account.token_seconds)
    return True


def invalidate(call: ApiCall) -> bool:
    call.account.tokens.invalidate(token_of(call))
    return True


def token_of(call: ApiCall) -> str:
    return (call.element.findtext("token/content") or "").strip()


OPERATIONS = {
    "keepaliveToken": Operation(("token",), keep_alive),
    "invalidateToken": Operation(("token",), invalidate),
    "findSubscriberSources": Operation(("token", "lookupPrefs"), reads.find_sources),
    "getSubscriberSource": Operation(SOURCE, reads.get_source),
    "isSubscriberSourceLocked": Operation(("token", "subscriberSourceId"), reads.is_locked),
    "countSubscribers": Operation(SOURCE, reads.count_subscribers),
    "findSubscribers": Operation((*SOURCE, "attribute", "lookupPrefs"), reads.find_subscribers),
    "findSubscribersBy": Operation(
        (*SOURCE, "filterId", "useBaseFilter", "selectedAttribute", "whereAttribute", "pagination"),
        reads.find_subscribers_by,
        newer=True,
    ),
    "getSubscriber": Operation((*SOURCE, "subscriberIdentifier"), reads.get_subscriber),
    "addSubscriber": Operation((*SOURCE, "subscriber"), writes.add_subscriber),
    "addSubscribers": Operation((*SOURCE, "subscribers"), writes.add_subscribers),
    "updateSubscriber": Operation((*SOURCE, "subscriber"), writes.update_subscriber),
    "removeSubscriber": Operation((*SOURCE, "recipientIdentifier"), writes.remove_subscriber),
    "findSubscriptionsBy": Operation(("token", "attributes", "pagination"), reads.find_subscriptions_by, newer=True),
    "modifySubscriberSubscriptionStatus": Operation(
        ("token", "webFormCode", "subscriberIdentifier", "isSubscribed"), writes.modify_subscription
    ),
}
