"""What every connector that writes to a list of Heyloyalty works with."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import Any

from integrations.connectors.heyloyalty.client import HeyloyaltyClient
from integrations.connectors.heyloyalty.fields import MemberList
from integrations.core.connector import Connector
from integrations.core.http.ratelimit import RateLimits
from integrations.core.mapping import Mapped, digest


class Changed(Mapped):
    """To be sent although nothing changed."""

    def __init__(self, found: Mapped, event_id: int) -> None:
        super().__init__(found.values, found.defaults)
        self._event_id = event_id

    def fingerprint(self) -> str:
        return digest(["event", self._event_id])


class ListConnector(Connector):
    """Bound to a connection that is a HeyloyaltyAccount and has `list_number`."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self._lock = threading.Lock()
        self._member_list: MemberList | None = None
        # What a thread waits with for an import to be worked off.
        self.pause = threading.Event()

    @property
    def match_on(self) -> str:
        """The field members are recognised by."""
        raise NotImplementedError

    @cached_property
    def limits(self) -> RateLimits:
        limits: RateLimits = self.connection.rate_limits()
        return limits

    @cached_property
    def heyloyalty(self) -> HeyloyaltyClient:
        client: HeyloyaltyClient = self.connection.client(self.limits)
        return client

    @property
    def member_list(self) -> MemberList:
        """The list with its fields, read once. Raises ConfigurationError when none is chosen, or it is gone."""
        with self._lock:
            if self._member_list is None:
                self._member_list = self.heyloyalty.list_of(self.connection.list_number)
            return self._member_list

    def forget_list(self) -> None:
        """Its fields were changed: it is read anew when it is needed."""
        with self._lock:
            self._member_list = None

    def close(self) -> None:
        if "heyloyalty" in self.__dict__:
            self.heyloyalty.close()
