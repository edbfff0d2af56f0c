"""The command compare: the plans of several study files side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import StudyError
from .options import AS_JSON, FORCE, OUT
from .shown import require_ending, say_stamp, say_table, stamp, to_json
from .write import require_free, write_files

if TYPE_CHECKING:
    from ..results.design_comparison import DesignComparison
    from ..study.schema import PowerSection
    from ..study.study import Study


@click.command()
@click.argument("studies", nargs=-1, required=True)
@click.option("--cost", type=float, metavar="C", help="Cost of observing one council for one period.")
@AS_JSON
@OUT
@FORCE
def compare(studies: tuple[str, ...], cost: float | None, as_json: bool, out: str | None, force: bool) -> None:
    """Lay the plans of several study files side by side.

    Power, detectable effect and what each plan asks of the councils. alpha and target must be the same in all of
    the files; each keeps its own degrees of freedom.
    """
    from ..planning.compare_designs import compare_designs
    from ..study.load import load

    path = Path(out) if out else None
    if path is not None:
        require_ending(path)
        require_free(path, force=force)
    loaded = _named([load(one) for one in studies])
    told = _same_power(loaded)
    result = compare_designs(
        {name: study.plan for name, study in loaded.items()},
        alpha=told.alpha,
        df={name: study.spec.power.df for name, study in loaded.items()},
        target=told.target,
        cost_per_period=cost,
    )
    content = {"studies": [stamp(study) for study in loaded.values()], **result.to_dict()}
    if path is not None:
        write_files({path: _file(path, result, loaded, content)})
    if as_json:
        click.echo(to_json(content).decode(), nl=False)
        return
    click.echo(result.text() + "\n")
    say_table(result.table())
    for study in loaded.values():
        say_stamp(study)


def _named(studies: Sequence[Study]) -> dict[str, Study]:
    """Studies by the names of their files; by their whole paths where two files are called the same."""
    short = [Path(study.path).stem for study in studies]
    names = short if len(set(short)) == len(short) else [study.path for study in studies]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise StudyError(
            f"{twice} is given more than once.", "A study file beside itself shows nothing.", "Name each file once."
        )
    return dict(zip(names, studies, strict=True))


def _same_power(studies: dict[str, Study]) -> PowerSection:
    """Level and target that all files share; an error where they do not agree."""
    (first, study), *others = studies.items()
    told = study.spec.power
    for name, other in others:
        for key in ("alpha", "target"):
            own, theirs = getattr(told, key), getattr(other.spec.power, key)
            if own != theirs:
                raise StudyError(
                    f"[power] {key} is {own:g} in {first} and {theirs:g} in {name}.",
                    "Plans that are held to different standards cannot be laid side by side.",
                    "Give both files the same.",
                )
    return told


def _file(path: Path, result: DesignComparison, studies: dict[str, Study], content: dict[str, object]) -> bytes:
    """The result in the format that the file's ending names, the SHA-256 of each study file with it."""
    if path.suffix.lower() == ".json":
        return to_json(content)
    digests = [study.digest for study in studies.values()]
    text: str = result.table().assign(study_sha256=digests).to_csv(index=False, lineterminator="\n")
    return text.encode()
