from __future__ import annotations

import pytest

from tests.sandbox_server import LeadSquaredAccount, Sandbox


@pytest.fixture
def account(sandbox: Sandbox) -> LeadSquaredAccount:
    """Where the engine's tests send to."""
    return sandbox.leadsquared("destination")
