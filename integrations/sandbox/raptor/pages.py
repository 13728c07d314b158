"""The pages of a practice account: what someone who works at the vendor's own site would see and do."""

from __future__ import annotations

from werkzeug.routing import Map, Rule

from integrations.sandbox.raptor import attribute_pages, audience_pages
from integrations.sandbox.raptor.practice_pages import RaptorPages

BOTH = ["GET", "POST"]
PAGES = Map(
    [
        *RaptorPages().rules(),
        Rule("/", endpoint=audience_pages.audiences_page, methods=BOTH),
        Rule("/audiences/<audience_id>", endpoint=audience_pages.audience_page, methods=BOTH),
        Rule("/expire", endpoint=audience_pages.expire, methods=["POST"]),
        Rule("/attributes", endpoint=attribute_pages.attributes_page, methods=BOTH),
        Rule("/pushes", endpoint=attribute_pages.pushes_page, methods=BOTH),
    ]
)
