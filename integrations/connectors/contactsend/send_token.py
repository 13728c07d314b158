"""The token of a client: borrowed when first needed, kept alive, and borrowed anew once when it is refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from integrations.connectors.contactsend.send_faults import TokenRefused

# A token is good for 15 minutes; using it isn't known to prolong it.
KEEP_ALIVE_AFTER = 10 * 60.0


class Token:
    """Usable from many threads: one call, however many of them need it. `clock` is in seconds."""

    def __init__(
        self,
        borrow: Callable[[], str],
        keep_alive: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._borrow = borrow
        self._keep_alive = keep_alive
        self._clock = clock
        self._lock = threading.Lock()
        self._renewed = 0.0
        self.value = ""

    def good(self, refused: str = "") -> str:
        """The token in use; another when that is the one that was refused."""
        with self._lock:
            now = self._clock()
            if self.value == refused:
                self.value = self._borrow()
            elif now - self._renewed >= KEEP_ALIVE_AFTER:
                self._renew()
            else:
                return self.value
            self._renewed = now
            return self.value

    def _renew(self) -> None:
        try:
            self._keep_alive(self.value)
        except TokenRefused:
            self.value = self._borrow()
