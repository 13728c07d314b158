"""The only way out. A vendor's `client.py` adds authentication and endpoints."""

from integrations.core.http.answer import Answer, Call
from integrations.core.http.client import HttpClient

__all__ = ["Answer", "Call", "HttpClient"]
