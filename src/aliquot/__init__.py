"""Aliquot: Bayesian models with hidden discrete structure, on JAX.

Write a model as on paper, sample its posterior with NUTS or fit it with variational inference, and
read the answer with ArviZ.

>>> import aliquot as aq
>>> with aq.Model():
...     means = aq.Normal("means", 0, 10, shape=2, transform=aq.transforms.ordered)
...     aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=[-2.2, 2.9, 3.1, -2.7])
...     trace = aq.sample(random_seed=1, progressbar=False)
<...
>>> trace.posterior["means"].shape
(4, 1000, 2)
"""

from importlib import import_module as _import_module
from importlib.metadata import version as _version
from typing import TYPE_CHECKING

from aliquot import distributed as distributed
from aliquot import distributions as distributions
from aliquot import errors as errors
from aliquot import families as _families
from aliquot import plots as plots
from aliquot import transforms as transforms
from aliquot.calibration import Calibration as Calibration
from aliquot.calibration import calibrate as calibrate
from aliquot.diagnostics import Diagnosis as Diagnosis
from aliquot.diagnostics import check as check
from aliquot.errors import AliquotError as AliquotError
from aliquot.errors import AliquotWarning as AliquotWarning
from aliquot.errors import ConvergenceWarning as ConvergenceWarning
from aliquot.errors import DTypeError as DTypeError
from aliquot.errors import FitError as FitError
from aliquot.errors import ForkError as ForkError
from aliquot.errors import ImputationWarning as ImputationWarning
from aliquot.errors import ModelError as ModelError
from aliquot.errors import ParameterError as ParameterError
from aliquot.errors import PartialResultWarning as PartialResultWarning
from aliquot.errors import RowsError as RowsError
from aliquot.errors import ShapeError as ShapeError
from aliquot.errors import StartError as StartError
from aliquot.errors import StorageError as StorageError
from aliquot.errors import SupportError as SupportError
from aliquot.errors import TableError as TableError
from aliquot.errors import WorkerError as WorkerError
from aliquot.evidence import LogEvidence as LogEvidence
from aliquot.expression import Expression as Expression
from aliquot.expression import constant as constant
from aliquot.expression import lift as lift
from aliquot.expression import math as math
from aliquot.expression import scan as scan
from aliquot.families import *  # noqa: F403 (its list is the only one)
from aliquot.hints import explain as _explain
from aliquot.hints import names as _names
from aliquot.inference.advi import ADVI as ADVI
from aliquot.inference.advi import FullRankADVI as FullRankADVI
from aliquot.inference.approximation import Approximation as Approximation
from aliquot.inference.compare_components import compare_components as compare_components
from aliquot.inference.comparison import ComponentComparison as ComponentComparison
from aliquot.inference.filled_components import filled_components as filled_components
from aliquot.inference.find_map import find_map as find_map
from aliquot.inference.fit import fit as fit
from aliquot.inference.leave_future_out import leave_future_out as leave_future_out
from aliquot.inference.leave_out import leave_out as leave_out
from aliquot.inference.log_evidence import log_evidence as log_evidence
from aliquot.inference.log_likelihood import compute_log_likelihood as compute_log_likelihood
from aliquot.inference.one_step_ahead import one_step_ahead as one_step_ahead
from aliquot.inference.predict import sample_posterior_predictive as sample_posterior_predictive
from aliquot.inference.predict import sample_prior_predictive as sample_prior_predictive
from aliquot.inference.recover import recover as recover
from aliquot.inference.relabel import relabel as relabel
from aliquot.inference.resume import resume as resume
from aliquot.inference.sample import sample as sample
from aliquot.inference.until import Until as Until
from aliquot.many.fit_many import fit_many as fit_many
from aliquot.model import Data as Data
from aliquot.model import Model as Model
from aliquot.model import deterministic as _deterministic
from aliquot.model import do as do
from aliquot.model import observe as observe
from aliquot.model import potential as _potential
from aliquot.model import set_data as set_data
from aliquot.reporting.report import report as report
from aliquot.storage import open_run as open_run
from aliquot.variational import ParameterChange as ParameterChange
from aliquot.variational import RelativeChange as RelativeChange

__version__ = _version("aliquot")

# PyMC's names.
Deterministic, Potential = _deterministic, _potential

if not TYPE_CHECKING:  # a type checker goes by the imports, and is to see which names there are
    __all__ = [
        "ADVI",
        "AliquotError",
        "AliquotWarning",
        "Approximation",
        "Calibration",
        "ComponentComparison",
        "ConvergenceWarning",
        "DTypeError",
        "Data",
        "Deterministic",
        "Diagnosis",
        "Expression",
        "FitError",
        "ForkError",
        "FullRankADVI",
        "ImputationWarning",
        "LogEvidence",
        "Model",
        "ModelError",
        "ParameterChange",
        "ParameterError",
        "PartialResultWarning",
        "Potential",
        "RelativeChange",
        "RowsError",
        "ShapeError",
        "StartError",
        "SupportError",
        "StorageError",
        "TableError",
        "Until",
        "WorkerError",
        "calibrate",
        "check",
        "compare_components",
        "constant",
        "compute_log_likelihood",
        "distributed",
        "distributions",
        "do",
        "errors",
        "filled_components",
        "find_map",
        "fit",
        "fit_many",
        "leave_future_out",
        "leave_out",
        "lift",
        "log_evidence",
        "math",
        "observe",
        "one_step_ahead",
        "open_run",
        "recover",
        "relabel",
        "plots",
        "report",
        "resume",
        "sample",
        "sample_posterior_predictive",
        "sample_prior_predictive",
        "scan",
        "set_data",
        "transforms",
        *_families.__all__,
    ]

    def __dir__() -> list[str]:
        return sorted(
            ["estimators", *__all__, *(name for name in globals() if name.startswith("__"))]
        )

    def __getattr__(name: str) -> object:
        if name == "estimators":  # needs scikit-learn, and takes a second to load
            return _import_module("aliquot.estimators")
        raise _explain.MissingError("aliquot", name, _names.NAMES, lambda: __all__, "aq.")
