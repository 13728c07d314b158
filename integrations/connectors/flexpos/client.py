"""FlexPOS's REST API, as far as members and orders need it. It has no public reference: shapes are the agreed ones.

Two APIs, each with an address, clients, tokens and a limit of its own: the main one, and Attractions.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.connectors.flexpos.customers import EVERYBODY, CustomerFilter, Row
from integrations.connectors.flexpos.windows import Window
from integrations.core.errors import ConfigurationError, RecordError, TemporaryError
from integrations.core.http import Answer, HttpClient
from integrations.core.http.ratelimit import Limit, RateLimits

TOKEN_PATH = "oauth/token"  # noqa: S105 – a path
LARGEST_PAGE = 500
LONGEST_REASON = 200
# Of attractions; a vendor that turns no pages is not asked for ever.
MOST_PAGES = 20
REASONS = ("Message", "error_description", "error")
DATES = ("ModifiedFrom", "ModifiedTo")
# In small portions: a few calls go at once, many go evenly and none waits for a whole minute.
PORTIONS_A_MINUTE, PORTION_SECONDS = 6, 10.1
NO_API = gettext_lazy("There is no %(vendor)s API at this address%(words)s. Check %(api_url)s in the settings.")
CLIENT_REFUSED = gettext_lazy(
    "%(vendor)s refused %(client_id)s or %(client_secret)s%(words)s. Enter both again as FlexPOS "
    "support gave them to you; what is waiting is kept."
)
TOKEN_REFUSED = gettext_lazy(
    "%(vendor)s refused its own token%(words)s. Check that %(client_id)s belongs to this %(api_url)s."
)
NOT_OPEN = gettext_lazy(
    "%(vendor)s doesn't let this %(client_id)s read %(what)s%(words)s. Ask FlexPOS support to "
    "open it, or don't fetch it."
)
DATES_REFUSED = gettext_lazy("%(vendor)s refused the dates%(said)s. Choose a later start, then fetch again.")
QUESTION_REFUSED = gettext_lazy(
    "%(vendor)s refused the question%(said)s. Check which customers are fetched; if that is "
    "right, show this to FlexPOS support."
)


@dataclass(frozen=True)
class Realm:
    """One of the two APIs, and what the settings page calls what opens it."""

    vendor: str
    client_id: str
    client_secret: str
    api_url: str


MAIN = Realm("FlexPOS", "Client_id", "Client_secret", "API url")
ATTRACTIONS = Realm("FlexPOS Attractions", "Attraction Client_id", "Attraction Client_secret", "Attraction API url")


@dataclass(frozen=True)
class RowPage:
    """One page (1-based) of what a window holds: `size` rows at most, `total` on all pages."""

    rows: list[Row]
    page: int
    size: int
    total: int


class TokenRefused(ConfigurationError):
    """A token is refused: it has run out, or belongs somewhere else."""


def rate_limits(calls_per_minute: int) -> RateLimits:
    """The limit of one realm, token calls included; 0 means none."""
    portion = calls_per_minute // PORTIONS_A_MINUTE
    return RateLimits({"default": Limit(portion, PORTION_SECONDS) if portion else Limit(calls_per_minute, 60.5)})


class _Client:
    """What both APIs share. Methods raise the errors of core: ConfigurationError for a refused client or address,
    RecordError for refused dates, TemporaryError for an answer that isn't what was agreed. Thread-safe."""

    realm: Realm

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        limits: RateLimits | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> None:
        self._form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        self._page_size = min(page_size, LARGEST_PAGE)
        self._token = ""
        self._lock = threading.Lock()
        self.http = HttpClient(
            base_url, vendor=self.realm.vendor, secrets=(client_secret,), limits=limits, classify=self._classify
        )

    def close(self) -> None:
        self.http.close()

    def _changed(self, resource: str, window: Window, page: int, filters: Mapping[str, str] | None = None) -> RowPage:
        dates = dict(zip(DATES, (window.modified_from, window.modified_to), strict=True))
        return self._page(resource, page, {**dates, **(filters or {})})

    def _page(self, resource: str, page: int, parameters: Mapping[str, str]) -> RowPage:
        query = {**parameters, "Page": page, "PageSize": self._page_size}
        token = self._token_after("")
        try:
            answer = self._get(resource, query, token)
        except TokenRefused:
            answer = self._get(resource, query, self._token_after(token))
        return page_of(answer, page, self._page_size)

    def _get(self, resource: str, query: Mapping[str, Any], token: str) -> Answer:
        return self.http.get(resource, params=query, headers={"Authorization": f"Bearer {token}"})

    def _token_after(self, refused: str) -> str:
        """The token in use; a new one when that is the one that was refused. One call, however many threads ask."""
        with self._lock:
            if self._token == refused:
                self._token = self._new_token()
            return self._token

    def _new_token(self) -> str:
        answer = self.http.post(TOKEN_PATH, data=self._form, idempotent=True, reads=True)
        body = answer.json()
        token = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(token, str) or not token:
            raise TemporaryError(
                _("%(vendor)s answered without a token; it will be tried again.") % {"vendor": self.realm.vendor},
                call=answer.call,
            )
        self.http.hide(token)
        return token

    def _classify(self, answer: Answer) -> None:
        """What FlexPOS means by an error: `{"Message": …}`, OAuth2's own form (RFC 6749, 5.2) where tokens are made."""
        if answer.status == 404:
            raise ConfigurationError(self._said(NO_API, answer))
        if urlsplit(answer.call.url).path.endswith(TOKEN_PATH) and answer.status in (400, 401, 403):
            raise ConfigurationError(self._said(CLIENT_REFUSED, answer))
        if answer.status == 401:
            raise TokenRefused(self._said(TOKEN_REFUSED, answer))
        if answer.status == 403:
            raise ConfigurationError(self._said(NOT_OPEN, answer))
        if answer.status == 400:
            # Refused dates are a matter of this span alone; anything else would be refused in every run.
            if any(name in words(answer) for name in DATES):
                raise RecordError(self._said(DATES_REFUSED, answer))
            raise ConfigurationError(self._said(QUESTION_REFUSED, answer))

    def _said(self, sentence: Any, answer: Answer) -> str:
        """The sentence with what the settings page calls things, and with FlexPOS's own words."""
        what, said = urlsplit(answer.call.url).path.rpartition("/")[2], words(answer)
        return str(sentence) % {**asdict(self.realm), "what": what, "words": said, "said": said}


class AttractionsClient(_Client):
    """The Attractions API, for those who sell tickets or memberships."""

    realm = ATTRACTIONS
    _known: dict[str, Row] | None = None

    def by_id(self) -> dict[str, Row]:
        """All attractions by AttractionId, read once."""
        if self._known is None:
            known: dict[str, Row] = {}
            for page in range(1, MOST_PAGES + 1):
                found = self.attractions(page)
                known |= {str(row.get("AttractionId")): row for row in found.rows}
                if not found.rows or len(known) >= found.total:
                    break
            self._known = known
        return self._known

    def attractions(self, page: int) -> RowPage:
        """All that can be booked: it has no dates to ask by."""
        return self._page("Attractions", page, {})


class FlexPOSClient(_Client):
    """The main API. With `attractions`, which it closes, tickets tell what they are for."""

    realm = MAIN

    def __init__(self, *account: Any, attractions: AttractionsClient | None = None, **options: Any) -> None:
        super().__init__(*account, **options)
        self._attractions = attractions

    def close(self) -> None:
        super().close()
        if self._attractions is not None:
            self._attractions.close()

    def customers(self, window: Window, page: int, filters: CustomerFilter = EVERYBODY) -> RowPage:
        """Customers changed in the window. FlexPOS may ignore `filters`: filter again."""
        return self._changed("Customers", window, page, filters.parameters())

    def journals(self, window: Window, page: int) -> RowPage:
        """Receipts of the tills, each with its Lines."""
        return self._changed("Journals", window, page)

    def tickets(self, window: Window, page: int) -> RowPage:
        """Bookings, each with its attraction under Attraction: {"Name": "Sommershow", "IsMembership": false, …}."""
        found = self._changed("Tickets", window, page)
        if self._attractions is None or not found.rows:
            return found
        known = self._attractions.by_id()
        return replace(
            found, rows=[{"Attraction": known.get(str(row.get("AttractionId"))), **row} for row in found.rows]
        )


def page_of(answer: Answer, page: int, size: int) -> RowPage:
    """The page in an answer; `page` and `size` are what was asked for. A row that is none comes as an empty one.

    Raises TemporaryError for another shape.
    """
    body = answer.json()
    found = body if isinstance(body, dict) else {}
    rows, total, given = found.get("Data"), found.get("TotalCount"), found.get("PageSize")
    if not isinstance(rows, list) or not _is_number(total):
        raise TemporaryError(
            _("%(vendor)s answered in an unexpected form; it will be tried again.") % {"vendor": answer.vendor},
            call=answer.call,
        )
    clean = [row if isinstance(row, dict) else {} for row in rows]
    return RowPage(clean, page, given if _is_number(given) else size, total)


def words(answer: Answer) -> str:
    """` (401: Unknown client)`: the status and what FlexPOS said, if it did."""
    try:
        body = answer.json()
    except TemporaryError:
        body = None
    found = body if isinstance(body, dict) else {}
    said = next((str(found[name]) for name in REASONS if found.get(name)), "")
    return f" ({answer.status}: {said[:LONGEST_REASON].rstrip('.')})" if said else f" ({answer.status})"


def _is_number(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
