"""How Contactsend says no: a SOAP Fault as Java's own SOAP stack sends it. The WSDL declares none: texts are ours."""

from __future__ import annotations

from integrations.sandbox.errors import VendorError

SENDER, RECEIVER = "Sender", "Receiver"


class ContactsendError(VendorError):
    """A fault. `code`: whose mistake it is, by SOAP 1.2's own two words."""

    def __init__(self, text: str, status: int = 500, code: str = RECEIVER) -> None:
        super().__init__(text, status, {"code": code, "text": text})


def malformed(text: str) -> ContactsendError:
    """What was sent is no call of this service."""
    return ContactsendError(text, code=SENDER)


def unknown_operation(tag: str) -> ContactsendError:
    """`tag` in Clark notation, as the fault quotes it."""
    return malformed(f"Cannot find dispatch method for {tag}")


def wrong_keys(status: int = 500) -> ContactsendError:
    return ContactsendError("Invalid apiKey or userKey", status)


def wrong_token() -> ContactsendError:
    return ContactsendError("Invalid token")


def unauthorized_ip() -> ContactsendError:
    return ContactsendError("Unauthorized IP")


def no_source(identifier: int) -> ContactsendError:
    return ContactsendError(f"Subscriber source {identifier} not found")


def no_subscriber(identifier: int) -> ContactsendError:
    return ContactsendError(f"Subscriber {identifier} not found")


def already_there(identifier: int) -> ContactsendError:
    return ContactsendError(f"Subscriber {identifier} already exists")


def locked() -> ContactsendError:
    return ContactsendError("Subscriber source is locked")


def read_only() -> ContactsendError:
    return ContactsendError("Subscriber source is read only")


def no_form() -> ContactsendError:
    return ContactsendError("Web form code not found")


def no_attribute(name: str) -> ContactsendError:
    return ContactsendError(f"Attribute {name} not found in subscriber source")


def untyped(name: str) -> ContactsendError:
    return ContactsendError(f"The value of attribute {name} has no type")


def wrong_value(name: str, field_type: str) -> ContactsendError:
    return ContactsendError(f"Invalid value for attribute {name} ({field_type})")


def too_long(name: str, most: int) -> ContactsendError:
    return ContactsendError(f"The value of attribute {name} is longer than {most} characters")
