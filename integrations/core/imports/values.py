"""What a cell may hold. The library's own widgets read “maybe” as no: these refuse it."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils.translation import gettext as _
from import_export.widgets import Widget  # type: ignore[import-untyped]

YES = ("1", "yes", "true", "y", "x")
NO = ("0", "no", "false", "n")


class Text(Widget):  # type: ignore[misc]
    """A blank cell is None: the value stays as it is."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> Any:
        return self.read(value.strip()) if value.strip() else None

    def read(self, text: str) -> Any:
        """The value of a cell that isn't blank. Raises ValueError with what to do."""
        return text


class YesNo(Text):
    def read(self, text: str) -> bool:
        if text.lower() not in (*YES, *NO):
            raise ValueError(_("Write yes or no."))
        return text.lower() in YES


class Day(Text):
    def read(self, text: str) -> datetime.date:
        try:
            return datetime.date.fromisoformat(text)
        except ValueError:
            raise ValueError(_("Write the date as 2026-12-31.")) from None


class Moment(Text):
    def read(self, text: str) -> datetime.datetime:
        try:
            return datetime.datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(_("Write the date as 2026-12-31 or 2026-12-31 18:30.")) from None
