"""SOAP 1.2 with Contactsend: zeep makes each message by our WSDL, core's HttpClient carries it, lxml reads the answer.

Imported only where a connection is used: zeep and lxml are about 8 MB that no other worker carries. Nothing here
fetches anything: the WSDL is a file of ours, and what refers to elsewhere is refused.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

import zeep
from lxml import etree
from zeep import xsd
from zeep.wsdl import Document

from integrations.connectors.contactsend.send_faults import VENDOR, meaning, no_service
from integrations.connectors.contactsend.send_values import Typed
from integrations.connectors.contactsend.soap_reply import Reply, fault_of, returned
from integrations.core.http import Answer, HttpClient
from integrations.core.http.ratelimit import RateLimits

WSDL = Path(__file__).with_name("contactsend.wsdl")
HEADERS = {"Content-Type": "application/soap+xml; charset=utf-8", "Accept": "application/soap+xml"}
NAMESPACES = {"xs": "http://www.w3.org/2001/XMLSchema", "xsi": "http://www.w3.org/2001/XMLSchema-instance"}
# A page of 100 subscribers, each with a value of 100,000 characters.
LARGEST_ANSWER = 16 * 1024 * 1024
# XML Schema types by the names that send_values gives them.
TYPES = {
    "string": xsd.String(),
    "boolean": xsd.Boolean(),
    "int": xsd.Int(),
    "long": xsd.Long(),
    "double": xsd.Double(),
    "date": xsd.Date(),
    "dateTime": xsd.DateTime(),
    "time": xsd.Time(),
}
# Operations that change nothing of the account's: all that a preview may call.
LOOK_UPS = frozenset(
    {
        "borrowToken",
        "keepaliveToken",
        "invalidateToken",
        "findSubscriberSources",
        "getSubscriberSource",
        "isSubscriberSourceLocked",
        "countSubscribers",
        "findSubscribers",
        "findSubscribersBy",
        "getSubscriber",
        "findSubscriptionsBy",
    }
)
# A success whose body has this may be a fault all the same.
FAULT = b"Fault>"

# zeep makes its classes at their first use, and one thread must not see another's half of them.
_making = threading.Lock()


class SoapService:
    """The service at one address. Usable from many threads; close it after use."""

    def __init__(self, address: str, secrets: tuple[str, ...], limits: RateLimits | None) -> None:
        self.http = HttpClient(
            address,
            vendor=VENDOR,
            headers=HEADERS,
            secrets=secrets,
            limits=limits,
            classify=_classify,
            max_bytes=LARGEST_ANSWER,
        )

    def close(self) -> None:
        self.http.close()

    def call(self, operation: str, values: Mapping[str, Any], *, repeatable: bool = True) -> Reply:
        """What the operation returned. Raises what its fault means (send_faults), and TemporaryError for an answer
        that is none. `repeatable`: doing it twice is doing it once."""
        reads = operation in LOOK_UPS
        answer = self.http.post("", data=message(operation, values), idempotent=repeatable, reads=reads)
        return returned(answer, operation)


def message(operation: str, values: Mapping[str, Any]) -> bytes:
    """The envelope of a call; its children in the WSDL's order, every `Typed` with its xsi:type."""
    with _making:
        client = _client()
        envelope = client.create_message(client.service, operation, **typed(values))
    # Once at the top rather than at every value.
    etree.cleanup_namespaces(envelope, top_nsmap=NAMESPACES, keep_ns_prefixes=list(NAMESPACES))
    body: bytes = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
    return body


def typed(value: Any) -> Any:
    """The same with zeep's own typed values: a plain string would go out without its xsi:type."""
    if isinstance(value, Typed):
        return zeep.AnyObject(TYPES[value.type], value.text)
    if isinstance(value, Mapping):
        return {name: typed(one) for name, one in value.items()}
    return [typed(one) for one in value] if isinstance(value, list) else value


class _Nowhere:
    """What zeep may load by: nothing."""

    def load(self, url: str) -> NoReturn:
        raise ValueError("The WSDL refers to something elsewhere.")


@lru_cache(maxsize=1)
def _client() -> Any:
    """zeep with our WSDL: ~1.4 MB and ~35 ms, once a process."""
    settings = zeep.Settings(forbid_dtd=True, forbid_entities=True, forbid_external=True)
    with WSDL.open("rb") as file:
        document = Document(file, _Nowhere(), settings=settings)
    return zeep.Client(document, transport=_Nowhere(), settings=settings)


def _classify(answer: Answer) -> None:
    """Raise what a fault means, whatever the status; what isn't SOAP is judged by its status."""
    if answer.status < 300 and FAULT not in answer.body:
        return
    fault = fault_of(answer)
    if fault is not None and answer.status != 429:
        raise meaning(fault)
    if fault is None and answer.status in (404, 405, 415):
        raise no_service(answer.status)
