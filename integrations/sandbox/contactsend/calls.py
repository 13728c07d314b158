"""One call of an operation: what it says, child by child. Order and names are checked as the schema has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from integrations.sandbox.contactsend.account import ContactsendAccount
from integrations.sandbox.contactsend.errors import malformed
from integrations.sandbox.contactsend.sources import Source
from integrations.sandbox.contactsend.values import sent_text

# The children of the types that calls have, in their order.
ATTRIBUTE = ("key", "value")
SUBSCRIBER = ("identifier", "attributes")
LOOKUP = ("pageNumber", "matchingMode", "sortingMode")
PAGINATION = ("sorting", "currentPage", "pageSize")
SORTING = ("sortField", "sortOrder")
FILTER = ("attributeName", "attributeValue", "lookupMatchingMode", "attributeValues")
SUBSCRIPTION = ("modelId", "subscriberSourceId")


class Part:
    """An element whose children are known by name. Raises ContactsendError for any other, or for another order."""

    def __init__(self, element: ET.Element, names: Sequence[str]) -> None:
        self.element = element
        at = 0
        for child in element:
            if child.tag not in names[at:]:
                raise malformed(f"Unexpected element {child.tag} in {element.tag}")
            at = names.index(child.tag)

    def text(self, name: str) -> str:
        return (self.element.findtext(name) or "").strip()

    def number(self, name: str) -> int:
        """Raises ContactsendError for what is no 32-bit number, or isn't there."""
        text = self.text(name)
        if not text.removeprefix("-").isdecimal() or abs(int(text)) >= 2**31:
            raise malformed(f"{name} is not an int")
        return int(text)

    def is_true(self, name: str) -> bool:
        return self.text(name) in ("true", "1")

    def part(self, name: str, names: Sequence[str]) -> Part | None:
        found = self.element.find(name)
        return None if found is None else Part(found, names)

    def parts(self, name: str, names: Sequence[str]) -> Iterator[Part]:
        return (Part(found, names) for found in self.element.findall(name))


class ApiCall(Part):
    """A call by somebody with a token."""

    def __init__(self, account: ContactsendAccount, element: ET.Element, names: Sequence[str]) -> None:
        super().__init__(element, names)
        self.account = account
        self.records = 0

    def source(self, name: str = "sourceIdentifier") -> Source:
        return self.account.source_of(self.number(name))


def required(part: Part | None, name: str) -> Part:
    """Raises ContactsendError."""
    if part is None:
        raise malformed(f"{name} is missing")
    return part


def attributes_of(subscriber: Part) -> dict[str, str]:
    """The texts by key. Raises ContactsendError for a value without a type, or when there is none at all."""
    found = list(subscriber.parts("attributes", ATTRIBUTE))
    if not found:
        raise malformed("A subscriber has at least one attribute")
    return {one.text("key"): sent_text(one.text("key"), one.element.find("value")) for one in found}
