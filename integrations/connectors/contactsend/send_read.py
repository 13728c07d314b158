"""The types of send_types out of what was returned. Raises NotSoap for what must be there and isn't."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integrations.connectors.contactsend.send_types import SendField, SendSource, SendSubscriber, SendSubscription

if TYPE_CHECKING:
    from integrations.connectors.contactsend.soap_reply import Reply


def source(reply: Reply) -> SendSource:
    fields = [field(one) for one in reply.each("fields")]
    identifier = reply.number("identifier")
    return SendSource(
        id=identifier,
        name=reply.text("name") or str(identifier),
        description=reply.text("description"),
        identifier_field=reply.text("subscriberIdentifierFieldName"),
        fields={one.name: one for one in fields if one.name},
        locked=reply.is_true("locked"),
        read_only=reply.is_true("readOnly"),
    )


def field(reply: Reply) -> SendField:
    return SendField(reply.text("name"), reply.text("type"), reply.is_true("emailField"), reply.is_true("phoneField"))


def subscriber(reply: Reply) -> SendSubscriber:
    return SendSubscriber(reply.number("identifier"), reply.pairs("attributes"))


def subscription(reply: Reply) -> SendSubscription:
    return SendSubscription(
        reply.number("id"), reply.text("name"), reply.text("registrationField"), reply.text("webformCode")
    )


def last_page(reply: Reply, number: int, items: int) -> bool:
    """Whether this was the last page: the service says how many there are, and an empty one is beyond it."""
    most = reply.text("maxPageNumber").strip()
    return not items or (most.isdecimal() and number >= int(most))
