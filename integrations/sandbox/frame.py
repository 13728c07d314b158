"""What every page of a practice account stands in, and which rows of a long list it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from integrations.sandbox.responses import html
from integrations.sandbox.vendor import Account

SHOWN = 50
PRACTICE_MENU = (("faults", "Faults"), ("ledger", "Ledger"), ("settings", "Settings"))


@dataclass(frozen=True, slots=True)
class Frame:
    """A vendor's frame. `slug` is its path and the folder of its templates, `menu` its own pages: (path, label)."""

    slug: str
    title: str
    menu: tuple[tuple[str, str], ...]

    def home(self, account: Account) -> str:
        return f"/{self.slug}/{account.name}/"

    def shown(
        self, account: Account, request: Request, template: str, heading: str, current: str, **context: Any
    ) -> Response:
        """A page by the vendor's own template or, if it has none of this name, by the one of all vendors."""
        frame = {
            "account": account,
            "title": self.title,
            "home": self.home(account),
            "menu": self.menu + PRACTICE_MENU,
            "heading": heading,
            "current": current,
            "said": request.args.get("said", ""),
        }
        templates = [f"sandbox/{self.slug}/{template}.html", f"sandbox/{template}.html"]
        return html(templates, frame | context, 400 if context.get("refused") else 200)

    def back(self, account: Account, path: str, said: str) -> Response:
        response: Response = redirect(f"{self.home(account)}{path}?{urlencode({'said': said})}", 303)
        return response


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of how many are shown; `newer` and `older` are offsets, or None."""

    offset: int
    total: int

    @property
    def end(self) -> int:
        return self.offset + SHOWN

    @property
    def newer(self) -> int | None:
        return max(self.offset - SHOWN, 0) if self.offset else None

    @property
    def older(self) -> int | None:
        return self.end if self.end < self.total else None


def page_of(request: Request, total: int) -> Page:
    return Page(max(request.args.get("offset", 0, type=int), 0), total)
