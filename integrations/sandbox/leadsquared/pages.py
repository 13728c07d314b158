"""The pages of a practice account: what someone who works at the vendor's own site would see and do."""

from __future__ import annotations

from werkzeug.routing import Map, Rule

from integrations.sandbox.leadsquared import automation_pages, lead_pages
from integrations.sandbox.leadsquared.practice_pages import LeadSquaredPages

PAGES = Map(
    [
        *LeadSquaredPages().rules(),
        Rule("/", endpoint=lead_pages.leads_page, methods=["GET"]),
        Rule("/seed", endpoint=lead_pages.seed, methods=["POST"]),
        Rule("/leads/new", endpoint=lead_pages.lead_page, defaults={"lead_id": ""}, methods=["GET", "POST"]),
        Rule("/leads/<lead_id>", endpoint=lead_pages.lead_page, methods=["GET", "POST"]),
        Rule("/leads/<lead_id>/activities", endpoint=lead_pages.add_activity, methods=["POST"]),
        Rule("/automations", endpoint=automation_pages.automations_page, methods=["GET", "POST"]),
    ]
)
