"""A run or a fit with a store, in a process of its own that is killed or runs out of disk."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.inference import stored, stored_fit
from aliquot.storage import writing


def classic() -> aq.Model:
    rng = np.random.default_rng(0)
    data = rng.normal(np.array([-1.0, 1.0])[rng.integers(0, 2, 100)], 1.0)
    with aq.Model(coords={"component": ["low", "high"]}) as model:
        means = aq.Normal(
            "means", 0, 10, dims="component", transform=aq.transforms.ordered, initval=[-1, 1]
        )
        aq.Deterministic("gap", means[1] - means[0])
        aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=data)
    return model


def two_modes() -> aq.Model:
    """A posterior with two modes, where draws are by independence steps."""
    with aq.Model() as model:
        x = aq.Normal("x", 0, 10, shape=2)
        aq.Normal("square", x[0] ** 2 + 0.3 * x[0], 1.0, observed=9.0)
        aq.Normal("other", x[1], 1.0, observed=0.5)
    return model


def many() -> aq.Model:
    """More coordinates than a dense metric is for, with a funnel: trajectories are long."""
    with aq.Model() as model:
        scale = aq.HalfNormal("scale", 1)
        x = aq.Normal("x", 0, scale, shape=150)
        aq.Normal("y", x, 2.0, observed=np.linspace(-3, 3, 150))
    return model


def labels() -> aq.Model:
    """Hidden labels, whose components trade places."""
    rng = np.random.default_rng(1)
    data = rng.normal(np.array([-2.0, 2.0])[rng.integers(0, 2, 60)], 1.0)
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(2))
        means = aq.Normal("means", 0, 5, shape=2)
        sigma = aq.HalfNormal("sigma", 2)
        z = aq.Categorical("z", p=w, shape=60)
        aq.Normal("obs", means[z], sigma, observed=data)
    return model


def far() -> aq.Model:
    """Two modes that a ladder joins; it begins at the prior, since there are data."""
    with aq.Model() as model:
        x = aq.Normal("x", 3, 3)
        y = aq.Normal("y", 0, 1, shape=2)
        aq.Normal("square", x**2, 0.5, observed=9.0)
        aq.Normal("other", y[0] + 2 * y[1] + x, 1.0, observed=0.5)
    return model


def mixed() -> aq.Model:
    """Far modes of a prior, without data: the ladder begins at a fit around the modes."""
    with aq.Model() as model:
        aq.NormalMixture("x", w=[0.3, 0.7], mu=[-20.0, 20.0], sigma=1)
    return model


MODELS: dict[str, Callable[[], aq.Model]] = {
    f.__name__: f for f in (classic, two_modes, many, labels, far, mixed)
}
OPTIONS: dict[str, dict[str, object]] = {
    "classic": {"draws": 60_000, "tune": 1_000, "target_accept": 0.95},
    "two_modes": {"draws": 15_000, "tune": 600},
    "many": {"draws": 3_000, "tune": 1_000, "chains": 3},
    "labels": {"draws": 8_000, "label_switching": "permute", "chains": 2},
    "far tempered": {"sampler": "tempered", "draws": 800, "tune": 400},
    "mixed tempered": {"sampler": "tempered", "draws": 1_200, "tune": 500},
    "labels tempered": {
        "sampler": "tempered",
        "draws": 1_000,
        "tune": 400,
        "chains": 2,
        "label_switching": "permute",
    },
}
# Fits, of the model that is named first.
FITS: dict[str, dict[str, object]] = {
    "many advi": {"method": "advi", "n": 60_000},
    "labels fullrank_advi": {"method": "fullrank_advi", "n": 60_000, "n_samples": 2},
}


def command(name: str, store: Path) -> list[str]:
    """Give the command that begins the run, or goes on with it."""
    return [sys.executable, "-W", "ignore", __file__, name, str(store)]


def environment() -> dict[str, str]:
    root = Path(__file__).parents[2]
    paths = [str(root), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


def filling_disk(monkeypatch: pytest.MonkeyPatch) -> tuple[list[int], list[int]]:
    """Count the files that are written; after as many as the second list says the disk is full."""
    replace, calls, full = writing.replace, [0], [10**9]

    def limited(path: Path, *arguments: Any, **named: Any) -> None:
        calls[0] += 1
        if calls[0] > full[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        replace(path, *arguments, **named)

    monkeypatch.setattr(writing, "replace", limited)
    return calls, full


def killed_after(seconds: float, name: str, store: Path, how: int = signal.SIGKILL) -> bool:
    """Run for so long and kill; say whether it had ended before."""
    process = subprocess.Popen(
        command(name, store), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(how)
    out, err = process.communicate()
    assert process.returncode in (0, -how), (out.decode(), err.decode())
    return process.returncode == 0


def differing(one: Path, other: Path) -> list[str]:
    """Name the arrays and attributes in which two stores differ, in any bit, but for the clock."""
    first, second = aq.open_run(one), aq.open_run(other)
    assert set(first.children) == set(second.children)
    attributes = [
        str(name)
        for name in first.attrs.keys() | second.attrs.keys()
        if not (str(name).endswith("_time") or name in ("created_at", "compile_cached", "cores"))
        and first.attrs.get(name) != second.attrs.get(name)
    ]
    return attributes + [
        f"{group}/{name}"
        for group in first.children
        for name in first[group].variables
        if first[group][name].values.tobytes() != second[group][name].values.tobytes()
    ]


def main(name: str, store: str) -> None:
    warnings.simplefilter("ignore")
    # Checkpoints as often as can be, so that runs end between any two things.
    stored.SECONDS, stored.SHARE = 0.02, 1.0
    stored_fit.SECONDS, stored_fit.SHARE = 0.0, 1.0
    model = MODELS[name.split()[0]]()
    if Path(store).exists():
        aq.resume(store, model=model, progressbar=False)
    elif name in FITS:
        options = {"random_seed": 11, "progressbar": False}
        aq.fit(**options | FITS[name], model=model, store=store)
    else:
        options = {"random_seed": 11, "progressbar": False, "cores": 2}
        aq.sample(**options | OPTIONS[name], model=model, store=store)


if __name__ == "__main__":
    main(*sys.argv[1:])
