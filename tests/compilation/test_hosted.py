"""Programs that call the host, cut there and run piece by piece, against plain NumPy."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from aliquot.compilation import compiled, lazily
from aliquot.precision import float64
from aliquot.primitives.on_host import on_host


class Host:
    """A function of the host that notes how often, and with how many cases, it was called."""

    def __init__(self):
        self.cases = []

    def __call__(self, x):
        self.cases.append(len(x))
        assert isinstance(x, np.ndarray)
        return np.sin(x) + x**2

    def on(self, x):
        return on_host(self, jnp.shape(x), x)


def f(x):
    return np.sin(x) + x**2


X = np.array([0.3, -1.2, 0.7])


def run(function, *arguments):
    with float64():
        return lazily(function)(*arguments)


def test_between_pieces():
    host = Host()

    def program(x):
        y = host.on(jnp.exp(x))
        unused = jnp.cos(x)
        return {"a": y * 2, "b": (x + 1, host.on(y).sum()), "c": unused}

    found = run(program, X)
    y = f(np.exp(X))
    np.testing.assert_allclose(found["a"], 2 * y)
    np.testing.assert_allclose(found["b"][0], X + 1)
    np.testing.assert_allclose(found["b"][1], f(y).sum())
    np.testing.assert_allclose(found["c"], np.cos(X))
    assert host.cases == [1, 1]


def test_inputs_and_constants_as_outputs():
    host = Host()
    x, y, one = run(lambda x: (x, host.on(x), np.ones(2)), X)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_allclose(y, f(X))
    np.testing.assert_array_equal(one, np.ones(2))


def test_while_loops():
    host = Host()

    def program(x, most):
        def going(carried):
            return host.on(carried["x"])[0] < most

        def turn(carried):
            return {"x": carried["x"] + 0.1 * host.on(carried["x"]), "n": carried["n"] + 1}

        return lax.while_loop(going, turn, {"x": x, "n": 0})

    found = run(program, X, 5.0)
    x, n = X, 0
    while f(x)[0] < 5.0:
        x, n = x + 0.1 * f(x), n + 1
    np.testing.assert_allclose(found["x"], x)
    assert int(found["n"]) == n > 2


def test_the_host_in_the_body_alone_and_in_the_condition_alone():
    host = Host()
    body = run(lambda x: lax.while_loop(lambda x: x.sum() < 9, lambda x: x + host.on(x) ** 2, x), X)
    x = X
    while x.sum() < 9:
        x = x + f(x) ** 2
    np.testing.assert_allclose(body, x)
    asked = run(lambda x: lax.while_loop(lambda x: host.on(x).sum() < 9, lambda x: x + 0.2, x), X)
    x = X
    while f(x).sum() < 9:
        x = x + 0.2
    np.testing.assert_allclose(asked, x)


@pytest.mark.parametrize("reverse", [False, True])
def test_scans(reverse):
    host = Host()
    rows = np.arange(8.0).reshape(4, 2) / 8

    def program(start, rows, scale):
        def turn(carried, row):
            y = host.on(carried + row["a"] * scale)
            return y / 4, {"y": y, "twice": 2 * row["a"]}

        return lax.scan(turn, start, {"a": rows}, reverse=reverse)

    last, stacks = run(program, np.zeros(2), rows, 1.5)
    carried, each = np.zeros(2), np.zeros((4, 2))
    for i in range(4)[:: -1 if reverse else 1]:
        each[i] = f(carried + rows[i] * 1.5)
        carried = each[i] / 4
    np.testing.assert_allclose(last, carried)
    np.testing.assert_allclose(stacks["y"], each)
    np.testing.assert_allclose(stacks["twice"], 2 * rows)
    assert host.cases == [1] * 4


def test_scans_without_rows_and_without_turns():
    host = Host()
    found, none = run(lambda x: lax.scan(lambda c, _: (host.on(c) / 3, None), x, length=3), X)
    np.testing.assert_allclose(found, f(f(f(X) / 3) / 3) / 3)
    assert none is None
    rows = np.zeros((0, 2))
    found, stack = run(lambda x, r: lax.scan(lambda c, r: (host.on(c), r), x, r), X, rows)
    np.testing.assert_array_equal(found, X)
    assert stack.shape == (0, 2)


@pytest.mark.parametrize("which", [-1, 0, 1, 2, 7])
def test_choices(which):
    host = Host()
    branches = [lambda x: host.on(x), lambda x: x * 2, lambda x: host.on(host.on(x))]
    found = run(lambda i, x: lax.switch(i, branches, x), which, X)
    np.testing.assert_allclose(found, [f(X), X * 2, f(f(X))][min(max(which, 0), 2)])
    calls = len(host.cases)
    run(lambda x: lax.cond(x.sum() > 100, host.on, lambda x: -x, x), X)
    assert len(host.cases) == calls  # what is not chosen is not computed


def test_loops_in_loops():
    host = Host()

    def program(x):
        def outer(carried, row):
            inner = lax.while_loop(lambda y: y.sum() < row, lambda y: y + host.on(y) / 2, carried)
            kept = lax.cond(row > 2, lambda y: host.on(y) / 5, lambda y: y / 2, inner)
            return kept, kept.sum()

        return lax.scan(outer, x, np.array([1.0, 3.0, 2.0]))

    found, sums = run(program, X)
    x, each = X, []
    for row in (1.0, 3.0, 2.0):
        while x.sum() < row:
            x = x + f(x) / 2
        x = f(x) / 5 if row > 2 else x / 2
        each.append(x.sum())
    np.testing.assert_allclose(found, x)
    np.testing.assert_allclose(sums, each)


def test_points_side_by_side_are_one_call():
    host = Host()
    points = np.arange(12.0).reshape(4, 3)
    found = run(jax.vmap(lambda x: host.on(x).sum()), points)
    np.testing.assert_allclose(found, f(points).sum(axis=1))
    assert host.cases == [4]
    found = run(jax.vmap(jax.vmap(lambda x: host.on(x))), points.reshape(2, 2, 3))
    np.testing.assert_allclose(found, f(points).reshape(2, 2, 3))
    assert host.cases == [4, 4]


def test_lanes_of_a_loop_end_by_themselves():
    host = Host()

    def program(x, most):
        turn = lambda c: (c[0] + host.on(c[0]) / 4, c[1] + 1)  # noqa: E731
        return lax.while_loop(lambda c: c[0].sum() < most, turn, (x, 0))

    points, most = np.array([[0.1, 0.2], [0.5, 0.4], [3.0, 3.0]]), np.array([4.0, 2.0, 1.0])
    found, turns = run(jax.vmap(program), points, most)
    for point, end, x, n in zip(points, most, found, turns, strict=True):
        wanted, count = point, 0
        while wanted.sum() < end:
            wanted, count = wanted + f(wanted) / 4, count + 1
        np.testing.assert_allclose(x, wanted)
        assert int(n) == count
    assert len(set(np.asarray(turns).tolist())) == 3


def test_lanes_of_a_scan_and_of_a_choice():
    host = Host()

    def program(x, up):
        turn = lambda c, r: (lax.cond(up, host.on, lambda x: -x, c) / 3 + r, c)  # noqa: E731
        return lax.scan(turn, x, np.array([0.1, 0.2]))

    points = np.array([[0.1, 0.2], [0.5, 0.4]])
    last, stack = run(jax.vmap(program), points, np.array([True, False]))
    for i, point in enumerate(points):
        x, each = point, []
        for r in (0.1, 0.2):
            each.append(x)
            x = (f(x) if i == 0 else -x) / 3 + r
        np.testing.assert_allclose(last[i], x)
        np.testing.assert_allclose(stack[i], each)


def test_inside_of_other_functions():
    host = Host()

    @jax.custom_jvp
    def own(x):
        return host.on(x) + 1

    own.defjvp(lambda p, t: (own(*p), t[0] * 0))
    inner = jax.jit(lambda x: jax.checkpoint(own)(x) * 2)
    np.testing.assert_allclose(run(lambda x: jax.jit(inner)(x) - x, X), 2 * f(X) + 2 - X)


def test_derivatives_by_a_rule():
    host, slope = Host(), Host()
    slope.__class__ = type("Slope", (Host,), {"__call__": lambda self, x: np.cos(x) + 2 * x})

    @jax.custom_jvp
    def own(x):
        return host.on(x)

    own.defjvp(lambda p, t: (own(*p), slope.on(*p) * t[0]))
    value, gradient = run(jax.value_and_grad(lambda x: own(x).sum()), X)
    np.testing.assert_allclose(value, f(X).sum())
    np.testing.assert_allclose(gradient, np.cos(X) + 2 * X)


def test_it_runs_again_with_other_numbers():
    host = Host()
    with float64():
        program = lazily(lambda x: lax.scan(lambda c, r: (host.on(c + r), c), 0.0, x))
        for x in (X, X + 1):
            wanted = f(f(f(x[0]) + x[1]) + x[2])
            np.testing.assert_allclose(program(x)[0], wanted)


def test_errors_of_the_host_come_through():
    def broken(x):
        raise RuntimeError("the file is gone")

    with pytest.raises(RuntimeError, match="the file is gone"):
        run(lambda x: lax.while_loop(lambda x: x < 9, lambda x: on_host(broken, (), x), x), 1.0)


def test_other_programs_are_whole():
    """Without such a call a program is one function of XLA's, loops and all."""
    with float64():
        whole = compiled(lambda x: lax.while_loop(lambda x: x < 9, lambda x: x * 2, x), np.ones(()))
        cut = compiled(lambda x: on_host(lambda x: x * 2, (), x), np.ones(()))
        assert float(whole.call(np.ones(()))) == 16.0
        assert float(cut.call(np.ones(()))) == 2.0
    assert type(whole.call) is not type(cut.call)
