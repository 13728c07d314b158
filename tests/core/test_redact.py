"""Canaries: what must never be seen, in every place it was ever found in."""

from __future__ import annotations

import base64
import html
import json
import re
import time
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from integrations.core.redact import (
    BODY_LIMIT,
    MASK,
    Redactor,
    clean,
    is_secret_name,
    mask_payload,
    mask_personal,
    redact,
)

CANARY = "C4n4ry-xq7"

# Places of a secret that nobody told us: found by name. Each holds "keep" where the text must stay readable.
BY_NAME = [
    '{"apiKey": "%s", "b": "keep"}',
    '{"api_key":"%s","b":"keep"}',
    '{"API-KEY" : "%s" , "b": "keep"}',
    '{"secretKey": "%s", "b": "keep"}',
    '{"accessKey": "%s", "b": "keep"}',
    '{"client_secret": "%s", "b": "keep"}',
    '{"clientSecret": "%s", "b": "keep"}',
    '{"access_token": "%s", "b": "keep"}',
    '{"refreshToken": "%s", "b": "keep"}',
    '{"password": "%s", "b": "keep"}',
    '{"Passwd": "%s", "b": "keep"}',
    '{"userPwd": "%s", "b": "keep"}',
    '{"pin": "%s", "b": "keep"}',
    '{"customerPIN": "%s", "b": "keep"}',
    '{"otp": "%s", "b": "keep"}',
    '{"cookie": "%s", "b": "keep"}',
    '{"credentials": ["%s", "x"], "b": "keep"}',
    '{"credentials": {"a": {"b": "%s"}}, "b": "keep"}',
    '{"a": {"b": [{"c": {"private_key": "%s"}}]}, "d": "keep"}',
    '{"password": "a\\"%s", "b": "keep"}',
    '{"password": "a\\\\", "token": "%s", "b": "keep"}',
    '{"Authorization": "Bearer %s", "b": "keep"}',
    '[{"Attribute":"mx_PIN","Value":"%s"},{"Attribute":"City","Value":"keep"}]',
    '[{"Attribute": "Password" , "Value": "%s"},{"Attribute":"City","Value":"keep"}]',
    '{"body": "{\\"password\\": \\"%s\\", \\"b\\": \\"keep\\"}"}',
    '{"body": "{\\"x\\": \\"{\\\\\\"apiKey\\\\\\": \\\\\\"%s\\\\\\"}\\"}", "b": "keep"}',
    '{"url": "https://x.example.com/?token=%s&b=keep"}',
    "accessKey=%s&secretKey=%s&b=keep",
    "b=keep&user%%5Bpassword%%5D=%s",
    "user[password]=%s&b=keep",
    "keep %%7B%%22client_secret%%22%%3A%%22%s%%22%%7D",
    "Authorization: Bearer %s\nX-B: keep",
    "authorization: Basic %s\nX-B: keep",
    "Proxy-Authorization: Digest a=b, c=%s\nX-B: keep",
    "Cookie: a=b; sid=%s\r\nX-B: keep",
    "Set-Cookie: sid=%s; Path=/; HttpOnly\r\nX-B: keep",
    "x-LSQ-AccessKey: %s\nX-B: keep",
    "X-LSQ-SecretKey: %s\nX-B: keep",
    "X-Auth-Token: %s\nX-B: keep",
    "https://user:%s@api.example.com/keep",
    "<password>%s</password><b>keep</b>",
    '<input name="password" value="%s"> keep',
    "{'token': '%s', 'b': 'keep'}",
    "['api_key' => '%s', 'b' => 'keep']",
    "keep: Invalid API Key: %s",
    'keep: curl -H "Authorization: Bearer %s"',
    "keep Bearer %s",
    "keep password=%s,%s",
    '{"b": "keep", "password": "%s',
]


@pytest.mark.parametrize("text", BY_NAME)
def test_a_secret_is_found_by_its_name(text: str) -> None:
    shown = redact(text.replace("%%", "%").replace("%s", CANARY))
    assert CANARY not in shown
    assert "keep" in shown
    assert MASK in shown


def test_there_are_enough_canaries() -> None:
    assert len(set(BY_NAME)) >= 40


@pytest.mark.parametrize("value", ["1234", "-7", "12.5", "true", "null"])
def test_numbers_under_a_secret_name_are_masked_and_json_stays_json(value: str) -> None:
    shown = redact(f'{{"a": 1, "pin": {value}, "b": [{value}]}}')
    assert json.loads(shown)["pin"] == MASK
    assert json.loads(shown)["a"] == 1


@pytest.mark.parametrize(
    "text",
    [
        '{"shopping": "list", "keyword": "k", "monkey": 1, "compass": "n", "pinterest": "p", "Primary": "key"}',
        '{"Key": "EmailAddress", "passenger": "Anna", "basic": "yes", "spinach": 1, "author": "Bo"}',
        '[{"Attribute":"City","Value":"Aarhus"},{"Attribute":"SearchBy","Value":"Phone"}]',
        "Basic information about https://api.example.com/page and basic settings",
        "a=1&b=2&key=EmailAddress",
        "Anna <anna@example.test> wrote: see https://x.example.com/a",
        "",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "apiKey",
        "API_KEY",
        "x-api-key",
        "X-LSQ-AccessKey",
        "secretKey",
        "client_secret",
        "Token",
        "pin",
        "mx_PIN",
        "customerPin",
        "pin_code",
        "PASSWORD",
        "Set-Cookie",
        "cookie",
        "csrfToken",
        "private.key",
        "passphrase",
    ],
)
def test_secret_names(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name", ["shopping", "key", "Email", "author", "passenger", "Opinion", "keyboard", "spin", "City"]
)
def test_other_names(name: str) -> None:
    assert not is_secret_name(name)


def test_headers_and_addresses() -> None:
    headers = Redactor([CANARY]).headers
    shown = headers({"Set-Cookie": f"a={CANARY}", "X-Echo": f"it was {CANARY}", "Date": "today"})
    assert shown == {"Set-Cookie": MASK, "X-Echo": f"it was {MASK}", "Date": "today"}
    assert len(headers({f"X-{n}": "a" * 9999 for n in range(500)})) == 40
    assert max(map(len, headers({"X-A": "a" * 9999}).values())) == 512
    assert redact(f"https://u:{CANARY}@x.example.com/{CANARY}/y?accessKey=a&p=2", [CANARY]) == (
        f"https://{MASK}@x.example.com/{MASK}/y?accessKey={MASK}&p=2"
    )


ENCODINGS = {
    "plain": lambda s: s,
    "quote": lambda s: quote(s, safe=""),
    "quote with slash": quote,
    "quote_plus": quote_plus,
    "lower-case quote": lambda s: "".join(
        part.lower() if part[0] == "%" else part for part in _codes(quote(s, safe=""))
    ),
    "twice quoted": lambda s: quote(quote(s, safe=""), safe=""),
    "form": lambda s: urlencode({"x": s}),
    "json": json.dumps,
    "json, not ASCII": lambda s: json.dumps(s, ensure_ascii=False),
    "json in json": lambda s: json.dumps(json.dumps({"x": s})),
    "json with escaped slash": lambda s: json.dumps(s).replace("/", "\\/"),
    "json in a query": lambda s: quote(json.dumps({"x": s}, ensure_ascii=False)),
    "json, upper-case codes": lambda s: re.sub(r"(?<=\\u)....", lambda code: code[0].upper(), json.dumps(s)),
    "html": html.escape,
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "basic auth": lambda s: base64.b64encode(f"user:{s}".encode()).decode(),
    "basic auth, other start": lambda s: base64.b64encode(f"users:{s}".encode()).decode(),
    "as user": lambda s: base64.b64encode(f"{s}:".encode()).decode(),
    "url-safe base64": lambda s: base64.urlsafe_b64encode(f"me:{s}".encode()).decode(),
}


def _codes(text: str) -> list[str]:
    parts, at = [], 0
    while at < len(text):
        size = 3 if text[at] == "%" else 1
        parts.append(text[at : at + size])
        at += size
    return parts


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("secret", ["u$r0123456789abcdef", 'p/ä+s"s=w&o<r>d\\', "пароль-ключ", "abcd", "a b\tc"])
def test_a_known_value_is_found_in_every_spelling(encoding: str, secret: str) -> None:
    written = ENCODINGS[encoding](secret)
    shown = redact(f"before {written} after", [secret])
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert MASK in shown
    core = written.strip('"')
    assert core not in shown


secrets = st.text(st.characters(codec="utf-8", exclude_characters="•"), min_size=4, max_size=60)
noise = st.text(st.characters(codec="utf-8"), max_size=200)


@settings(deadline=None, database=None, max_examples=300)
@given(before=noise, secret=secrets, after=noise, name=st.sampled_from(sorted(ENCODINGS)))
def test_a_known_value_never_survives_in_any_position(before: str, secret: str, after: str, name: str) -> None:
    written = ENCODINGS[name](secret).strip('"')
    assume(len(written) >= 4)
    redactor = Redactor([secret])
    assert secret not in redactor.text(before + written + after)
    assert secret not in redactor.body((before + secret + after).encode())[0]


@settings(deadline=None, database=None, max_examples=200)
@given(
    payload=st.recursive(
        st.text(max_size=20) | st.integers() | st.none(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
        max_leaves=15,
    ),
    name=st.sampled_from(["password", "apiKey", "PIN", "client_secret", "x-lsq-secretkey", "Access_Token"]),
    levels=st.integers(0, 3),
)
def test_a_named_value_never_survives_at_any_depth(payload: Any, name: str, levels: int) -> None:
    document: Any = {"rest": payload, name: CANARY, "more": {"deep": [{name: CANARY + "\\", "z": payload}]}}
    for _ in range(levels):
        document = {"body": json.dumps(document), "other": [payload]}
    assert CANARY not in redact(json.dumps(document))


@settings(deadline=None, database=None, max_examples=300)
@given(st.text(st.sampled_from('"\\{}[]:,= keypasswordpintoken<>&;\n'), max_size=120))
def test_nothing_makes_it_stumble(text: str) -> None:
    redact(text, ["secret"])
    redact(text + CANARY, [CANARY]).encode()


@settings(deadline=None, database=None, max_examples=60)
@given(
    offset=st.integers(-300, 300), secret=st.sampled_from([CANARY, "u$r" + "0123456789abcdef" * 16]), lead=st.booleans()
)
def test_a_secret_at_the_cut_is_not_halved(offset: int, secret: str, lead: bool) -> None:
    # With many masked values before it, the text shrinks: the end of what was looked at moves into sight.
    start = f"{secret} " * 200 if lead else ""
    body = (start + "a" * max(0, BODY_LIMIT + offset - len(start)) + secret + "b" * 20_000).encode()
    shown, cut = Redactor([secret]).body(body)
    assert cut
    assert len(shown.encode()) <= BODY_LIMIT
    assert secret[:4] not in shown


@pytest.mark.parametrize("reach", range(-60, 60, 7))
def test_a_secret_at_the_end_of_what_is_looked_at_is_not_halved(reach: int) -> None:
    secret = "u$r0123456789abcdef0123456789abcdef"
    redactor = Redactor([secret])
    start = f"{secret} ".encode() * 1500
    end = BODY_LIMIT + redactor._margin + reach
    body = start + b"a" * (end - len(start) - 20) + secret.encode() + b"b" * 50_000
    assert "u$r" not in redactor.body(body)[0]


def test_short_bodies_are_whole_and_large_ones_say_that_they_are_cut() -> None:
    assert Redactor().body("ærø".encode()) == ("ærø", False)
    assert Redactor().body(b"a" * BODY_LIMIT) == ("a" * BODY_LIMIT, False)
    assert Redactor().body(b"a" * (BODY_LIMIT + 1)) == ("a" * BODY_LIMIT, True)
    assert Redactor().body("æ".encode() * BODY_LIMIT)[1]
    assert Redactor().body(b"a\0b\xff")[0] == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"


def test_very_short_values_are_masked_by_name_only() -> None:
    assert redact('{"pin": "12", "year": "12"}', ["12", ""]) == f'{{"pin": "{MASK}", "year": "12"}}'


@pytest.mark.parametrize(
    "text",
    ["password" * 8000, "key:" * 16000, '"token":[' * 7000, "pin " * 16000, "://" * 20000 + "@", "bearer " * 9000]  # noqa: RUF005
    + ["key" + " " * 60000, '\\"pin\\":\\"' * 6000, "token" + "\\" * 60000, "a" * 60000 + "key", "basic" + "a" * 60000],
)
def test_hostile_text_takes_no_longer_than_other_text(text: str) -> None:
    started = time.thread_time()
    Redactor(["secret"]).body(text.encode())
    assert time.thread_time() - started < 2


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("anna@example.test", "a•••@e•••.test"),
        (" Anna.Holm+x@mail.example.co.uk ", "A•••@m•••.uk"),
        ("+45 20 30 40 50", "•••50"),
        ("+45-20304050", "•••50"),
        ("20304050", "•••50"),
        ("Anna", "A•••"),
        ("Ærø", "Æ•••"),
        ("\x1b[31mred", "•••"),
        ("   ", "•••"),
        ("7", "7•••"),
        (20304050, "•••"),
        (1.5, "•••"),
        (True, True),
        (None, None),
        ("", ""),
        ("not@an@email", "n•••"),
    ],
)
def test_personal_data_is_masked(value: Any, masked: Any) -> None:
    assert mask_personal(value) == masked


def test_payloads_keep_their_keys() -> None:
    payload = {"Name": "Anna", "tags": ["vip", 3], "sub": {"mail": "a@b.dk", "ok": True}, "none": None}
    assert mask_payload(payload) == {
        "Name": "A•••",
        "tags": ["v•••", "•••"],
        "sub": {"mail": "a•••@b•••.dk", "ok": True},
        "none": None,
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("Ærø – 東京 😀", "Ærø – 東京 😀"),
        ("\x1b[31;1mred\x1b[0m", "red"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred", "red"),
        ("a\rb\x00c\x08d\x7fe\x85f", "abcdef"),
        ("a\r\nb", "a\nb"),
        ("user\u202egnp.exe\u2066x\u2069", "usergnp.exex"),
        ("a\u200b\u200e\u2028\ufeff\ue000b", "ab"),
        ("\ud800x", "x"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_vendor_text_is_made_inert(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_vendor_text_can_be_cut() -> None:
    assert clean("abcdef", 4) == "abc…"
    assert clean("abcd", 4) == "abcd"
