"""What the operator allows although it is not public: the entries of OUTBOUND_ALLOW.

`name`, `address`, `name:port`, `[v6]:port` or a network such as `10.1.0.0/16`. An entry counts for the host *as written
in the address*: a public name that resolves to an allowed address is still refused, otherwise whoever owns that name
could steer us inside.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

from integrations.core.http.netguard.hosts import IPAddress, literal, normal_host

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


def is_allowed(host: str, port: int) -> bool:
    """Whether OUTBOUND_ALLOW names this host (in normal form) and port."""
    entries = _allow_entries(tuple(settings.OUTBOUND_ALLOW))
    address = literal(host)
    return any(entry.covers(host, address, port) for entry in entries)


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


@dataclass(frozen=True)
class AllowEntry:
    """One entry of OUTBOUND_ALLOW: a host name or a network (an address is a network of one), perhaps one port only."""

    host: str | IPNetwork
    port: int | None

    def covers(self, host: str, address: IPAddress | None, port: int) -> bool:
        # An entry without a port means the host's ordinary services, not its mail server or its SSH.
        if self.port != port and not (self.port is None and is_usual(port)):
            return False
        if isinstance(self.host, str):
            return self.host == host
        return address is not None and address in self.host


def is_usual(port: int) -> bool:
    return port in (80, 443) or 1024 <= port <= 65535
