"""Commands for randomising and rehearsing: allocate, verify and simulate."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from ..errors import StaggeredError
from .options import AS_JSON, FORCE, SEED, STUDY
from .shown import require_ending, say_json, say_stamp, say_table, stamp, to_csv, to_json
from .write import require_free, write_files

A_CHECK_FAILED = 1


@click.command()
@STUDY
@SEED
@AS_JSON
@click.option("--out", metavar="FILE.csv", help="Write the order here, and its certificate beside it.")
@FORCE
def allocate(study: str, seed: int | None, as_json: bool, out: str | None, force: bool) -> None:
    """Draw the order, with a certificate.

    Councils swap schedules within strata only; the certificate lets anyone draw it again.
    """
    from ..study.load import load

    order, certificate = _targets(out, force=force)
    loaded = load(study)
    drawn = loaded.allocate(seed)
    if order is not None and certificate is not None:
        # The time stands in the certificate's file alone: the draw itself is the same at any time.
        dated = {**stamp(loaded), "drawn_at": datetime.now(UTC).isoformat(timespec="seconds"), **drawn.certificate()}
        write_files({order: to_csv(drawn.table(), loaded), certificate: to_json(dated)})
    if as_json:
        say_json(loaded, drawn.certificate())
        return
    click.echo(drawn.text())
    say_table(drawn.table())
    if drawn.constraint is not None:
        say_table(drawn.balance(), "Treated less control in a typical period, in SDs of the covariate")
    for name, value in drawn.certificate().items():
        if name not in {"order", "strata", "covariates"}:
            click.echo(f"  {name}: {_pairs(value) if name.startswith('pairs') else value}")
    say_stamp(loaded)


@click.command()
@STUDY
@click.argument("certificate")
@AS_JSON
@click.pass_context
def verify(context: click.Context, study: str, certificate: str, as_json: bool) -> None:
    """Check a certificate by drawing again.

    CERTIFICATE is the file that `allocate --out` wrote. Exit code 1 when it was edited, or belongs to another
    study.
    """
    from ..study.load import load
    from ..study.verify import read_certificate

    loaded = load(study)
    found = loaded.verify(read_certificate(certificate))
    if as_json:
        say_json(loaded, {"checks": [one.to_dict() for one in found]})
    else:
        for one in found:
            click.echo(f"  {one.text()}")
        say_stamp(loaded)
    if not all(one.passed for one in found):
        context.exit(A_CHECK_FAILED)


def _pairs(pairs: object) -> str:
    """Pairs of councils in words."""
    assert isinstance(pairs, list)
    return "; ".join(" with ".join(pair) for pair in pairs) or "none"


@click.command()
@STUDY
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of the draw.")
@click.option("--out", metavar="FILE.csv", help="Write here instead of to the screen.")
@FORCE
def simulate(study: str, seed: int, out: str | None, force: bool) -> None:
    """Simulate a panel from the plan, as CSV."""
    from ..study.load import load

    path = Path(out) if out else None
    if path is not None:
        _require_csv(path)
        require_free(path, force=force)
    loaded = load(study)
    content = to_csv(loaded.simulate(seed).to_frame(), loaded)
    if path is None:
        click.echo(content.decode(), nl=False)
        return
    write_files({path: content})
    click.echo(f"Written: {path}")
    say_stamp(loaded)


def _targets(out: str | None, *, force: bool) -> tuple[Path | None, Path | None]:
    """Name the order's file and that of its certificate, neither of them in use."""
    if out is None:
        return None, None
    order = Path(out)
    _require_csv(order)
    certificate = order.with_name(f"{order.stem}-certificate.json")
    for path in (order, certificate):
        require_free(path, force=force)
    return order, certificate


def _require_csv(path: Path) -> None:
    require_ending(path)
    if path.suffix.lower() != ".csv":
        raise StaggeredError(f"{path} does not end in .csv.", "What is written is a table.", "End the name in .csv.")
