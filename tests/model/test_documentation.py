"""What ``help`` says of the constructors."""

from __future__ import annotations

import inspect
import re

import pytest

import aliquot as aq
from aliquot import families


@pytest.mark.parametrize("name", families.__all__)
def test_every_argument_is_explained_once(name: str) -> None:
    constructor = getattr(aq, name)
    headers = re.findall(r"(?m)^(\w+)\n-{3,}$", constructor.__doc__)
    assert headers[:2] == ["Parameters", "Raises"]
    assert len(headers) == len(set(headers))
    parameters = constructor.__doc__.split("Parameters\n")[1].split("\n\nRaises\n")[0]
    explained = [
        argument
        for line in re.findall(r"(?m)^\*?([\w, ]+) : ", parameters)
        for argument in line.split(", ")
    ]
    assert sorted(explained) == sorted(inspect.signature(constructor).parameters)
