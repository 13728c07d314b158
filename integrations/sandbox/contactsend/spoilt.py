"""Answers made to hurt whoever parses them carelessly: entities that grow, and references to elsewhere."""

from __future__ import annotations

from integrations.sandbox.contactsend.soap import ENVELOPE, WS

LAUGHS = 9  # levels, ten of the one below each: a billion
REPEATS = 50_000


def hostile_answer(kind: str, elsewhere: str) -> bytes:
    """An answer to countSubscribers with a DTD of this `kind` (account.HOSTILE) before it."""
    doctype, attribute, text = {
        "xml_bomb": (bomb(), "", f"&l{LAUGHS};"),
        "attribute_bomb": (bomb(), f' note="&l{LAUGHS};"', "1"),
        "quadratic_bomb": (f'[<!ENTITY l "{"x" * REPEATS}">]', "", "&l;" * REPEATS),
        "dtd": ("[<!ELEMENT return ANY>]", "", "1"),
        "external_entity": (f'[<!ENTITY l SYSTEM "{elsewhere}">]', "", "&l;"),
        "external_dtd": (f'SYSTEM "{elsewhere}"', "", "1"),
    }[kind]
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE S:Envelope {doctype}>'
        f'<S:Envelope xmlns:S="{ENVELOPE}"{attribute}><S:Body><ns2:countSubscribersResponse xmlns:ns2="{WS}">'
        f"<return>{text}</return></ns2:countSubscribersResponse></S:Body></S:Envelope>"
    ).encode()


def bomb() -> str:
    levels = [f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, LAUGHS + 1)]
    return f'[<!ENTITY l0 "ha">{"".join(levels)}]'
