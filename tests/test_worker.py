"""What a worker is made of: it serves no pages, so it loads none."""

from __future__ import annotations

import subprocess
import sys

from tests.test_demo import ROOT

SCRIPT = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "config.test_settings"
import django
django.setup()
import integrations.core.tasks, integrations.sources.loyalty.tasks
from integrations.core.registry import all_connectors
print(*(f"{connector.__module__}" for _, connector in all_connectors()))
print(*sys.modules)
"""
PAGES = ("config.urls", "ninja.main", "import_export", "unfold.admin", "integrations.core.admin.log.main")


def test_a_worker_loads_its_connectors_and_no_pages() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    connectors, modules = (set(line.split()) for line in done.stdout.splitlines())
    assert "integrations.connectors.leadsquared.connector" in connectors
    assert modules.isdisjoint(PAGES)
    assert not [name for name in modules if name.startswith("integrations.") and ".admin." in f"{name}."]
