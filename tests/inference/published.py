"""Models of published analyses whose maximum log likelihood is printed, with their sources.

Priors are flat, so that the mode of the posterior is the maximum of the likelihood. The data are in
``tests/data/published.json``, whose origins ``tests/data/README.md`` lists.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import aliquot as aq

DATA: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "published.json").read_text()
)


@dataclass(frozen=True)
class Case:
    """A model, and what is printed of it.

    Attributes
    ----------
    build : callable
        Makes the model.
    figure : str
        As it is printed, all digits.
    source : str
    what : str
        "log likelihood", "-2 log likelihood" or "AIC".
    parameters : int
        How many are estimated.
    """

    build: Callable[[], aq.Model]
    figure: str
    source: str
    what: str = "log likelihood"
    parameters: int = 0

    def log_likelihood(self) -> tuple[float, float]:
        """Give the log likelihood that is printed, and half a unit of its last digit."""
        number = float(self.figure)
        half = 0.5 * 10.0 ** -len(self.figure.partition(".")[2])
        if self.what == "AIC":
            return self.parameters - number / 2, half / 2
        if self.what == "-2 log likelihood":
            return -number / 2, half / 2
        return number, half


ZML = "Zucchini, MacDonald and Langrock (2016), Hidden Markov Models for Time Series, 2nd edition"
QUAKES = f"{ZML}, the annual counts of major earthquakes"


def rows(patterns: Any, counts: Any) -> np.ndarray:
    """Repeat each pattern as often as it was seen."""
    return np.repeat(np.asarray(patterns), counts, axis=0)


def positive(name: str, start: Any) -> Any:
    """Make a positive parameter with a flat prior."""
    start = np.asarray(start, float)
    return aq.HalfFlat(name, shape=start.shape, initval=start)


def real(name: str, start: Any) -> Any:
    """Make a parameter with a flat prior."""
    start = np.asarray(start, float)
    return aq.Flat(name, shape=start.shape, initval=start)


def earthquakes_mixture(states: int) -> aq.Model:
    y = np.array(DATA["earthquakes"])
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(states))
        rate = positive("rate", np.linspace(10, 35, states))
        z = aq.Categorical("z", p=w, shape=len(y))
        aq.Poisson("y", rate[z], observed=y)
    return model


def earthquakes_plain() -> aq.Model:
    y = np.array(DATA["earthquakes"])
    with aq.Model() as model:
        aq.Poisson("y", positive("rate", 10.0), observed=y)
    return model


def earthquakes_chain(states: int, stationary: bool) -> aq.Model:
    y = np.array(DATA["earthquakes"])
    with aq.Model() as model:
        P = aq.Dirichlet("P", np.ones(states), shape=(states, states), initval=_sticky(states))
        init = "stationary" if stationary else aq.Dirichlet("init", np.ones(states))
        rate = positive("rate", np.linspace(11, 32, states))
        z = aq.MarkovChain("z", P=P, init=init, steps=len(y))
        aq.Poisson("y", rate[z], observed=y)
    return model


def _sticky(states: int) -> np.ndarray:
    return np.full((states, states), 0.15 / max(1, states - 1)) * (1 - np.eye(states)) + (
        0.85 * np.eye(states)
    )


def deaths() -> aq.Model:
    y = np.repeat(np.arange(10), DATA["london_deaths"])
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(2))
        rate = positive("rate", [1.0, 3.0])
        z = aq.Categorical("z", p=w, shape=len(y))
        aq.Poisson("y", rate[z], observed=y)
    return model


def waiting() -> aq.Model:
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(2))
        mu, sigma = real("mu", [55.0, 80.0]), positive("sigma", [5.0, 5.0])
        aq.NormalMixture("y", w, mu, sigma, observed=np.array(DATA["faithful_waiting"], float))
    return model


def fedfunds(lag: bool) -> aq.Model:
    y = np.array(DATA["fedfunds"])
    with aq.Model() as model:
        P = aq.Dirichlet("P", np.ones(2), shape=(2, 2), initval=_sticky(2))
        level, sigma = real("level", [1.0, 2.0] if lag else [4.0, 9.0]), positive("sigma", 1.0)
        z = aq.MarkovChain("z", P=P, init="stationary", steps=len(y) - lag)
        mean = level[z]
        if lag:
            mean = mean + real("slope", [0.8, 0.5])[z] * y[:-1]
        aq.Normal("y", mean, sigma, observed=y[1:] if lag else y)
    return model


def latent_classes(name: str, classes: int) -> aq.Model:
    y = rows(DATA[name]["patterns"], DATA[name]["counts"])
    rng = np.random.default_rng(classes)
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(classes))
        z = aq.Categorical("z", p=w, shape=len(y))
        for item in range(y.shape[1]):
            values = int(y[:, item].max()) + 1
            start = rng.dirichlet(np.full(values, 2.0), size=classes)
            p = aq.Dirichlet(f"p{item}", np.ones(values), shape=(classes, values), initval=start)
            aq.Categorical(f"y{item}", p=p[z], observed=y[:, item])
    return model


def balance() -> aq.Model:
    table = rows(DATA["balance"]["age_and_items"], DATA["balance"]["counts"])
    age, y = table[:, 0] - 9.0, table[:, 1:]
    with aq.Model() as model:
        a, b = real("a", [0.1, -0.1]), real("b", [0.1, 0.3])
        p = aq.Beta("p", 1, 1, shape=(3, 4), initval=[[0.05] * 4, [0.5] * 4, [0.9] * 4])
        logits = aq.math.concatenate([np.zeros((len(y), 1)), a + b * age[:, None]], axis=1)
        z = aq.Categorical("z", logit_p=logits, shape=len(y))
        aq.Bernoulli("y", p[z], observed=y)
    return model


def dipper(phi: str = "one", p: str = "one") -> aq.Model:
    seen = np.array([[int(c) for c in h] for h in DATA["dipper"]["histories"]])
    seen = rows(seen, DATA["dipper"]["counts"])
    male = rows(DATA["dipper"]["male"], DATA["dipper"]["counts"])
    first = seen.argmax(axis=1)
    i, t = np.nonzero(np.arange(7) > first[:, None])
    with aq.Model() as model:
        survive = aq.Beta("survive", 1, 1, shape={"one": (1,), "sex": (2,), "time": (6,)}[phi])
        detect = aq.Beta("detect", 1, 1, shape=(2,) if p == "sex" else (1,))
        which = {"one": 0 * i, "sex": male[i], "time": t - 1}[phi]
        # Before its first capture an animal is in the model alive, with no chance to die.
        released = np.zeros((len(seen), 6), int)
        released[i, t - 1] = 1 + which
        stay = aq.math.concatenate([np.ones(1), survive])[released]
        dead = np.broadcast_to([0.0, 1.0], (len(seen), 6, 2))
        P = aq.math.stack([aq.math.stack([stay, 1 - stay], axis=-1), dead], axis=-2)
        z = aq.MarkovChain("z", P=P, init=[1.0, 0.0], time_varying=True)
        found = detect[male[i]] if p == "sex" else detect[0]
        aq.Bernoulli("y", found * (1 - z[i, t]), observed=seen[i, t])
    return model


def frogs(covariates: bool) -> aq.Model:
    data = {name: np.array(values) for name, values in DATA["frogs"].items()}
    with aq.Model() as model:
        psi = aq.Beta("psi", 1, 1)
        z = aq.Bernoulli("z", psi, shape=int(data["site"].max()) + 1)
        a = real("a", 0.0)
        logit = a + 0 * data["minutes"]
        if covariates:
            for name in ("minutes", "temperature"):
                x = (data[name] - data[name].mean()) / data[name].std()
                logit = logit + real(f"b_{name}", 0.0) * x
        p = 1 / (1 + np.exp(-logit))
        aq.Bernoulli("y", p * z[data["site"]], observed=data["heard"])
    return model


def co2() -> aq.Model:
    x, y = (np.array(DATA["co2"][name]) for name in ("GNP", "CO2"))
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(2), initval=[0.75, 0.25])
        a, b = real("a", [8.7, 1.4]), real("b", [0.0, 0.7])
        sigma = positive("sigma", [2.0, 0.8])
        z = aq.Categorical("z", p=w, shape=len(y))
        aq.Normal("y", a[z] + b[z] * x, sigma[z], observed=y)
    return model


def beta_blockers() -> aq.Model:
    data = {key: np.array(values) for key, values in DATA["betablocker"].items()}
    center = data["center"]
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(3))
        z = aq.Categorical("z", p=w, shape=int(center.max()) + 1)
        a, b = real("a", [-2.8, -2.3, -1.7]), real("b", [0.0, 0.0, 0.0])
        logit = a[z[center]] + b[z[center]] * data["treated"]
        aq.Binomial("y", n=data["total"], logit_p=logit, observed=data["deaths"])
    return model


def seizure(jump: bool) -> aq.Model:
    data = {name: np.array(values) for name, values in DATA["seizure"].items()}
    day, treated = np.log(data["day"] / 27), data["treated"]
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(2), initval=[0.7, 0.3])
        z = aq.Categorical("z", p=w, shape=len(day))
        a, b, d = real("a", [1.2, 1.5]), real("b", [-0.3, -0.4]), real("d", [-2.0, -0.4])
        log_rate = a[z] + b[z] * day + d[z] * day * treated
        if jump:
            log_rate = log_rate + real("c", [-0.1, -0.1])[z] * treated
        aq.Poisson("y", np.exp(log_rate) * data["hours"], observed=data["seizures"])
    return model


def speed() -> aq.Model:
    data = {name: np.array(values) for name, values in DATA["speed"].items()}
    ends = [0, 168, 302, 439]
    with aq.Model() as model:
        init = aq.Dirichlet("init", np.ones(2), initval=[0.3, 0.7])
        mu, sigma = real("mu", [5.5, 6.4]), positive("sigma", [0.2, 0.24])
        a, b = real("a", [-1.0, 2.0]), real("b", [2.0, 4.0])
        right = aq.Beta("right", 1, 1, shape=2, initval=[0.5, 0.9])
        for k, (begin, end) in enumerate(pairwise(ends)):
            part = {name: values[begin:end] for name, values in data.items()}
            up = 1 / (1 + np.exp(-(a + b * part["Pacc"][:-1, None])))
            P = aq.math.stack([1 - up, up], axis=-1)
            z = aq.MarkovChain(f"z{k}", P=P, init=init, time_varying=True)
            aq.Normal(f"rt{k}", mu[z], sigma[z], observed=part["rt"])
            aq.Bernoulli(f"corr{k}", right[z], observed=part["corr"])
    return model


MARKED = "marked 1.2 (Laake, Johnson and Conn, 2013), vignette, European dippers"
FLEXMIX = "flexmix (Gruen and Leisch), vignette regression-examples"
DEPMIX = "depmixS4 (Visser and Speekenbrink, 2010)"
UNMARKED = "unmarked (Fiske and Chandler, 2011), vignette, spring peepers"
STATA = "Stata Time-Series Reference Manual, mswitch, federal funds rate"
POLCA = "poLCA (Linzer and Lewis, 2011), manual 1.4"

CASES: dict[str, Case] = {
    "earthquakes, one Poisson": Case(earthquakes_plain, "-391.9189", QUAKES),
    "earthquakes, mixture of 2": Case(lambda: earthquakes_mixture(2), "-360.3690", QUAKES),
    "earthquakes, mixture of 3": Case(lambda: earthquakes_mixture(3), "-356.8489", QUAKES),
    "earthquakes, mixture of 4": Case(lambda: earthquakes_mixture(4), "-356.7337", QUAKES),
    "earthquakes, 2 states": Case(lambda: earthquakes_chain(2, True), "-342.3183", QUAKES),
    "earthquakes, 3 states": Case(lambda: earthquakes_chain(3, True), "-329.4603", QUAKES),
    "earthquakes, 4 states": Case(lambda: earthquakes_chain(4, True), "-327.8316", QUAKES),
    "earthquakes, 2 states, free start": Case(
        lambda: earthquakes_chain(2, False), "-341.8787", QUAKES
    ),
    "earthquakes, 3 states, free start": Case(
        lambda: earthquakes_chain(3, False), "-328.5275", QUAKES
    ),
    "deaths in London, mixture of 2": Case(
        deaths,
        "-1989.946",
        "Titterington, Smith and Makov (1985), Statistical Analysis of Finite Mixture "
        "Distributions, the data of Hasselblad (1969)",
    ),
    "Old Faithful, mixture of 2": Case(
        waiting, "-1034.002", "mixtools (Benaglia et al., 2009), vignette, normalmixEM"
    ),
    "federal funds, 2 states": Case(lambda: fedfunds(False), "-508.63592", STATA),
    "federal funds, 2 states and a lag": Case(lambda: fedfunds(True), "-264.71069", STATA),
    "carcinoma, 3 classes": Case(lambda: latent_classes("carcinoma", 3), "-293.705", POLCA),
    "carcinoma, 2 classes": Case(lambda: latent_classes("carcinoma", 2), "664.5", POLCA, "AIC", 15),
    "General Social Survey, 3 classes": Case(
        lambda: latent_classes("gss82", 3), "-2754.545", POLCA
    ),
    "balance scale, 3 classes": Case(balance, "-917.5", DEPMIX),
    "speed and accuracy, transitions with a covariate": Case(
        speed, "-248.9722", f"{DEPMIX}, tests"
    ),
    "dippers, Phi(.) p(.)": Case(dipper, "666.8377", MARKED, "-2 log likelihood"),
    "dippers, Phi(sex) p(.)": Case(lambda: dipper("sex"), "666.6762", MARKED, "-2 log likelihood"),
    "dippers, Phi(sex) p(sex)": Case(
        lambda: dipper("sex", "sex"), "666.1518", MARKED, "-2 log likelihood"
    ),
    "dippers, Phi(time) p(.)": Case(
        lambda: dipper("time"), "659.7301", MARKED, "-2 log likelihood"
    ),
    "spring peepers, psi(.) p(.)": Case(lambda: frogs(False), "461.00", UNMARKED, "AIC", 2),
    "spring peepers, psi(.) p(time, temperature)": Case(
        lambda: frogs(True), "356.7591", UNMARKED, "AIC", 4
    ),
    "carbon dioxide, 2 regressions": Case(
        co2, "-66.93977", "mixtools (Benaglia et al., 2009), vignette, regmixEM"
    ),
    "beta blockers, 3 classes of centers": Case(beta_blockers, "-158.3095", FLEXMIX),
    "seizures, 2 classes": Case(lambda: seizure(True), "-376.1762", FLEXMIX),
    "seizures, 2 classes without a jump": Case(lambda: seizure(False), "-376.6495", FLEXMIX),
}
