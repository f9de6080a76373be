"""What a person is told of summing out: a record, text, HTML and one line."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import aliquot as aq
from aliquot.marginal.marginalization import Marginalization, Step, SummedVariable, TermTable
from tests.marginal.agreement import imputing

Y = np.array([-1.3, 0.2, 2.4, 1.1])


def means(count: int = 2) -> aq.Expression:
    return aq.Normal("means", 0, 2, shape=count)


def by_rows() -> None:
    z = aq.Categorical("z", p=[0.3, 0.7], shape=4)
    aq.Normal("obs", means()[z], 1, observed=Y)


def partly_observed() -> None:
    z = aq.Categorical("z", p=[0.3, 0.3, 0.4], observed=[0, np.nan, 2, np.nan])
    aq.Normal("obs", means(3)[z], 1, observed=Y)


def chains() -> None:
    P = [[0.9, 0.1], [0.2, 0.8]]
    z = aq.MarkovChain("z", P=P, init=[0.5, 0.5], shape=(2, 3))
    aq.Normal("obs", means()[z], 1, observed=np.zeros((2, 3)))


def change_point() -> None:
    early, late = aq.Exponential("early", 1), aq.Exponential("late", 1)
    years = np.arange(1851, 1861)
    switch = aq.DiscreteUniform("switch", 1851, 1860)
    aq.Poisson("obs", aq.math.where(years <= switch, early, late), observed=np.arange(10))


def two_in_a_table() -> None:
    a = aq.Categorical("a", p=[0.2, 0.8], shape=4)
    b = aq.Categorical("b", p=[0.5, 0.2, 0.3], shape=4)
    aq.Normal("obs", aq.Normal("table", 0, 2, shape=(2, 3))[a, b], 1, observed=Y)


def repeated() -> None:
    z = aq.Categorical("z", p=[0.3, 0.7], shape=4)
    aq.Normal("obs", means()[z][:, None], 1, shape=(4, 5), observed=np.zeros((4, 5)))


def sure() -> None:
    z = aq.Categorical("z", p=[1.0], shape=4)
    aq.Normal("obs", means(1)[z], 1, observed=Y)


def plan_of(write: Callable[[], None], **options: int) -> Marginalization:
    with imputing(), aq.Model(**options) as model:
        write()
    return model.marginalization()


@pytest.mark.parametrize(
    ("write", "variables", "tables", "steps", "line"),
    [
        (
            by_rows,
            [SummedVariable("z", 2, 4, 0, (4,))],
            [TermTable("z", ("z",), 4, 8), TermTable("obs", ("z",), 4, 8)],
            [Step(("z",), 4, "rows", 8)],
            "summing out z (2 states x 4): 16 values in an evaluation",
        ),
        (
            partly_observed,
            [SummedVariable("z", 3, 4, 2, (4,))],
            [TermTable("z", ("z",), 4, 12), TermTable("obs", ("z",), 4, 12)],
            [Step(("z",), 4, "rows", 12)],
            "summing out z (3 states x 4, 2 observed): 24 values in an evaluation",
        ),
        (
            chains,
            [SummedVariable("z", 2, 6, 0, (2, 3))],
            [
                TermTable("z", ("z",), 2, 4),
                TermTable("z", ("z", "z"), 4, 16),
                TermTable("obs", ("z",), 6, 12),
            ],
            [Step(("z",), 6, "chain", 24)],  # steps x chains x states x states
            "summing out z (2 states x 2 x 3): 32 values in an evaluation",
        ),
        (
            change_point,
            [SummedVariable("switch", 10, 1, 0, ())],
            [TermTable("switch", ("switch",), 1, 10), TermTable("obs", ("switch",), 10, 100)],
            [Step(("switch",), 1, "rows", 10)],
            "summing out switch (10 states): 110 values in an evaluation",
        ),
        (
            two_in_a_table,
            [SummedVariable("a", 2, 4, 0, (4,)), SummedVariable("b", 3, 4, 0, (4,))],
            [
                TermTable("a", ("a",), 4, 8),
                TermTable("b", ("b",), 4, 12),
                TermTable("obs", ("a", "b"), 4, 24),
            ],
            [Step(("a",), 4, "rows", 24), Step(("b",), 4, "rows", 12)],
            "summing out a (2 states x 4), b (3 states x 4): 44 values in an evaluation",
        ),
        (
            repeated,
            [SummedVariable("z", 2, 4, 0, (4,))],
            [TermTable("z", ("z",), 4, 8), TermTable("obs", ("z",), 20, 40)],
            [Step(("z",), 4, "rows", 8)],
            "summing out z (2 states x 4): 48 values in an evaluation",
        ),
        (
            sure,
            [SummedVariable("z", 1, 4, 0, (4,))],
            [TermTable("z", ("z",), 4, 4), TermTable("obs", ("z",), 4, 4)],
            [],  # in their only state from the start
            "summing out z (1 state x 4): 8 values in an evaluation",
        ),
    ],
)
def test_the_record_counts_right(
    write: Callable[[], None],
    variables: list[SummedVariable],
    tables: list[TermTable],
    steps: list[Step],
    line: str,
) -> None:
    plan = plan_of(write)
    assert list(plan.variables) == variables
    assert list(plan.tables) == tables
    assert list(plan.steps) == steps
    assert plan.line == line
    assert plan.values == sum(table.values for table in tables)


def test_the_text_is_the_line_and_two_tables() -> None:
    plan = plan_of(two_in_a_table)
    assert plan.text.splitlines() == [
        "summing out a (2 states x 4), b (3 states x 4): 44 values in an evaluation",
        "",
        "term  over the states of  rows  values",
        "a     a                   4     8",
        "b     b                   4     12",
        "obs   a, b                4     24",
        "",
        "step  sums out  elements  method  largest table",
        "1     a         4         rows    24",
        "2     b         4         rows    12",
    ]
    assert repr(plan) == plan.text


def test_large_numbers_are_grouped() -> None:
    with aq.Model() as model:
        z = aq.Categorical("z", p=[0.3, 0.7], shape=1500)
        aq.Normal("obs", means()[z], 1, observed=np.zeros(1500))
    plan = model.marginalization()
    assert plan.line == "summing out z (2 states x 1,500): 6,000 values in an evaluation"
    assert "obs   z                   1,500  3,000" in plan.text


def test_html_holds_the_same_and_escapes_names() -> None:
    def write() -> None:
        z = aq.Bernoulli("a<b", 0.5)
        aq.Normal("obs", z, aq.HalfNormal("s", 1), observed=1.0)

    html = plan_of(write)._repr_html_()
    assert html.startswith("<p>summing out a&lt;b (2 states): 4 values in an evaluation</p>")
    assert "a<b" not in html
    assert html.count("<table") == html.count("</table>") == 2
    assert html.count("<tr") == 2 + 2 + 1  # two heads, two terms, one step
    for head in ("term", "rows", "values", "method", "largest table"):
        assert f">{head}</th>" in html


def test_nothing_to_sum_out() -> None:
    plan = plan_of(lambda: aq.Normal("x", 0, 1))
    assert (plan.variables, plan.tables, plan.steps, plan.values) == ((), (), (), 0)
    assert plan.text == plan.line == "no discrete variables to sum out"
    assert plan._repr_html_() == "<p>no discrete variables to sum out</p>"


def six_together() -> None:
    """64 joint states in one number."""
    z = aq.Bernoulli("z", 0.5, shape=6)
    aq.Normal("obs", aq.Normal("a", 0, 1) * np.exp(z.mean()), 1, observed=0.3)


def field() -> None:
    """Neighbours on a grid: the terms' tables are small, but eliminating ties whole rows."""
    J = aq.Normal("J", 0, 1)
    z = aq.Bernoulli("z", 0.5, shape=(8, 8))
    aq.Potential("across", J * (z[:, 1:] == z[:, :-1]))
    aq.Potential("down", J * (z[1:] == z[:-1]))


def test_a_table_past_the_limit_is_refused_with_its_size_and_allowed_with_a_higher_one() -> None:
    with pytest.raises(aq.ModelError) as caught:
        plan_of(six_together, max_table=63)
    message = str(caught.value)
    for words in ("'z'", "'obs'", "6 elements together", "64 entries", "limit is 63", "max_table"):
        assert words in message, (words, message)
    plan = plan_of(six_together, max_table=64)
    assert plan.limit == 64
    assert plan.tables[-1] == TermTable("obs", ("z",) * 6, 1, 64)


def test_a_table_that_only_eliminating_makes_is_refused_too() -> None:
    plan = plan_of(field)
    largest = max(step.entries for step in plan.steps)
    assert largest > max(table.values for table in plan.tables)
    assert plan_of(field, max_table=largest).steps == plan.steps
    # Below, other orders are tried, of which none has tables of fewer than 9 neighbours.
    limit = 2**9 - 1
    with pytest.raises(aq.ModelError, match=r"'z' cannot be summed out.*max_table") as caught:
        plan_of(field, max_table=limit)
    assert f"entries; the limit is {limit:,}" in str(caught.value)


@pytest.mark.parametrize("limit", [0, 1.5, True])
def test_a_limit_must_be_a_whole_number(limit: float) -> None:
    with pytest.raises(aq.ModelError, match="max_table must be a whole number of at least 1"):
        aq.Model(max_table=limit)  # type: ignore[arg-type]
