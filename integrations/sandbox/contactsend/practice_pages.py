"""What the settings page of Contactsend shows."""

from __future__ import annotations

from integrations.sandbox.contactsend.account import HOSTILE, ContactsendAccount
from integrations.sandbox.contactsend.frame import FRAME
from integrations.sandbox.practice_pages import PracticePages

SPOILT = {
    "none": "are as they should be",
    "xml_bomb": "hold entities that grow to a billion",
    "attribute_bomb": "hold such entities in an attribute",
    "quadratic_bomb": "hold one large entity many times",
    "dtd": "have a DTD",
    "external_entity": "have an entity that is elsewhere",
    "external_dtd": "have a DTD that is elsewhere",
}


class ContactsendPages(PracticePages[ContactsendAccount]):
    frame = FRAME
    labels = {
        "ip_authorized": "The caller’s IP address is authorised",
        "service_2016": "The service is that of 2016 (no findSubscribersBy, no findSubscriptionsBy)",
        "token_seconds": "Seconds a token is good for",
        "page_cap": "Most items of a page where the caller chooses",
        "hostile": "Answers",
        "elsewhere": "Where “elsewhere” is",
        "latency_ms": "Delay of every call, in milliseconds",
    }
    choices = {
        "ip_authorized": {"yes": "yes", "no": "no"},
        "service_2016": {"no": "no", "yes": "yes"},
        "hostile": {kind: SPOILT[kind] for kind in HOSTILE},
    }
    deleted = "Deletes subscribers, ledger and faults of this account. Settings, userdbs, fields and forms stay."

    def needed(self, account: ContactsendAccount, address: str) -> dict[str, str]:
        userdbs = {f"userdb ID of {one.name}": str(one.identifier) for one in account.sources.values()}
        forms = {
            f"Webform Code of {subscription.name} ({one.name})": subscription.code
            for one in account.sources.values()
            for subscription in one.subscriptions
        }
        keys = {"userKey": account.user_key, "apiKey": account.api_key}
        return {"Contactsend address": f"{address}/soap/services", **keys, **userdbs, **forms}
