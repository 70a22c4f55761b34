"""A Python file by its top-level statements, of which a part can be handed on."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Sequence

from nnkit.kit.authoring.definitions import bound_names, free_names


class Statements:
    """A file of graders, or a companion of such files."""

    def __init__(self, text: str) -> None:
        self.body = ast.parse(text).body
        self._segments = [_segment(node, text) for node in self.body]
        self._bound = [bound_names(segment) for segment in self._segments]

    def reached(self, names: Iterable[str]) -> frozenset[str]:
        """The names themselves, and all that the statements which bind them use, directly or through others."""
        reached: set[str] = set()
        pending = list(names)
        while pending:
            name = pending.pop()
            if name in reached:
                continue
            reached.add(name)
            for node, segment, mine in zip(self.body, self._segments, self._bound, strict=True):
                if name in mine:
                    pending += free_names(segment)
                    if isinstance(node, ast.FunctionDef):
                        # A fixture of the file is asked for by the name of an argument.
                        pending += [argument.arg for argument in node.args.args]
        return frozenset(reached)

    def imported(self, reached: Collection[str], modules: Collection[str]) -> dict[str, frozenset[str]]:
        """The names that the statements for `reached` take from some modules, by module."""
        found: dict[str, frozenset[str]] = {}
        for node in self.body:
            if isinstance(node, ast.ImportFrom) and node.module is not None and node.module in modules:
                names = frozenset(each.name for each in node.names if (each.asname or each.name) in reached)
                if names:
                    found[node.module] = found.get(node.module, frozenset()) | names
        return found

    def part(self, reached: Collection[str], about: str, constants: Sequence[str] = ()) -> str:
        """The file with a docstring of its own, and of its statements only those that bind a name in `reached`."""
        header = [f'"""{about}"""']
        imports = [_import(node, reached) for node in self.body if isinstance(node, ast.Import | ast.ImportFrom)]
        if any(imports):
            header.append("\n".join(line for line in imports if line))
        parts = ["\n\n".join([*header, *constants])]
        for node, segment, names in zip(self.body, self._segments, self._bound, strict=True):
            if not isinstance(node, ast.Import | ast.ImportFrom) and not names.isdisjoint(reached):
                parts.append(segment)
        return "\n\n\n".join(parts) + "\n"


def _segment(node: ast.stmt, text: str) -> str:
    """A top-level statement as it is written, decorators included."""
    decorators = getattr(node, "decorator_list", [])
    start = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    return "\n".join(text.split("\n")[start - 1 : node.end_lineno])


def _import(node: ast.Import | ast.ImportFrom, reached: Collection[str]) -> str:
    """An import statement with the names that are reached only; '' if there is none."""
    wanted = [each for each in node.names if (each.asname or each.name.partition(".")[0]) in reached]
    if not wanted:
        return ""
    if isinstance(node, ast.Import):
        return ast.unparse(ast.Import(names=wanted))
    line = ast.unparse(ast.ImportFrom(module=node.module, names=wanted, level=node.level))
    if len(line) <= 100:
        return line
    names = "".join(f"    {ast.unparse(each)},\n" for each in wanted)
    return f"from {'.' * node.level}{node.module or ''} import (\n{names})"
