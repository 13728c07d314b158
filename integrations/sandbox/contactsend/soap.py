"""SOAP 1.2 on the wire, document/literal wrapped: the call in an envelope, and the envelope of an answer or a fault.

Children of an operation are unqualified, as the schema has no elementFormDefault.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import NamedTuple
from xml.etree import ElementTree as ET

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from integrations.sandbox.contactsend.errors import ContactsendError, malformed

ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
WS = "http://ws.api.contactlab.com/"
XSD = "http://www.w3.org/2001/XMLSchema"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
CONTENT_TYPE = "application/soap+xml; charset=utf-8"
# A name in a namespace, in Clark notation: what an xsi:type becomes when it is read.
EVENTS = ("start-ns", "end-ns", "start", "end")

for prefix, uri in {"S": ENVELOPE, "ws": WS, "xs": XSD}.items():
    ET.register_namespace(prefix, uri)


class Typed(NamedTuple):
    """A value as it is written: the local name of its XML Schema type, and its text."""

    type: str
    text: str


def call_of(body: bytes) -> ET.Element:
    """The operation's element. Raises ContactsendError for what is no SOAP 1.2 call or has a DTD."""
    try:
        envelope = read(body)
    except (ET.ParseError, DefusedXmlException) as error:
        raise malformed(f"Couldn't create SOAP message due to exception: {type(error).__name__}") from None
    if envelope.tag != f"{{{ENVELOPE}}}Envelope":
        raise malformed("Couldn't create SOAP message: expecting Envelope in namespace " + ENVELOPE)
    operation = envelope.find(f"{{{ENVELOPE}}}Body/*")
    if operation is None:
        raise malformed("No operation in the body")
    return operation


def read(body: bytes) -> ET.Element:
    """The root; every xsi:type is rewritten from its prefix to its namespace, which ElementTree would forget."""
    prefixes: list[tuple[str, str]] = []
    root: ET.Element | None = None
    for event, found in iterparse(io.BytesIO(body), events=EVENTS, forbid_dtd=True):
        if event == "start-ns":
            prefixes.append(found)
        elif event == "end-ns":
            prefixes.pop()
        elif event == "start":
            root = found if root is None else root
            if XSI_TYPE in found.attrib:
                found.set(XSI_TYPE, resolved(found.get(XSI_TYPE, ""), prefixes))
    if root is None:
        raise ET.ParseError("no element found")
    return root


def resolved(name: str, prefixes: list[tuple[str, str]]) -> str:
    prefix, _, local = name.rpartition(":")
    uri = next((uri for known, uri in reversed(prefixes) if known == prefix), "")
    return f"{{{uri}}}{local}"


def answered(operation: str, returned: ET.Element | None) -> bytes:
    """The envelope of an answer; one without `return` is empty."""
    envelope, body = new_envelope()
    response = ET.SubElement(body, f"{{{WS}}}{operation}Response")
    if returned is not None:
        response.append(returned)
    return written(envelope)


def fault(error: ContactsendError) -> bytes:
    envelope, body = new_envelope()
    found = ET.SubElement(body, f"{{{ENVELOPE}}}Fault")
    code = ET.SubElement(ET.SubElement(found, f"{{{ENVELOPE}}}Code"), f"{{{ENVELOPE}}}Value")
    code.text = f"S:{error.body['code']}"
    text = ET.SubElement(ET.SubElement(found, f"{{{ENVELOPE}}}Reason"), f"{{{ENVELOPE}}}Text")
    text.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    text.text = error.body["text"]
    return written(envelope)


def new_envelope() -> tuple[ET.Element, ET.Element]:
    envelope = ET.Element(f"{{{ENVELOPE}}}Envelope")
    return envelope, ET.SubElement(envelope, f"{{{ENVELOPE}}}Body")


def written(envelope: ET.Element) -> bytes:
    text: bytes = ET.tostring(envelope, encoding="utf-8", xml_declaration=True)
    return text


def element(tag: str, children: Mapping[str, object]) -> ET.Element:
    """`<tag>` with a child a pair: text, true/false, a number, an element's own children, or a list of any of these."""
    made = ET.Element(tag)
    for name, value in children.items():
        for one in value if isinstance(value, list) else [value]:
            made.append(child(name, one))
    return made


def child(name: str, value: object) -> ET.Element:
    if isinstance(value, ET.Element):
        return value
    if isinstance(value, Mapping):
        return element(name, value)
    made = ET.Element(name)
    if isinstance(value, Typed):
        made.set(XSI_TYPE, ET.QName(XSD, value.type))  # type: ignore[arg-type]  # written with its prefix
        made.text = value.text
    else:
        made.text = str(value).lower() if isinstance(value, bool) else str(value)
    return made
