"""Runs whose rows several processes share: the same draws for any number, and after one is lost."""

from __future__ import annotations

import signal

import pytest

from tests.distributed.conftest import Runs, ended

pytestmark = pytest.mark.slow

# Nine blocks, the last of them shorter: no number of processes up to four divides them evenly.
MODEL = """
import aliquot.density.streamed.over_rows as over_rows
over_rows.NUMBERS = 4_500
aq.distributed.initialize(timeout=60)

path = FOLDER / "rows.npy"
if not path.exists():
    rng = np.random.RandomState(3)
    np.save(path, rng.normal(np.where(rng.uniform(size=38_000) < 0.4, -2.0, 2.0), 1.0))
with aq.Model() as model:
    w = aq.Beta("w", 1, 1)
    means = aq.Normal("means", 0, 5, shape=2, transform=aq.transforms.ordered)
    y = aq.Data.from_numpy(path, name="y")
    z = aq.Bernoulli("z", w, shape=len(y))
    aq.Normal("obs", means[z], 1, observed=y)
assert model.density().feed.blocks == 9
settings = dict(
    tune=12, chains=2, random_seed=5, init="adapt_diag", model=model, progressbar=False,
    max_treedepth=3,
    compute_convergence_checks=False,
)

def said(trace):
    return [float(x).hex() for name in ("w", "means") for x in trace.posterior[name].values.flat]
"""

DRAWS = f"""{MODEL}
import json
print(json.dumps([aq.distributed.processes(), said(aq.sample(6, **settings))]))
"""

LOSES_ONE = f"""{MODEL}
import json, threading
run = FOLDER / "run.zarr"
if run.exists():
    trace = aq.resume(run, model=model, draws=60, progressbar=False)
    print(json.dumps(said(trace)))
elif aq.distributed.processes() == 1:
    print(json.dumps(said(aq.sample(60, **settings))))
else:
    def lose():
        while not run.exists():
            time.sleep(0.05)
        os.kill(pid(1), signal.SIGKILL)
    threading.Thread(target=lose, daemon=True).start()
    try:
        aq.sample(60, store=run, **settings)
    except aq.WorkerError as error:
        print("lost:", error)
        sys.exit(3)
"""


def test_draws_are_the_same_for_any_number_of_processes(runs: Runs) -> None:
    import json

    found = {}
    for count in (1, 2, 3, 4):
        status, output, errors = ended(runs.launch(count, DRAWS))
        assert status == 0, errors
        processes, found[count] = json.loads(output.strip().splitlines()[-1])
        assert processes == count
    assert found[2] == found[1]
    assert found[3] == found[1]
    assert found[4] == found[1]
    runs.all_end()


def test_a_run_that_loses_a_worker_is_resumed_by_fewer(runs: Runs) -> None:
    ranks = runs.by_hand(3, LOSES_ONE)
    statuses = [ended(process) for process in ranks]
    assert statuses[0][0] == 3, statuses[0]
    assert "lost: rank 1 (process" in statuses[0][1]
    assert statuses[1][0] == -signal.SIGKILL
    runs.all_end()
    status, resumed, errors = ended(runs.launch(2, LOSES_ONE))
    assert status == 0, errors
    (runs.folder / "run.zarr").rename(runs.folder / "elsewhere.zarr")
    status, whole, errors = ended(runs.launch(1, LOSES_ONE))
    assert status == 0, errors
    assert resumed.strip().splitlines()[-1] == whole.strip().splitlines()[-1]
