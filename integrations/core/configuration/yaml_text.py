"""YAML in and out: what a person writes and reads, and nothing else YAML can do."""

from __future__ import annotations

from typing import Any

import yaml
from django.utils.translation import gettext as _

LONGEST = 2 * 1024 * 1024
DEEPEST = 12


class Unreadable(Exception):
    """A sentence with the line; never the text of the line, where a secret may stand."""


class Line(dict[str, Any]):
    """A mapping that is written in one line: {source: FirstName, target: FirstName}."""


class _Writer(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Items of a list stand further in than its name."""
        super().increase_indent(flow, False)


def _line(writer: yaml.SafeDumper, line: Line) -> yaml.Node:
    return writer.represent_mapping("tag:yaml.org,2002:map", line.items(), flow_style=True)


_Writer.add_representer(Line, _line)


class _Reader(yaml.SafeLoader):
    """Neither anchors nor tags of its own, no key twice, no dates: what looks like one is text."""

    depth = 0

    def _here(self) -> Any:
        return self.peek_event().start_mark  # type: ignore[no-untyped-call]

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise Unreadable(_at(_("Write it out instead of using an alias."), self._here()))
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unreadable(_at(_("It is nested too deeply."), self._here()))
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key, _value in node.value:
            name = self.construct_object(key, deep=True)
            if not isinstance(name, str):
                raise Unreadable(_at(_("A name must be text: put it in quotes."), key.start_mark))
            if name in seen:
                raise Unreadable(_at(_("“%(name)s” is there twice.") % {"name": name[:80]}, key.start_mark))
            seen.add(name)
        return super().construct_mapping(node, deep)


_Reader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag.rpartition(":")[2] not in ("timestamp", "merge", "value")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def write(document: Any, head: str = "") -> str:
    text: str = yaml.dump(document, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=float("inf"))
    return "".join(f"# {line}\n" for line in head.splitlines()) + text


def read(text: str) -> Any:
    """Raises Unreadable."""
    if len(text) > LONGEST:
        raise Unreadable(_("The file is larger than %(most)s MB.") % {"most": LONGEST // 1024**2})
    try:
        return yaml.load(text, Loader=_Reader)  # noqa: S506 – _Reader is a SafeLoader
    except yaml.MarkedYAMLError as error:
        raise Unreadable(_at(_("This is not YAML."), error.problem_mark or error.context_mark)) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Unreadable(_("This is not YAML.")) from None


def _at(sentence: str, mark: Any) -> str:
    return _("Line %(line)s: %(sentence)s") % {"line": mark.line + 1 if mark else "?", "sentence": sentence}
