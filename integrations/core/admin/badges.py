"""A short word in a coloured badge, as lists show the state of a row."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html


def badge(look: str, text: Any) -> str:
    """`look` is one of the stylesheet's: success, info, converts, danger, default."""
    return format_html('<span class="set-badge set-{}">{}</span>', look, text)
