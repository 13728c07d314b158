"""What every page of a practice account stands in."""

from __future__ import annotations

from integrations.sandbox.frame import Frame

FRAME = Frame("contacthub", "Contacthub", (("", "Nodes"), ("sources", "Sources")))
shown, back = FRAME.shown, FRAME.back
