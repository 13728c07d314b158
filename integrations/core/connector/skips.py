"""The coded reasons of what is skipped."""

from __future__ import annotations

import enum

from django.utils.translation import gettext_noop


class Skip(enum.StrEnum):
    """Why nothing was done. Shown by `SKIP_REASONS`."""

    FILTERED = "filtered"
    CONSENT = "consent"
    CREATE_ONLY = "create-only"
    UPDATE_ONLY = "update-only"
    NO_EMAIL = "no-email"
    ECHO = "echo"
    DO_NOTHING = "do-nothing"
    NO_KEY = "no-key"
    OLDER = "older"
    MERGED = "merged"
    GONE = "gone"
    STOPPED = "stopped"
    REMOVED = "removed"


# In English, as they are stored; translated when they are shown.
SKIP_REASONS: dict[str, str] = {
    Skip.FILTERED: gettext_noop("The connection's filter leaves this record out."),
    Skip.CONSENT: gettext_noop("The person did not consent."),
    Skip.CREATE_ONLY: gettext_noop("It exists already, and the sync behaviour is “Create only new record”."),
    Skip.UPDATE_ONLY: gettext_noop("It doesn't exist yet, and the sync behaviour is “Update only existing record”."),
    Skip.NO_EMAIL: gettext_noop("The person has no e-mail address."),
    Skip.ECHO: gettext_noop("It is what this portal wrote itself, coming back."),
    Skip.DO_NOTHING: gettext_noop("The sync behaviour is “Do Nothing”."),
    Skip.NO_KEY: gettext_noop("It holds none of the values records are identified by."),
    Skip.OLDER: gettext_noop("A newer version of this record has been sent already."),
    Skip.MERGED: gettext_noop("A newer change of the same record was waiting behind it and was sent in its place."),
    Skip.GONE: gettext_noop("The person was deleted here before it was sent."),
    Skip.STOPPED: gettext_noop("Its sync job was stopped before it was sent."),
    Skip.REMOVED: gettext_noop("The connection was removed before it was sent."),
}
