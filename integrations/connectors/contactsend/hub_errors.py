"""What Contacthub means by an error: `{"message", "logref", "data", "errors": [{"message", "path", …}]}`.

The texts `workspace not found: …` and `node not found …` are the vendor's; no other text is relied upon.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
    "GET updates": gettext_lazy("read the update stream"),
    "GET updates/last-offset": gettext_lazy("read the update stream"),
    "GET configuration/nodes/entries": gettext_lazy("read the nodes"),
    "GET configuration/nodes/views": gettext_lazy("read the aggregate nodes"),
    "GET configuration/properties/extended": gettext_lazy("read the extended fields"),
    "GET configuration/sources": gettext_lazy("read the sources"),
    "GET customers": gettext_lazy("read customers"),
    "POST customers": gettext_lazy("create customers"),
    "PATCH customers": gettext_lazy("change customers"),
    "DELETE customers": gettext_lazy("delete customers"),
    "GET customers/subscriptions": gettext_lazy("read subscriptions"),
    "POST customers/subscriptions": gettext_lazy("change subscriptions"),
    "PUT customers/subscriptions": gettext_lazy("change subscriptions"),
}
MAKE_THIS_CALL = gettext_lazy("make this call")
PATH_WORDS = frozenset(word for doing in DOING for word in doing.partition(" ")[2].split("/"))


class Forbidden(ConfigurationError):
    """403: the role of the token doesn't allow this call; `doing` says what it was to do. Others may be allowed."""

    def __init__(self, doing: str) -> None:
        super().__init__(
            _(
                "The token may not %(doing)s: Contacthub doesn't allow it to the role of this source (403). "
                "Ask who manages the workspace for a token whose role may."
            )
            % {"doing": doing}
        )
        self.doing = doing


class NoSuchCustomer(RecordError):
    """404: the customer was deleted in Contacthub."""

    def __init__(self) -> None:
        super().__init__(_("Contacthub doesn't have this customer any more. Press Retry to have it looked for anew."))


class NoSuchSubscription(RecordError):
    """404: the customer doesn't have this subscription, or Contacthub doesn't have the customer."""

    def __init__(self) -> None:
        super().__init__(_("Contacthub doesn't have this subscription of the customer."))


class Conflict(RecordError):
    """409: Contacthub has this already. `customer_id` is that of the customer it has, None when that isn't told."""

    def __init__(self, customer_id: str | None) -> None:
        super().__init__(
            _("Contacthub has a customer with these identifying values already.")
            if customer_id
            else _(
                "Contacthub has a customer with these identifying values already, but doesn't tell this "
                "token which one. Use the token of a trusted source, or merge the two customers in "
                "Contacthub, then press Retry."
            )
        )
        self.customer_id = customer_id


class Refused(RecordError):
    """400: Contacthub's verdict on what it was sent. `reason` names the fields, in its words, values masked."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            _("Contacthub refused %(reason)s. Correct the value at the source or the field mapping, then press Retry.")
            % {"reason": reason}
        )


def classify(answer: Answer) -> None:
    """Raise what an answer means; what isn't Contacthub's own (5xx, redirects, a proxy's) is left to its status."""
    said = envelope(answer)
    if answer.status < 300 and said is not None:
        raise TemporaryError(_("Contacthub answered with an error in a success; it will be tried again."))
    if answer.status == 401:
        raise ConfigurationError(
            _(
                "Contacthub refused the token (401). Copy it again from the source's Token tab in Contacthub "
                "and enter it in the settings; what is waiting is kept."
            )
        )
    if answer.status == 404 and said is None:
        raise ConfigurationError(
            _("There is no Contacthub API at this address. Check the API address in the settings.")
        )
    if answer.status == 423:
        wait = parse_retry_after(answer.headers.get("Retry-After"))
        raise TemporaryError(_("Contacthub is reindexing this workspace; it will be tried again."), retry_after=wait)
    if said is not None and (judge := JUDGES.get(answer.status)):
        judge(answer, said)


def forbidden(answer: Answer, said: dict[str, Any]) -> None:
    if str(said.get("message")).startswith(NO_WORKSPACE):
        raise ConfigurationError(
            _(
                "Contacthub has no workspace of this ID, or the token belongs to another one (403). Check "
                "the Workspace ID and the token in the settings."
            )
        )
    raise Forbidden(doing(answer))


def not_found(answer: Answer, said: dict[str, Any]) -> None:
    if str(said.get("message")).startswith(NO_NODE):
        raise ConfigurationError(
            _("The node is gone: Contacthub has none of this ID in the workspace (404). Choose another under Settings.")
        )
    below = below_workspace(answer)
    if below[:1] == ["customers"] and len(below) >= 4:
        raise NoSuchSubscription
    if below[:1] == ["customers"] and len(below) >= 2:
        raise NoSuchCustomer
    raise ConfigurationError(_("Contacthub doesn't know this call (404). Check the API address in the settings."))


def conflict(answer: Answer, said: dict[str, Any]) -> None:
    data = said.get("data")
    customer = data.get("customer") if isinstance(data, dict) else None
    customer_id = customer.get("id") if isinstance(customer, dict) else None
    raise Conflict(str(customer_id) if customer_id else None)


def refused(answer: Answer, said: dict[str, Any]) -> None:
    problems = [one for one in said.get("errors") or () if isinstance(one, dict)][:SHOWN_PROBLEMS]
    named = [f"{field_of(one.get('path')) or _('the record')} ({safe_words(one.get('message'))})" for one in problems]
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
    return str(DOING.get(f"{answer.call.method} {words}", MAKE_THIS_CALL))


def field_of(pointer: Any) -> str:
    """`/base/contacts/email` → `base.contacts.email`."""
    return clean(str(pointer or "").strip("/").replace("/", "."), LONGEST_PATH)


def safe_words(text: Any) -> str:
    """A reason in Contacthub's words without values: quoted text (but not names of properties), addresses, numbers."""
    words = clean(str(text or _("no reason given")), 5 * LONGEST_REASON)
    if not re.search(r"\bpropert(y|ies)\b", words):
        words = re.sub(r'"(?:[^"\\]|\\.)*("|$)', MASK, words)
    return without_addresses(words)
