"""The pages of a practice account: what someone who works in Contactsend itself would see and do."""

from __future__ import annotations

from werkzeug.routing import Map, Rule

from integrations.sandbox.contactsend import subscriber_pages
from integrations.sandbox.contactsend.practice_pages import ContactsendPages

SOURCE = "/userdbs/<int:source_id>"
BOTH = ["GET", "POST"]

PAGES = Map(
    [
        *ContactsendPages().rules(),
        Rule("/", endpoint=subscriber_pages.sources_page, methods=["GET"]),
        Rule(SOURCE, endpoint=subscriber_pages.source_page, methods=["GET"]),
        Rule(f"{SOURCE}/fields", endpoint=subscriber_pages.fields_page, methods=BOTH),
        Rule(f"{SOURCE}/seed", endpoint=subscriber_pages.seed, methods=["POST"]),
        Rule(f"{SOURCE}/subscribers/new", endpoint=subscriber_pages.new_subscriber_page, methods=BOTH),
        Rule(f"{SOURCE}/subscribers/<int:number>", endpoint=subscriber_pages.subscriber_page, methods=BOTH),
    ]
)
