"""Django logs the path of every request it refuses: without the secret of a webhook address."""

from __future__ import annotations

import logging
import re

HOOK_TOKEN = re.compile(r"(/hooks/(?:[a-z]+/)?)[^/\s]+/")


class HookTokensMasked(logging.Filter):
    """For LOGGING: stands before the handlers of `django.request`."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(HOOK_TOKEN.sub(r"\1•••/", arg) if isinstance(arg, str) else arg for arg in record.args)
        return True
