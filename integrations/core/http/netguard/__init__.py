"""Where outgoing calls may go. Forms ask `check_address`, the transport `dial`; only the dialled address counts.

The portal stands inside somebody's network and calls addresses that users type. So only addresses that anyone on the
internet could reach are called, unless the operator names the host in OUTBOUND_ALLOW.
"""

from integrations.core.http.netguard.dialling import dial
from integrations.core.http.netguard.target import Target, check_address, parse_target

__all__ = ["Target", "check_address", "dial", "parse_target"]
