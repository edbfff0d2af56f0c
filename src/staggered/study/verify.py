"""sg.verify: whether an order is the one that was drawn."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..allocation.certificate import verify_certificate
from ..design.design import Design
from ..errors import StudyError
from ..results.check import Check
from .load import load
from .study import Study


def verify(
    certificate: str | os.PathLike[str] | Mapping[str, Any],
    study: Study | Design | str | os.PathLike[str] | None = None,
) -> list[Check]:
    """Check the certificate of an allocation by drawing again from its seed.

    Parameters
    ----------
    certificate : path or mapping
        The file that ``staggered allocate --out`` wrote, or what `Allocation.certificate` gave.
    study : Study, Design or path, optional
        What the order was drawn from; the study file that the certificate names, beside it, when absent.

    Returns
    -------
    list of Check
        One for the inputs and one for each part of the draw; an edited certificate fails some of them.

    Raises
    ------
    StudyError
        A file that is no certificate; a certificate that names no study file, or one that is not there.
    DesignError
        A certificate without its seed.

    Examples
    --------
    >>> import staggered as sg
    >>> design = sg.stepped(clusters=4, steps=4)
    >>> certificate = sg.allocate(design, seed=3).certificate()
    >>> all(check.passed for check in sg.verify(certificate, design))
    True
    >>> [check.name for check in sg.verify({**certificate, "smallest_p": 0.01}, design) if not check.passed]
    ['smallest_p']
    """
    told = certificate if isinstance(certificate, Mapping) else read_certificate(certificate)
    if isinstance(study, Design):
        return verify_certificate(told, study)
    if study is None:
        study = _named(told, certificate)
    return (study if isinstance(study, Study) else load(os.fspath(study))).verify(told)


def read_certificate(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a certificate's file."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyError(
            f"{path} cannot be read ({error.strerror}).",
            "Without the certificate there is nothing to check.",
            "Give the -certificate.json file that `staggered allocate --out` wrote.",
        ) from None
    except ValueError:
        content = None
    if not isinstance(content, dict) or "input_sha256" not in content:
        raise StudyError(
            f"{path} is no certificate of an allocation.",
            "A certificate is a JSON file with input_sha256, seed and order.",
            "Give the -certificate.json file that `staggered allocate --out` wrote.",
        )
    return content


def _named(told: Mapping[str, Any], certificate: object) -> Path:
    """Study file that a certificate names, in the certificate's folder."""
    folder = Path(certificate).parent if isinstance(certificate, str | os.PathLike) else Path()
    name = told.get("file")
    if not isinstance(name, str) or not (folder / name).is_file():
        raise StudyError(
            f"The certificate's study file{f' {name}' if name else ''} is not beside it.",
            "The order is drawn again from the study's councils and schedules.",
            "Give the study file or the planned design as second argument.",
        )
    return folder / name
