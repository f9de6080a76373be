"""Random models with discrete variables, as recipes that hypothesis can make smaller."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

import aliquot as aq

# Joint states of one model, at most: what the oracle goes through.
LARGEST = 3000


@dataclass(frozen=True)
class Latent:
    """A discrete variable: what it is, and what its probabilities depend on.

    Attributes
    ----------
    kind : str
        "categorical", "bernoulli", "uniform", "binomial", "chain", "lagged".
    size : int
        Elements; 0 for a scalar.
    states : int
    parent : int
        Number of an earlier latent whose state picks the probabilities; -1 for none.
    places : tuple of int
        For each element, the parent's element that it depends on.
    seed : int
        Of the known probabilities, some of which are zero.
    learned : bool
        Whether the probabilities are a Dirichlet variable instead.
    known : tuple of bool
        Which elements are observed.
    """

    kind: str
    size: int
    states: int
    parent: int = -1
    places: tuple[int, ...] = ()
    seed: int = 0
    learned: bool = False
    known: tuple[bool, ...] = ()

    @property
    def elements(self) -> int:
        return max(self.size, 1)

    @property
    def hidden(self) -> int:
        return self.elements - sum(self.known)


@dataclass(frozen=True)
class Likelihood:
    """Observations whose parameters depend on one or two latents, row by row, through indices."""

    family: str
    latents: tuple[int, ...]
    places: tuple[tuple[int, ...], ...]
    how: str
    seed: int

    @property
    def rows(self) -> int:
        return len(self.places[0])


@dataclass(frozen=True)
class Recipe:
    """A model in plain numbers."""

    latents: tuple[Latent, ...]
    likelihoods: tuple[Likelihood, ...]
    ties: tuple[tuple[int, int, int, int], ...] = field(default=())

    @property
    def joint(self) -> int:
        return int(np.prod([float(z.states) ** z.hidden for z in self.latents]))


SEEDS = st.integers(0, 10**6)


@st.composite
def latents(draw: st.DrawFn, before: list[Latent]) -> Latent:
    kinds = ["categorical"] * 3 + ["bernoulli", "uniform", "binomial", "chain", "chain", "lagged"]
    kind = draw(st.sampled_from(kinds))
    seed = draw(SEEDS)
    if kind in ("chain", "lagged"):
        size = draw(st.integers(2, 5))
        known = draw(st.sampled_from([(), (), tuple(i % 2 == 0 for i in range(size))]))
        learned = kind == "chain" and draw(st.booleans())
        return Latent(kind, size, 2, seed=seed, learned=learned, known=known)
    size = draw(st.integers(0, 4))
    if kind in ("uniform", "binomial"):
        return Latent(kind, size, draw(st.integers(2, 4)), seed=seed)
    states = 2 if kind == "bernoulli" else draw(st.integers(1, 3))
    parent = draw(st.integers(-1, len(before) - 1))
    elements = max(size, 1)
    places = ()
    if parent >= 0:
        index = st.integers(0, before[parent].elements - 1)
        places = tuple(draw(st.lists(index, min_size=elements, max_size=elements)))
    known = draw(st.sampled_from([(), (), (), tuple(i % 2 == 1 for i in range(elements))]))
    known = known if size > 1 else ()
    learned = kind == "categorical" and states > 1 and draw(st.booleans())
    return Latent(kind, size, states, parent, places, seed, learned, known)


@st.composite
def likelihoods(draw: st.DrawFn, known: list[Latent]) -> Likelihood:
    family = draw(
        st.sampled_from(["normal", "normal", "poisson", "bernoulli", "uniform", "vector"])
    )
    which = draw(st.lists(st.integers(0, len(known) - 1), min_size=1, max_size=2))
    first = known[which[0]].elements
    # As many rows as elements, or else any number: groups, and elements without a row.
    rows = draw(st.one_of(st.just(first), st.integers(1, 4)))
    places = []
    for number in which:
        count = known[number].elements
        orders = [st.lists(st.integers(0, count - 1), min_size=rows, max_size=rows)]
        if count == rows:
            orders += [st.just(list(range(rows))), st.just(list(range(rows))[::-1])]
            orders += [st.permutations(range(rows))]
        places.append(tuple(draw(st.one_of(orders))))
    how = draw(st.sampled_from(["table", "table", "sum", "where"]))
    return Likelihood(family, tuple(which), tuple(places), how, draw(SEEDS))


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    """Draw models with one to three discrete variables and one or two likelihoods."""
    made: list[Latent] = []
    for _ in range(draw(st.integers(1, 3))):
        latent = draw(latents(made))
        if Recipe((*made, latent), ()).joint <= LARGEST:
            made.append(latent)
    if not made:
        made = [Latent("categorical", 3, 2, learned=True)]
    observed = [draw(likelihoods(made)) for _ in range(draw(st.integers(1, 2)))]
    ties = []
    if draw(st.integers(0, 3)) == 0:
        for _ in range(draw(st.integers(1, 2))):
            a, b = (draw(st.integers(0, len(made) - 1)) for _ in range(2))
            i, j = (draw(st.integers(0, made[k].elements - 1)) for k in (a, b))
            ties.append((a, i, b, j))
    return Recipe(tuple(made), tuple(observed), tuple(ties))


def build(recipe: Recipe) -> aq.Model:
    """Write the model of a recipe."""
    with aq.Model() as model:
        scale = aq.Normal("scale", 0, 1)  # so that there is something to infer
        made: list[aq.Expression] = []
        for number, latent in enumerate(recipe.latents):
            made.append(_latent(f"z{number}", latent, made))
        for number, likelihood in enumerate(recipe.likelihoods):
            _likelihood(f"y{number}", likelihood, recipe.latents, made, scale)
        for number, (a, i, b, j) in enumerate(recipe.ties):
            same = _at(made[a], recipe.latents[a], (i,)) == _at(made[b], recipe.latents[b], (j,))
            aq.Potential(f"tie{number}", scale * same)
    return model


def simplexes(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Random probabilities, a third of which are zero."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(shape[-1]), size=shape[:-1])
    p = np.where(rng.random(shape) < 1 / 3, 0.0, p)
    p[..., 0] += p.sum(-1) == 0
    return np.asarray(p / p.sum(-1, keepdims=True))


def _at(z: aq.Expression, latent: Latent, places: tuple[int, ...]) -> aq.Expression:
    """Give the elements at some places, in the plainest way in which one would write it."""
    if latent.size == 0:
        return z
    if places == tuple(range(latent.size)):
        return z
    if places == tuple(range(latent.size))[::-1]:
        return z[::-1]
    return z[np.array(places)]


def _latent(name: str, latent: Latent, before: list[aq.Expression]) -> aq.Expression:
    rng = np.random.default_rng(latent.seed)
    shape = (latent.size,) if latent.size else ()
    observed = {}
    if any(latent.known):
        labels = rng.integers(0, latent.states, latent.size).astype(float)
        observed = {"observed": np.where(latent.known, labels, np.nan)}
    if latent.kind == "uniform":
        return aq.DiscreteUniform(name, -1, latent.states - 2, shape=shape)
    if latent.kind == "binomial":
        return aq.Binomial(name, latent.states - 1, aq.Beta(f"{name}_p", 1, 1), shape=shape)
    if latent.kind in ("chain", "lagged"):
        lag = 2 if latent.kind == "lagged" else 1
        table = (latent.states,) * (lag + 1)
        P = simplexes(latent.seed, table)
        P = 0.5 * P + 0.5 / latent.states if any(latent.known) else P
        if latent.learned:
            P = aq.Dirichlet(f"{name}_P", np.ones(table))
        init = simplexes(latent.seed + 1, (latent.states,)) if lag == 1 else None
        init = None if any(latent.known) else init
        return aq.MarkovChain(name, P=P, init=init, lag=lag, shape=shape, **observed)
    parents = () if latent.parent < 0 else (_states_of(before[latent.parent]),)
    if latent.kind == "bernoulli":
        p = rng.uniform(0.1, 0.9, parents or shape)
        if not observed:
            p = np.where(rng.random(p.shape) < 0.2, np.round(p), p)
    else:
        p = simplexes(latent.seed, (*(parents or shape), latent.states))
        p = 0.5 * p + 0.5 / latent.states if observed else p
        if latent.learned:
            p = aq.Dirichlet(f"{name}_w", np.ones((*parents, latent.states)))
    if parents:
        parent = before[latent.parent]
        table = p if isinstance(p, aq.Expression) else aq.Data(f"{name}_table", p)
        index = parent - _lowest(parent)
        if parent.ndim:
            index = index[np.array(latent.places)] if latent.size else index[latent.places[0]]
        p = table[index]
    family = aq.Bernoulli if latent.kind == "bernoulli" else aq.Categorical
    return family(name, p, shape=shape, **observed)


def _lowest(z: aq.Expression) -> int:
    return int(np.min(np.asarray(z.distribution.support.lower)))


def _states_of(z: aq.Expression) -> int:
    return int(np.max(np.asarray(z.distribution.support.upper))) - _lowest(z) + 1


def _likelihood(
    name: str,
    likelihood: Likelihood,
    latents: tuple[Latent, ...],
    made: list[aq.Expression],
    scale: aq.Expression,
) -> None:
    rows = likelihood.rows
    rng = np.random.default_rng(likelihood.seed)
    picked = [
        _at(made[number], latents[number], places) - _lowest(made[number])
        for number, places in zip(likelihood.latents, likelihood.places, strict=True)
    ]
    counts = [_states_of(made[number]) for number in likelihood.latents]
    if likelihood.how == "table":
        eta = aq.Normal(f"{name}_eta", 0, 1, shape=tuple(counts))[tuple(picked)]
    elif likelihood.how == "sum":
        eta = sum((z * (0.7 + i) for i, z in enumerate(picked)), scale) - 1.0
    else:
        eta = np.where(picked[0] > 0, scale, -1.0) + sum(0.3 * z for z in picked[1:])
    if likelihood.family == "normal":
        aq.Normal(name, eta, 0.8, shape=rows, observed=rng.normal(size=rows))
    elif likelihood.family == "poisson":
        aq.Poisson(name, np.exp(0.5 * eta), shape=rows, observed=rng.poisson(1.0, rows))
    elif likelihood.family == "bernoulli":
        aq.Bernoulli(name, logit_p=eta, shape=rows, observed=rng.integers(0, 2, rows))
    elif likelihood.family == "uniform":  # impossible for some states
        top = 0.3 + np.exp(eta)
        aq.Uniform(name, 0, top, shape=rows, observed=rng.uniform(0, 1.2, rows))
    else:
        mean = eta[..., None] * np.array([1.0, -0.5])
        cov = np.array([[1.0, 0.4], [0.4, 0.8]])
        aq.MvNormal(name, mean, cov=cov, shape=(rows, 2), observed=rng.normal(size=(rows, 2)))
