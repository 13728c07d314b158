"""The minute sweep, twice a second, in a process of its own: django-q2's scheduler would start after half a minute.

Run as `python -m tests.faults.clock` with a portal's environment.
"""

from __future__ import annotations

import logging
import time

import django

EVERY_SECONDS = 0.5


def run() -> None:
    django.setup()
    from django.db import DatabaseError, InterfaceError, connection

    from integrations.core.engine.sweep import sweep

    while True:
        try:
            sweep()
        except (DatabaseError, InterfaceError) as error:
            logging.warning("The sweep will try again: %s", type(error).__name__)
            connection.close()
        time.sleep(EVERY_SECONDS)


if __name__ == "__main__":
    run()
