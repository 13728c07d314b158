"""The number of a list in whatever was pasted: the number itself, or the list's address in Heyloyalty. Pure."""

from __future__ import annotations

import re

# …/lists/4711/…, …/lister/4711, …?list_id=4711
AFTER_LIST = re.compile(r"(?:^|[/?&#])list(?:s|er|e|_id|id)?[/=](\d+)(?![\d.])", re.IGNORECASE)
LONGEST = 500
ALONE = re.compile(r"(?<![\w.:-])\d+(?![\w.:-])")


def list_number(text: str) -> str:
    """“https://app.heyloyalty.com/lists/4711/members” → “4711”; "" when it holds no number, or several."""
    text = text.strip()[:LONGEST]
    if text.isdecimal():
        return str(int(text))
    found = set(AFTER_LIST.findall(text)) or set(ALONE.findall(re.sub(r"^\w+://[^/]+", "", text)))
    return str(int(found.pop())) if len(found) == 1 else ""
