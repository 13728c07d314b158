"""What FlexPOS sends, one file a situation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PAYLOADS = Path(__file__).parent / "payloads"


def row(name: str, **changes: Any) -> dict[str, Any]:
    """The row of a payload file; state only what differs."""
    return json.loads((PAYLOADS / f"{name}.json").read_text()) | changes


def mette(**changes: Any) -> dict[str, Any]:
    return row("customer_card_object", **changes)
