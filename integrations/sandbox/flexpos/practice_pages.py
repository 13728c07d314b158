"""What the ledger and the settings page of FlexPOS show, and the clock."""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from integrations.sandbox.flexpos import control
from integrations.sandbox.flexpos.account import NUMBERS, ORDERS, QUIRKS, FlexPOSAccount
from integrations.sandbox.flexpos.frame import FRAME, back
from integrations.sandbox.flexpos.times import local
from integrations.sandbox.practice_pages import PracticePages
from integrations.sandbox.vendor import Data


class FlexPOSPages(PracticePages[FlexPOSAccount]):
    frame = FRAME
    labels = {
        **NUMBERS,
        "order": "Order of the rows",
        "forbidden": "Resources the clients may not read (Tickets,Memberships)",
    }
    choices = {"order": ORDERS}
    deleted = (
        "Deletes customers, journals, tickets, memberships, ledger and faults of this account. Settings and clock stay."
    )

    def needed(self, account: FlexPOSAccount, address: str) -> dict[str, str]:
        return {
            "API url": f"{address}/v1",
            "Client_id": account.client_id,
            "Client_secret": account.client_secret,
            "Attraction API url": f"{address}/attractions/v1",
            "Attraction Client_id": account.attraction_client_id,
            "Attraction Client_secret": account.attraction_client_secret,
        }

    def own_context(self, account: FlexPOSAccount) -> Data:
        return {
            "counts": sorted(control.counts(account, {}).items()),
            "quirks": [(name, label, getattr(account, name)) for name, label in QUIRKS.items()],
            "local": local(account.clock.now()),
        }

    def typed(self, account: FlexPOSAccount, form: Mapping[str, str]) -> Data:
        return super().typed(account, form) | {name: name in form for name in QUIRKS}

    def rules(self) -> list[Rule]:
        return [*super().rules(), Rule("/clock", endpoint=self.set_clock, methods=["POST"])]

    def set_clock(self, account: FlexPOSAccount, request: Request) -> Response:
        typed = {"now": request.form.get("now", "").strip(), "runs": bool(request.form.get("runs"))}
        try:
            control.set_clock(account, typed)
        except ValueError as error:
            return self.settings_shown(account, request, f"The clock was not set: {error}")
        return back(account, "settings", "The clock was set")
