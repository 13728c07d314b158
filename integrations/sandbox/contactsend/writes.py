"""The operations that write. Each answers with its `return`, or with nothing."""

from __future__ import annotations

from integrations.sandbox.contactsend.calls import SUBSCRIBER, ApiCall, Part, attributes_of, required
from integrations.sandbox.contactsend.errors import malformed, no_subscriber
from integrations.sandbox.contactsend.reads import told_subscriber
from integrations.sandbox.contactsend.soap import Xml, element
from integrations.sandbox.contactsend.sources import SUBSCRIBED, UNSUBSCRIBED, Source, now


def add_subscriber(call: ApiCall) -> Xml:
    source = call.source()
    source.refuse_writes()
    identifier = added(call, source, required(call.part("subscriber", SUBSCRIBER), "subscriber"), "addSubscriber")
    return element("return", told_subscriber(source, identifier))


def add_subscribers(call: ApiCall) -> int:
    """All or none."""
    source = call.source()
    source.refuse_writes()
    many = required(call.part("subscribers", ("currentPageItems",)), "subscribers")
    parts = list(many.parts("currentPageItems", SUBSCRIBER))
    for part in parts:
        identifier_of(source, part)
        source.clean(attributes_of(part))
    for part in parts:
        added(call, source, part, "addSubscribers")
    return len(parts)


def added(call: ApiCall, source: Source, part: Part, operation: str) -> int:
    values = source.clean(attributes_of(part))
    identifier = source.add(values, identifier_of(source, part))
    call.records += 1
    call.account.entered(now(), operation, source, identifier, "created", *values)
    return identifier


def identifier_of(source: Source, part: Part) -> int | None:
    """The identifier a new subscriber is given by its sender, where the userdb wants that. Raises ContactsendError."""
    if source.own_identifier != bool(part.text("identifier")):
        raise malformed(
            f"The subscriber's identifier is missing ({source.identifier_field})"
            if source.own_identifier
            else "The subscriber source gives the identifier itself"
        )
    return part.number("identifier") if source.own_identifier else None


def update_subscriber(call: ApiCall) -> Xml:
    source, part = call.source(), required(call.part("subscriber", SUBSCRIBER), "subscriber")
    source.refuse_writes()
    identifier, values = part.number("identifier"), source.clean(attributes_of(part))
    source.change(identifier, values)
    call.records = 1
    call.account.entered(now(), "updateSubscriber", source, identifier, "updated", *values)
    return element("return", told_subscriber(source, identifier))


def remove_subscriber(call: ApiCall) -> bool:
    source, identifier = call.source(), call.number("recipientIdentifier")
    source.refuse_writes()
    source.values_of(identifier)
    call.account.entered(now(), "removeSubscriber", source, identifier, "removed")
    source.remove(identifier)
    call.records = 1
    return True


def modify_subscription(call: ApiCall) -> None:
    source, form = call.account.form_of(call.text("webFormCode"))
    identifier, on = call.number("subscriberIdentifier"), call.is_true("isSubscribed")
    source.refuse_writes()
    if identifier not in source.subscribers:
        raise no_subscriber(identifier)
    source.change(identifier, {form.field: SUBSCRIBED if on else UNSUBSCRIBED})
    call.records = 1
    outcome = "subscribed" if on else "unsubscribed"
    call.account.entered(now(), "modifySubscriberSubscriptionStatus", source, identifier, outcome, form.field)
