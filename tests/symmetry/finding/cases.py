"""Models with the components that can trade places in each, known from how the model is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

import aliquot as aq
from aliquot.symmetry import Block
from tests.seeds import fixed

# Which components are alike is written down with these data, so no seed shifts them.
RNG = fixed(0)
DATA = RNG.normal(np.array([-1.0, 1.0])[RNG.integers(0, 2, 40)], 1.0)
COUNTS = RNG.poisson(np.array([2.0, 9.0])[RNG.integers(0, 2, 30)])
PLANE = RNG.normal(size=(20, 2))
X = RNG.normal(size=40)


# A block as (what moves, components): names with their axis, or a tuple of names written apart.
Expected = tuple[frozenset[object], int]


def block(*moves: object, components: int) -> Expected:
    """Say what moves, such as ``("means", 0)``, and how many components there are."""
    return frozenset(moves), components


def described(found: Block) -> Expected:
    """Put a block that was found in the same words."""
    moves: list[object] = []
    for role in found.roles:
        if role.stays:
            moves.append((role.variables[0], "mirrored", *(at for _, at in role.within)))
        elif role.axis is None:
            moves.append(role.variables)
        else:
            moves.append((role.variables[0], role.axis, *(at for _, at in role.within)))
    return frozenset(moves), found.components


@dataclass(frozen=True)
class Case:
    """A model and what is to be found in it."""

    name: str
    make: Callable[[], None]
    blocks: tuple[Expected, ...] = ()
    alike: tuple[Expected, ...] = ()
    """Without mirror modes."""
    broken: frozenset[str] = field(default_factory=frozenset)
    """Names that the reasons tell of."""
    states: tuple[str, ...] = ()
    """Discrete variables that move along."""
    positions: tuple[int, ...] = ()

    def model(self) -> aq.Model:
        with aq.Model() as model:
            self.make()
        return model


CASES: list[Case] = []


def case(*blocks: Expected, **known: object) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Add a model to the table."""

    def add(make: Callable[[], None]) -> Callable[[], None]:
        CASES.append(Case(make.__name__, make, blocks, **known))  # type: ignore[arg-type]
        return make

    return add


def mixture(mu: object, w: object = (0.5, 0.5), sigma: object = 1.0) -> None:
    aq.NormalMixture("obs", w=w, mu=mu, sigma=sigma, observed=DATA)


# Mixtures with their component summed out already ----------------------------------------------


@case(block(("means", 0), components=2))
def classic():
    mixture(aq.Normal("means", 0, 10, shape=2))


@case(block(("means", 0), components=2))
def start_values_tell_nothing_apart():
    mixture(aq.Normal("means", 0, 10, shape=2, initval=[-1.0, 1.0]))


@case(broken=frozenset({"means"}))
def ordered():
    mixture(aq.Normal("means", 0, 10, shape=2, transform=aq.transforms.ordered))


@case(broken=frozenset({"means"}))
def prior_means_differ():
    mixture(aq.Normal("means", [-1, 1], 10, shape=2))


@case(broken=frozenset({"means"}))
def prior_scales_differ_a_little():
    mixture(aq.Normal("means", 0, [10, 10.01], shape=2))


@case(broken=frozenset({"means"}))
def supports_differ_by_little():
    mixture(aq.Uniform("means", [-10, -10], [10, 10.0001], shape=2))


@case(broken=frozenset({"means"}))
def supports_differ():
    mixture(aq.Uniform("means", [-10, -10], [10, 10.5], shape=2))


@case(broken=frozenset({"obs"}))
def known_weights_differ():
    mixture(aq.Normal("means", 0, 10, shape=2), w=[0.3, 0.7])


@case(broken=frozenset({"obs"}))
def known_scales_differ():
    mixture(aq.Normal("means", 0, 10, shape=2), sigma=[1.0, 2.0])


@case(block(("means", 0), ("w", 0), ("sigma", 0), components=3))
def all_parameters():
    mixture(
        aq.Normal("means", 0, 10, shape=3),
        aq.Dirichlet("w", np.ones(3)),
        aq.HalfNormal("sigma", 2, shape=3),
    )


@case(block(("means", 0), ("w", 0), components=12))
def many_components():
    mixture(aq.Normal("means", 0, 10, shape=12), aq.Dirichlet("w", np.full(12, 0.5)))


@case(broken=frozenset({"w"}))
def weights_prior_differs():
    mixture(aq.Normal("means", 0, 10, shape=3), aq.Dirichlet("w", [1.0, 1.1, 1.2]))


@case(block(("means", 0), ("w", 0), components=2), positions=(0, 2))
def two_of_three_alike():
    mixture(aq.Normal("means", [0, 3, 0], 10, shape=3), aq.Dirichlet("w", np.ones(3)))


@case(block(("means", 0), ("w", 0), components=2), positions=(0, 1))
def one_component_fixed():
    means = aq.Normal("means", 0, 10, shape=2)
    w = aq.Dirichlet("w", np.ones(3))
    mixture(aq.math.concatenate([means, np.zeros(1)]), w)


@case(block(("means", 0), components=2), broken=frozenset())
def weights_by_stick():
    # One number for the first component's weight: it tells the components apart by name, unless
    # the exchange maps it to one minus itself, which is no exchange of elements. The means alone
    # can trade places where the weights are the same.
    p = aq.Normal("p", 0, 1)
    mixture(aq.Normal("means", 0, 10, shape=2) + 0 * p)


@case(block(("means", 0), ("p", "mirrored"), components=2))
def weight_is_one_number():
    p = aq.Uniform("p", 0, 1)
    mixture(aq.Normal("means", 0, 10, shape=2), aq.math.stack([p, 1 - p]))


@case(block(("means", 0), ("w", 0), components=2))
def a_hierarchy_above():
    center, spread = aq.Normal("center", 0, 5), aq.HalfNormal("spread", 3)
    mixture(aq.Normal("means", center, spread, shape=2), aq.Dirichlet("w", np.ones(2)))


@case(block(("prior", 0), ("means", 0), components=2))
def hyperparameters_move_along():
    prior = aq.Normal("prior", 0, 5, shape=2)
    mixture(aq.Normal("means", prior, 1, shape=2))


@case(block(("rate", 0), ("w", 0), components=3))
def poissons():
    rate, w = aq.Gamma("rate", 1, 0.1, shape=3), aq.Dirichlet("w", np.ones(3))
    aq.Mixture("obs", w, aq.Poisson.dist(rate), observed=COUNTS)


@case()
def families_differ():
    rate = aq.Gamma("rate", 1, 0.1, shape=2)
    parts = [aq.Poisson.dist(rate[0]), aq.NegativeBinomial.dist(mu=rate[1], alpha=2.0)]
    aq.Mixture("obs", [0.5, 0.5], parts, observed=COUNTS)


@case(block(("a", "b"), components=2))
def written_apart():
    a, b = aq.Normal("a", 0, 10), aq.Normal("b", 0, 10)
    mixture(aq.math.stack([a, b]))


@case(block(("a", "b", "c"), ("w", 0), ("s1", "s2", "s3"), components=3))
def three_written_apart():
    a, b, c = (aq.Normal(name, 0, 10) for name in "abc")
    scales = [aq.HalfNormal(name, 2) for name in ("s1", "s2", "s3")]
    mixture(aq.math.stack([a, b, c]), aq.Dirichlet("w", np.ones(3)), aq.math.stack(scales))


@case()
def written_apart_with_priors_that_differ():
    a, b = aq.Normal("a", 0, 10), aq.Normal("b", 1, 10)
    mixture(aq.math.stack([a, b]))


@case(
    block(("means", 0), ("w", 0), components=2),
    block(("rate", 0), components=3),
)
def two_mixtures():
    mixture(aq.Normal("means", 0, 10, shape=2), aq.Dirichlet("w", np.ones(2)))
    rate = aq.Gamma("rate", 1, 0.1, shape=3)
    aq.Mixture("counts", np.full(3, 1 / 3), aq.Poisson.dist(rate), observed=COUNTS)


@case(
    block(("means", 0), components=2),
    block(("others", 0), components=2),
)
def two_mixtures_of_one_size():
    mixture(aq.Normal("means", 0, 10, shape=2))
    others = aq.Normal("others", 0, 10, shape=2)
    aq.NormalMixture("second", [0.5, 0.5], others, 1, observed=DATA[:20] + 1)


@case(*(block(("mu", 1, g), ("w", 1, g), components=2) for g in range(3)))
def a_mixture_in_each_group():
    mu, w = aq.Normal("mu", 0, 5, shape=(3, 2)), aq.Dirichlet("w", np.ones(2), shape=(3, 2))
    data = DATA[:30].reshape(3, 10)
    aq.NormalMixture("obs", w[:, None], mu[:, None], 1, observed=data, shape=(3, 10))


@case(*(block(("mu", 1, g), ("w", 1, g), components=2) for g in range(2)))
def as_many_groups_as_components():
    mu, w = aq.Normal("mu", 0, 5, shape=(2, 2)), aq.Dirichlet("w", np.ones(2), shape=(2, 2))
    data = DATA[:20].reshape(2, 10)
    aq.NormalMixture("obs", w[:, None], mu[:, None], 1, observed=data, shape=(2, 10))


@case(block(("mu", 1), ("w", 0), components=2))
def groups_that_share_weights():
    mu, w = aq.Normal("mu", 0, 5, shape=(3, 2)), aq.Dirichlet("w", np.ones(2))
    data = DATA[:30].reshape(3, 10)
    aq.NormalMixture("obs", w, mu[:, None], 1, observed=data, shape=(3, 10))


@case(block(("beta", 0), ("w", 0), components=2))
def regressions():
    beta, w = aq.Normal("beta", 0, 5, shape=(2, 2)), aq.Dirichlet("w", np.ones(2))
    lines = np.column_stack([np.ones(40), X]) @ beta.T
    aq.NormalMixture("obs", w, lines, 0.5, observed=DATA)


@case(block(("means", 0), ("chol", 0), components=2))
def full_covariances():
    means = aq.Normal("means", 0, 5, shape=(2, 2))
    chol, _, _ = aq.LKJCholeskyCov(
        "chol", n=2, eta=2.0, sd_dist=aq.HalfNormal.dist(1), shape=(2, 2, 2)
    )
    parts = aq.MvNormal.dist(means, chol=chol)
    aq.Mixture("obs", [0.5, 0.5], parts, observed=PLANE)


@case(broken=frozenset({"w"}))
def ordered_weights():
    mixture(
        aq.Normal("means", 0, 10, shape=3),
        aq.Dirichlet("w", np.ones(3), transform=aq.transforms.ordered),
    )


# Discrete variables ------------------------------------------------------------------------------


@case(block(("means", 0), ("w", 0), components=3), states=("z",))
def labels_written_out():
    w, means = aq.Dirichlet("w", np.ones(3)), aq.Normal("means", 0, 10, shape=3)
    z = aq.Categorical("z", p=w, shape=40)
    aq.Normal("obs", means[z], 1, observed=DATA)


@case(broken=frozenset({"sum over z"}))
def labels_with_known_weights():
    means = aq.Normal("means", 0, 10, shape=2)
    z = aq.Categorical("z", p=[0.3, 0.7], shape=40)
    aq.Normal("obs", means[z], 1, observed=DATA)


@case()
def some_labels_observed():
    w, means = aq.Dirichlet("w", np.ones(2)), aq.Normal("means", 0, 10, shape=2)
    known = np.ma.masked_array(np.zeros(40, int), mask=np.arange(40) > 0)
    z = aq.Categorical("z", p=w, observed=known)
    aq.Normal("obs", means[z], 1, observed=DATA)


@case(block(("P", 0), ("P", 1), ("mu", 0), components=3), states=("z",))
def hidden_markov_model():
    P = aq.Dirichlet("P", np.ones(3), shape=(3, 3))
    mu = aq.Normal("mu", 0, 3, shape=3)
    z = aq.MarkovChain("z", P=P, init=np.full(3, 1 / 3), shape=40)
    aq.Normal("obs", mu[z], 1, observed=DATA)


@case(broken=frozenset({"P"}))
def hidden_markov_model_that_stays():
    P = aq.Dirichlet("P", [[5.0, 1.0], [1.0, 7.0]], shape=(2, 2))
    mu = aq.Normal("mu", 0, 3, shape=2)
    z = aq.MarkovChain("z", P=P, init=[0.5, 0.5], shape=40)
    aq.Normal("obs", mu[z], 1, observed=DATA)


@case(block(("P", 0), ("P", 1), ("mu", 0), components=2), states=("z",))
def sticky_hidden_markov_model():
    P = aq.Dirichlet("P", [[5.0, 1.0], [1.0, 5.0]], shape=(2, 2))
    mu = aq.Normal("mu", 0, 3, shape=2)
    z = aq.MarkovChain("z", P=P, init="stationary", shape=40)
    aq.Normal("obs", mu[z], 1, observed=DATA)


@case()
def known_first_state():
    P = aq.Dirichlet("P", np.ones(2), shape=(2, 2))
    mu = aq.Normal("mu", 0, 3, shape=2)
    z = aq.MarkovChain("z", P=P, init=[1.0, 0.0], shape=40)
    aq.Normal("obs", mu[z], 1, observed=DATA)


@case(
    *(block(("P", 1, g), ("P", 2, g), ("mu", 1, g), components=2) for g in range(2)),
    states=("first", "second"),
)
def two_hidden_chains_in_one_array():
    P = aq.Dirichlet("P", np.ones(2), shape=(2, 2, 2))
    mu = aq.Normal("mu", 0, 2, shape=(2, 2))
    first = aq.MarkovChain("first", P=P[0], init=[0.5, 0.5], shape=15)
    second = aq.MarkovChain("second", P=P[1], init=[0.5, 0.5], shape=15)
    aq.Normal("one", mu[0][first], 1, observed=DATA[:15])
    aq.Normal("two", mu[1][second], 1, observed=DATA[15:30])


@case(
    block(("short", "long"), ("duration", 0), ("wait", 0), ("w", 0), components=2),
    states=("z",),
)
def covariances_written_apart():
    duration, wait = aq.Normal("duration", 3, 2, shape=2), aq.Normal("wait", 70, 20, shape=2)
    scales = aq.LogNormal.dist([-1.0, 2.0], 1.0)
    short, *_ = aq.LKJCholeskyCov("short", n=2, eta=2, sd_dist=scales)
    long, *_ = aq.LKJCholeskyCov("long", n=2, eta=2, sd_dist=scales)
    w = aq.Dirichlet("w", np.ones(2))
    z = aq.Categorical("z", p=w, shape=len(PLANE))
    means, factors = np.stack([duration, wait], axis=-1), np.stack([short, long])
    aq.MvNormal("obs", means[z], chol=factors[z], observed=PLANE)


@case(block(("prevalence", 0), ("theta", 1), components=3), states=("z",))
def latent_classes_of_raters():
    prevalence = aq.Dirichlet("prevalence", np.ones(3))
    theta = aq.Dirichlet("theta", np.ones(3), shape=(2, 3, 3))
    z = aq.Categorical("z", p=prevalence, shape=10)
    votes = RNG.integers(0, 3, (10, 2))
    aq.Categorical("votes", p=theta[np.arange(2), z[:, None]], observed=votes)


@case()
def raters_who_are_mostly_right():
    prevalence = aq.Dirichlet("prevalence", np.ones(2))
    theta = aq.Dirichlet("theta", np.eye(2) * 3 + [[1.0, 1.0], [1.5, 1.0]], shape=(2, 2, 2))
    z = aq.Categorical("z", p=prevalence, shape=7)
    votes = np.array([[0, 1], [0, 1], [0, 0], [1, 1], [0, 1], [1, 0], [0, 0]])
    aq.Categorical("votes", p=theta[np.arange(2), z[:, None]], observed=votes)


@case()
def change_point():
    rates = aq.Exponential("rates", 1.0, shape=2)
    when = aq.DiscreteUniform("when", 0, 29)
    aq.Poisson("obs", np.where(np.arange(30) < when, rates[0], rates[1]), observed=COUNTS)


@case(
    block(("means", 0), ("w", 0), components=2),
    block(("slopes", 0), components=2),
    states=("z", "v"),
)
def two_labels_of_a_row():
    w = aq.Dirichlet("w", np.ones(2))
    means, slopes = aq.Normal("means", 0, 5, shape=2), aq.Normal("slopes", 0, 5, shape=2)
    z, v = aq.Categorical("z", p=w, shape=40), aq.Categorical("v", p=[0.5, 0.5], shape=40)
    aq.Normal("obs", means[z] + slopes[v] * X, 1, observed=DATA)


@case(block(("means", 0), ("w", 0), components=2), states=("z",))
def numbers_that_depend_on_labels():
    w, means = aq.Dirichlet("w", np.ones(2)), aq.Normal("means", 0, 5, shape=2)
    z = aq.Categorical("z", p=w, shape=10)
    x = aq.Normal("x", means[z], 1)
    aq.Normal("obs", x, 1, observed=DATA[:10])


@case(
    block(("first", 0), ("first", 1), ("mu", 0), components=2),
    block(("second", 0), ("second", 1), ("mu", 1), components=2),
    states=("z", "v"),
)
def means_by_the_states_of_two_chains():
    first = aq.Dirichlet("first", np.ones(2), shape=(2, 2))
    second = aq.Dirichlet("second", np.ones(2), shape=(2, 2))
    mu = aq.Normal("mu", 0, 3, shape=(2, 2))
    z = aq.MarkovChain("z", P=first, init=[0.5, 0.5], shape=12)
    v = aq.MarkovChain("v", P=second, init=[0.5, 0.5], shape=12)
    aq.Normal("obs", mu[z, v], 1, observed=DATA[:12])


# No mixture --------------------------------------------------------------------------------------


@case()
def eight_schools():
    mu, tau = aq.Normal("mu", 0, 5), aq.HalfCauchy("tau", 5)
    theta = aq.Normal("theta", mu, tau, shape=8)
    sigma = np.array([15.0, 10, 16, 11, 9, 11, 10, 18])
    aq.Normal("y", theta, sigma, observed=[28, 8, -3, 7, -1, 1, 18, 12.0])


@case()
def regression():
    beta = aq.Normal("beta", 0, 5, shape=3)
    design = np.random.default_rng(1).normal(size=(40, 3))
    aq.Normal("obs", design @ beta, 1, observed=DATA)


@case(alike=(block(("theta", 0), components=3),))
def groups_without_data():
    mu = aq.Normal("mu", 0, 5)
    aq.Normal("theta", mu, 1, shape=3)
    aq.Normal("obs", mu, 1, shape=40, observed=DATA)


@case(alike=(block(("obs_missing", 0), components=4),))
def missing_values():
    mu = aq.Normal("mu", 0, 5)
    data = DATA.copy()
    data[[3, 8, 9, 20]] = np.nan
    obs = aq.Normal("obs", mu, 1, shape=40, observed=data)
    aq.Potential("tilt", -(obs**4))


@case(block(("mu", 0), ("w", 0), components=2), states=("z",))
def components_with_missing_rows():
    mu = aq.Normal("mu", 0, 5, shape=2)
    data = DATA.copy()
    data[[3, 8, 9, 20]] = np.nan
    z = aq.Categorical("z", p=aq.Dirichlet("w", np.ones(2)), shape=40)
    aq.Normal("obs", mu[z], 1, observed=data)


@case()
def random_walk():
    x = aq.GaussianRandomWalk("x", sigma=1.0, init_dist=aq.Normal.dist(0, 1), shape=6)
    aq.Normal("obs", x, 1, observed=DATA[:6])


@case(block(("x", 0), components=3))
def only_the_sum_is_seen():
    x = aq.Normal("x", 0, 1, shape=3)
    aq.Normal("obs", x.sum(), 1, shape=40, observed=DATA)


@case(block(("x", 0), components=2), block(("x", "mirrored"), components=2))
def a_potential():
    x = aq.Normal("x", 0, 3, shape=2)
    aq.Potential("apart", -(((x[0] - x[1]) ** 2 - 4) ** 2))


@case(broken=frozenset())
def a_potential_that_orders():
    x = aq.Normal("x", 0, 3, shape=2)
    mixture(x)
    aq.Potential("order", np.where(x[0] < x[1], 0.0, -np.inf))


@case(broken=frozenset({"gap"}))
def a_potential_that_bites_in_a_corner():
    x = aq.Normal("x", 0, 3, shape=2)
    mixture(x)
    aq.Potential("gap", -np.maximum(x[0] - x[1] - 3, 0.0))


@case()
def nothing_to_exchange():
    aq.Normal("obs", aq.Normal("mu", 0, 1), 1, shape=40, observed=DATA)
