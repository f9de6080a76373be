"""``aliquot demo``."""

from __future__ import annotations

import tempfile
import time
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aliquot.background import Background

if TYPE_CHECKING:
    from aliquot.demo import Fit, Settings
    from aliquot.demo.labels import Version
    from aliquot.demo.summary import Summary

QUICK = {"draws": 1_000, "tune": 500, "iterations": 5_000}
FAILED, INTERRUPTED = 1, 130
# The versions of the unordered draws that have a line of their own.
SHOWN = {"permuted": "NUTS, permuted", "relabelled_ecr": "NUTS, relabelled"}


def demo(
    n: Annotated[int, typer.Option("--n", help="Number of observations.")] = 100,
    seed: Annotated[int, typer.Option(help="Of the data and of every fit.")] = 0,
    means: Annotated[
        tuple[float, float],
        typer.Option(metavar="LOW HIGH", help="The true means; the standard deviations are 1."),
    ] = (-0.75, 0.75),
    draws: Annotated[int | None, typer.Option(help="Draws of each chain.  [10000]")] = None,
    tune: Annotated[int | None, typer.Option(help="Draws of warm-up.  [2000]")] = None,
    chains: Annotated[int, typer.Option(help="Chains of each NUTS run.")] = 2,
    iterations: Annotated[int | None, typer.Option(help="Of each ADVI fit.  [15000]")] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the report; made if missing.")
    ] = Path("demo-report"),
    quick: Annotated[
        bool, typer.Option("--quick", help="A tenth of the draws, a third of the iterations.")
    ] = False,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the report when it is done.")
    ] = False,
    progress: Annotated[
        bool, typer.Option("--progress/--no-progress", help="Show each fit as it runs.")
    ] = True,
) -> None:
    """Fit two close Gaussians four ways and write an illustrated report.

    NUTS and ADVI, each without an ordering of the two means (the labels switch) and with one.
    Then the draws in which labels switch, permuted and relabelled.
    """
    began = time.perf_counter()
    given = {"draws": draws, "tune": tune, "iterations": iterations}
    chosen = (QUICK if quick else {}) | {k: v for k, v in given.items() if v is not None}
    settings = _settings(n=n, seed=seed, means=means, chains=chains, **chosen)
    folder = _folder(output)
    path = _run(settings, folder, progress)
    typer.echo(f"\nReport: {path}   ({time.perf_counter() - began:.0f} s)")
    if open_browser:
        webbrowser.open(path.resolve().as_uri())


def _settings(**chosen: object) -> Settings:
    from aliquot.demo.settings import Settings

    try:
        return Settings(**chosen)  # type: ignore[arg-type]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _folder(path: Path) -> Path:
    what = "made"
    try:
        path.mkdir(parents=True, exist_ok=True)
        what = "written to"
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise typer.BadParameter(
            f"--output {path}: the folder cannot be {what} ({error.strerror})"
        ) from error
    return path


def _run(settings: Settings, folder: Path, progress: bool) -> Path:
    # Drawing needs libraries that take a second to load, which fits in while XLA compiles.
    Background(target=_load_drawing).start()
    from rich.console import Console

    from aliquot.demo.analysis import run_analysis
    from aliquot.errors import StorageError

    console = Console(highlight=False)
    low, high = settings.means
    console.print(f"{settings.n:,} observations from Gaussians around {low:g} and {high:g}\n")
    kept: list[Fit] = []

    def tell(title: str, seconds: float, outcome: str) -> None:
        console.print(f"[bold]{title:<18}[/bold] {seconds:4.1f} s   {outcome}")

    def tell_fit(fit: Fit) -> None:
        kept.append(fit)
        tell(fit.title, fit.seconds, _outcome(fit))

    def tell_version(version: Version) -> None:
        if version.key in SHOWN:
            tell(SHOWN[version.key], version.seconds, _trust(version.summary))

    try:
        analysis = run_analysis(
            settings, folder=folder, progressbar=progress, on_fit=tell_fit, on_version=tell_version
        )
        from aliquot.demo.article import write_article

        return write_article(analysis, folder)
    except KeyboardInterrupt:
        have = "All fits" if len(kept) == 4 else f"{len(kept)} of 4 fits"
        typer.echo(f"\nStopped. {have} are in {folder}; there is no report.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except StorageError as error:
        typer.echo(f"aliquot demo: {error}", err=True)
        raise typer.Exit(FAILED) from None


def _load_drawing() -> None:
    import aliquot.demo.article  # noqa: F401


def _outcome(fit: Fit) -> str:
    """Say in a few words how a fit came out."""
    summary = fit.summary
    if fit.elbo is not None:
        return f"ELBO {fit.elbo:.3f} ± {fit.elbo_error:.3f} nats"
    words = [_trust(summary)]
    if switches := sum(summary.switches):
        words.append(f"labels switched {switches:,} time{'s' * (switches != 1)}")
    if summary.divergences:
        words.append(f"{summary.divergences:,} divergences")
    return ", ".join(words)


def _trust(summary: Summary) -> str:
    """Say how far the draws can be trusted."""
    words = [] if summary.rhat is None else [f"R-hat {summary.rhat:.3f}"]
    return ", ".join([*words, f"ESS {summary.ess:,.0f}"])
