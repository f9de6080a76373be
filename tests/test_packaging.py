"""What holds for the package as a whole: its names, its imports and the files it is made of."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import aliquot

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(aliquot.__file__).parent

# Public names -------------------------------------------------------------------------------------


def is_undocumented(value: object) -> bool:
    """Tell whether `value` lacks a docstring of its own (one that a dataclass makes up is none)."""
    if isinstance(value, str):
        return False
    text = getattr(value, "__doc__", None)
    made_up = inspect.isclass(value) and (text or "").startswith(f"{value.__name__}(")
    return not (text or "").strip() or made_up


def test_public_names_exist_and_are_named_once():
    names = aliquot.__all__
    assert names, "aliquot.__all__ is empty"
    assert len(names) == len(set(names))
    assert [name for name in names if not hasattr(aliquot, name)] == []


def test_public_names_have_docstrings():
    assert [name for name in aliquot.__all__ if is_undocumented(getattr(aliquot, name))] == []


def undocumented_methods(owner: type, package: str = "aliquot") -> list[str]:
    """Return the public methods and properties, written in `package`, without a docstring.

    A method that overrides a documented one has its docstring.
    """
    found = []
    for name, member in inspect.getmembers(owner):
        function = member.fget if isinstance(member, property) else member
        if name.startswith("_") or not inspect.isroutine(function):
            continue
        ours = (getattr(function, "__module__", None) or "").startswith(package)
        if ours and not inspect.getdoc(member):
            found.append(f"{owner.__name__}.{name}")
    return found


def test_methods_of_public_classes_have_docstrings():
    classes = [
        value for name in aliquot.__all__ if inspect.isclass(value := getattr(aliquot, name))
    ]
    assert [method for owner in classes for method in undocumented_methods(owner)] == []


class Base:
    def documented(self):
        """Do nothing."""


class Derived(Base):
    def documented(self): ...
    def bare(self): ...
    @property
    def size(self): ...
    @classmethod
    def make(cls): ...


def test_missing_docstrings_are_seen():
    assert is_undocumented(Base)
    assert undocumented_methods(Base, __name__) == []
    assert undocumented_methods(Derived, __name__) == [
        "Derived.bare",
        "Derived.make",
        "Derived.size",
    ]


# What importing does ------------------------------------------------------------------------------

IMPORTED_LATE = [
    "arviz",
    "arviz_base",
    "arviz_plots",
    "arviz_stats",
    "matplotlib",
    "optax",
    "polars",
    "pyarrow",
    "rich",
    "typer",
    "xarray",
    "zarr",
]


def run_python(code: str, **environment: str) -> str:
    """Run `code` in a process of its own and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_is_lean():
    loaded = run_python("import sys, aliquot; print(*sys.modules)").split()
    assert "aliquot" in loaded
    assert sorted(set(loaded) & set(IMPORTED_LATE)) == []


@pytest.mark.parametrize("enabled", ["0", "1"])
def test_import_leaves_jax_precision_alone(enabled):
    code = "import aliquot, jax; print(jax.config.jax_enable_x64)"
    assert run_python(code, JAX_ENABLE_X64=enabled).strip() == str(enabled == "1")


# Which part may import which ----------------------------------------------------------------------

# From the top down: a part may import those above it. Parts on one line do not know each other.
LAYERS = [
    ["errors", "hints"],
    ["precision", "elementary", "blas", "background"],
    ["special", "primitives", "files"],
    ["compilation", "stacking", "alike", "tables"],
    ["expression", "rows", "kernel"],
    ["arguments"],
    ["distributions"],
    ["transforms"],
    ["model"],
    ["marginal"],
    ["distributed"],
    ["density"],
    ["symmetry"],
    ["newton"],
    ["mcmc", "variational"],
    ["evidence", "exploration", "tempering"],
    ["results"],
    ["storage"],
    ["diagnostics"],
    ["plots", "progress"],
    ["inference"],
    ["many"],
    ["calibration"],
    ["families", "reporting", "builders"],
    ["GLUE"],
    ["demo", "estimators", "analyses"],
    ["cli"],
]
RANK = {part: rank for rank, layer in enumerate(LAYERS) for part in layer}

# Algorithms see a density and a vector.
NEVER = {
    (algorithm, part)
    for algorithm in ("newton", "mcmc", "variational", "tempering", "evidence")
    for part in ("expression", "distributions", "transforms", "model", "marginal")
}

# What the user calls on a model but a later part does, imported when it is called.
DOORS = {("model", "density"), ("model", "marginal"), ("model", "symmetry")}


def part_of(module: str) -> str:
    """Return the part that a dotted name belongs to; what joins the parts at the top is glue."""
    _, _, below = module.partition(".")
    name = below.partition(".")[0]
    return name if name in RANK else "GLUE"


def imported_modules(source: str, module: str, is_package: bool) -> set[tuple[str, bool]]:
    """Return what `source` imports from aliquot: dotted names, and whether a function does it."""
    package = module.split(".") if is_package else module.split(".")[:-1]
    found = set()

    def visit(node: ast.AST, late: bool) -> None:
        if isinstance(node, ast.Import):
            found.update((alias.name, late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = [*base, node.module] if node.module else base
            found.update((".".join([*base, alias.name]), late) for alias in node.names)
        late = late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        late = late or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        for child in ast.iter_child_nodes(node):
            visit(child, late)

    visit(ast.parse(source), False)
    return {(name, late) for name, late in found if name.split(".")[0] == "aliquot"}


def wrong_imports(source: str, module: str, is_package: bool = False) -> list[str]:
    """Return the imports in `source` that go against the direction."""
    here = part_of(module)
    wrong = []
    for name, late in sorted(imported_modules(source, module, is_package)):
        there = part_of(name)
        upward = here == there or RANK[there] < RANK[here]
        through_a_door = late and (here, there) in DOORS
        if not (upward or through_a_door) or (here, there) in NEVER:
            wrong.append(f"{module} imports {name}")
    return wrong


@pytest.mark.parametrize(
    ("source", "module", "allowed"),
    [
        ("from aliquot.errors import ShapeError", "aliquot.expression.node", True),
        ("from .node import Expression", "aliquot.expression.apply", True),
        ("from ..errors import ShapeError", "aliquot.expression.node", True),
        ("from ..model import Model", "aliquot.expression.node", False),
        ("def f():\n    import aliquot.density", "aliquot.distributions.location_scale", False),
        ("def f():\n    from aliquot.density import Density", "aliquot.model.context", True),
        ("from aliquot.density import Density", "aliquot.model.context", False),
        (
            "if TYPE_CHECKING:\n    from aliquot.density import Density",
            "aliquot.model.context",
            True,
        ),
        ("from aliquot import model", "aliquot.mcmc.nuts", False),
        ("from aliquot.density import Density", "aliquot.mcmc.nuts", True),
        ("from aliquot.mcmc import nuts", "aliquot.variational.advi", False),
        ("from aliquot.mcmc import nuts", "aliquot.tempering.run", True),
        ("from aliquot import model", "aliquot.tempering.run", False),
        ("import aliquot as aq", "aliquot.mcmc.nuts", False),
        ("import aliquot as aq", "aliquot.demo", True),
        ("from aliquot.somewhere import anything", "aliquot.results", False),
        ("import jax", "aliquot.precision", True),
    ],
)
def test_a_wrong_direction_is_seen(source, module, allowed):
    assert (wrong_imports(source, module) == []) is allowed


def test_parts_import_only_what_is_above_them():
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        names = path.relative_to(PACKAGE.parent).with_suffix("").parts
        is_package = names[-1] == "__init__"
        module = ".".join(names[:-1] if is_package else names)
        wrong += wrong_imports(path.read_text(encoding="utf-8"), module, is_package)
    assert wrong == []


# Names --------------------------------------------------------------------------------------------


def classes(path: Path) -> list[str]:
    """Return the names of the classes that a file defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


# `aq.Mixture` is a family, and `aq.estimators.Mixture` the estimator that people look for there.
BOTH_MEANINGS = {"Mixture": ["distributions/mixture.py", "estimators/mixture.py"]}


def test_no_class_name_means_two_things():
    found: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for name in classes(path):
            found.setdefault(name, []).append(path.relative_to(PACKAGE).as_posix())
    twice = {name: where for name, where in found.items() if len(where) > 1}
    assert twice == BOTH_MEANINGS


def test_files_are_short():
    long = {
        path.relative_to(PACKAGE).as_posix(): count
        for path in sorted(PACKAGE.rglob("*.py"))
        if (count := path.read_text(encoding="utf-8").count("\n")) > 400
    }
    assert long == {}


def test_one_file_touches_the_insides_of_jax():
    insides = ("jax.extend", "jax._src")
    found = [
        path.relative_to(PACKAGE).as_posix()
        for path in sorted(PACKAGE.rglob("*.py"))
        if any(name in path.read_text(encoding="utf-8") for name in insides)
    ]
    assert found == ["primitives/internals.py"]


# What is kept under version control ---------------------------------------------------------------

# In two pieces each, so that this file does not hold what it looks for.
UNWANTED = [
    "/wo" + "rk/",
    "/ro" + "ot/",
    "/ho" + "me/",
    "/opt/" + "wheels",
    "/tmp/" + "ipykernel",
    "/Use" + "rs/",
    "py" + "pi.org",
    "pythonho" + "sted.org",
    "npm" + "js.org",
    "crates" + ".io",
    "anaconda" + ".org",
]


def tracked_files() -> list[Path]:
    """Return the files under version control; without it (a source archive) skip the test."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    paths = [ROOT / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    return [path for path in paths if path.is_file()]


def test_no_file_names_a_machine_or_a_registry():
    found = []
    for path in tracked_files():
        content = path.read_bytes()
        found += [f"{path.name}: {text}" for text in UNWANTED if text.encode() in content]
    assert found == []


def test_no_lock_file_is_tracked():
    names = {path.name for path in tracked_files()}
    assert "pyproject.toml" in names
    assert "uv.lock" not in names
