"""A program that uses the JSON API, in tests."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from integrations.core.api.tokens import new_token


class Program:
    """Sends JSON with an API token; None sends no token."""

    def __init__(self, *scopes: str, token: str | None = "") -> None:
        self.token = new_token("Till", scopes)[1] if token == "" else token
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        self.client = Client(headers=headers, raise_request_exception=False)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, query)

    def post(self, path: str, body: Any) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(path, raw, content_type="application/json")


def refused(response: HttpResponse, status: int) -> tuple[str | None, str]:
    """(field, message) of a refusal, which must look like all others."""
    assert response.status_code == status, response.content
    answer = json.loads(response.content)
    assert set(answer["error"]) == {"message", "field"}
    assert answer["error"]["message"].endswith(".")
    return answer["error"]["field"], answer["error"]["message"]
