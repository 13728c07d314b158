"""Contactsend at the front door: one address for every operation; IP address, envelope and token, then the call."""

from __future__ import annotations

import hmac
import re
from pathlib import Path
from xml.etree import ElementTree as ET

from werkzeug.wrappers import Request, Response

from integrations.sandbox.contactsend.account import ContactsendAccount
from integrations.sandbox.contactsend.calls import ApiCall, Part
from integrations.sandbox.contactsend.control import CONTROLS
from integrations.sandbox.contactsend.errors import (
    ContactsendError,
    unauthorized_ip,
    unknown_operation,
    wrong_keys,
    wrong_value,
)
from integrations.sandbox.contactsend.frame import FRAME
from integrations.sandbox.contactsend.operations import OPERATIONS, token_of
from integrations.sandbox.contactsend.pages import PAGES
from integrations.sandbox.contactsend.soap import (
    CONTENT_TYPE,
    ENVELOPE,
    WS,
    Xml,
    answered,
    call_of,
    child,
    element,
    fault,
)
from integrations.sandbox.contactsend.spoilt import hostile_answer
from integrations.sandbox.errors import VendorError
from integrations.sandbox.ledger import Call
from integrations.sandbox.vendor import Vendor

PATH = "soap/services"
WSDL = Path(__file__).with_name("service.wsdl")
OPERATION = re.compile(rb"<(?:[\w.-]+:)?Body[^>]*>\s*<(?:[\w.-]+:)?(\w+)")
FAULT_ERRORS = {
    "unauthorized": wrong_keys(401),
    "too_many": ContactsendError("Too many requests", 429),
    "limit_in_200": ContactsendError("Too many requests", 200),
    "app_error": ContactsendError("java.lang.IllegalStateException: an error was switched on in practice mode"),
    "refused": wrong_value("EMAIL", "STRING"),
}
SAMPLE = {"identifier": 1001, "attributes": [{"key": "NOME", "value": "Niccolò"}]}


class Contactsend(Vendor[ContactsendAccount]):
    """Account `practice` is there from the start; others on demand."""

    slug, title = FRAME.slug, FRAME.title
    new_account = ContactsendAccount
    predefined = ("practice",)
    controls = CONTROLS
    pages = PAGES
    refusals = FAULT_ERRORS
    sample = SAMPLE
    content_type = CONTENT_TYPE
    huge = (f'<S:Envelope xmlns:S="{ENVELOPE}"><S:Body><return>'.encode(), b"</return></S:Body></S:Envelope>")
    deep = (b"<return>", b"</return>")

    def is_api(self, path: str) -> bool:
        return path.rstrip("/") == PATH

    def called(self, request: Request, path: str) -> str:
        """With the operation, as the path is the same for all."""
        found = OPERATION.search(request.get_data()[:2000])
        return f"{path} {found[1].decode()}" if found else path

    def reply(self, account: ContactsendAccount, request: Request, path: str, call: Call) -> Response:
        if request.method == "GET" and "wsdl" in request.args:
            text = WSDL.read_text("utf-8").replace("REPLACE_WITH_ADDRESS", request.base_url)
            return Response(text, content_type="text/xml; charset=utf-8")
        if request.method != "POST" or request.mimetype != "application/soap+xml":
            return Response("Unsupported Content-Type. Supported ones are: [application/soap+xml]", 415)
        if not account.ip_authorized:
            raise unauthorized_ip()
        operation = call_of(request.get_data())
        name = operation.tag.removeprefix(f"{{{WS}}}")
        with account.lock:
            returned = borrowed(account, operation) if name == "borrowToken" else done(account, operation, name, call)
        if account.hostile != "none":
            return Response(hostile_answer(account.hostile, account.elsewhere), content_type=CONTENT_TYPE)
        return Response(answered(name, returned), content_type=CONTENT_TYPE)

    def refused(self, error: VendorError) -> Response:
        assert isinstance(error, ContactsendError)
        return Response(fault(error), error.status, error.headers, content_type=CONTENT_TYPE)

    def written_sample(self) -> str:
        return answered("getSubscriber", element("return", SAMPLE)).decode()


def borrowed(account: ContactsendAccount, operation: ET.Element) -> Xml:
    """Raises ContactsendError for keys that aren't the account's."""
    part = Part(operation, ("apiKey", "userKey"))
    sent, own = f"{part.text('apiKey')} {part.text('userKey')}", f"{account.api_key} {account.user_key}"
    if not hmac.compare_digest(sent.encode(), own.encode()):
        raise wrong_keys()
    return element("return", {"content": account.tokens.borrow(account.token_seconds)})


def done(account: ContactsendAccount, body: ET.Element, name: str, call: Call) -> Xml | None:
    """What the operation returns. Raises ContactsendError."""
    operation = OPERATIONS.get(name)
    if operation is None or (operation.newer and account.service_2016):
        raise unknown_operation(body.tag)
    made = ApiCall(account, body, operation.children)
    account.tokens.check(token_of(made))
    returned = operation.view(made)
    call.records = made.records
    return returned if returned is None or isinstance(returned, Xml) else child("return", returned)
