from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox_server import Sandbox


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Sandbox:
    """The practice vendors, empty."""
    sandbox_server.reset()
    return sandbox_server
