"""What every page of a practice account stands in."""

from __future__ import annotations

from integrations.sandbox.frame import Frame

FRAME = Frame(
    "flexpos", "FlexPOS", (("", "Till"), ("customers", "Customers"), ("journals", "Journals"), ("tickets", "Tickets"))
)
shown, back = FRAME.shown, FRAME.back


def whole_number(text: str) -> int:
    """What was typed, 0 for nothing. Raises ValueError unless it is a whole number that isn't negative."""
    if text.strip() and not text.strip().isdecimal():
        raise ValueError(f"“{text}” is not a whole number.")
    return int(text.strip() or 0)
