"""Models whose discrete variables belong to rows, groups or cells."""

from __future__ import annotations

import numpy as np

import aliquot as aq
from tests.marginal.case import Cases

rows = Cases()

Y = np.array([-1.3, 0.2, 2.4, 1.1])
X = np.array([0.5, -1.0, 0.3, 1.7])
PLANE = np.array([[0.1, -1.2], [2.2, 0.4], [-0.3, 0.9]])
GROUP = np.array([0, 0, 1, 2, 2, 2, 1])
SEVEN = np.array([0.3, -0.5, 1.9, 2.1, 2.4, -1.0, 0.7])


def means(count: int = 2, name: str = "means") -> aq.Expression:
    return aq.Normal(name, 0, 2, shape=count)


@rows()
def two_gaussians() -> None:
    w = aq.Dirichlet("w", [1.0, 2.0])
    z = aq.Categorical("z", p=w, shape=4)
    aq.Normal("obs", means()[z], 1, observed=Y)


@rows(coords={"component": ["low", "middle", "high"], "row": list("abcd")})
def three_with_dims_and_scales() -> None:
    w = aq.Dirichlet("w", np.ones(3), dims="component")
    mu = aq.Normal("mu", 0, 2, dims="component", transform=aq.transforms.ordered)
    sigma = aq.HalfNormal("sigma", 1, dims="component")
    z = aq.Categorical("z", p=w, dims="row")
    aq.Normal("obs", mu[z], sigma[z], dims="row", observed=Y)


@rows()
def mixture_of_experts() -> None:
    slope = aq.Normal("slope", 0, 1, shape=3)
    z = aq.Categorical("z", logit_p=X[:, None] * slope)
    aq.Normal("obs", means(3)[z], 1, observed=Y)


@rows()
def mixture_of_experts_by_softmax() -> None:
    slope = aq.Normal("slope", 0, 1, shape=2)
    z = aq.Categorical("z", p=aq.math.softmax(X[:, None] * slope, axis=-1))
    aq.Normal("obs", means()[z], 1, observed=Y)


@rows()
def mixture_of_regressions() -> None:
    x = aq.Data("x", X)
    a, b = means(2, "a"), means(2, "b")
    sigma = aq.HalfNormal("sigma", 1, shape=2)
    z = aq.Categorical("z", p=[0.4, 0.6], shape=4)
    aq.Normal("obs", a[z] + b[z] * x, sigma[z], observed=Y)


@rows()
def robust_regression() -> None:
    a = aq.Normal("a", 0, 1)
    out = aq.Bernoulli("out", 0.1, shape=4)
    aq.StudentT("obs", aq.math.where(out == 1, 2.0, 30.0), a * X, sigma=1 + 9 * out, observed=Y)


@rows()
def through_an_index_with_ragged_groups() -> None:
    w = aq.Dirichlet("w", [1.0, 1.0])
    z = aq.Categorical("z", p=w, shape=3)
    aq.Normal("obs", means()[z[GROUP]], 1, observed=SEVEN)


@rows()
def through_an_index_by_the_way_of_means() -> None:
    group = aq.Data("group", GROUP)
    z = aq.Categorical("z", p=[0.3, 0.7], shape=4)  # the last group has no row
    of_group = means()[z]
    aq.Normal("obs", of_group[group], 1, observed=SEVEN)


@rows()
def weights_by_group() -> None:
    w = aq.Dirichlet("w", np.ones((3, 2)))
    z = aq.Categorical("z", p=w[GROUP])
    aq.Normal("obs", means()[z], 1, observed=SEVEN)


@rows()
def groups_and_rows() -> None:
    kind = aq.Categorical("kind", p=[0.5, 0.5], shape=2)
    w = aq.Dirichlet("w", np.ones((2, 2)))
    group = np.array([0, 1, 1, 0])
    z = aq.Categorical("z", p=w[kind[group]])
    aq.Normal("obs", means()[z], 1, observed=Y)


@rows()
def two_in_one_likelihood() -> None:
    z1 = aq.Categorical("z1", p=aq.Dirichlet("w", np.ones(3)), shape=4)
    z2 = aq.Bernoulli("z2", aq.Beta("q", 1, 1), shape=4)
    aq.Normal("obs", means(3)[z1] + aq.Normal("shift", 0, 1) * z2, 1, observed=Y)


@rows()
def two_in_one_table() -> None:
    z1 = aq.Categorical("z1", p=[0.2, 0.8], shape=4)
    z2 = aq.Categorical("z2", p=[0.5, 0.2, 0.3], shape=4)
    table = aq.Normal("table", 0, 2, shape=(2, 3))
    aq.Normal("obs", table[z1, z2], 1, observed=Y)


@rows()
def crossed_factors() -> None:
    a = aq.Bernoulli("a", 0.4, shape=3)
    b = aq.Categorical("b", p=[0.2, 0.3, 0.5], shape=2)
    rows_, columns = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 0, 1])
    table = aq.Normal("table", 0, 1, shape=(2, 3))
    aq.Normal("obs", table[a[rows_], b[columns]], 1, observed=SEVEN[:5])


@rows()
def nested() -> None:
    P = aq.Dirichlet("P", np.ones((2, 3)))
    z1 = aq.Categorical("z1", p=[0.3, 0.7], shape=4)
    z2 = aq.Categorical("z2", p=P[z1])
    aq.Normal("obs", means(3)[z2], 1, observed=Y)


@rows()
def chain_of_dependence() -> None:
    P = aq.Data("P", [[0.9, 0.1], [0.2, 0.8]])
    z1 = aq.Categorical("z1", p=aq.Dirichlet("w", np.ones(2)), shape=3)
    z2 = aq.Categorical("z2", p=P[z1])
    z3 = aq.Bernoulli("z3", P[z2, 1])
    aq.Normal("obs", means()[z3], 1, observed=Y[:3])


@rows()
def two_likelihoods() -> None:
    z = aq.Categorical("z", p=[0.3, 0.7], shape=4)
    aq.Normal("first", means()[z], 1, observed=Y)
    aq.Poisson("second", aq.Gamma("rate", 2, 1, shape=2)[z], observed=[0, 3, 1, 2])


@rows()
def two_mixtures_side_by_side() -> None:
    z = aq.Categorical("z", p=[0.3, 0.7], shape=4)
    u = aq.Bernoulli("u", 0.4, shape=3)
    mu = means()
    aq.Normal("first", mu[z], 1, observed=Y)
    aq.Normal("second", mu[u], 2, observed=Y[:3])


@rows()
def multivariate_rows() -> None:
    mu = aq.Normal("mu", 0, 2, shape=(2, 2))
    z = aq.Categorical("z", p=[0.3, 0.7], shape=3)
    aq.MvNormal("obs", mu[z], cov=[[1.0, 0.3], [0.3, 2.0]], observed=PLANE)


@rows()
def long_multivariate_rows() -> None:
    """By solves with one factor, each row a column."""
    mu = aq.Normal("mu", 0, 2, shape=(2, 7))
    z = aq.Categorical("z", p=[0.3, 0.7], shape=3)
    cov = 0.5 ** np.abs(np.arange(7)[:, None] - np.arange(7))
    aq.MvNormal("obs", mu[z], cov=cov, observed=np.cos(np.arange(21.0)).reshape(3, 7))


@rows()
def long_rows_of_an_unknown_covariance() -> None:
    mu = aq.Normal("mu", 0, 2, shape=(2, 7))
    z = aq.Categorical("z", p=[0.3, 0.7], shape=3)
    scale = aq.HalfNormal("scale", 1)
    chol = np.linalg.cholesky(0.5 ** np.abs(np.arange(7)[:, None] - np.arange(7)))
    seen = np.cos(np.arange(21.0)).reshape(3, 7)
    aq.MvNormal("obs", mu[z], chol=chol * scale, observed=seen)


@rows()
def full_covariances() -> None:
    mu = aq.Normal("mu", 0, 2, shape=(2, 2))
    first, *_ = aq.LKJCholeskyCov("first", n=2, eta=2, sd_dist=aq.HalfNormal.dist(1))
    second, *_ = aq.LKJCholeskyCov("second", n=2, eta=2, sd_dist=aq.HalfNormal.dist(1))
    z = aq.Categorical("z", p=[0.3, 0.7], shape=3)
    aq.MvNormal("obs", mu[z], chol=aq.math.stack([first, second])[z], observed=PLANE)


@rows()
def repeated_in_columns() -> None:
    mu = aq.Normal("mu", 0, 2, shape=(3, 2))
    z = aq.Categorical("z", p=[0.3, 0.3, 0.4], shape=3)
    aq.Normal("obs", mu[z], 1, observed=PLANE)


@rows()
def repeated_along_columns() -> None:
    z = aq.Categorical("z", p=[0.3, 0.7], shape=3)
    aq.Normal("obs", means()[z][:, None], 1, shape=(3, 2), observed=PLANE)


@rows()
def hidden_column() -> None:
    z = aq.Categorical("z", p=[0.3, 0.7], shape=(3, 1))
    aq.Normal("obs", means()[z], 1, shape=(3, 2), observed=PLANE)


@rows()
def hidden_row() -> None:
    z = aq.Categorical("z", p=[0.3, 0.7], shape=2)
    aq.Normal("obs", means()[z] + means(3, "a")[:, None], 1, observed=PLANE)


@rows()
def cells() -> None:
    z = aq.Categorical("z", p=aq.Dirichlet("w", np.ones((2, 3)))[:, None, :], shape=(2, 3))
    aq.Normal("obs", means(3)[z], 1, observed=PLANE.T)


@rows()
def rows_and_columns_have_kinds() -> None:
    u = aq.Bernoulli("u", 0.3, shape=3)
    v = aq.Categorical("v", p=[0.2, 0.8], shape=2)
    table = aq.Normal("table", 0, 1, shape=(2, 2))
    aq.Normal("obs", table[u[:, None], v[None, :]], 1, observed=PLANE)


@rows()
def zero_weight() -> None:
    z = aq.Categorical("z", p=[0.5, 0.0, 0.5], shape=4)
    aq.Normal("obs", means(3)[z], 1, observed=Y)


@rows()
def components_with_different_supports() -> None:
    low, high = aq.Data("low", [-2.0, 0.0]), aq.Data("high", [1.0, 3.0])
    z = aq.Categorical("z", p=aq.Dirichlet("w", np.ones(2)), shape=4)
    aq.Uniform("obs", low[z], high[z], observed=Y)


@rows()
def support_that_moves() -> None:
    top = aq.HalfNormal("top", 3, shape=2)
    z = aq.Categorical("z", p=[0.4, 0.6], shape=3)
    aq.Uniform("obs", 0, top[z], observed=[0.3, 0.9, 0.1])


@rows()
def a_row_that_no_component_allows() -> None:
    w = aq.Dirichlet("w", np.ones(2))
    high = aq.Data("high", [1.0, 2.0])
    z = aq.Categorical("z", p=w, shape=3)
    aq.Uniform("obs", 0, high[z] + 0 * w[0], observed=[0.5, 1.5, 2.5])


@rows()
def zero_inflation_by_hand() -> None:
    mu = aq.Gamma("mu", 2, 1)
    on = aq.Bernoulli("on", aq.Beta("psi", 1, 1), shape=5)
    aq.Poisson("obs", mu * on, observed=[0, 2, 0, 1, 0])


@rows()
def zero_inflation_by_where() -> None:
    mu = aq.Gamma("mu", 2, 1)
    on = aq.Bernoulli("on", aq.Beta("psi", 1, 1), shape=3)
    aq.NegativeBinomial("obs", mu=aq.math.where(on == 1, mu, 1e-3), alpha=2.0, observed=[0, 2, 0])


@rows()
def log_rate_of_nothing() -> None:
    """log(0) and its infinite derivative in one branch of two rows."""
    mu = aq.Gamma("mu", 2, 1)
    on = aq.Bernoulli("on", 0.4, shape=3)
    aq.Potential("obs", 2 * np.log(mu * on[1:]) - mu * on[1:])
    aq.Potential("zero", -mu * on[0])


@rows()
def spike_and_slab() -> None:
    z = aq.Bernoulli("z", aq.Beta("q", 1, 1), shape=3)
    beta = aq.Normal("beta", 0, aq.math.where(z == 1, 2.0, 0.1), shape=3)
    aq.Normal("obs", np.stack([X, X**2, Y], axis=1) @ beta, 1, observed=Y)


@rows()
def spike_and_slab_by_product() -> None:
    z = aq.Bernoulli("z", aq.Beta("q", 1, 1), shape=3)
    beta = aq.Normal("beta", 0, 1, shape=3)
    aq.Normal("obs", np.stack([X, X**2, Y], axis=1) @ (beta * z), 1, observed=Y)


@rows()
def potential_by_row() -> None:
    z = aq.Categorical("z", p=[0.3, 0.7], shape=4)
    aq.Potential("tilt", aq.Normal("a", 0, 1, shape=2)[z] * X)


@rows()
def likelihood_by_potential() -> None:
    z = aq.Categorical("z", p=[0.3, 0.7], shape=4)
    aq.Potential("obs", aq.Normal.dist(means()[z], 1).log_prob(Y).sum())


@rows()
def mixture_within_a_mixture() -> None:
    w = aq.Dirichlet("w", np.ones((2, 2)))
    z = aq.Categorical("z", p=[0.3, 0.7], shape=4)
    aq.NormalMixture("obs", w=w[z], mu=means(), sigma=1, observed=Y)


@rows()
def mixture_of_any_components() -> None:
    z = aq.Bernoulli("z", 0.3, shape=4)
    parts = [aq.Laplace.dist(means()[z], 1.0), aq.Normal.dist(3.0, 1.0)]
    aq.Mixture("obs", [0.6, 0.4], parts, observed=Y)


@rows()
def boolean_choice() -> None:
    a, b = aq.Normal("a", 0, 1), aq.Normal("b", 2, 1)
    z = aq.Bernoulli("z", logit_p=X * aq.Normal("slope", 0, 1))
    aq.Laplace("obs", np.where(z == 1, a, b), 1, observed=Y)


@rows()
def whole_numbers_from_below_zero() -> None:
    z = aq.DiscreteUniform("z", -2, 1, shape=4)
    aq.Normal("obs", aq.Normal("a", 0, 1) + z * 0.7, 1, observed=Y)


@rows()
def bounds_that_differ_by_row() -> None:
    z = aq.DiscreteUniform("z", [-1, 0, 2], [1, 0, 5])
    aq.Normal("obs", aq.Normal("a", 0, 1) * z, 1, observed=Y[:3])


@rows()
def ordered_categories_hidden() -> None:
    cuts = aq.Normal("cuts", 0, 1, shape=2, transform=aq.transforms.ordered)
    z = aq.OrderedLogistic("z", aq.Normal("eta", 0, 1) * X, cuts)
    aq.Normal("obs", means(3)[z], 1, observed=Y)


@rows()
def ordered_categories_of_a_normal_variable() -> None:
    cuts = aq.Normal("cuts", 0, 1, shape=2, transform=aq.transforms.ordered)
    z = aq.OrderedProbit("z", aq.Normal("eta", 0, 1) * X, cuts, aq.HalfNormal("sigma", 1))
    aq.Normal("obs", means(3)[z], 1, observed=Y)


@rows()
def how_many_are_marked() -> None:
    marked = aq.HyperGeometric("marked", 6, 4, [0, 1, 3, 5])
    aq.Normal("obs", aq.Normal("a", 0, 1) * marked, 1, observed=Y)


@rows()
def population_that_is_not_known() -> None:
    marked = aq.DiscreteUniform("marked", 0, 6, shape=4)
    aq.Normal("obs", aq.Normal("a", 0, 1) * marked, 1, observed=Y)
    aq.HyperGeometric("caught", 6, marked, 3, observed=[0, 2, 3, 1])


@rows()
def skewed_components() -> None:
    z = aq.Bernoulli("z", 0.3, shape=4)
    middle, scale = means()[z], aq.HalfNormal("scale", 1)
    parts = [
        aq.SkewNormal.dist(middle, 0.0, scale),
        aq.AsymmetricLaplace.dist(q=0.2, mu=middle, b=scale),
        aq.ExGaussian.dist(0.0, 1.0, scale),
        aq.Interpolated.dist([-5.0, 0.0, 9.0], [0.0, 1.0, 0.0]),
    ]
    aq.Mixture("obs", [0.4, 0.1, 0.3, 0.2], parts, observed=Y)


@rows()
def prior_only() -> None:
    aq.Normal("a", 0, 1)
    aq.Categorical("z", p=[0.3, 0.7], shape=3)


@rows()
def missing_observations() -> None:
    z = aq.Categorical("z", p=aq.Dirichlet("w", np.ones(2)), shape=4)
    aq.Normal("obs", means()[z], 1, observed=[0.3, np.nan, -1.2, np.nan])


@rows()
def missing_bounded_observations() -> None:
    z = aq.Categorical("z", p=[0.3, 0.7], shape=3)
    aq.Exponential("obs", aq.Gamma("rate", 2, 1, shape=2)[z], observed=[0.3, np.nan, 1.2])


@rows()
def semi_supervised_labels() -> None:
    z = aq.Categorical("z", p=aq.Dirichlet("w", np.ones(3)), observed=[0, np.nan, 2, np.nan])
    aq.Normal("obs", means(3)[z], 1, observed=Y)


@rows()
def semi_supervised_coins() -> None:
    z = aq.Bernoulli("z", logit_p=X * aq.Normal("slope", 0, 1), observed=[1, None, None, 0])
    aq.Normal("obs", means()[z], 1, observed=Y)


@rows()
def missing_labels_that_nothing_uses() -> None:
    aq.Categorical("z", p=aq.Dirichlet("w", np.ones(3)), observed=[0, np.nan, 2, np.nan])
    aq.Poisson("counts", aq.Gamma("rate", 2, 1), observed=[1, np.nan, 4])


@rows()
def latent_classes() -> None:
    p = aq.Beta("p", 1, 1, shape=(2, 3))
    z = aq.Categorical("z", p=aq.Dirichlet("w", np.ones(2)), shape=4)
    items = np.array([[0, 1, 1], [1, 1, 1], [0, 0, 0], [1, 0, 1]])
    aq.Bernoulli("obs", p[z], observed=items)


@rows()
def latent_classes_with_structural_zeros() -> None:
    p = aq.Data("p", [[0.0, 0.9, 0.5], [1.0, 0.2, 0.0], [0.5, 0.5, 0.5]])
    z = aq.Categorical("z", p=aq.Dirichlet("w", np.ones(3)), shape=4)
    items = np.array([[0, 1, 1], [1, 1, 0], [0, 0, 0], [1, 0, 1]])
    aq.Bernoulli("obs", p[z], observed=items)


@rows()
def dawid_skene() -> None:
    theta = aq.Dirichlet("theta", np.ones((2, 3, 3)) + np.eye(3))
    z = aq.Categorical("z", p=aq.Dirichlet("w", np.ones(3)), shape=4)
    item = np.array([0, 0, 1, 1, 2, 2, 3, 3, 3])
    annotator = np.array([0, 1, 0, 1, 0, 1, 0, 1, 1])
    labels = np.array([0, 0, 1, 2, 2, 2, 0, 1, 1])
    aq.Categorical("obs", p=theta[annotator, z[item]], observed=labels)


@rows()
def annotators_in_a_square() -> None:
    """As many items as annotators as labels."""
    theta = aq.Dirichlet("theta", np.ones((3, 3, 3)) + np.eye(3))
    z = aq.Categorical("z", p=[0.2, 0.3, 0.5], shape=3)
    labels = np.array([[0, 0, 1], [2, 2, 1], [1, 1, 1]])  # item, annotator
    aq.Categorical("obs", p=theta[np.arange(3)[None, :], z[:, None]], observed=labels)


@rows()
def binomials_of_classes() -> None:
    z = aq.Categorical("z", p=[0.3, 0.7], shape=3)
    aq.Binomial("obs", [4, 6, 5], aq.Beta("p", 1, 1, shape=2)[z], observed=[1, 5, 2])


@rows()
def censored_by_row() -> None:
    z = aq.Categorical("z", p=aq.Dirichlet("w", [1.0, 2.0]), shape=4)
    bounds = np.array([np.inf, np.inf, 2.4, 1.5])
    sigma = aq.HalfNormal("sigma", 1)
    aq.Censored("obs", aq.Normal.dist(means()[z], sigma), -1.3, bounds, observed=Y)


@rows()
def truncated_with_missing_rows() -> None:
    z = aq.Categorical("z", p=[0.4, 0.6], shape=4)
    rate = aq.HalfNormal("rate", 1, shape=2)
    shape = aq.HalfNormal("shape", 2)
    seen = np.array([0.4, np.nan, 1.9, 0.7])
    aq.Truncated("obs", aq.Weibull.dist(shape, rate[z]), lower=0.3, upper=2.0, observed=seen)


@rows()
def a_mixture_of_censored_counts() -> None:
    z = aq.Categorical("z", p=[0.4, 0.6], shape=4)
    p = aq.Beta("p", 2, 2, shape=2)
    parts = [aq.Censored.dist(aq.Geometric.dist(each), upper=4) for each in (p[z], 0.4)]
    aq.Mixture("obs", [0.7, 0.3], parts, observed=[1, 2, 4, 3])


@rows()
def hidden_counts_that_are_cut() -> None:
    mu = aq.HalfNormal("mu", 2)
    some = aq.Geometric.dist(1 / (1 + mu))
    k = aq.Truncated("k", some, lower=2, upper=5, shape=2)
    j = aq.Censored("j", some, lower=2, upper=4, shape=2)
    h = aq.HurdlePoisson("h", 0.4, mu, upper=3, shape=2)
    aq.Normal("obs", k + 2.0 * j - h, 1, observed=Y[:2])


@rows()
def hurdles_by_label() -> None:
    z = aq.Categorical("z", p=[0.4, 0.6], shape=4)
    mu = aq.HalfNormal("mu", 2, shape=2)
    aq.HurdlePoisson("counts", 0.3, mu[z], observed=[0, 1, 4, 0])
    aq.HurdleGamma("sizes", 0.3, mu[z], 1.0, observed=[0.0, 1.2, 0.0, 0.4])
