"""What a GPU gives: many chains at once, and how long hidden Markov models are added up.

    python benchmarks/gpu.py [--json FILE] [--minutes 4]

Many chains: two Gaussians, n = 100, 500 + 500 draws each, all in one program; the second call is
timed, whole. Hidden Markov models: one gradient of the log density by the length of the sequence
and the number of states, with the steps one after another and in pairs (an associative scan).
Rows: one gradient of a mixture of normals of many rows, which are on the device once, for one point
and for 64 points in step.
Where the latter begins to pay, and with how many states it stops, are what Aliquot's limits should
be. NumPyro is measured on the same device if it is installed here: its NUTS mapped
over chains and compiled once, and a scan over the steps.

Without a GPU a small part runs on the CPU, to see that it works: these figures say nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import aliquot as aq
from aliquot.marginal.elimination import forward_backward
from aliquot.precision import float64

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.peers.cases import CASES
from benchmarks.peers.judge import judge
from benchmarks.peers.libraries.aliquot import built

GPU = {
    "chains": [64, 256, 1_024, 4_096],
    "lengths": [100, 1_000, 10_000, 100_000],
    "states": [2, 4, 8, 16, 32],
    "rows": [100_000, 1_000_000, 10_000_000],
}
CPU = {"chains": [4, 16], "lengths": [100, 1_000], "states": [2, 4], "rows": [100_000]}
DRAWS = 500
MEMORY = 2e9
"""Bytes that the matrices of all moves may take: in pairs they are all there at once."""
Row = dict[str, Any]


def timed(f: Callable[[], Any], least: float = 0.3) -> float:
    """Give the median seconds of calls, the first of which is not counted."""
    jax.block_until_ready(f())
    took: list[float] = []
    while sum(took) < least or len(took) < 3:
        began = time.perf_counter()
        jax.block_until_ready(f())
        took.append(time.perf_counter() - began)
    return float(np.median(took))


def aliquot_chains(chains: int) -> Callable[[int], dict[str, np.ndarray]]:
    model = built(CASES["classic-100"], CASES["classic-100"].data())

    def draw(seed: int) -> dict[str, np.ndarray]:
        tree = aq.sample(
            DRAWS, tune=DRAWS, chains=chains, model=model, random_seed=seed, progressbar=False
        )
        return {"means": np.asarray(tree.posterior["means"])}

    return draw


def numpyro_chains(chains: int) -> Callable[[int], dict[str, np.ndarray]]:
    from benchmarks.peers.libraries.numpyro import chain_of
    from benchmarks.peers.libraries.numpyro_models import classic

    case = replace(CASES["classic-100"], draws=DRAWS, tune=DRAWS, target_accept=None)

    def keys(seed: int) -> Any:
        return jax.random.split(jax.random.PRNGKey(seed), chains)

    with float64():
        # A second `MCMC.run` with "vectorized" chains compiles all over again; this does not.
        chain = chain_of(case, *classic(case.data()))
        compiled = jax.jit(jax.vmap(chain)).lower(keys(0)).compile()

    def draw(seed: int) -> dict[str, np.ndarray]:
        with float64():
            return {"means": np.asarray(compiled(keys(seed))[0]["means"])}

    return draw


def many_chains(library: str, chains: int) -> Row:
    """Time the second call, and judge its draws by quadrature."""
    began = time.perf_counter()
    draw = {"Aliquot": aliquot_chains, "NumPyro": numpyro_chains}[library](chains)
    draw(1)
    first = time.perf_counter() - began
    began = time.perf_counter()
    draws = draw(2)
    seconds = time.perf_counter() - began
    verdict = judge(CASES["classic-100"], draws)
    return {
        "measure": "chains",
        "library": library,
        "chains": chains,
        "first_seconds": first,
        "seconds": seconds,
        "ess": verdict.ess,
        "rate": verdict.ess / seconds,
        "wrong": verdict.wrong,
    }


def sequence(length: int, states: int) -> np.ndarray:
    rng = np.random.default_rng([length, states])
    z = np.repeat(rng.integers(0, states, length // 10 + 1), 10)[:length]
    return rng.normal(2.0 * z, 1.0)


@contextmanager
def steps(in_pairs: bool) -> Iterator[None]:
    """Let Aliquot's chains be added up in one of the two ways, whatever its limits say."""
    chosen = forward_backward._in_pairs
    forward_backward._in_pairs = lambda form: in_pairs
    try:
        yield
    finally:
        forward_backward._in_pairs = chosen


def aliquot_hmm(length: int, states: int) -> Callable[[], Any]:
    with aq.Model() as model:
        P = aq.Dirichlet("P", np.ones((states, states)))
        mu = aq.Normal("mu", 0, 10, shape=states, transform=aq.transforms.ordered)
        z = aq.MarkovChain("z", P=P, steps=length)
        aq.Normal("y", mu[z], 1, observed=sequence(length, states))
    density = model.density()
    with float64():
        start, data = jnp.asarray(density.start), jax.tree.map(jnp.asarray, density.data)
        gradient = jax.jit(jax.value_and_grad(density.log_density)).lower(start, data).compile()
    return lambda: gradient(start, data)


def numpyro_hmm(length: int, states: int) -> Callable[[], Any]:
    import numpyro
    import numpyro.distributions as dist
    from numpyro.infer.util import initialize_model

    from benchmarks.peers.libraries import jax_terms
    from benchmarks.peers.libraries.numpyro_models import ordered

    with float64():
        y = jnp.asarray(sequence(length, states))

        def model() -> None:
            moves = numpyro.sample("P", dist.Dirichlet(jnp.ones((states, states))).to_event(1))
            mu = ordered("mu", 0.0, 10.0, states)
            numpyro.factor("y", jax_terms.markov_chain(-0.5 * (y[:, None] - mu) ** 2, moves))

        given = initialize_model(jax.random.PRNGKey(0), model)
        start = given.param_info.z
        gradient = jax.jit(jax.value_and_grad(given.potential_fn)).lower(start).compile()
    return lambda: gradient(start)


def scans(length: int, states: int, numpyro: bool) -> list[Row]:
    """Time one gradient in each way, and see that both give the same."""
    found: dict[str, tuple[float, Any]] = {}
    for way in ("one by one", "in pairs"):
        if way == "in pairs" and 8.0 * length * states**3 > MEMORY:
            continue
        with steps(way == "in pairs"):
            gradient = aliquot_hmm(length, states)
        found[way] = (timed(gradient), gradient())
    values = [np.concatenate([np.ravel(x) for x in jax.tree.leaves(f[1])]) for f in found.values()]
    for other in values[1:]:
        np.testing.assert_allclose(other, values[0], rtol=1e-8, atol=1e-6)
    rows = [("Aliquot", way, seconds) for way, (seconds, _) in found.items()]
    if numpyro:
        rows.append(("NumPyro", "one by one", timed(numpyro_hmm(length, states))))
    return [
        {
            "measure": "hmm",
            "library": library,
            "way": way,
            "length": length,
            "states": states,
            "seconds": seconds,
        }
        for library, way, seconds in rows
    ]


def many_rows(count: int) -> list[Row]:
    """Time gradients of a model of many rows, with the data on the device."""
    rng = np.random.default_rng(0)
    y = np.where(rng.random(count) < 0.4, -1.0, 2.0) + rng.normal(size=count)
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(2))
        means = aq.Normal("means", 0, 5, shape=2, transform=aq.transforms.ordered)
        aq.NormalMixture("obs", w=w, mu=means, sigma=1, observed=y)
    density = model.density()
    both = jax.value_and_grad(density.log_density)
    found = []
    with float64():
        data = jax.device_put(density.data)
        for points in (1, 64):
            start = jnp.tile(density.start, (points, 1))
            gradient = jax.jit(jax.vmap(both, in_axes=(0, None))).lower(start, data).compile()
            seconds = timed(lambda g=gradient, at=start: g(at, data))
            found.append({"measure": "rows", "rows": count, "points": points, "seconds": seconds})
    return found


def limits(rows: list[Row]) -> list[str]:
    """Say from which length on pairs are faster, by the number of states."""
    by_key = {
        (row["states"], row["length"], row["way"]): row["seconds"]
        for row in rows
        if row["measure"] == "hmm" and row["library"] == "Aliquot"
    }
    lines = []
    for states in sorted({key[0] for key in by_key}):
        lengths = sorted({length for s, length, way in by_key if s == states and way == "in pairs"})
        faster = [
            length
            for length in lengths
            if by_key[states, length, "in pairs"] < by_key[states, length, "one by one"]
        ]
        said = ", ".join(f"{length:,}" for length in faster) or "none"
        asked = ", ".join(f"{length:,}" for length in lengths)
        lines.append(f"{states} states: in pairs is faster at lengths {said} (of {asked})")
    return lines


def written(row: Row) -> str:
    """Write a row as a line of the terminal's table."""
    if row["measure"] == "chains":
        wrong = f"  WRONG: {row['wrong']}" if row["wrong"] else ""
        return (
            f"{row['library']:8} {row['chains']:>8,} chains  {row['seconds']:9.3f} s "
            f"(first call {row['first_seconds']:.1f} s)  {row['rate']:>12,.0f} effective draws/s"
            f"{wrong}"
        )
    if row["measure"] == "rows":
        return (
            f"Aliquot  {row['rows']:>12,} rows  {row['points']:>3} points  "
            f"{1e3 * row['seconds']:10.3f} ms a gradient"
        )
    return (
        f"{row['library']:8} {row['states']:>3} states  {row['length']:>8,} steps  "
        f"{row['way']:10}  {1e3 * row['seconds']:10.3f} ms a gradient"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--minutes", type=float, default=4.0, help="begin nothing new after these")
    for name in GPU:
        parser.add_argument(f"--{name}", type=int, nargs="*")
    given = parser.parse_args()
    device = jax.devices()[0]
    real = device.platform != "cpu"
    sizes = GPU if real else CPU
    chains, lengths, states, counts = (
        getattr(given, x) if getattr(given, x) is not None else sizes[x] for x in GPU
    )
    print(f"{device.device_kind}, JAX {jax.__version__}")
    if not real:
        print("There is no GPU here: a small part on the CPU, of which no figure says anything.")
    numpyro = find_spec("numpyro") is not None
    if not numpyro:
        print("NumPyro is not installed: nothing to compare with.")
    ends = time.perf_counter() + 60.0 * given.minutes
    rows: list[Row] = []
    left: list[str] = []

    def add(name: str, make: Callable[[], list[Row]]) -> None:
        if time.perf_counter() > ends:
            left.append(name)
            return
        for row in make():
            rows.append(row)
            print(written(row), flush=True)

    for count in chains:
        for library in ("Aliquot", "NumPyro")[: 1 + numpyro]:
            add(f"{library}, {count:,} chains", lambda x=library, c=count: [many_chains(x, c)])
    for size in states:
        for length in lengths:
            name = f"{size} states, {length:,} steps"
            add(name, lambda n=length, s=size: scans(n, s, numpyro))
    for count in counts:
        add(f"{count:,} rows", lambda n=count: many_rows(n))
    for said in limits(rows):
        print(said if real else f"{said}, on this CPU")
    if left:
        print(f"Not done in {given.minutes:g} minutes: {'; '.join(left)}.")
    if given.json is not None:
        found = {
            "device": device.device_kind,
            "platform": device.platform,
            "says_anything": real,
            "jax": jax.__version__,
            "numpyro": numpyro,
            "rows": rows,
            "left": left,
        }
        given.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
