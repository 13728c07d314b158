"""Where outgoing calls may go. Forms ask `check_address`, the transport `dial`; only the dialled address counts.

The portal stands inside somebody's network and calls addresses that users type. So only addresses that anyone on the
internet could reach are called, unless the operator names the host in OUTBOUND_ALLOW (`name`, `address`, `name:port`,
`[v6]:port` or a network such as `10.1.0.0/16`). An entry counts for the host *as written in the address*: a public name
that resolves to an allowed address is still refused, otherwise whoever owns that name could steer us inside.
"""

from __future__ import annotations

import ipaddress
import queue
import re
import socket
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import idna
from django.conf import settings
from django.utils.translation import gettext as _

from integrations.core.errors import ConfigurationError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_ADDRESSES = 4  # of one name that are tried; the connect timeout is shared among them

# IANA's special-purpose registries. Python's `is_global` differs between patch releases, so the table is ours.
REFUSED_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; also Alibaba's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host agent, on an otherwise public range
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; also Oracle's metadata
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
GLOBAL_V6 = ipaddress.IPv6Network(
    "2000::/3"
)  # all that is assigned; leaves out ::1, ULA, link- and site-local, multicast
REFUSED_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, among them Teredo and ORCHID
        "2001:db8::/32",
        "2002::/16",  # 6to4: any IPv4 address inside, and no longer in use
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # how an IPv6-only network reaches IPv4: judged by the address inside

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
    _check_target(target)
    return target


def normal_host(host: str) -> str:
    """A host name in lower-case ASCII (international names in their `xn--` form), without a final dot."""
    host = host.lower()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii").lower()
        except idna.IDNAError:
            raise ConfigurationError(_("The name of the host is not valid. Enter it again by hand.")) from None
    return host.removesuffix(".")


def _check_target(target: Target) -> None:
    """The spelling of a target: everything that can be said without asking the resolver."""
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
    if not known_public or not _usual_port(target.port):
        raise not_public(target.host)


def _usual_port(port: int) -> bool:
    return port in (80, 443) or 1024 <= port <= 65535


def not_public(host: str) -> ConfigurationError:
    """One text whatever the reason (address, port, name), so that answers can't be used to map a network."""
    if not (_HOST_NAME.fullmatch(host) or literal(host)):
        return ConfigurationError(_("This is not a public address; an operator can allow it in OUTBOUND_ALLOW."))
    text = _("%(host)s is not a public address; an operator can allow it in OUTBOUND_ALLOW.")
    return ConfigurationError(text % {"host": host})


def literal(host: str) -> IPAddress | None:
    """The address when `host` is one in standard notation, else None."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_public(address: IPAddress) -> bool:
    """Whether anyone on the internet can reach this address, as opposed to only those in our own network."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in REFUSED_V4)
    if address in NAT64:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address.scope_id is None and address in GLOBAL_V6 and not any(address in network for network in REFUSED_V6)


@dataclass(frozen=True)
class AllowEntry:
    """One entry of OUTBOUND_ALLOW: a host name or a network (an address is a network of one), perhaps one port only."""

    host: str | IPNetwork
    port: int | None

    def covers(self, host: str, address: IPAddress | None, port: int) -> bool:
        # An entry without a port means the host's ordinary services, not its mail server or its SSH.
        if self.port != port and not (self.port is None and _usual_port(port)):
            return False
        if isinstance(self.host, str):
            return self.host == host
        return address is not None and address in self.host


@lru_cache(maxsize=8)
def _allow_entries(entries: tuple[str, ...]) -> tuple[AllowEntry, ...]:
    return tuple(_allow_entry(entry.strip().lower()) for entry in entries if entry.strip())


def _allow_entry(entry: str) -> AllowEntry:
    host, port = entry, None
    if match := re.fullmatch(r"\[([0-9a-f:.]+)\](?::(\d+))?|([^:]+):(\d+)", entry):
        host = match[1] or match[3]
        port = match[2] or match[4]
    try:
        network: str | IPNetwork = ipaddress.ip_network(host, strict=False)
    except ValueError:
        network = normal_host(host)
    return AllowEntry(network, int(port) if port else None)


def is_allowed(host: str, port: int) -> bool:
    """Whether OUTBOUND_ALLOW names this host (in normal form) and port."""
    entries = _allow_entries(tuple(settings.OUTBOUND_ALLOW))
    address = literal(host)
    return any(entry.covers(host, address, port) for entry in entries)


def dial(target: Target, timeout: float, options: list[tuple[int, int, int | bytes]] | None = None) -> socket.socket:
    """Connect to a target within `timeout` seconds: resolved once, every address checked, the checked one connected.

    Raises ConfigurationError for a refused target, else what the socket raises: gaierror, TimeoutError, OSError.
    """
    _check_target(target)
    until = time.monotonic() + timeout
    found = _resolve(target.host, target.port, timeout)
    if not is_allowed(target.host, target.port) and not all(is_public(_address_of(info)) for info in found):
        raise not_public(target.host)
    found = found[:MAX_ADDRESSES]
    error: OSError = OSError("the name has no address")
    for left, (family, kind, protocol, _name, address) in zip(range(len(found), 0, -1), found, strict=True):
        sock = socket.socket(family, kind, protocol)
        try:
            for option in options or ():
                sock.setsockopt(*option)
            sock.settimeout(max(0.001, (until - time.monotonic()) / left))
            sock.connect(address)
            # The rest of the connect timeout is the TLS handshake's; OpenSSL's handshake keeps it as a total.
            sock.settimeout(max(0.001, until - time.monotonic()))
            return sock
        except OSError as problem:
            sock.close()
            error = problem
    try:
        raise error
    finally:
        del error  # else the frame and its exception keep each other alive


def _address_of(info: tuple[Any, ...]) -> IPAddress:
    return ipaddress.ip_address(info[4][0])


def _resolve(host: str, port: int, timeout: float) -> list[tuple[Any, ...]]:
    """getaddrinfo within a time limit: it has none of its own, so it runs in a thread that is left behind."""
    if literal(host) is not None:
        return _lookup(host, port)
    answers: queue.SimpleQueue[list[tuple[Any, ...]] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(_lookup(host, port))
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else socket.gaierror(socket.EAI_NONAME, "not a host name"))

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout)
    except queue.Empty:
        raise TimeoutError("the name was not resolved in time") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _lookup(host: str, port: int) -> list[tuple[Any, ...]]:
    return socket.getaddrinfo(host, port, socket.AF_UNSPEC, socket.SOCK_STREAM)
