"""What every page of a practice account stands in."""

from __future__ import annotations

from integrations.sandbox.frame import Frame

FRAME = Frame("contactsend", "Contactsend", (("", "Userdbs"),))
shown, back = FRAME.shown, FRAME.back
