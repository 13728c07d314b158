"""The pages of the customer data platform."""

from integrations.sources.cdp.raptor import admin as raptor  # noqa: F401 – registers its pages
