from __future__ import annotations

import gc
from collections.abc import Callable, Iterator

import pytest
from django.utils import translation
from django_q.brokers import get_broker
from hypothesis import HealthCheck, settings

from tests.sandbox_server import Sandbox

# How long examples take says something about the machine, not about the code: that is what benchmarks are for.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

# Fixtures that lead to the database or its broker, beside the marker `django_db`.
REACH = {"db", "transactional_db", "live_server", "queued", "portal"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks as `database` what a run on another database says something about. The others can't reach one by oversight:
    pytest-django refuses it."""
    for item in items:
        if item.get_closest_marker("django_db") or REACH.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.database)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: looking for garbage in it again and again is a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 50)


@pytest.fixture(autouse=True)
def portals_own_language() -> None:
    """A page that was asked for in another language leaves that one in force in its thread."""
    translation.deactivate()


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Sandbox:
    """The practice vendors, empty."""
    sandbox_server.reset()
    return sandbox_server


@pytest.fixture
def queued() -> Iterator[Callable[[], int]]:
    """How many tasks wait for django-q2's workers."""
    broker = get_broker()
    broker.purge_queue()
    yield broker.queue_size
    broker.purge_queue()
