"""What a practice vendor answers with: JSON, and plain HTML pages from Django templates, without scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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


def html(templates: str | Sequence[str], context: dict[str, Any], status: int = 200) -> Response:
    """The first of the templates that is there."""
    return Response(render_to_string(templates, context), status, mimetype="text/html", headers=HEADERS)


def json_response(
    reply: Any, status: int = 200, headers: Mapping[str, str] | None = None, content_type: str = "application/json"
) -> Response:
    return Response(json.dumps(reply), status, headers, content_type=content_type)
