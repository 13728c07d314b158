"""The practice pages: plain HTML from Django templates, without scripts."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from werkzeug.wrappers import Response

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def html(template: str, context: dict[str, Any], status: int = 200) -> Response:
    return Response(render_to_string(template, context), status, mimetype="text/html", headers=HEADERS)
