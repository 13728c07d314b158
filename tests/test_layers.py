"""config → connectors → sources → core: held by reading the imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "integrations").rglob("*.py"))
# The FlexPOS page lives inside Heyloyalty and writes to its list.
MAY_IMPORT = {("flexpos", "heyloyalty")}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def layer(module: str) -> tuple[str, str]:
    """(layer, vendor or source) of a module of ours; ("", "") of anybody else's."""
    parts = [*module.split("."), "", ""]
    if parts[0] != "integrations":
        return ("config", "") if parts[0] == "config" else ("", "")
    return parts[1], parts[2] if parts[1] in ("connectors", "sources") else ""


def allowed(own: tuple[str, str], other: tuple[str, str]) -> bool:
    match own[0], other[0]:
        case _, "":
            return True
        case _, "config":
            return False
        case "core", ("connectors" | "sources" | "sandbox"):
            return False
        case "sources", ("connectors" | "sandbox"):
            return False
        case "sandbox", ("connectors" | "sources" | "core"):
            return False
        case "connectors", "sandbox":
            return False
        case "connectors", "connectors":
            return own[1] == other[1] or (own[1], other[1]) in MAY_IMPORT
    return True


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_it_imports_only_from_layers_below(path: Path) -> None:
    own = layer(".".join(path.relative_to(ROOT).with_suffix("").parts))
    wrong = [module for module in imports(path) if not allowed(own, layer(module))]
    assert not wrong


def test_the_rule_can_fail() -> None:
    assert not allowed(("core", ""), ("connectors", "leadsquared"))
    assert not allowed(("connectors", "leadhub"), ("connectors", "leadsquared"))
    assert allowed(("connectors", "flexpos"), ("connectors", "heyloyalty"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_core_speaks_http(path: Path) -> None:
    """One way out: another import of requests would go round the guard, the limits and the masking."""
    speaks = {"requests", "urllib3", "http.client", "urllib.request", "httpx", "aiohttp"}
    used = speaks.intersection(imports(path))
    inside = path.parent == ROOT / "integrations" / "core" / "http"
    sandbox = "sandbox" in path.parts
    assert not used or inside or sandbox
