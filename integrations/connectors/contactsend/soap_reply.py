"""Reading what Contactsend answers. Hardened: no DTD, no entities, nothing from elsewhere, no huge trees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree

from integrations.connectors.contactsend.send_faults import VENDOR, Fault
from integrations.core.errors import TemporaryError
from integrations.core.http import Answer, Call

ENVELOPE = "{http://www.w3.org/2003/05/soap-envelope}"
WS = "{http://ws.api.contactlab.com/}"
# Before the first element: a document type would be there.
PROLOGUE = re.compile(rb"(?:\s|<\?.*?\?>|<!--.*?-->|\xef\xbb\xbf)*+<!DOCTYPE", re.DOTALL)
NUMBER = re.compile(r"\s*-?\d{1,18}\s*")


class NotSoap(TemporaryError):
    """An answer that is no SOAP, or not what the operation returns."""

    def __init__(self, call: Call) -> None:
        super().__init__(
            _("%(vendor)s answered something that is not SOAP; it will be tried again.") % {"vendor": VENDOR}, call=call
        )
        call.error = self.message


class Reply:
    """What was returned, or a part of it: children are found by name, and those nobody asks for don't matter.

    `call` is how it came. Raises NotSoap for what must be there and isn't.
    """

    def __init__(self, element: Any, call: Call) -> None:
        self._element = element
        self.call = call

    def text(self, name: str = ".") -> str:
        """The text of a child, by default one's own; empty when there is none."""
        return self._element.findtext(name) or ""

    def number(self, name: str = ".") -> int:
        text = self.text(name)
        if not NUMBER.fullmatch(text):
            raise NotSoap(self.call)
        return int(text)

    def is_true(self, name: str = ".") -> bool:
        return self.text(name).strip() in ("true", "1")

    def each(self, name: str) -> list[Reply]:
        return [Reply(found, self.call) for found in self._element.findall(name)]

    def pairs(self, name: str) -> Mapping[str, str]:
        """`<name><key/><value/></name>`: texts by key. A value that is nil or has children is empty."""
        found = ({part.tag: part.text or "" for part in pair} for pair in self._element.iterchildren(name))
        return {pair.get("key", ""): pair.get("value", "") for pair in found}


def returned(answer: Answer, operation: str) -> Reply:
    """What the operation returned; for one that returns nothing, that. Raises NotSoap."""
    root = parsed(answer.body)
    response = None if root is None else root.find(f"{ENVELOPE}Body/{WS}{operation}Response")
    if response is None:
        raise NotSoap(answer.call)
    found = response.find("return")
    return Reply(response if found is None else found, answer.call)


def fault_of(answer: Answer) -> Fault | None:
    """The fault, if the answer is one."""
    root = parsed(answer.body)
    found = None if root is None else root.find(f"{ENVELOPE}Body/{ENVELOPE}Fault")
    if found is None:
        return None
    text = found.findtext(f"{ENVELOPE}Reason/{ENVELOPE}Text") or ""
    code = found.findtext(f"{ENVELOPE}Code/{ENVELOPE}Value") or ""
    return Fault(text.strip(), is_ours=code.endswith("Sender"))


def parsed(body: bytes) -> Any | None:
    """The root of an envelope, or None for what is none.

    A DTD is refused before it is parsed; in UTF-16 its letters stand apart, and then it is refused afterwards: libxml2
    itself stops entities that grow.
    """
    if PROLOGUE.match(body[:100_000]):
        return None
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    is_envelope = root.tag == f"{ENVELOPE}Envelope" and not root.getroottree().docinfo.doctype
    return root if is_envelope else None
