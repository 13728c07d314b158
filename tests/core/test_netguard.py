"""Where the portal may call out to: a table of hostile addresses, and names that lie."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

import pytest

from integrations.core.errors import ConfigurationError, TemporaryError
from integrations.core.http import HttpClient
from integrations.core.http.netguard import Target, check_address, dial, parse_target
from integrations.core.http.netguard.hosts import is_public, literal

PUBLIC = "93.184.216.34"

HOSTILE = """
http://api.example.com
ftp://api.example.com
file:///etc/passwd
gopher://api.example.com:70/_x
dict://api.example.com:11211/
ldap://api.example.com
jar:https://api.example.com!/
javascript:alert(1)
//api.example.com
api.example.com
https://
https:///path
https://:443/
https://user@api.example.com
https://user:password@api.example.com
https://api.example.com@10.0.0.1/
https://@api.example.com/
https://api.example.com:22
https://api.example.com:25
https://api.example.com:110
https://api.example.com:0
https://api.example.com:99999
https://api.example.com:-1
https://api.example.com:abc
https://api.example.com\\@10.0.0.1/
https:\\\\api.example.com
https://api.example.com/\r\nHost: evil
https://api.example.com\t/
https://api.example.com /
 https://api.example.com
https://api.example.com\x00.evil.com/
https://api\u202e.example.com/
https://api\u200b.example.com/
https://127.0.0.1
https://127.1
https://127.0.1
https://127.8.8.8
https://2130706433
https://0x7f000001
https://0x7f.0.0.1
https://0177.0.0.1
https://017700000001
https://0
https://0.0.0.0
https://0.1.2.3
https://10.0.0.1
https://100.64.0.1
https://100.100.100.200
https://100.127.255.255
https://168.63.129.16
https://169.254.169.254/latest/meta-data/
https://169.254.169.254.
https://172.16.0.1
https://172.31.255.255
https://192.0.0.192
https://192.0.2.1
https://192.88.99.1
https://192.168.0.1
https://198.18.0.1
https://198.19.255.255
https://198.51.100.1
https://203.0.113.1
https://224.0.0.1
https://239.255.255.255
https://240.0.0.1
https://255.255.255.255
https://256.256.256.256
https://1.2.3.4.5
https://１２７.0.0.1
https://127。0。0。1
https://①②⑦.⓪.⓪.①
https://localhost
https://LOCALHOST
https://localhost.
https://foo.localhost
https://ⓛocalhost
https://localhost.localdomain
https://metadata.google.internal
https://metadata.google.internal.
https://METADATA.GOOGLE.INTERNAL
https://metadata
https://db
https://printer.local
https://nas.lan
https://intranet.corp
https://router.home.arpa
https://exa%6dple.com
https://api..example.com
https://-.example.com
https://[::1]
https://[::]
https://[0:0:0:0:0:0:0:1]
https://[::127.0.0.1]
https://[::ffff:127.0.0.1]
https://[::ffff:169.254.169.254]
https://[::ffff:a9fe:a9fe]
https://[::ffff:0:127.0.0.1]
https://[64:ff9b::127.0.0.1]
https://[64:ff9b::a9fe:a9fe]
https://[64:ff9b:1::1]
https://[100::1]
https://[2001::1]
https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]
https://[2001:10::1]
https://[2001:20::1]
https://[2001:db8::1]
https://[2002:7f00:1::]
https://[2002:a9fe:a9fe::1]
https://[2002:5db8:d822::1]
https://[3fff::1]
https://[5f00::1]
https://[fc00::1]
https://[fd00:ec2::254]
https://[fe80::1]
https://[fe80::1%25eth0]
https://[fe80::1%eth0]
https://[fec0::1]
https://[ff02::1]
https://[::1
https://[v1.x]
""".strip("\n").split("\n")

FINE = [
    "https://api.leadsquared.com",
    "https://api-us11.leadsquared.com/v2/",
    "https://api.example.com:443/x?y=1",
    "https://api.example.com:8443",
    "https://API.Example.COM.",
    "https://bücher.example",
    "https://xn--bcher-kva.example",
    "https://93.184.216.34",
    "https://[2606:2800:220:1:248:1893:25c8:1946]",
    "https://[64:ff9b::5db8:d822]",
    "https://under_score.example.com",
]

Fake = Callable[..., list[tuple[Any, ...]]]


def answers(*addresses: str, port: int = 443) -> list[tuple[Any, ...]]:
    """What getaddrinfo tells for a name with these addresses."""
    return [
        (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
        for address in addresses
    ]


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The addresses connected to; none of them is really called."""
    seen: list[Any] = []

    class Socket(socket.socket):
        def connect(self, address: Any) -> None:
            seen.append(address)
            raise ConnectionRefusedError

    monkeypatch.setattr(socket, "socket", Socket)
    return seen


@pytest.fixture(autouse=True)
def nothing_allowed(settings: Any) -> None:
    settings.OUTBOUND_ALLOW = []


def test_the_table_is_long_enough() -> None:
    assert len(set(HOSTILE)) >= 100


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_address_is_refused_in_forms(url: str) -> None:
    with pytest.raises(ConfigurationError):
        check_address(url)


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_address_makes_no_client_and_no_connection(url: str, dialled: list[Any]) -> None:
    with pytest.raises(ConfigurationError):
        HttpClient(url, vendor="Acme").get("x")
    assert not dialled


@pytest.mark.parametrize("url", FINE)
def test_an_ordinary_address_is_fine(url: str) -> None:
    check_address(url)


@pytest.mark.parametrize(
    "url", [None, 5, b"https://api.example.com", "https://" + "a" * 300 + ".com", "https://" + "é" * 99]
)
def test_nonsense_is_refused(url: Any) -> None:
    with pytest.raises(ConfigurationError):
        check_address(url)


def test_targets_are_normal() -> None:
    assert parse_target("HTTPS://API.Example.com./x") == Target("https", "api.example.com", 443)
    assert parse_target("https://bücher.example:8443").origin == "https://xn--bcher-kva.example:8443"
    assert parse_target("https://[2606:2800:220:1::1]").origin == "https://[2606:2800:220:1::1]"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "100.64.0.1",
        "::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
    ],
)
def test_a_name_with_an_internal_address_is_refused_when_dialled(
    address: str, monkeypatch: pytest.MonkeyPatch, dialled: list[Any]
) -> None:
    # One internal address among public ones is enough: which of them is taken would be chance.
    for found in (answers(address), answers(PUBLIC, address), answers(address, PUBLIC)):
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, _found=found, **kwargs: _found)
        with pytest.raises(ConfigurationError, match=r"^api\.example\.com is not a public address; an operator can"):
            HttpClient("https://api.example.com", vendor="Acme").get("x")
    assert not dialled


def test_a_name_that_flips_is_resolved_once_and_the_checked_address_is_dialled(
    monkeypatch: pytest.MonkeyPatch, dialled: list[Any]
) -> None:
    asked = []

    def flipping(host: str, *args: Any, **kwargs: Any) -> list[tuple[Any, ...]]:
        asked.append(host)
        return answers(PUBLIC if len(asked) % 2 else "127.0.0.1")

    monkeypatch.setattr(socket, "getaddrinfo", flipping)
    client = HttpClient("https://flip.example.com", vendor="Acme")
    check_address("https://flip.example.com")
    with pytest.raises(TemporaryError):
        client.get("x")
    assert (asked, dialled) == (["flip.example.com"], [(PUBLIC, 443)])
    with pytest.raises(ConfigurationError):
        client.get("x")
    assert dialled == [(PUBLIC, 443)], "the second answer was internal: not dialled"


def test_all_addresses_of_a_name_are_tried(monkeypatch: pytest.MonkeyPatch, dialled: list[Any]) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answers(*[f"93.184.216.{n}" for n in range(9)]))
    with pytest.raises(ConnectionRefusedError):
        dial(Target("https", "api.example.com", 443), 1)
    assert [address for address, _port in dialled] == [f"93.184.216.{n}" for n in range(4)]


def test_blocked_hosts_read_alike_whatever_is_there() -> None:
    texts = set()
    for url in ("https://10.0.0.1", "https://10.0.0.1:22", "https://10.0.0.1:8443", "https://api.example.com:22"):
        with pytest.raises(ConfigurationError) as caught:
            check_address(url)
        texts.add(str(caught.value).replace("10.0.0.1", "X").replace("api.example.com", "X"))
    assert texts == {"X is not a public address; an operator can allow it in OUTBOUND_ALLOW."}


@pytest.mark.parametrize(
    ("entries", "url", "fine"),
    [
        (["127.0.0.1"], "http://127.0.0.1:8010/x", True),
        (["127.0.0.1"], "https://127.0.0.1", True),
        (["127.0.0.1"], "http://127.0.0.1:22", False),
        (["127.0.0.1:22"], "http://127.0.0.1:22", True),
        (["127.0.0.1:8010"], "http://127.0.0.1:8011", False),
        (["127.0.0.1"], "http://127.0.0.2:8010", False),
        (["127.0.0.1"], "http://localhost:8010", False),
        (["127.0.0.1"], "http://127.1:8010", False),
        (["127.0.0.1"], "http://2130706433:8010", False),
        (["127.0.0.1"], "http://[::ffff:127.0.0.1]:8010", False),
        (["localhost"], "http://localhost:8010", True),
        (["localhost"], "http://LOCALHOST.:8010", True),
        (["LocalHost "], "http://localhost:8010", True),
        (["localhost"], "http://foo.localhost:8010", False),
        (["localhost"], "http://localhost.evil.com", False),
        (["till.local:8080"], "http://till.local:8080", True),
        (["till.local:8080"], "http://till.local", False),
        (["till.local"], "http://till.local", True),
        (["till.local"], "http://user@till.local", False),
        (["till.local"], "ftp://till.local", False),
        (["10.1.0.0/16"], "http://10.1.2.3:8080", True),
        (["10.1.0.0/16"], "http://10.2.2.3:8080", False),
        (["fd00::/8"], "http://[fd00::1]:8080", True),
        (["[fd00::1]:9000"], "http://[fd00::1]:9000", True),
        (["[fd00::1]:9000"], "http://[fd00::1]:9001", False),
        (["fd00::1"], "http://[fd00:0::1]:9001", True),
        (["", " "], "http://127.0.0.1", False),
        (["*"], "http://127.0.0.1", False),
        (["bücher.local"], "http://xn--bcher-kva.local", True),
    ],
)
def test_the_operator_can_allow_hosts(settings: Any, entries: list[str], url: str, fine: bool) -> None:
    settings.OUTBOUND_ALLOW = entries
    if fine:
        check_address(url)
    else:
        with pytest.raises(ConfigurationError):
            check_address(url)


def test_an_allowed_address_does_not_open_it_to_other_names(
    settings: Any, monkeypatch: pytest.MonkeyPatch, dialled: list[Any]
) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1", "10.0.0.0/8", "till.local"]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answers("127.0.0.1"))
    with pytest.raises(ConfigurationError):
        HttpClient("https://api.example.com", vendor="Acme").get("x")
    assert not dialled
    with pytest.raises(TemporaryError):
        HttpClient("https://till.local", vendor="Acme").get("x")
    assert dialled == [("127.0.0.1", 443)], "a name the operator allows may lie where it likes"


def test_what_is_no_longer_allowed_is_refused_at_the_next_dial(settings: Any, dialled: list[Any]) -> None:
    settings.OUTBOUND_ALLOW = ["10.0.0.1"]
    client = HttpClient("http://10.0.0.1:8080", vendor="Acme")
    settings.OUTBOUND_ALLOW = []
    with pytest.raises(ConfigurationError):
        client.get("x")
    assert not dialled


def test_the_table_of_networks_is_at_least_as_strict_as_pythons() -> None:
    for text in ("1.1.1.1", "8.8.8.8", PUBLIC, "2606:4700::1111", "2a00:1450:4001::1"):
        assert is_public(ipaddress.ip_address(text))
    for network in [*ipaddress.IPv4Network("0.0.0.0/0").subnets(new_prefix=12)]:
        address = network.network_address + 77
        assert address.is_global or not is_public(address)
    assert literal("1.2.3.4") is not None
    assert literal("api.example.com") is None
