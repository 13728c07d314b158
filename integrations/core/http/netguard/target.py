"""The target of an address, judged by its spelling: all that can be said without asking the resolver."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from integrations.core.errors import ConfigurationError
from integrations.core.http.netguard.allowed import is_allowed, is_usual
from integrations.core.http.netguard.hosts import is_public, literal, normal_host

DEFAULT_PORTS = {"http": 80, "https": 443}

# Names that are never public, whatever the resolver says.
PRIVATE_NAMES = re.compile(
    r"(^|\.)(localhost|localdomain|local|internal|intranet|lan|home|corp|private|home\.arpa|onion)$"
)
_HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
# 2130706433, 0x7f.1, 0177.0.0.1: what a C library takes for an IPv4 address although nobody writes it so.
_ODD_NUMBER = re.compile(r"(^|\.)(\d+|0x[0-9a-f]*)$")
_UNSAFE_CHARACTERS = re.compile(r"[\x00-\x20\x7f-\x9f\\\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Target:
    """The host and port of an address: `host` in lower-case ASCII without brackets or a final dot."""

    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> str:
        """`https://host` or `https://host:port`, fit to be shown."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}")


def check_address(url: str) -> None:
    """Refuse an address that will not be called, without any network traffic: for forms.

    A name is judged by its spelling only; what it resolves to is judged when it is dialled.
    Raises ConfigurationError with a sentence for the person who typed it.
    """
    parse_target(url)


def parse_target(url: str) -> Target:
    """The checked target of a URL. Raises ConfigurationError as `check_address` does."""
    if not isinstance(url, str) or _UNSAFE_CHARACTERS.search(url):
        raise ConfigurationError(
            _("The address holds a space, a backslash or an invisible character. Enter it again by hand.")
        )
    try:
        parts = urlsplit(url)
        port = parts.port
        if "[" in parts.netloc:
            ipaddress.IPv6Address(parts.hostname or "")
    except ValueError:
        raise ConfigurationError(_("This is not an address. It should look like https://api.vendor.com.")) from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ConfigurationError(_("The address must begin with https:// and the name of a host."))
    if "@" in parts.netloc:
        raise ConfigurationError(
            _("The address must not hold a user name or password. Enter them in their own fields.")
        )
    target = Target(parts.scheme, normal_host(parts.hostname), DEFAULT_PORTS[parts.scheme] if port is None else port)
    check_target(target)
    return target


def check_target(target: Target) -> None:
    """Raises ConfigurationError for one that will not be called."""
    if is_allowed(target.host, target.port):
        return
    if target.scheme != "https":
        raise ConfigurationError(_("The address must begin with https://, so that keys and data travel encrypted."))
    address = literal(target.host)
    if address is not None:
        known_public = is_public(address)
    else:
        known_public = (
            _HOST_NAME.fullmatch(target.host) is not None
            and "." in target.host
            and not _ODD_NUMBER.search(target.host)
            and not PRIVATE_NAMES.search(target.host)
        )
    if not known_public or not is_usual(target.port):
        raise not_public(target.host)


def not_public(host: str) -> ConfigurationError:
    """One text whatever the reason (address, port, name), so that answers can't be used to map a network."""
    if not (_HOST_NAME.fullmatch(host) or literal(host)):
        return ConfigurationError(_("This is not a public address; an operator can allow it in OUTBOUND_ALLOW."))
    text = _("%(host)s is not a public address; an operator can allow it in OUTBOUND_ALLOW.")
    return ConfigurationError(text % {"host": host})
