"""LeadHub's REST API, as far as the loyalty tags need it. https://api.leadhub.co/openapi.json"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from integrations.core.errors import ConfigurationError, RecordError, SyncError, TemporaryError
from integrations.core.http import Answer, HttpClient
from integrations.core.http.ratelimit import RateLimits

VENDOR = "LeadHub"
# Endpoint families, each with a rate limit of its own.
PROFILES, TAGS, READS = "profiles", "tags", "reads"
LONGEST_REASON = 200


class LeadHubClient:
    """One account. Methods raise the errors of core: ConfigurationError for a refused key, RecordError for refused
    data, TemporaryError while a profile that was just written is not visible yet."""

    def __init__(self, base_url: str, api_key: str, limits: RateLimits | None = None) -> None:
        self.http = HttpClient(
            base_url,
            vendor=VENDOR,
            # The raw token, without “Bearer”.
            headers={"Authorization": api_key},
            secrets=(api_key,),
            limits=limits,
            classify=classify,
        )

    def close(self) -> None:
        self.http.close()

    def put_profile(self, user_id: str, email: str | None, **names: str) -> Answer:
        """Create a profile or change it. Names that aren't given stay as they are."""
        body = {"user_id": user_id, "email_address": email, **names}
        return self.http.request("PUT", "profiles", json=body, limit=PROFILES)

    def post_tag(self, user_id: str, name: str, data: dict[str, Any]) -> Answer:
        """Set a tag: each call is an occurrence LeadHub's automations react to."""
        body = {"profile_identification": {"user_id": user_id}, "tag": {"name": name, "data": data}}
        return self.http.post("profiles/tags", json=body, limit=TAGS)

    def tags_of(self, email: str) -> dict[str, dict[str, Any]]:
        """The latest data by name of tag, some seconds old at times; nothing for somebody LeadHub doesn't know."""
        try:
            answer = self.http.get(f"profiles/email-address/{quote(email, safe='')}", limit=READS)
        except NoSuchProfile:
            return {}
        except SyncError as error:
            error.hide([email, quote(email, safe="")])
            raise
        found = answer.json()
        tags = found.get("tags") if isinstance(found, dict) else None
        return {str(tag.get("name")): tag.get("data") or {} for tag in tags or [] if isinstance(tag, dict)}


class NoSuchProfile(TemporaryError):
    """LeadHub doesn't know this person (yet)."""


def classify(answer: Answer) -> None:
    """What LeadHub means by an error: https://api.leadhub.co/openapi.json, 400 and 422 alike."""
    if answer.status in (401, 403):
        raise ConfigurationError(
            _("Check the API key is correct. LeadHub answered: %(reason)s.") % {"reason": reason(answer)}
        )
    if answer.status == 404:
        raise NoSuchProfile(_("LeadHub doesn't know this person yet. It will be tried again."))
    if answer.status in (400, 422):
        raise RecordError(
            _("LeadHub refused it: %(reason)s. Correct the customer, then press Retry.") % {"reason": reason(answer)}
        )


def reason(answer: Answer) -> str:
    """The status with the code and words LeadHub gave, if it did."""
    try:
        said = answer.json()
    except TemporaryError:
        said = None
    parts = [str(answer.status)]
    if isinstance(said, dict):
        parts += [str(said[name])[:LONGEST_REASON] for name in ("error_code", "message") if said.get(name)]
    return " ".join(parts).rstrip(".")
