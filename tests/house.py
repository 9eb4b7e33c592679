"""Where things stand in the checkout, and what imports what: shared by the tests of the house."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "brushwood"


@dataclass(frozen=True)
class Import:
    """One import statement's target, and whether it runs when the module is imported."""

    file: str
    target: str
    at_import: bool


def sources() -> list[Path]:
    """Every Python file of the package."""
    return sorted(SOURCE.rglob("*.py"))


def unit(path: Path) -> str:
    """The layer or domain a file belongs to: its folder or module right below the package."""
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def imports(path: Path) -> list[Import]:
    """All imports of a file, those for type checkers left out."""
    tree = ast.parse(path.read_text("utf-8"))
    name = str(path.relative_to(SOURCE))
    return [Import(name, target, at_import) for target, at_import in _walk(tree, True)]


def _walk(node: ast.AST, at_import: bool) -> Iterator[tuple[str, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((alias.name, at_import) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"relative import at line {child.lineno}"
            yield from ((f"{child.module}.{alias.name}", at_import) for alias in child.names)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        else:
            inner = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _walk(child, at_import and not inner)
