"""What tests read of a page."""

from __future__ import annotations

from typing import Any

from django.contrib.messages import get_messages
from django.test import Client


def text(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, url
    return response.content.decode()


def told(response: Any) -> str:
    """The messages it shows."""
    return " ".join(str(message) for message in get_messages(response.wsgi_request))
