"""What Contactsend's faults mean, by what to do next. Pure.

The WSDL declares no faults, so their texts are the expected ones: this table is the place to correct them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from integrations.core.errors import ConfigurationError, RecordError, SyncError, TemporaryError, Throttled
from integrations.core.redact import clean, safe_words

VENDOR = "Contactsend"
# What a service says of itself, not of what it was sent.
OWN_TROUBLE = re.compile(r"exception|timed? ?out|unavailable|temporar|try again|overload|connection|internal", re.I)
PAUSE_SECONDS = 5.0  # when calls come too fast and no time is named


@dataclass(frozen=True)
class Fault:
    """`is_ours`: the service says that what was sent is no call of its own."""

    text: str
    is_ours: bool = False


class TokenRefused(TemporaryError):
    """The token has run out, or was given back."""


class Unsupported(ConfigurationError):
    """The service doesn't know this operation: it is that of 2016."""


class Refused(RecordError):
    """A fault nobody knows, about what was sent. `reason` is in Contactsend's words, values masked."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            _(
                "%(vendor)s refused it: %(reason)s. Correct the value at the source or the field mapping, "
                "then press Retry."
            )
            % {"vendor": VENDOR, "reason": reason}
        )
        self.reason = reason


class SubscriberNotFound(RecordError):
    """There is nobody with this identifier in the userdb."""


class SubscriberExists(RecordError):
    """The identifier is somebody's already, in a userdb whose subscribers bring their own."""


class SourceLocked(TemporaryError):
    """Contactsend is working on the userdb: writes wait."""


def meaning(fault: Fault) -> SyncError:
    """The error for a fault. What isn't known is the service's own trouble (try again) or about the record."""
    for pattern, make in MEANINGS:
        if match := re.search(pattern, fault.text, re.IGNORECASE):
            return make(match)
    words = safe_words(fault.text) or _("no reason given")
    if OWN_TROUBLE.search(fault.text):
        return TemporaryError(
            _("%(vendor)s could not answer: %(words)s. It will be tried again.") % {"vendor": VENDOR, "words": words}
        )
    return Refused(words)


def no_service(status: int) -> ConfigurationError:
    return ConfigurationError(
        _(
            "There is no %(vendor)s service at this address (%(status)s). Check the address in the "
            "settings; it ends with /soap/services."
        )
        % {"vendor": VENDOR, "status": status}
    )


def no_token(reason: str) -> ConfigurationError:
    return ConfigurationError(
        _("%(vendor)s gave no token for userKey and apiKey: %(reason)s. Ask Contactlab support.")
        % {"vendor": VENDOR, "reason": reason}
    )


def _keys(match: re.Match[str]) -> SyncError:
    return ConfigurationError(
        _(
            "%(vendor)s refused userKey and apiKey. Enter both again as Contactlab support gave them to "
            "you; what is waiting is kept."
        )
        % {"vendor": VENDOR}
    )


def _token(match: re.Match[str]) -> SyncError:
    return TokenRefused(
        _("%(vendor)s refused a token it had given itself; it will be tried again.") % {"vendor": VENDOR}
    )


def _ip_address(match: re.Match[str]) -> SyncError:
    return ConfigurationError(
        _(
            "%(vendor)s doesn't let this server's IP address in. Ask Contactlab support to authorise it "
            "for the API; what is waiting is kept."
        )
        % {"vendor": VENDOR}
    )


def _no_source(match: re.Match[str]) -> SyncError:
    return ConfigurationError(
        _(
            "%(vendor)s has no userdb %(id)s in this account. Check userdb ID in the settings; it is "
            "shown beside the database's name in Contactsend."
        )
        % {"vendor": VENDOR, "id": clean(match["id"], 20)}
    )


def _locked(match: re.Match[str]) -> SyncError:
    return SourceLocked(
        _("%(vendor)s has locked the userdb, as it does during an import; it will be tried again.") % {"vendor": VENDOR}
    )


def _read_only(match: re.Match[str]) -> SyncError:
    return ConfigurationError(
        _(
            "The userdb is read-only, so nothing can be written to it. Choose another userdb ID, or have "
            "Contactlab support open this one."
        )
    )


def _no_form(match: re.Match[str]) -> SyncError:
    return ConfigurationError(
        _(
            "%(vendor)s doesn't know a Webform Code of the subscription synchronisation. Compare the "
            "codes in the settings with those of the forms in Contactsend."
        )
        % {"vendor": VENDOR}
    )


def _no_field(match: re.Match[str]) -> SyncError:
    return ConfigurationError(
        _(
            "The userdb has no field %(id)s any more. Press “Show fields to be mapped” and choose "
            "another, or take the row out of the mapping."
        )
        % {"id": clean(match["id"], 60)}
    )


def _no_subscriber(match: re.Match[str]) -> SyncError:
    return SubscriberNotFound(
        _("%(vendor)s has no subscriber with this identifier: it was removed there.") % {"vendor": VENDOR}
    )


def _exists(match: re.Match[str]) -> SyncError:
    return SubscriberExists(
        _(
            "%(vendor)s already has a subscriber with this identifier. Correct the identifier at the "
            "source, then press Retry."
        )
        % {"vendor": VENDOR}
    )


def _unsupported(match: re.Match[str]) -> SyncError:
    return Unsupported(
        _(
            "This %(vendor)s service is an older one, without the operation that was asked for. Ask "
            "Contactlab support for the address of the present service."
        )
        % {"vendor": VENDOR}
    )


def _too_many(match: re.Match[str]) -> SyncError:
    return Throttled(
        _("%(vendor)s is asking for fewer calls; it will be tried again.") % {"vendor": VENDOR},
        retry_after=PAUSE_SECONDS,
    )


# The first that is found in the text decides.
MEANINGS: tuple[tuple[str, Callable[[re.Match[str]], SyncError]], ...] = (
    (r"invalid (api|user) ?key|(api|user)key .*(invalid|not valid|unknown)", _keys),
    (r"invalid token|token .*(expired|invalid|not valid)", _token),
    (r"unauthori[sz]ed ip|\bip\b.* not (authori[sz]ed|allowed)", _ip_address),
    (r"subscriber ?source (?P<id>\S+) not found", _no_source),
    (r"subscriber ?source .*locked", _locked),
    (r"subscriber ?source .*read.?only", _read_only),
    (r"web ?form ?code .*not found", _no_form),
    (r"attribute (?P<id>\S+) not found", _no_field),
    (r"subscriber \S+ not found", _no_subscriber),
    (r"subscriber \S+ already exists", _exists),
    (r"cannot find dispatch method|unexpected wrapper element|no such operation", _unsupported),
    (r"too many requests", _too_many),
)
