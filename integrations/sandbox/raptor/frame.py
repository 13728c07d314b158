"""What every page of a practice account stands in."""

from __future__ import annotations

from integrations.sandbox.frame import Frame

FRAME = Frame("raptor", "Raptor", (("", "Audiences"), ("attributes", "Calculated attributes"), ("pushes", "Pushes")))
shown, back = FRAME.shown, FRAME.back
