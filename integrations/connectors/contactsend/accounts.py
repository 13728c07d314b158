"""Both accounts of a source, as its connector has them at hand: their clients, and what is kept equal."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from integrations.connectors.contactsend import userdb
from integrations.connectors.contactsend.collect_hub import CUSTOMER
from integrations.connectors.contactsend.hub import HubClient
from integrations.connectors.contactsend.hub import rate_limits as hub_limits
from integrations.connectors.contactsend.hub_errors import Forbidden
from integrations.connectors.contactsend.models import ContactsendConnection, SubscriptionRow
from integrations.connectors.contactsend.send import SendClient
from integrations.connectors.contactsend.send_types import SendSource
from integrations.connectors.contactsend.sides import Newsletter, Row, Shape
from integrations.core.connector import Connector
from integrations.core.errors import ConfigurationError
from integrations.core.http.ratelimit import Limit, RateLimits


class BothAccounts(Connector):
    connection: ContactsendConnection

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self._lock = threading.Lock()

    @cached_property
    def limits(self) -> RateLimits:
        return hub_limits(self.connection.hub_calls_per_second)

    @cached_property
    def hub(self) -> HubClient:
        own = self.connection
        return HubClient(own.hub_address, own.workspace, own.hub_token, self.limits)

    @cached_property
    def send(self) -> SendClient:
        own = self.connection
        limits = RateLimits({"default": Limit(own.send_calls_per_second)})
        return SendClient(own.send_address, own.user_key, own.api_key, limits)

    def close(self) -> None:
        for name in ("hub", "send"):
            if name in self.__dict__:
                self.__dict__[name].close()

    @property
    def node(self) -> str:
        """Raises ConfigurationError when none is chosen."""
        if not self.connection.node_id:
            raise ConfigurationError(_("No node is chosen. Choose one under Active nodes."))
        return self.connection.node_id

    @property
    def userdb(self) -> int:
        """Raises ConfigurationError when none is given."""
        if not self.connection.userdb_id.isdecimal():
            raise ConfigurationError(_("No userdb is given. Enter the userdb ID under Provider options."))
        return int(self.connection.userdb_id)

    @cached_property
    def source(self) -> SendSource:
        """The userdb as it is now."""
        with self._lock:
            return self.send.source(self.userdb)

    @cached_property
    def extended_schema(self) -> Mapping[str, Any] | None:
        """None where the token may not read it."""
        with self._lock:
            try:
                return self.hub.extended_schema()
            except Forbidden:
                return None

    @cached_property
    def foreign_forms(self) -> frozenset[str]:
        """Newsletters whose web form is that of another subscription system, as far as the service tells."""
        with self._lock:
            return userdb.foreign_forms(self.shape.newsletters, self.send.subscriptions(self.userdb))

    def form_of(self, newsletter: Newsletter) -> str:
        """Its Webform Code. Raises ConfigurationError for that of another one: it would subscribe to that."""
        if newsletter.subscription in self.foreign_forms:
            raise ConfigurationError(userdb.foreign(newsletter.subscription))
        return newsletter.webform_code

    @cached_property
    def shape(self) -> Shape:
        """What is kept equal, by mapping and subscription rows."""
        known = self.fields(CUSTOMER)
        rows = [row for row in self.mapping(CUSTOMER) if row.enabled and row.source and row.target]
        found = SubscriptionRow.objects.filter(connection_id=self.connection.pk)
        return Shape(
            rows=tuple(
                Row(row.source, row.target, known[row.target].type if row.target in known else "", row.is_key)
                for row in rows
            ),
            newsletters=tuple(
                Newsletter(row.hub_subscription_id, row.registration_field, row.webform_code)
                for row in found
                if not self.connection.node_is_aggregate
            ),
            zone=self.connection.zone,
            last_modified_field=self.connection.last_modified_field,
        )

    def load(self) -> None:
        super().load()
        _ = self.shape
