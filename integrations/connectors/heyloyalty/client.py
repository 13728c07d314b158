"""Heyloyalty's API, as far as the portal uses it. https://github.com/heyloyalty has the vendor's own clients.

PUT on members is left out on purpose: it empties what isn't sent and re-activates whoever unsubscribed.
"""

from __future__ import annotations

import datetime
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from django.utils.translation import gettext as _

# The encoder only: nothing of urllib3 that speaks HTTP.
from urllib3.filepost import encode_multipart_formdata

from integrations.connectors.heyloyalty.fields import MemberList, read_list
from integrations.connectors.heyloyalty.signing import Signature, refusal, sign
from integrations.connectors.heyloyalty.values import Value
from integrations.core.errors import ConfigurationError, RecordError, TemporaryError
from integrations.core.http import Answer, Call, HttpClient
from integrations.core.http.failures import status_failure
from integrations.core.http.ratelimit import RateLimits
from integrations.core.redact import redact, safe_words

VENDOR = "Heyloyalty"
PAGE, LARGEST_PAGE = 50, 5000
# A page of 5,000 members repeats names, labels and options of all their fields.
LARGEST_ANSWER = 32 * 1024 * 1024
# Signing anew for each call would make one more password to be masked a call.
SIGNATURE_SECONDS = 60
# Heyloyalty's words before the name of a field.
NAMED_AFTER = ("field", "column")
LONGEST_ENVELOPE = 2000  # bytes of a success that may be an error in disguise

CREATED = {"create": True, "update": False}

T = TypeVar("T")
Filter = Mapping[str, Mapping[str, Sequence[str]]]
Parameters = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class ListRow:
    id: int
    name: str
    members: int


@dataclass(frozen=True)
class Written:
    """What became of a member that was sent."""

    created: bool
    member_id: str
    call: Call


class NotFound(RecordError):
    """404: which of the things in the address is missing isn't told."""


class Refused(RecordError):
    """400: Heyloyalty's verdict on what it was sent. `reason` is in its words, values masked."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            _(
                "Heyloyalty refused it: %(reason)s. Correct the value at the source or the field mapping, "
                "then press Retry."
            )
            % {"reason": reason}
        )
        self.reason = reason


class HeyloyaltyClient:
    """One account. Usable from many threads; close it after use. Methods raise the errors of core: ConfigurationError
    for refused keys and for a list that is gone, Refused (a RecordError) for refused data. `now` is an aware time."""

    def __init__(
        self,
        api_address: str,
        tracking_address: str,
        api_key: str,
        api_secret: str,
        limits: RateLimits | None = None,
        now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(datetime.UTC),
    ) -> None:
        self._keys = (api_key, api_secret)
        self._hidden: tuple[str, ...] = self._keys
        self._now = now
        self._lock = threading.Lock()
        self._signature: Signature | None = None
        self._signed_at = datetime.datetime.min.replace(tzinfo=datetime.UTC)
        limits = limits or RateLimits()
        self.http = self._http(f"{bare(api_address)}/loyalty", limits)
        self.tracking = self._http(f"{bare(tracking_address)}/api", limits)

    def close(self) -> None:
        self.http.close()
        self.tracking.close()

    # -- lists -----------------------------------------------------------------------------------

    def lists(self) -> list[ListRow]:
        """Every list; an account without any has none."""
        try:
            answer = self._call("GET", "v1/lists")
        except NotFound:
            return []
        return _read(answer, lambda rows: [_list_row(row) for row in rows])

    def list_of(self, list_id: int) -> MemberList:
        """The list with its fields and the ids of their options."""
        return _read(self._of_list("GET", list_id), read_list)

    def add_fields(self, list_id: int, fields: Sequence[Mapping[str, Any]]) -> Call:
        """Add fields and options, or change labels; nothing goes. Read the list again for the ids of new options."""
        return self._of_list("PATCH", list_id, version=2, json={"fields": list(fields)}, idempotent=True).call

    def countries(self) -> dict[str, str]:
        """Country by the id that a list's country_id has."""
        answer = self._call("GET", "v1/lists/countries")
        return _read(answer, lambda said: {str(number): str(name) for number, name in said.items()})

    # -- members ---------------------------------------------------------------------------------

    def members(
        self, list_id: int, page: int = 1, perpage: int = PAGE, filter: Filter | None = None
    ) -> list[dict[str, Any]]:
        """A page (from 1) of the subscribed members, oldest first; `{"email": {"eq": ["ada@example.test"]}}`."""
        query = [("page", page), ("perpage", perpage), ("orderby", "created_at"), ("order", 1)]
        query += [
            (f"filter[{name}][{op}][]", value)
            for name, tests in (filter or {}).items()
            for op, values in tests.items()
            for value in values
        ]
        return _read(self._of_list("GET", list_id, "/members", params=query), _members)

    def member(self, list_id: int, member_id: str) -> dict[str, Any] | None:
        """The member in whatever state, or None when there is nobody of this id."""
        try:
            answer = self._of_member("GET", list_id, member_id)
        except NotFound:
            return None
        return _read(answer, lambda said: {**said, "id": _id(said["id"])})

    def upsert(
        self,
        list_id: int,
        unique_field: str,
        member: Mapping[str, Value],
        skip_opt_in: bool = True,
        search_temporary: bool = True,
    ) -> Written:
        """Create the member, or change the fields sent of the one whose `unique_field` has the same value.

        Decide by `consent` first: what it does to somebody who unsubscribed isn't documented. `search_temporary` also
        finds those who have not confirmed yet.
        """
        body = {
            "unique_field": unique_field,
            "search_temporary": search_temporary,
            "skipOptIn": int(skip_opt_in),
            "member": member,
        }
        answer = self._of_list("POST", list_id, "/members/upsert", json=body, idempotent=True)
        return _read(answer, lambda said: Written(CREATED[said["type"]], _id(said["member_id"]), answer.call))

    def create_member(self, list_id: int, member: Mapping[str, Value], skip_opt_in: bool = True) -> Written:
        """A new member, whoever unsubscribed before under the same address."""
        answer = self._of_list("POST", list_id, "/members", json={**member, "skipOptIn": int(skip_opt_in)})
        return _read(answer, lambda said: Written(True, _id(said["id"]), answer.call))

    def patch_member(self, list_id: int, member_id: str, values: Mapping[str, Value]) -> Call:
        """Change the fields sent, nothing else. Raises NotFound when there is nobody of this id."""
        return self._of_member("PATCH", list_id, member_id, json=dict(values), idempotent=True).call

    def unsubscribe(self, list_id: int, member_id: str) -> Call:
        """Raises NotFound when there is nobody of this id."""
        return self._of_member("DELETE", list_id, member_id).call

    # -- imports ---------------------------------------------------------------------------------

    def import_members(self, list_id: int, csv: bytes, options: Parameters) -> Call:
        """Queue a file (`bulk` makes it). What becomes of its rows is told by mail only."""
        body, content_type = multipart(csv, options)
        with _refused_whole(_("Read the fields of the list anew and check the field mapping.")):
            return _queued(self._of_list("POST", list_id, "/import", data=body, content_type=content_type))

    def import_transactions(self, tracking_id: str, csv: bytes, options: Parameters) -> Call:
        """Queue a file of purchases (`tracking` makes it). Sent twice, they are there twice."""
        return self._track("transaction", tracking_id, csv, options)

    def import_bookings(self, tracking_id: str, csv: bytes, options: Parameters) -> Call:
        return self._track("booking", tracking_id, csv, options)

    # -- webhooks --------------------------------------------------------------------------------

    def webhooks(self, list_id: int) -> list[dict[str, Any]]:
        """id, url, contact_email and webhookTriggers of each. Addresses may hold secrets: `http.hide` those known."""
        return _read(self._of_list("GET", list_id, "/webhooks"), lambda rows: [dict(row) for row in rows])

    def add_webhook(self, list_id: int, url: str, contact_email: str, types: Sequence[str]) -> int:
        """Have the list call `url` for `types`: subscribe, update, unsubscribe, … Its id."""
        self.http.hide(url)
        body = {"url": url, "contact_email": contact_email, "webhookTriggers": dict.fromkeys(types, 1)}
        answer = self._of_list("POST", list_id, "/webhooks", json=body)
        return _read(answer, lambda said: int(said["id"]))

    # -- underneath ------------------------------------------------------------------------------

    def _http(self, base_url: str, limits: RateLimits) -> HttpClient:
        return HttpClient(
            base_url,
            vendor=VENDOR,
            secrets=self._keys,
            limits=limits,
            classify=self._classify,
            max_bytes=LARGEST_ANSWER,
        )

    def _signed(self) -> dict[str, str]:
        """The headers of a call made now."""
        now = self._now()
        with self._lock:
            if self._signature is None or abs((now - self._signed_at).total_seconds()) >= SIGNATURE_SECONDS:
                self._signature, self._signed_at = sign(*self._keys, now), now
                self._hidden = (*self._keys, self._signature.digest, self._signature.password)
                self.http.hide(*self._hidden)
                self.tracking.hide(*self._hidden)
            return self._signature.headers

    def _call(self, method: str, path: str, content_type: str = "", **options: Any) -> Answer:
        headers = self._signed() | ({"Content-Type": content_type} if content_type else {})
        return self.http.request(method, path, headers=headers, **options)

    def _of_list(self, method: str, list_id: int, path: str = "", version: int = 1, **options: Any) -> Answer:
        """Raises ConfigurationError when there is no such list."""
        try:
            return self._call(method, f"v{version}/lists/{list_id}{path}", **options)
        except NotFound as error:
            call = error.call
        raise ConfigurationError(
            _(
                "The list %(list)s is gone: Heyloyalty has none of this number in this account. Choose "
                "another under Settings."
            )
            % {"list": list_id},
            call=call,
        )

    def _of_member(self, method: str, list_id: int, member_id: str, **options: Any) -> Answer:
        """Raises NotFound for the member, ConfigurationError when it is the list that is missing."""
        try:
            return self._call(method, f"v1/lists/{list_id}/members/{quote(member_id, safe='')}", **options)
        except NotFound as error:
            missing = error
        self._of_list("GET", list_id)
        raise missing

    def _track(self, kind: str, tracking_id: str, csv: bytes, options: Parameters) -> Call:
        body, content_type = multipart(csv, options)
        path, headers = f"{kind}/import/{quote(tracking_id, safe='')}", self._signed() | {"Content-Type": content_type}
        with _refused_whole(_("Check the Tracking ID, and that the list has the tracking integration in Heyloyalty.")):
            return _queued(self.tracking.request("POST", path, data=body, headers=headers))

    def _classify(self, answer: Answer) -> None:
        """Raise what Heyloyalty's errors mean; a success with a `code` other than 200 is one, too."""
        said = envelope(answer)
        status = answer.status
        if status < 300 and str(said.get("code", "200")).isdecimal():
            status = int(said.get("code", status))
        if status in (401, 403):
            raise ConfigurationError(refusal(status, answer.headers.get("Date", ""), self._now()))
        if status == 404:
            raise _not_found(said)
        if status in (400, 409, 422) or (status < 300 and ("error" in said or said.get("status") == "error")):
            reason = str(said.get("error") or said.get("message") or _("no reason given"))
            raise Refused(safe_words(redact(reason, self._hidden), names_after=NAMED_AFTER))
        if status != answer.status and (failure := status_failure(VENDOR, status, answer.headers)):
            raise failure


def bare(address: str) -> str:
    """An address however it was typed: bare name, with scheme, with /loyalty/v1 or /api on the end."""
    address = re.sub(r"(/loyalty(/v\d)?|/api)?/*$", "", address.strip())
    return address if "://" in address else f"https://{address}"


def multipart(csv: bytes, options: Parameters) -> tuple[bytes, str]:
    """The body of an import and its Content-Type; lists are written as PHP reads them: `name[]`."""
    parts: list[tuple[str, Any]] = [("file", ("import.csv", csv, "text/csv"))]
    for name, value in options.items():
        parts += [(name, value)] if isinstance(value, str) else [(f"{name}[]", one) for one in value]
    return encode_multipart_formdata(parts)


def envelope(answer: Answer) -> dict[str, Any]:
    """The object in which Heyloyalty reports an error, or nothing. Members and what was created have an id."""
    if answer.status < 300 and len(answer.body) > LONGEST_ENVELOPE:
        return {}
    try:
        said = answer.json() if answer.body else {}
    except TemporaryError:
        return {}
    if not isinstance(said, dict) or (answer.status < 300 and ("id" in said or "member_id" in said)):
        return {}
    return said


def _not_found(said: Mapping[str, Any]) -> RecordError | ConfigurationError:
    if said.get("message") or said.get("error"):
        return NotFound(_("Heyloyalty doesn't have it any more (404 Not Found)."))
    return ConfigurationError(_("There is no Heyloyalty API at this address. Check the API address in the settings."))


@contextmanager
def _refused_whole(hint: str) -> Iterator[None]:
    """Rows are judged later, so a file that is refused at once is about the settings."""
    try:
        yield
    except Refused as error:
        raise ConfigurationError(
            _("Heyloyalty refused the import: %(reason)s. %(hint)s") % {"reason": error.reason, "hint": hint},
            call=error.call,
        ) from None
    except NotFound as error:
        raise ConfigurationError(
            _("Heyloyalty has no such import address. %(hint)s") % {"hint": hint}, call=error.call
        ) from None


def _queued(answer: Answer) -> Call:
    """What it says isn't documented; but a page of HTML would be somebody else's answer."""
    if answer.body.strip():
        answer.json()
    return answer.call


def _read(answer: Answer, read: Callable[[Any], T]) -> T:
    """The answer in our form. Raises TemporaryError when it isn't JSON or not of the form expected."""
    try:
        return read(answer.json())
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
        pass  # raised below: the exception may hold values, and would hang on as __context__
    raise TemporaryError(_("Heyloyalty answered in an unexpected form; it will be tried again."), call=answer.call)


def _members(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [dict(member) for member in said["members"]]


def _list_row(row: Mapping[str, Any]) -> ListRow:
    return ListRow(int(row["id"]), str(row.get("name") or row["id"]), int(row.get("members") or 0))


def _id(value: Any) -> str:
    if not value:
        raise ValueError(_("no id"))
    return str(value)
