"""The pages of a practice account: what someone who works at the vendor's own site would see and do."""

from __future__ import annotations

from werkzeug.routing import Map, Rule

from integrations.sandbox.leadhub import profile_pages
from integrations.sandbox.leadhub.practice_pages import LeadHubPages

PAGES = Map(
    [
        *LeadHubPages().rules(),
        Rule("/", endpoint=profile_pages.profiles_page, methods=["GET"]),
        Rule("/seed", endpoint=profile_pages.seed, methods=["POST"]),
        # Not /profiles/…: that is the API's.
        Rule("/people/<profile_id>", endpoint=profile_pages.profile_page, methods=["GET"]),
    ]
)
