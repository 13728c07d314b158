"""The jobs of a source, by the names the log knows them by."""

from __future__ import annotations

from django.utils.translation import gettext_noop

FIRST = gettext_noop("first sync")
FROM_HUB, FROM_SEND = gettext_noop("changes in contacthub"), gettext_noop("changes in contactsend")
NIGHTLY = gettext_noop("all of contactsend")
