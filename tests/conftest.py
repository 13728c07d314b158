from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.utils import translation
from django_q.brokers import get_broker
from hypothesis import HealthCheck, settings

from tests.sandbox_server import Sandbox

# How long examples take says something about the machine, not about the code: that is what benchmarks are for.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


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
