"""Contactsend's SOAP service, as far as the portal uses it: userdbs, subscribers, subscriptions.

https://explore.contactlab.com/developers has the operations. Two services answer to it: the present one, and that of
2016 without `findSubscribersBy` and `findSubscriptionsBy`; the client finds out which it is.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from integrations.connectors.contactsend import send_read, send_requests
from integrations.connectors.contactsend.send_faults import (
    Refused,
    SubscriberNotFound,
    TokenRefused,
    Unsupported,
    no_token,
)
from integrations.connectors.contactsend.send_requests import EQUALS, LIKE, PAGE, SMALL_PAGE
from integrations.connectors.contactsend.send_token import Token
from integrations.connectors.contactsend.send_types import (
    SendPage,
    SendSource,
    SendSubscriber,
    SendSubscription,
    SendWritten,
)
from integrations.connectors.contactsend.send_values import Typed
from integrations.core.errors import SyncError, TemporaryError
from integrations.core.http import Call
from integrations.core.http.ratelimit import RateLimits, in_lane

if TYPE_CHECKING:
    from integrations.connectors.contactsend.soap_reply import Reply

ADDRESS = "https://soap.contactlab.it/soap/services"
# The newer operations.
BY, SYSTEMS = "findSubscribersBy", "findSubscriptionsBy"
# No account has so many userdbs or forms; a service that says otherwise would keep us for ever.
MOST_PAGES = 100
# Closing must not take long: a token ends by itself, too.
LAST_SECONDS = 1.0
CONTENT = re.compile(r"<content[^>]*>\s*([^<\s]+)")


class SendClient:
    """One account. Usable from many threads; close it after use. Methods raise the errors of core; those of a fault
    are in send_faults. Values come as `Typed` (send_values) and are given back as text."""

    def __init__(
        self,
        address: str,
        user_key: str,
        api_key: str,
        limits: RateLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # zeep and lxml: only where a connection is used.
        from integrations.connectors.contactsend.soap import SoapService

        self._keys = {"apiKey": api_key, "userKey": user_key}
        self._soap = SoapService(bare(address), (api_key, user_key), limits)
        self._token = Token(self._borrow, self._keep_alive, clock)
        self._unknown: set[str] = set()
        self._in_trouble = False

    def close(self) -> None:
        """Gives the token back, unless the service is in trouble."""
        if self._token.value and not self._in_trouble:
            try:
                with in_lane(urgent=True, deadline=time.monotonic() + LAST_SECONDS):
                    self._soap.call("invalidateToken", send_requests.token(self._token.value))
            except SyncError:
                pass
        self._soap.close()

    # -- userdbs ---------------------------------------------------------------------------------

    def sources(self) -> list[SendSource]:
        """Every userdb of the account."""
        return [send_read.source(one) for one in self._all("findSubscriberSources", send_requests.lookup)]

    def source(self, source_id: int) -> SendSource:
        """Raises ConfigurationError when there is none."""
        return send_read.source(self._call("getSubscriberSource", {"sourceIdentifier": source_id}))

    def is_locked(self, source_id: int) -> bool:
        return self._call("isSubscriberSourceLocked", {"subscriberSourceId": source_id}).is_true()

    def count(self, source_id: int) -> int:
        return self._call("countSubscribers", {"sourceIdentifier": source_id}).number()

    # -- reading subscribers ---------------------------------------------------------------------

    def find(self, source_id: int, key: str, value: Typed) -> list[SendSubscriber]:
        """Those with this value in a field, texts in whatever case: more than one share an address. Oldest first and 15
        at most."""
        if value.type != "string":
            return self._find(source_id, key, value, EQUALS)
        # Whether EQUALS sees the case of letters isn't known; LIKE takes _ and % for others, too.
        found = self._find(source_id, key, value, LIKE)
        same = [one for one in found if one.values.get(key, "").strip().casefold() == value.text.strip().casefold()]
        return same if same or len(found) < SMALL_PAGE else self._find(source_id, key, value, EQUALS)

    def _find(self, source_id: int, key: str, value: Typed, mode: str) -> list[SendSubscriber]:
        asked = {"attribute": {"key": key, "value": value}, "lookupPrefs": send_requests.prefs(1, mode)}
        reply = self._call("findSubscribers", {"sourceIdentifier": source_id, **asked})
        return [send_read.subscriber(one) for one in reply.each("currentPageItems")]

    def page(
        self,
        source_id: int,
        number: int,
        identifier_field: str,
        *,
        attributes: Sequence[str] = (),
        changed_field: str = "",
        since: Typed | None = None,
    ) -> SendPage:
        """Page `number` (from 1) by identifier; with `changed_field`, those changed at or after `since`.

        `attributes`: which fields to tell, all by default. The service of 2016 knows neither, and has small pages.
        """
        if BY not in self._unknown:
            where = send_requests.where(changed_field, since)
            try:
                return self._page(
                    BY,
                    {
                        "sourceIdentifier": source_id,
                        "useBaseFilter": False,
                        "selectedAttribute": list(attributes),
                        "whereAttribute": where,
                        "pagination": send_requests.pagination(number, identifier_field),
                    },
                    number,
                    filtered=bool(where),
                )
            except Unsupported:
                self._unknown.add(BY)
        return self._page(
            "findSubscribers", {"sourceIdentifier": source_id, "lookupPrefs": send_requests.prefs(number)}, number
        )

    def subscriber(self, source_id: int, identifier: int) -> SendSubscriber | None:
        """None when there is nobody with this identifier."""
        try:
            reply = self._call("getSubscriber", {"sourceIdentifier": source_id, "subscriberIdentifier": identifier})
        except SubscriberNotFound:
            return None
        return send_read.subscriber(reply)

    # -- writing subscribers ---------------------------------------------------------------------

    def add(self, source_id: int, values: Mapping[str, Typed], identifier: int | None = None) -> SendWritten:
        """A new subscriber, whoever has the same address: look first. `identifier`: where the userdb wants one."""
        subscriber = send_requests.subscriber(values, identifier)
        reply = self._call("addSubscriber", {"sourceIdentifier": source_id, "subscriber": subscriber}, repeatable=False)
        return SendWritten(reply.number("identifier"), reply.call)

    def update(self, source_id: int, identifier: int, values: Mapping[str, Typed]) -> SendWritten:
        """Change these values, nothing else. Raises SubscriberNotFound."""
        subscriber = send_requests.subscriber(values, identifier)
        reply = self._call("updateSubscriber", {"sourceIdentifier": source_id, "subscriber": subscriber})
        return SendWritten(identifier, reply.call)

    def remove(self, source_id: int, identifier: int) -> SendWritten:
        """Raises SubscriberNotFound."""
        values = {"sourceIdentifier": source_id, "recipientIdentifier": identifier}
        reply = self._call("removeSubscriber", values, repeatable=False)
        if not reply.is_true():
            raise TemporaryError(
                _("Contactsend did not remove the subscriber; it will be tried again."), call=reply.call
            )
        return SendWritten(identifier, reply.call)

    # -- subscriptions ---------------------------------------------------------------------------

    def subscriptions(self, source_id: int) -> list[SendSubscription] | None:
        """The subscription systems of a userdb; None where the service can't tell: codes are typed by hand there."""
        if SYSTEMS in self._unknown:
            return None

        def asked(number: int) -> dict[str, Any]:
            return {"attributes": {"subscriberSourceId": source_id}, "pagination": send_requests.pagination(number)}

        try:
            return [send_read.subscription(one) for one in self._all(SYSTEMS, asked)]
        except Unsupported:
            self._unknown.add(SYSTEMS)
            return None

    def set_subscription(self, webform_code: str, identifier: int, subscribed: bool) -> SendWritten:
        """Sets the form's registration field to 1 or -1. Compare first: the call is not needed when it is so already.

        Raises SubscriberNotFound, and ConfigurationError for a code that is none.
        """
        values = {"webFormCode": webform_code, "subscriberIdentifier": identifier, "isSubscribed": subscribed}
        return SendWritten(identifier, self._call("modifySubscriberSubscriptionStatus", values).call)

    # -- underneath ------------------------------------------------------------------------------

    def _call(self, operation: str, values: Mapping[str, Any], *, repeatable: bool = True) -> Reply:
        """A call with the token; once more with another one when it is refused."""
        try:
            reply = self._with_token(operation, values, repeatable)
        except TemporaryError:
            self._in_trouble = True
            raise
        self._in_trouble = False
        return reply

    def _with_token(self, operation: str, values: Mapping[str, Any], repeatable: bool) -> Reply:
        token = self._token.good()
        try:
            return self._soap.call(operation, {**send_requests.token(token), **values}, repeatable=repeatable)
        except TokenRefused:
            token = self._token.good(refused=token)
        return self._soap.call(operation, {**send_requests.token(token), **values}, repeatable=repeatable)

    def _page(self, operation: str, values: Mapping[str, Any], number: int, filtered: bool = False) -> SendPage:
        reply = self._call(operation, values)
        found = [send_read.subscriber(one) for one in reply.each("currentPageItems")]
        size = PAGE if operation == BY else SMALL_PAGE
        return SendPage(found, number, size, send_read.last_page(reply, number, len(found)), filtered)

    def _all(self, operation: str, asked: Callable[[int], dict[str, Any]]) -> Iterator[Reply]:
        for number in range(1, MOST_PAGES + 1):
            reply = self._call(operation, asked(number))
            items = reply.each("currentPageItems")
            yield from items
            if send_read.last_page(reply, number, len(items)):
                return

    def _borrow(self) -> str:
        try:
            reply = self._soap.call("borrowToken", self._keys)
        except SyncError as error:
            _hide_token(error.call)
            failure = no_token(error.reason) if isinstance(error, Refused) else error
            failure.call = error.call
            raise failure from None
        _hide_token(reply.call)
        token = reply.text("content").strip()
        if not token:
            raise TemporaryError(_("Contactsend answered without a token; it will be tried again."), call=reply.call)
        self._soap.http.hide(token)
        return token

    def _keep_alive(self, token: str) -> None:
        reply = self._soap.call("keepaliveToken", send_requests.token(token))
        if not reply.is_true():
            raise TokenRefused(_("Contactsend did not prolong its token; it will be tried again."), call=reply.call)


def bare(address: str) -> str:
    """The service's address however it was typed: without scheme, as that of the WSDL, as the host alone."""
    address = address.strip().partition("?")[0].rstrip("/")
    address = address if "://" in address else f"https://{address}"
    return address if address.count("/") > 2 else f"{address}/soap/services"


def _hide_token(call: Call | None) -> None:
    """Also of an answer that was cut off or isn't what was expected: whatever the call shows is masked by then."""
    if call is not None:
        call.hide(CONTENT.findall(call.response_body))
