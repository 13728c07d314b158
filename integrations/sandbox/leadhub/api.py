"""The API of LeadHub: which call does what, and what its path means. Errors are raised as LeadHubError."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from integrations.sandbox.leadhub.account import LeadHubAccount
from integrations.sandbox.leadhub.errors import LeadHubError, missing
from integrations.sandbox.leadhub.jobs import Job, file_of, new_job
from integrations.sandbox.leadhub.payloads import parsed, profile_of, refuse_targeting, tag_of
from integrations.sandbox.responses import json_response

# The first part of every path; the practice pages have others.
ROOTS = frozenset({"profiles", "subscriptions", "segments", "jobs"})
SEGMENTS = ("Everybody", "Loyalty customers")
URLS = Map(
    [
        Rule("/profiles", endpoint="put_profile", methods=["PUT"]),
        Rule("/profiles/tags", endpoint="post_tag", methods=["POST"]),
        Rule("/profiles/email-address/<path:email>", endpoint="get_profile", methods=["GET"]),
        Rule("/subscriptions/email-address/<path:email>", endpoint="get_subscriptions", methods=["GET"]),
        Rule("/subscriptions/email-address/<path:email>/suppressed", endpoint="get_suppressed", methods=["GET"]),
        Rule("/segments", endpoint="get_segments", methods=["GET"]),
        Rule("/segments/query/profiles", endpoint="query_profiles", methods=["POST"]),
        Rule("/jobs", endpoint="get_jobs", methods=["GET"]),
        Rule("/jobs/<job_id>", endpoint="get_job", methods=["GET"]),
        Rule("/jobs/<job_id>/result", endpoint="get_result", methods=["GET"]),
    ],
    strict_slashes=False,
    merge_slashes=False,
)


@dataclass(frozen=True, slots=True)
class Route:
    """One call. `family`: whose limits it counts to."""

    view: Callable[..., Response]
    family: str
    writes: bool = False


def routed(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The call and the arguments in its path. Raises LeadHubError: 404 or 405."""
    try:
        endpoint, arguments = URLS.bind("practice").match(f"/{path}", method=method)
    except NotFound:
        raise missing("endpoint") from None
    except MethodNotAllowed:
        raise LeadHubError(405, "method_not_allowed") from None
    return ROUTES[endpoint], arguments


def put_profile(account: LeadHubAccount, request: Request) -> Response:
    account.put_profile(profile_of(parsed(request.get_data())))
    return accepted()


def post_tag(account: LeadHubAccount, request: Request) -> Response:
    account.set_tag(tag_of(parsed(request.get_data())))
    return accepted()


def get_profile(account: LeadHubAccount, request: Request, email: str) -> Response:
    _, shown = account.seen(email)
    return json_response(shown)


def get_subscriptions(account: LeadHubAccount, request: Request, email: str) -> Response:
    profile, _ = account.seen(email)
    states = [{"code": code, "state": state} for code, state in profile.subscriptions.items()]
    return json_response({"subscriptions": states})


def get_suppressed(account: LeadHubAccount, request: Request, email: str) -> Response:
    profile, _ = account.seen(email)
    return json_response({"is_suppressed": profile.is_suppressed})


def get_segments(account: LeadHubAccount, request: Request) -> Response:
    ids = (uuid5(NAMESPACE_URL, f"leadhub/{account.name}/{name}").hex for name in SEGMENTS)
    return json_response([{"id": segment, "name": name} for segment, name in zip(ids, SEGMENTS, strict=True)])


def query_profiles(account: LeadHubAccount, request: Request) -> Response:
    refuse_targeting(parsed(request.get_data()))
    job = new_job()
    account.jobs[job.id] = job
    return json_response({"job_id": job.id}, 202)


def get_jobs(account: LeadHubAccount, request: Request) -> Response:
    return json_response([job.told(account.job_seconds) for job in account.jobs.values()])


def get_job(account: LeadHubAccount, request: Request, job_id: str) -> Response:
    return json_response(known_job(account, job_id).told(account.job_seconds))


def get_result(account: LeadHubAccount, request: Request, job_id: str) -> Response:
    """Raises LeadHubError (404) also while the job isn't done."""
    if known_job(account, job_id).state(account.job_seconds) != "done":
        raise missing("result")
    return Response(file_of(account.all_seen()), mimetype="application/gzip")


def known_job(account: LeadHubAccount, job_id: str) -> Job:
    job = account.jobs.get(job_id)
    if job is None:
        raise missing("job")
    return job


def accepted() -> Response:
    """A write was taken, and nothing is said of when it will show."""
    return Response(b"", 202)


ROUTES = {
    "put_profile": Route(put_profile, "profile_write", writes=True),
    "post_tag": Route(post_tag, "tag_write", writes=True),
    "get_profile": Route(get_profile, "profile_read"),
    "get_subscriptions": Route(get_subscriptions, "subscription_read"),
    "get_suppressed": Route(get_suppressed, "subscription_read"),
    "get_segments": Route(get_segments, "segment_list"),
    "query_profiles": Route(query_profiles, "segment_query"),
    "get_jobs": Route(get_jobs, "job_list"),
    "get_job": Route(get_job, "job_read"),
    "get_result": Route(get_result, "job_read"),
}
