"""The pages of profiles and their tags."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from werkzeug.wrappers import Request, Response

from integrations.sandbox.frame import SHOWN, page_of
from integrations.sandbox.leadhub import control
from integrations.sandbox.leadhub.account import LeadHubAccount
from integrations.sandbox.leadhub.basic_tags import derived
from integrations.sandbox.leadhub.frame import back, shown
from integrations.sandbox.leadhub.payloads import IDENTIFIERS, NAMES
from integrations.sandbox.leadhub.profiles import Occurrence, Profile

SEEDED = 10


def profiles_page(account: LeadHubAccount, request: Request) -> Response:
    text = request.args.get("q", "").strip()
    with account.lock:
        everybody: Iterable[Profile] = reversed(account.book.profiles.values())
        found = [profile for profile in everybody if not text or matches(profile, text)]
        page = page_of(request, len(found))
        rows = [listed(profile) for profile in found[page.offset : page.end]]
    return shown(account, request, "profiles", "Profiles", "", profiles=rows, q=text, page=page)


def matches(profile: Profile, text: str) -> bool:
    """In a user id, an address or a name, without regard to case."""
    values = (getattr(profile, name) or "" for name in (*IDENTIFIERS, *NAMES))
    return text.casefold() in "\n".join((*values, full_name(profile))).casefold()


def full_name(profile: Profile) -> str:
    return f"{profile.first_name or ''} {profile.last_name or ''}".strip()


def listed(profile: Profile) -> dict[str, Any]:
    last = profile.occurrences[-1] if profile.occurrences else None
    return {"profile": profile, "name": full_name(profile), "tags": list(profile.tags), "last": last}


def seed(account: LeadHubAccount, request: Request) -> Response:
    with account.lock:
        control.seed(account, {"count": SEEDED, "start": len(account.book.profiles) + 1})
    return back(account, "", f"{SEEDED} profiles were added")


def profile_page(account: LeadHubAccount, request: Request, profile_id: str) -> Response:
    with account.lock:
        profile = account.book.profiles.get(profile_id)
        if profile is None:
            return Response("No such profile.", 404, mimetype="text/plain")
        return shown(
            account,
            request,
            "profile",
            full_name(profile) or profile.email_address or profile.user_id or "",
            "",
            profile=profile,
            subscriptions=sorted(profile.subscriptions.items()),
            basic=derived({name: tag.data for name, tag in profile.tags.items()}),
            tags=[captured(tag) for tag in profile.tags.values()],
            occurrences=[captured(tag) for tag in reversed(profile.occurrences[-SHOWN:])],
            total=len(profile.occurrences),
        )


def captured(tag: Occurrence) -> dict[str, Any]:
    """A tag with its data as pairs: in a template, a key called `items` would hide the method."""
    data = [(key, json.dumps(value, ensure_ascii=False)) for key, value in tag.data.items()]
    return {"name": tag.name, "at": tag.at, "data": data}
