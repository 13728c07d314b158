"""The client against a real socket: what it promises when the other side does its worst."""

from __future__ import annotations

import datetime as dt
import gc
import gzip
import ipaddress
import json
import logging
import os
import socket
import ssl
import time
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integrations.core.errors import ConfigurationError, NotSent, RecordError, SyncError, TemporaryError, Throttled
from integrations.core.http import Answer, HttpClient, transport
from integrations.core.http.answer import is_nested_deeper
from integrations.core.http.failures import causes, parse_retry_after
from integrations.core.http.ratelimit import Limit, RateLimits, in_lane
from tests.core.scripted_server import Exchange, Reply, ScriptedServer, Step, json_reply

KEY = "u$r0123456789abcdef0123456789abcdef"
SECRET = "5ecret/with+odd=characters&more"

Serve = Callable[..., ScriptedServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[ScriptedServer] = []

    def start(*script: Step, **kwargs: Any) -> ScriptedServer:
        servers.append(ScriptedServer(*script, **kwargs).__enter__())
        return servers[-1]

    yield start
    for server in servers:
        server.__exit__(None, None, None)


def make_client(server: ScriptedServer | str, **overrides: Any) -> HttpClient:
    url = server if isinstance(server, str) else server.url
    options: dict[str, Any] = {"vendor": "Acme", "headers": {"x-api-key": KEY}, "secrets": [SECRET]}
    return HttpClient(url, **(options | overrides))


def quick(server: ScriptedServer | str, **overrides: Any) -> HttpClient:
    return make_client(server, **({"connect_timeout": 0.3, "read_timeout": 0.3, "total_timeout": 0.3} | overrides))


def raw(data: bytes) -> Step:
    return lambda exchange: exchange.send(data)


# --- Requests ---------------------------------------------------------------------------------------------------------


def test_it_sends_json_with_its_headers_and_gives_the_answer(serve: Serve) -> None:
    server = serve(json_reply({"Id": "7"}, X_Request="r-1"))
    answer = make_client(server).post("leads", json={"Name": "Bjørn"}, params={"a": ["1", "2"], "none": None, "b": "ø"})
    assert (answer.status, answer.json(), answer.headers["x-request"]) == (200, {"Id": "7"}, "r-1")
    seen = server.requests[0]
    assert (seen.method, seen.target) == ("POST", "/leads?a=1&a=2&b=%C3%B8")
    assert json.loads(seen.body) == {"Name": "Bjørn"}
    assert seen.headers["x-api-key"] == KEY
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["accept-encoding"] == "identity"
    assert seen.headers["host"] == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize(
    ("base", "path", "target"),
    [
        ("", "leads", "/leads"),
        ("/", "/leads", "/leads"),
        ("/leadsquared/destination", "v2/Lead.Get", "/leadsquared/destination/v2/Lead.Get"),
        ("/leadsquared/destination/", "/v2/Lead.Get?key=a b", "/leadsquared/destination/v2/Lead.Get?key=a%20b"),
        ("", "a\r\nX-Evil: 1", "/a%0D%0AX-Evil:%201"),
        ("", "x/y@z", "/x/y@z"),
        ("", "member/bj%C3%B8rn", "/member/bj%C3%B8rn"),
        ("", "member/ø#x", "/member/%C3%B8%23x"),
    ],
)
def test_paths_are_appended_to_the_base(serve: Serve, base: str, path: str, target: str) -> None:
    server = serve()
    make_client(server.url + base).get(path)
    assert server.requests[0].target == target


@pytest.mark.parametrize("path", ["../admin", "lists/../admin", "lists/%2e%2E/admin", "lists/.."])
def test_a_value_cannot_climb_out_of_the_path(serve: Serve, path: str) -> None:
    server = serve()
    with pytest.raises(RecordError):
        make_client(server).get(path)
    assert not server.requests


def test_forms_and_raw_bodies(serve: Serve) -> None:
    server = serve()
    client = make_client(server)
    client.post("a", data={"x": "1 2"})
    client.post("b", data=b"<x/>", headers={"Content-Type": "text/xml"})
    client.post("c")
    assert [(seen.body, seen.headers.get("content-type")) for seen in server.requests] == [
        (b"x=1+2", "application/x-www-form-urlencoded"),
        (b"<x/>", "text/xml"),
        (b"", None),
    ]
    assert server.requests[2].headers["content-length"] == "0"


def test_what_json_cannot_hold_fails_the_record_not_the_run(serve: Serve) -> None:
    server = serve()
    with pytest.raises(RecordError):
        make_client(server).post("a", json={"Score": float("nan")})
    make_client(server).post("a", json={"Name": "\ud800"})
    assert json.loads(server.requests[0].body) == {"Name": "?"}


@pytest.mark.parametrize("value", ["k9y\r\nX-Evil: 1", "k9y\n", "“k9y”", "ключ"])
def test_a_key_that_no_header_can_hold_is_a_clear_error_without_the_key(serve: Serve, value: str) -> None:
    with pytest.raises(ConfigurationError, match="Enter it again") as caught:
        make_client(serve(), headers={"x-api-key": value})
    assert value.strip() not in str(caught.value)


def test_connections_are_kept_alive_and_cookies_are_not(serve: Serve) -> None:
    server = serve(Reply(headers={"Set-Cookie": "sid=abc; Path=/"}))
    client = make_client(server)
    for _ in range(5):
        client.get("a")
    assert server.connections == 1
    assert all("cookie" not in seen.headers for seen in server.requests)


def test_proxies_and_netrc_of_the_environment_are_ignored(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login x password y")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server = serve()
    make_client(server).get("a")
    assert "authorization" not in server.requests[0].headers


def test_sixteen_threads_share_the_pool_and_get_their_own_answers(serve: Serve) -> None:
    server = serve(Reply(body=b'"x"'))
    client = make_client(server)
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda n: client.get(f"{n}").json(), range(320)))
    assert answers == ["x"] * 320
    assert {seen.target for seen in server.requests} == {f"/{n}" for n in range(320)}
    assert server.connections <= 16


def test_answers_do_not_mix_between_threads(serve: Serve) -> None:
    server = serve(lambda exchange: exchange.send(json_reply(exchange.request.target).encode()))
    client = make_client(server)
    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(lambda n: client.get(f"{n}").json(), range(80))) == [f"/{n}" for n in range(80)]


def test_a_client_survives_a_fork(serve: Serve) -> None:
    def drip(exchange: Exchange) -> None:
        exchange.drip(b"HTTP/1.1 200 OK\r\n" * 50)

    server = serve(Reply(body=b"1"), Reply(body=b"2"), drip, Reply(body=b"3"))
    client = quick(server, read_timeout=5)
    assert client.get("parent").json() == 1
    child = os.fork()
    if child == 0:
        status = 1
        try:
            assert client.get("child").json() == 2
            try:
                client.get("drip")
            except TemporaryError:
                status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert client.get("parent").json() == 3
    assert server.connections == 2, "the child has connections of its own; the parent's is as it was"


# --- Deadlines --------------------------------------------------------------------------------------------------------


def drip_headers(exchange: Exchange) -> None:
    exchange.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 200)


def drip_body(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n")
    exchange.drip(b"a" * 200)


def drip_body_without_length(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    exchange.drip(b"a" * 200)


def drip_chunks(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    exchange.drip(b"1\r\na\r\n" * 50)


def continue_for_ever(exchange: Exchange) -> None:
    while not exchange.stopping.wait(0.05):
        exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n")


@pytest.mark.parametrize(
    "step", [drip_headers, drip_body, drip_body_without_length, drip_chunks, continue_for_ever, Exchange.hang]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_dripping_server_is_left_at_the_deadline(
    serve: Serve, step: Step, scheme: str, trusted: ssl.SSLContext
) -> None:
    server = serve(step, tls=trusted if scheme == "https" else None)
    started = time.monotonic()
    with pytest.raises(
        TemporaryError, match=r"^Acme did not answer within 0.4 s; what waits is tried again by itself\.$"
    ) as caught:
        make_client(server, read_timeout=5, total_timeout=0.4).get("slow")
    assert 0.35 <= time.monotonic() - started < 2
    assert caught.value.call is not None
    assert caught.value.call.error == str(caught.value)


def test_a_silent_server_is_left_at_the_read_timeout(serve: Serve) -> None:
    with pytest.raises(TemporaryError, match=r"did not answer within 0.2 s"):
        make_client(serve(Exchange.hang), read_timeout=0.2, total_timeout=10).get("slow")


def test_a_tls_handshake_that_never_comes_is_left_at_the_connect_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:  # the kernel connects, nobody answers
        started = time.monotonic()
        with pytest.raises(TemporaryError, match=r"could not be reached within 0.3 s"):
            make_client(f"https://127.0.0.1:{listener.getsockname()[1]}", connect_timeout=0.3).get("x")
        assert time.monotonic() - started < 2


def test_a_full_backlog_is_left_at_the_connect_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = []
        for _ in range(4):  # fill the queue of connections that nobody accepts
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
            waiting.append(sock)
        time.sleep(0.05)
        started = time.monotonic()
        with pytest.raises(TemporaryError):
            quick(f"http://127.0.0.1:{port}").get("x")
        assert time.monotonic() - started < 2
        for sock in waiting:
            sock.close()


def test_a_name_that_never_resolves_is_left_at_the_connect_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: time.sleep(1.2))
    started = time.monotonic()
    with pytest.raises(TemporaryError, match="could not be reached within"):
        quick("https://api.example.com", total_timeout=5).get("x")
    assert time.monotonic() - started < 1


def test_the_deadline_of_a_finished_call_leaves_the_kept_connection_alone(serve: Serve) -> None:
    server = serve()
    client = quick(server)
    client.get("a")
    time.sleep(0.5)
    client.get("b")
    assert server.connections == 1


def test_a_finished_call_holds_its_records_no_longer(serve: Serve) -> None:
    """The watchdog keeps a ticket until its time comes; with what `alive` knew, that was 30 s of a drain's records."""

    class Batch:
        def wanted(self) -> bool:
            return True

    batch = Batch()
    gone = weakref.ref(batch)
    with in_lane(urgent=False, deadline=float("inf"), alive=batch.wanted):
        make_client(serve(), total_timeout=300).get("x")
    del batch
    gc.collect()
    assert gone() is None


def test_many_deadlines_pass_at_once(serve: Serve) -> None:
    server = serve(drip_body)
    client = quick(server, read_timeout=5)

    def call(_number: int) -> str:
        with pytest.raises(TemporaryError) as caught:
            client.get("x")
        return str(caught.value)

    started = time.monotonic()
    with ThreadPoolExecutor(16) as threads:
        assert set(threads.map(call, range(16))) == {
            "Acme did not answer within 0.3 s; what waits is tried again by itself."
        }
    assert time.monotonic() - started < 3


# --- Size and shape of answers ----------------------------------------------------------------------------------------


def endless(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not exchange.stopping.is_set():
        exchange.send(b"10000\r\n" + b"a" * 0x10000 + b"\r\n")


def endless_without_length(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\n\r\n")
    while not exchange.stopping.is_set():
        exchange.send(b"a" * 0x10000)


@pytest.mark.parametrize(
    "step", [endless, endless_without_length, raw(b"HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n")]
)
def test_a_huge_answer_is_refused_before_it_is_held(serve: Serve, step: Step) -> None:
    client = make_client(serve(step), max_bytes=1024 * 1024)
    tracemalloc.start()
    try:
        with pytest.raises(TemporaryError, match=r"answered with more than the 1,024 KiB") as caught:
            client.get("x")
        assert tracemalloc.get_traced_memory()[1] < 6 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert caught.value.call is not None
    assert caught.value.call.status == 200


def test_a_body_of_exactly_the_limit_is_read(serve: Serve) -> None:
    assert len(make_client(serve(Reply(body=b"a" * 1000)), max_bytes=1000).get("x").body) == 1000


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "gzip, gzip"])
def test_a_compressed_answer_is_refused(serve: Serve, encoding: str) -> None:
    bomb = Reply(body=gzip.compress(b"0" * 5_000_000), headers={"Content-Encoding": encoding})
    with pytest.raises(TemporaryError, match="compressed"):
        make_client(serve(bomb)).get("x")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>Bad gateway</html>", "text/html"),
        (b"", "application/json"),
        (b'{"a": 1', "application/json"),
        (b'{"a": NaN}', "application/json"),
        (b'{"a": -Infinity}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"[" * 100_000 + b"]" * 100_000, "application/json"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "application/json"),
        (b'{"a": "\xff\xfe"}', "application/json"),
        ('{"a": "æ"}'.encode("latin-1"), "application/json; charset=utf-8"),
        (b'{"a": 1}', "application/json; charset=klingon"),
        (b'{"a": 1}', "application/json; charset=rot13"),
        (b"1" * 5000, "application/json"),
    ],
)
def test_garbage_instead_of_json_is_a_temporary_error(serve: Serve, body: bytes, kind: str) -> None:
    answer = make_client(serve(Reply(body=body, headers={"Content-Type": kind}))).get("x")
    with pytest.raises(TemporaryError, match=r"^Acme answered something that is not JSON") as caught:
        answer.json()
    assert caught.value.call is answer.call
    assert answer.call.error == str(caught.value)
    assert isinstance(answer.text, str)


@pytest.mark.parametrize(
    ("body", "kind", "value"),
    [
        ('{"a": "æ"}'.encode("latin-1"), "application/json; charset=iso-8859-1", {"a": "æ"}),
        ('{"a": "æ"}'.encode("utf-16"), 'application/json; charset="utf-16"', {"a": "æ"}),
        ('\ufeff{"a": "æ"}'.encode(), "application/json", {"a": "æ"}),
        (b"[" * 100 + b"]" * 100, "application/json", None),
        (json.dumps(["[[[[{{{{" * 100]).encode(), "application/json", ["[[[[{{{{" * 100]),
    ],
)
def test_unusual_json_is_read(serve: Serve, body: bytes, kind: str, value: Any) -> None:
    parsed = make_client(serve(Reply(body=body, headers={"Content-Type": kind}))).get("x").json()
    assert value is None or parsed == value


def test_depth_is_counted_outside_of_strings() -> None:
    assert not is_nested_deeper(b'["' + b"[" * 500 + b'"]', 100)
    assert is_nested_deeper(b'["]]]]]]]]]]"' + b",[" * 101, 100)
    assert not is_nested_deeper(b"[[],[]]" * 500, 100)


@pytest.mark.parametrize(
    "step",
    [
        raw(b""),
        Exchange.reset,
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhal"),
        raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
        raw(b"HTTP/1.1 abc OK\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 200 + b"\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 70_000 + b"\r\n\r\n"),
        raw(b"\x16\x03\x01" * 10),
    ],
)
def test_a_broken_answer_is_a_temporary_error(serve: Serve, step: Step) -> None:
    with pytest.raises(TemporaryError, match=r"^Acme .*what waits is tried again by itself\.$") as caught:
        make_client(serve(step)).post("x", json={})
    assert caught.value.call is not None


def test_a_closed_port_is_a_temporary_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(TemporaryError, match=r"^Acme could not be reached\. Check its address in the settings; .*"):
        make_client(f"http://127.0.0.1:{port}").get("x")


def test_an_error_that_is_being_handled_does_not_colour_the_next(serve: Serve) -> None:
    client = make_client(serve(Reply(401), raw(b"")))
    try:
        client.post("x")
    except ConfigurationError:
        with pytest.raises(TemporaryError, match=r"^Acme closed the connection before it had answered"):
            client.post("x")


def test_an_unknown_name_is_a_temporary_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: Any, **kwargs: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(TemporaryError, match=r"^The address of Acme could not be found"):
        make_client("https://api.example.com").get("x")


# --- Kept-alive connections that were closed --------------------------------------------------------------------------


def answer_then_close_on_the_next(exchange: Exchange) -> None:
    """Answer as if to keep the connection, and close it when the next request has arrived."""
    exchange.send(Reply().encode())
    exchange.sock.recv(65536)


def test_a_repeatable_call_on_a_closed_connection_is_sent_again_at_once(serve: Serve) -> None:
    server = serve(answer_then_close_on_the_next, Reply(body=b"2"))
    client = make_client(server)
    client.get("a")
    assert client.get("b").json() == 2
    assert server.connections == 2


def test_a_post_on_a_closed_connection_is_left_to_the_engine_unless_it_is_idempotent(serve: Serve) -> None:
    for idempotent in (False, True):
        server = serve(answer_then_close_on_the_next, Reply(body=b"2"))
        client = make_client(server)
        client.get("a")
        if idempotent:
            assert client.post("b", json={}, idempotent=True).json() == 2
        else:
            with pytest.raises(TemporaryError):
                client.post("b", json={})


def test_a_first_connection_that_is_dropped_is_not_tried_twice(serve: Serve) -> None:
    server = serve(raw(b""))
    with pytest.raises(TemporaryError):
        make_client(server).get("a")
    assert len(server.requests) == 1


# --- Judging the status -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (301, ConfigurationError),
        (302, ConfigurationError),
        (304, ConfigurationError),
        (307, ConfigurationError),
        (308, ConfigurationError),
        (400, RecordError),
        (401, ConfigurationError),
        (403, ConfigurationError),
        (404, RecordError),
        (408, TemporaryError),
        (409, RecordError),
        (422, RecordError),
        (425, TemporaryError),
        (429, Throttled),
        (500, TemporaryError),
        (502, TemporaryError),
        (503, TemporaryError),
        (599, TemporaryError),
        (999, TemporaryError),
    ],
)
def test_statuses_are_errors_named_by_what_to_do(serve: Serve, status: int, error: type[SyncError]) -> None:
    server = serve(Reply(status, b"" if status == 304 else b'{"detail": "inner body"}'))
    with pytest.raises(SyncError) as caught:
        make_client(server).get("x")
    assert type(caught.value) is error
    assert str(status) in str(caught.value)
    assert "inner body" not in str(caught.value)
    assert caught.value.call is not None
    assert caught.value.call.status == status
    assert caught.value.call.error == str(caught.value)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_success_is_an_answer(serve: Serve, status: int) -> None:
    assert make_client(serve(Reply(status, b""))).get("x").status == status


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_never_followed(serve: Serve, status: int) -> None:
    target = serve()
    server = serve(Reply(status, b"", {"Location": f"{target.url}/latest/meta-data?token={SECRET}"}))
    with pytest.raises(ConfigurationError, match=r"redirects to http://127\.0\.0\.1 .*final address") as caught:
        make_client(server).get("x")
    assert not target.requests
    assert SECRET not in str(caught.value)


def test_a_client_may_judge_first(serve: Serve) -> None:
    def classify(answer: Answer) -> None:
        if answer.json().get("Status") == "Error":
            raise TemporaryError(f"Acme says no, {KEY}", retry_after=60)

    client = make_client(serve(json_reply({"Status": "Error"})), classify=classify)
    with pytest.raises(TemporaryError) as caught:
        client.get("x")
    assert str(caught.value) == caught.value.message == "Acme says no, •••"
    assert caught.value.call is not None
    assert caught.value.call.error == "Acme says no, •••"
    assert 55 < client.limits.paused_for() <= 60


# --- Retry-After and rate limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("0", 0),
        ("999999", 6 * 3600),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("nan", None),
        ("inf", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", None),
        ("Thu, 99 Foo 9999 99:99:99 GMT", None),
        ("٣", 3),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value) == (pytest.approx(seconds) if seconds is not None else None)


def test_retry_after_as_a_date() -> None:
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=90)
    assert 85 < (parse_retry_after(format_datetime(soon, usegmt=True)) or 0) <= 90
    assert parse_retry_after(format_datetime(soon + dt.timedelta(days=3), usegmt=True)) == 6 * 3600


def test_a_429_stops_all_threads_until_the_time_it_names(serve: Serve) -> None:
    server = serve(Reply(429, headers={"Retry-After": "120"}), Reply())
    client = make_client(server)
    with pytest.raises(TemporaryError, match=r"asking for fewer calls \(429 Too Many Requests\)") as caught:
        client.get("x")
    assert caught.value.retry_after == 120

    def call(_number: int) -> bool:
        with in_lane(urgent=True, deadline=time.monotonic() + 0.1), pytest.raises(NotSent) as refused:
            client.get("x")
        return refused.value.call is None and 100 < (refused.value.retry_after or 0) <= 120

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(call, range(8)))
    assert len(server.requests) == 1


def test_a_429_without_a_time_stops_for_five_seconds(serve: Serve) -> None:
    client = make_client(serve(Reply(429)))
    with pytest.raises(TemporaryError) as caught:
        client.get("x")
    assert caught.value.retry_after == 5
    assert 4.5 < client.limits.paused_for() <= 5


def test_a_500_without_a_time_stops_nobody(serve: Serve) -> None:
    client = make_client(serve(Reply(500)))
    with pytest.raises(TemporaryError):
        client.get("x")
    assert client.limits.paused_for() == 0


def test_calls_obey_the_limit_they_name(serve: Serve) -> None:
    server = serve()
    limits = RateLimits({"default": Limit(0), "bulk": Limit(2, 0.3)})
    client = make_client(server, limits=limits)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: client.get("x", limit="bulk"), range(4)))
    times = sorted(seen.at for seen in server.requests)
    assert times[2] - times[0] >= 0.28
    client.get("x")


# --- One host only ----------------------------------------------------------------------------------------------------


def test_a_link_to_the_next_page_is_followed_on_the_same_host(serve: Serve) -> None:
    server = serve()
    make_client(server.url + "/v2").get(f"{server.url}/v3/page?cursor=2#top", params={"size": 10})
    assert server.requests[0].target == "/v3/page?cursor=2&size=10"


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1:{other}/x",
        "https://127.0.0.1:{port}/x",
        "http://localhost:{port}/x",
        "//127.0.0.1:{other}/x",
        "\\\\127.0.0.1:{port}\\x",
        "http://127.0.0.1:{port}@127.0.0.1:{other}/x",
        "http://user@127.0.0.1:{port}/x",
        "http://169.254.169.254/latest/meta-data",
        "https://evil.example.com/x?token=5ecret-canary",
        "ftp://127.0.0.1:{port}/x",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/x",
        "http://127.0.0.1:{port} .evil.com/x",
        "http://[::1]:{port}/",
        "http://127.0.0.1:99999/",
    ],
)
def test_a_link_to_another_host_is_not_followed(serve: Serve, link: str) -> None:
    server, other = serve(), serve()
    with pytest.raises(ConfigurationError, match="leads away from http://127") as caught:
        make_client(server).get(link.format(port=server.port, other=other.port))
    assert not server.requests
    assert not other.requests
    assert "5ecret-canary" not in str(caught.value)


def test_a_name_that_turns_out_to_be_internal_is_not_called(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve()
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]
    client = make_client(f"https://api.example.com:{server.port}")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
    with pytest.raises(ConfigurationError, match=r"^api\.example\.com is not a public address") as caught:
        client.get("x")
    assert server.connections == 0
    assert caught.value.call is not None


# --- Secrets ----------------------------------------------------------------------------------------------------------


def chain_text(error: BaseException | None) -> str:
    """All that a traceback, or a tool that walks the chain of an exception, can show."""
    text = ""
    while error is not None:
        text += " ".join(f"{cause!r} {cause.args!r} {vars(cause)!r}" for cause in causes(error))
        error = error.__context__
    return text


@pytest.mark.parametrize(
    "step",
    [
        json_reply({"echo": f"key {KEY}, secret {SECRET}", "apiKey": "other"}),
        json_reply({"echo": KEY}, 400),
        json_reply({"echo": KEY}, 401),
        json_reply({"echo": KEY}, 500),
        Reply(302, b"", {"Location": f"https://x.example.com/?k={KEY}"}),
        Reply(
            body=KEY.encode(), headers={"Content-Type": f"text/{KEY}", "X-Echo": SECRET, "Set-Cookie": "sid=canary9"}
        ),
        raw(b""),
        raw(f"HTTP/1.1 {KEY} {SECRET}\r\n\r\n".encode()),
        Exchange.hang,
    ],
)
def test_no_secret_in_calls_exceptions_or_logs(serve: Serve, step: Step, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = quick(serve(step))
    everything = {"params": {"secretKey": SECRET, "q": KEY}, "headers": {"Authorization": "Bearer tok-canary9"}}
    body = {"nested": {"password": "canary9"}, "note": SECRET}
    calls, errors = [], []
    for send, options in ((client.get, everything), (client.post, everything), (client.post, {"json": body})):
        try:
            answer = send("x", **options)
            calls.append(answer.call)
            answer.json()
        except SyncError as error:
            errors.append(error)
            calls.append(error.call)
    assert len(calls) >= 3
    seen = " ".join([*map(repr, calls), *map(chain_text, errors), caplog.text])
    for canary in (KEY, SECRET, "canary9", "5ecret%2Fwith", "u%24r012"):
        assert canary not in seen


def test_a_token_fetched_later_can_be_hidden_too(serve: Serve) -> None:
    client = make_client(serve(json_reply({"you sent": "tok-987654"})))
    client.hide("tok-987654")
    assert "987654" not in client.get("x").call.response_body


# --- The written record -----------------------------------------------------------------------------------------------


def test_a_call_says_what_was_sent_and_what_came_of_it(serve: Serve) -> None:
    client = make_client(serve(json_reply({"Id": 1}, X_Id="9"), Reply(500, b"oops"), Exchange.reset))
    first = client.post("leads", params={"accessKey": KEY, "page": 2}, json={"Name": "Anna"}).call
    failed = []
    for _ in range(2):
        with pytest.raises(TemporaryError) as caught:
            client.get("leads")
        failed.append(caught.value.call)
    second, third = failed
    assert (first.method, first.status, first.error) == ("POST", 200, "")
    assert first.url.endswith("/leads?accessKey=•••&page=2")
    assert first.request_body == '{"Name":"Anna"}'
    assert json.loads(first.response_body) == {"Id": 1}
    assert first.response_headers["X-Id"] == "9"
    assert first.started_at.tzinfo is not None
    assert first.duration_ms >= 0
    assert (second.status, second.response_body) == (500, "oops")
    assert second.error.startswith("Acme could not answer (500 Internal Server Error)")
    assert (third.status, third.response_body) == (None, "")
    assert third.error


def test_large_bodies_are_cut_and_say_so(serve: Serve) -> None:
    body = json.dumps(["x" * 1000] * 200).encode()
    call = make_client(serve(Reply(body=body))).post("x", data=body).call
    assert call.request_truncated
    assert call.response_truncated
    assert len(call.response_body.encode()) <= 64 * 1024
    assert body.decode().startswith(call.response_body)


def test_a_body_in_another_charset_is_recorded_readable_and_without_nul(serve: Serve) -> None:
    reply = Reply(body="smørrebrød\0".encode("latin-1"), headers={"Content-Type": "text/plain; charset=iso-8859-1"})
    assert make_client(serve(reply)).get("x").call.response_body == "smørrebrød\N{REPLACEMENT CHARACTER}"


# --- TLS --------------------------------------------------------------------------------------------------------------


def write_certificate(folder: Path, address: str, days: tuple[int, int]) -> Path:
    """A self-signed certificate with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "scripted")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days=days[0]))
        .not_valid_after(now + dt.timedelta(days=days[1]))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{address}-{days[1]}.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("certificates")
    return {
        "good": write_certificate(folder, "127.0.0.1", (-2, 2)),
        "expired": write_certificate(folder, "127.0.0.1", (-9, -1)),
        "other host": write_certificate(folder, "192.0.2.7", (-2, 2)),
    }


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Let the operator's SSL_CERT_FILE hold this certificate."""

    def choose(certificate: Path) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        transport.tls_context.cache_clear()

    yield choose
    transport.tls_context.cache_clear()


@pytest.fixture
def trusted(certificates: dict[str, Path], trust: Callable[[Path], None]) -> ssl.SSLContext:
    trust(certificates["good"])
    return server_context(certificates["good"])


def test_tls_works_and_is_kept_alive(serve: Serve, trusted: ssl.SSLContext) -> None:
    server = serve(tls=trusted)
    client = make_client(server)
    assert [client.get("x").status for _ in range(3)] == [200] * 3
    assert server.connections == 1


@pytest.mark.parametrize("flaw", ["self-signed", "expired", "other host"])
def test_a_bad_certificate_is_refused_before_anything_is_sent(
    serve: Serve, certificates: dict[str, Path], trust: Callable[[Path], None], flaw: str
) -> None:
    certificate = certificates.get(flaw, certificates["good"])
    trust(certificates["other host"] if flaw == "self-signed" else certificate)
    server = serve(tls=server_context(certificate))
    with pytest.raises(ConfigurationError, match=r"^The certificate of Acme is not valid for this address"):
        make_client(server).get("x")
    assert not server.requests


def test_old_tls_is_refused() -> None:
    assert transport.tls_context().minimum_version >= ssl.TLSVersion.TLSv1_2
    assert transport.tls_context().check_hostname
    assert transport.tls_context().verify_mode == ssl.CERT_REQUIRED


def test_nothing_in_the_tree_switches_verification_off() -> None:
    for path in Path(transport.__file__).parents[2].rglob("*.py"):
        assert "verify=False" not in path.read_text(), path


# --- A worker that was away ------------------------------------------------------------------------------------------


def test_a_worker_that_freezes_while_it_connects_sends_nothing(serve: Serve) -> None:
    """Its lease is looked at once the other side is reached: before that it may have been frozen for minutes."""
    server = serve(Reply(body=b"1"))

    def nobody_was_reached() -> bool:
        end = time.monotonic() + 2
        while not server.connections and time.monotonic() < end:
            time.sleep(0.01)
        return not server.connections

    with in_lane(urgent=False, deadline=float("inf"), alive=nobody_was_reached), pytest.raises(NotSent):
        make_client(server).post("late", json={"n": 1})
    assert server.requests == []


def test_the_body_of_a_worker_that_freezes_after_the_headers_is_not_sent(serve: Serve) -> None:
    server = serve(Reply(body=b"1"))
    client = make_client(server)
    answers = iter([True])
    with in_lane(urgent=False, deadline=float("inf"), alive=lambda: next(answers, False)), pytest.raises(NotSent):
        client.post("late", json={"n": 1})
    assert b"".join(seen.body for seen in server.requests) == b"", "a request without its body is none"
