"""Labels are not named where some number of the components never changes its order."""

from __future__ import annotations

import numpy as np
import pytest

import aliquot as aq
from aliquot.diagnostics.quantity import Quantity
from aliquot.diagnostics.verdict import keeps_its_order
from aliquot.results import build_tree
from aliquot.symmetry import Block, Role, Symmetries

CHAINS, DRAWS = 4, 500
BLOCK = Block((Role(("means",), 0, (0, 1)), Role(("w",), 0, (0, 1))))
ATTRS = {"symmetries": Symmetries((BLOCK,)).to_json()}


@pytest.fixture
def posterior() -> dict[str, np.ndarray]:
    """Means far apart, weights that overlap; all draws independent."""
    rng = np.random.default_rng(4)
    share = rng.beta(30, 33, (CHAINS, DRAWS))
    means = np.array([-3.0, 3.0]) + 0.3 * rng.standard_normal((CHAINS, DRAWS, 2))
    return {"means": means, "w": np.stack([share, 1 - share], axis=-1)}


def kinds(posterior: dict[str, np.ndarray], **attrs: str) -> set[str]:
    tree = build_tree(posterior=posterior, attrs=ATTRS | attrs)
    return {record.kind for record in aq.check(tree).records}


def test_all_that_belongs_to_a_component_has_to_move(posterior):
    both = {name: values.copy() for name, values in posterior.items()}
    for values in both.values():
        values[2] = values[2, :, ::-1]
    assert "label_switching" in kinds(both)
    # Weights that go the other way while the means stay are another mode, though sorted they agree.
    posterior["w"][2] = posterior["w"][2, :, ::-1]
    found = kinds(posterior)
    assert "rhat" in found
    assert "label_switching" not in found
    assert "label_switching" not in kinds(posterior, relabelled="ecr")


def test_numbers_that_components_share_tell_nothing():
    block = Block((Role(("factor",), 0, (0, 1)),))
    rng = np.random.default_rng(5)
    values = rng.standard_normal((2, 2, CHAINS, DRAWS))
    values[:, 1] = 0.0

    def quantity() -> dict[str, Quantity]:
        return {"factor": Quantity("factor", values.reshape(4, CHAINS, DRAWS), (2, 2), str)}

    assert not keeps_its_order(block, quantity())
    values[1, 1] = 1.0
    assert keeps_its_order(block, quantity())
