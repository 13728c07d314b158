"""Raptor's CDP API, v3: audiences of an activation, their persons, and what changed since a sequence number.

A person's audiences are `memberships`, an audience's persons and changes `membership`: that is how Raptor has it.
Nothing public says how the key is sent and what most answers look like: shapes and the header are our proposal.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.core.errors import ConfigurationError, RecordError, SyncError, TemporaryError
from integrations.core.http import Answer, HttpClient
from integrations.core.http.ratelimit import Limit, RateLimits
from integrations.core.redact import clean
from integrations.sources.cdp.kinds import LAST_ID, as_moment

VENDOR = "Raptor"
# Unknown; ten a second is our proposal.
CALLS_PER_SECOND = 10
# Changes of one answer.
PAGE = 500
LONGEST_REASON = 200
NO_ACTIVATION = gettext_lazy(
    "Raptor doesn't know this activation (404). Check the Activation ID, and that it is active in Raptor."
)


class NotFound(RecordError):
    """Raptor has no such thing (404). `of_audience`: it says itself that the thing is the audience."""

    of_audience = False


class Expired(SyncError):
    """Changes since this sequence number aren't kept any more (410): the audience has to be read as a whole."""


@dataclass(frozen=True)
class Listed:
    """An audience of the activation. `calculated` is when its memberships changed last, if Raptor says."""

    id: str
    name: str
    description: str
    calculated: datetime.datetime | None


@dataclass(frozen=True)
class Page:
    """Persons of an audience as JSON has them; `next` is the address of the page after it."""

    sequence: int
    profiles: list[Any]
    next: str | None


@dataclass(frozen=True)
class Changes:
    """Changes as JSON has them, and the sequence number to go on from."""

    sequence: int
    changes: list[Any]


class RaptorClient:
    """Methods raise the errors of core: ConfigurationError for a refused key, TemporaryError, NotFound and Expired."""

    def __init__(self, base_url: str, header_name: str, api_key: str) -> None:
        self.http = HttpClient(
            base_url,
            vendor=VENDOR,
            headers={header_name: api_key},
            secrets=(api_key,),
            limits=RateLimits({"default": Limit(CALLS_PER_SECOND)}),
            classify=classify,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.http.close()

    def identifiers(self) -> list[str]:
        """Types of the activation's person identifiers."""
        found = listed(self.http.get("api/v3/identifiers"), "identifiers")
        return [str(one.get("type")) for one in found if isinstance(one, dict)]

    def audiences(self, activation_id: str) -> list[Listed]:
        try:
            answer = self.http.get("api/v3/audiences", params={"activationId": activation_id})
        except NotFound as error:
            raise ConfigurationError(str(NO_ACTIVATION), call=error.call) from None
        return [audience(one) for one in listed(answer, "audiences") if isinstance(one, dict) and one.get("id")]

    def membership(self, audience_id: str, page: str = "") -> Page:
        """The first page of an audience's persons, or the one at an address that Raptor gave as `next`."""
        answer = self.http.get(page or f"api/v3/membership/{quote(audience_id, safe='')}")
        profiles, said = listed(answer, "profiles"), answer.json()
        following = said.get("next")
        return Page(number(answer, said), profiles, following if isinstance(following, str) and following else None)

    def changes(self, identifier: str, audience_id: str, sequence: int) -> Changes:
        params = {"audienceId": audience_id, "sequenceNumber": sequence, "limit": PAGE}
        answer = self.http.get(f"api/v3/membership/changes/{quote(identifier, safe='')}", params=params)
        changes, said = listed(answer, "changes"), answer.json()
        reached = number(answer, said)
        if len(changes) >= PAGE:
            # There may be more: from the last of these on.
            numbers = [found for one in changes if (found := whole(one.get("sequenceNumber")))]
            reached = max(numbers, default=sequence)
            if reached <= sequence:
                raise odd(answer, _("a full page of changes that leads nowhere"))
        return Changes(reached, changes)


def classify(answer: Answer) -> None:
    """The errors are our proposal: 401, 404, 410 and `{"error": …}`."""
    if answer.status in (401, 403):
        raise ConfigurationError(
            _("Raptor refused the API key (%(reason)s). Check the API key, the name of its header and the address.")
            % {"reason": reason(answer)}
        )
    if answer.status == 404:
        missing = NotFound(_("Raptor answered: %(reason)s.") % {"reason": reason(answer)})
        missing.of_audience = "audience" in words_of(answer).lower()
        raise missing
    if answer.status == 410:
        raise Expired(_("Raptor answered: %(reason)s.") % {"reason": reason(answer)})
    if answer.status == 400:
        raise RecordError(_("Raptor refused the request: %(reason)s.") % {"reason": reason(answer)})


def reason(answer: Answer) -> str:
    """The status with the words Raptor gave, if it did."""
    return clean(f"{answer.status} {words_of(answer)}", LONGEST_REASON).strip().rstrip(".")


def words_of(answer: Answer) -> str:
    """Of its error; "" when it gave none."""
    try:
        said = answer.json()
    except TemporaryError:
        return ""
    return str(said.get("error") or "") if isinstance(said, dict) else ""


def listed(answer: Answer, name: str) -> list[Any]:
    """Raises TemporaryError for an answer without the list."""
    said = answer.json()
    found = said.get(name) if isinstance(said, dict) else None
    if not isinstance(found, list):
        raise odd(answer, _("without “%(name)s” (%(reason)s)") % {"name": name, "reason": reason(answer)})
    return found


def number(answer: Answer, said: Any) -> int:
    found = whole(said.get("sequenceNumber"))
    if found is None:
        raise odd(answer, _("without a sequence number"))
    return found


def whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LAST_ID else None


def odd(answer: Answer, what: str) -> TemporaryError:
    return TemporaryError(
        _("Raptor's answer came %(what)s; it will be tried again.") % {"what": what}, call=answer.call
    )


def audience(said: dict[str, Any]) -> Listed:
    at = said.get("lastCalculated")
    calculated = as_moment(at) if isinstance(at, str) else None
    return Listed(str(said["id"]).strip(), str(said.get("name") or ""), str(said.get("description") or ""), calculated)
