"""The jobs of a source, by the names the log knows them by."""

from __future__ import annotations

FIRST = "first sync"
FROM_HUB, FROM_SEND = "changes in contacthub", "changes in contactsend"
NIGHTLY = "all of contactsend"
