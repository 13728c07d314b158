"""What Contacthub means by an error: `{"message", "logref", "data", "errors": [{"message", "path", …}]}`.

The texts `workspace not found: …` and `node not found …` are the vendor's; no other text is relied upon.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from integrations.core.errors import ConfigurationError, RecordError, TemporaryError
from integrations.core.http import Answer
from integrations.core.http.failures import parse_retry_after
from integrations.core.redact import LONGEST_REASON, MASK, clean, without_addresses

VENDOR = "Contacthub"
LONGEST_PATH = 100
LONGEST_ENVELOPE = 4000  # bytes of a success that may be an error in disguise
SHOWN_PROBLEMS = 3
NO_WORKSPACE, NO_NODE = "workspace not found", "node not found"
# Method and known words of the path below the workspace -> what the call was to do.
DOING = {
    "GET updates": "read the update stream",
    "GET updates/last-offset": "read the update stream",
    "GET configuration/nodes/entries": "read the nodes",
    "GET configuration/nodes/views": "read the aggregate nodes",
    "GET configuration/properties/base": "read the fields",
    "GET configuration/properties/extended": "read the extended fields",
    "GET configuration/sources": "read the sources",
    "GET customers": "read customers",
    "POST customers": "create customers",
    "PATCH customers": "change customers",
    "DELETE customers": "delete customers",
    "GET customers/subscriptions": "read subscriptions",
    "POST customers/subscriptions": "change subscriptions",
    "PUT customers/subscriptions": "change subscriptions",
}
PATH_WORDS = frozenset(word for doing in DOING for word in doing.partition(" ")[2].split("/"))


class Forbidden(ConfigurationError):
    """403: the role of the token doesn't allow this call; `doing` says what it was to do. Others may be allowed."""

    def __init__(self, doing: str) -> None:
        super().__init__(
            f"The token may not {doing}: Contacthub doesn't allow it to the role of this source (403). Ask who manages "
            "the workspace for a token whose role may."
        )
        self.doing = doing


class NoSuchCustomer(RecordError):
    """404: the customer was deleted in Contacthub."""

    def __init__(self) -> None:
        super().__init__("Contacthub doesn't have this customer any more. Press Retry to have it looked for anew.")


class NoSuchSubscription(RecordError):
    """404: the customer doesn't have this subscription, or Contacthub doesn't have the customer."""

    def __init__(self) -> None:
        super().__init__("Contacthub doesn't have this subscription of the customer.")


class Conflict(RecordError):
    """409: Contacthub has this already. `customer_id` is that of the customer it has, None when that isn't told."""

    def __init__(self, customer_id: str | None) -> None:
        super().__init__(
            "Contacthub has a customer with these identifying values already."
            if customer_id
            else "Contacthub has a customer with these identifying values already, but doesn't tell this token which "
            "one. Use the token of a trusted source, or merge the two customers in Contacthub, then press Retry."
        )
        self.customer_id = customer_id


class Refused(RecordError):
    """400: Contacthub's verdict on what it was sent. `reason` names the fields, in its words, values masked."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"Contacthub refused {reason}. Correct the value at the source or the field mapping, then press Retry."
        )


def classify(answer: Answer) -> None:
    """Raise what an answer means; what isn't Contacthub's own (5xx, redirects, a proxy's) is left to its status."""
    said = envelope(answer)
    if answer.status < 300 and said is not None:
        raise TemporaryError("Contacthub answered with an error in a success; it will be tried again.")
    if answer.status == 401:
        raise ConfigurationError(
            "Contacthub refused the token (401). Copy it again from the source's Token tab in Contacthub and enter it "
            "in the settings; what is waiting is kept."
        )
    if answer.status == 404 and said is None:
        raise ConfigurationError("There is no Contacthub API at this address. Check the API address in the settings.")
    if answer.status == 423:
        wait = parse_retry_after(answer.headers.get("Retry-After"))
        raise TemporaryError("Contacthub is reindexing this workspace; it will be tried again.", retry_after=wait)
    if said is not None and (judge := JUDGES.get(answer.status)):
        judge(answer, said)


def forbidden(answer: Answer, said: dict[str, Any]) -> None:
    if str(said.get("message")).startswith(NO_WORKSPACE):
        raise ConfigurationError(
            "Contacthub has no workspace of this ID, or the token belongs to another one (403). Check the Workspace ID "
            "and the token in the settings."
        )
    raise Forbidden(doing(answer))


def not_found(answer: Answer, said: dict[str, Any]) -> None:
    if str(said.get("message")).startswith(NO_NODE):
        raise ConfigurationError(
            "The node is gone: Contacthub has none of this ID in the workspace (404). Choose another under Settings."
        )
    below = below_workspace(answer)
    if below[:1] == ["customers"] and len(below) >= 4:
        raise NoSuchSubscription
    if below[:1] == ["customers"] and len(below) >= 2:
        raise NoSuchCustomer
    raise ConfigurationError("Contacthub doesn't know this call (404). Check the API address in the settings.")


def conflict(answer: Answer, said: dict[str, Any]) -> None:
    data = said.get("data")
    customer = data.get("customer") if isinstance(data, dict) else None
    customer_id = customer.get("id") if isinstance(customer, dict) else None
    raise Conflict(str(customer_id) if customer_id else None)


def refused(answer: Answer, said: dict[str, Any]) -> None:
    problems = [one for one in said.get("errors") or () if isinstance(one, dict)][:SHOWN_PROBLEMS]
    named = [f"{field_of(one.get('path')) or 'the record'} ({safe_words(one.get('message'))})" for one in problems]
    raise Refused(", ".join(named) or f"it: {safe_words(said.get('message'))}")


JUDGES = {400: refused, 403: forbidden, 404: not_found, 409: conflict}


def envelope(answer: Answer) -> dict[str, Any] | None:
    """The object in which Contacthub reports an error, {} when it reports one without words.

    None when the answer is no error, or not Contacthub's own but a proxy's.
    """
    if answer.status < 300 and (len(answer.body) > LONGEST_ENVELOPE or b'"logref"' not in answer.body):
        return None
    if not answer.body.strip():
        return {}
    try:
        said = answer.json()
    except TemporaryError:
        return None
    is_error = isinstance(said, dict) and (answer.status >= 300 or {"message", "logref"} <= said.keys())
    return said if is_error else None


def below_workspace(answer: Answer) -> list[str]:
    """The parts of the path after the workspace."""
    _, _, below = urlsplit(answer.call.url).path.partition("/workspaces/")
    return below.split("/")[1:]


def doing(answer: Answer) -> str:
    words = "/".join(part for part in below_workspace(answer) if part in PATH_WORDS)
    return DOING.get(f"{answer.call.method} {words}", "make this call")


def field_of(pointer: Any) -> str:
    """`/base/contacts/email` → `base.contacts.email`."""
    return clean(str(pointer or "").strip("/").replace("/", "."), LONGEST_PATH)


def safe_words(text: Any) -> str:
    """A reason in Contacthub's words without values: quoted text (but not names of properties), addresses, numbers."""
    words = clean(str(text or "no reason given"), 5 * LONGEST_REASON)
    if not re.search(r"\bpropert(y|ies)\b", words):
        words = re.sub(r'"(?:[^"\\]|\\.)*("|$)', MASK, words)
    return without_addresses(words)
