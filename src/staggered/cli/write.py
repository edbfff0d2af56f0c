"""Writing: whole or not at all, and never over something that is there unless told to."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..errors import StaggeredError

MARK = "provenance.json"


def require_free(path: Path, *, force: bool) -> None:
    """Refuse an output that exists, before anything is computed.

    Raises
    ------
    StaggeredError
        The output exists and `force` is not set, is a folder where a file is meant, or its folder is not there.
    """
    if not path.absolute().parent.is_dir():
        raise StaggeredError(
            f"The folder {path.absolute().parent} does not exist.",
            "Nothing can be written into it.",
            "Create it, or choose another place with --out.",
        )
    if path.is_dir():
        raise StaggeredError(f"{path} is a folder.", "A file is to be written there.", "Give the name of a file.")
    if path.exists() and not force:
        raise StaggeredError(
            f"{path} exists already.",
            "It may hold a result that somebody relies on.",
            "Choose another name with --out, or replace it with --force.",
        )


def require_free_folder(path: Path, *, force: bool) -> None:
    """Refuse a folder that exists; with `force`, one that this command did not make.

    Raises
    ------
    StaggeredError
        As for `require_free`.
    """
    if not path.exists():
        require_free(path, force=force)
        return
    if not path.is_dir():
        raise StaggeredError(f"{path} is a file.", "A folder is to be written there.", "Give the name of a folder.")
    if not force:
        raise StaggeredError(
            f"The folder {path} exists already.",
            "It may hold results that somebody relies on.",
            "Choose another name with --out, or replace it with --force.",
        )
    if any(path.iterdir()) and not (path / MARK).exists():
        raise StaggeredError(
            f"The folder {path} was not made by this command (it has no {MARK}).",
            "Replacing it would delete files that have nothing to do with the study.",
            "Choose another name with --out.",
        )


def write_files(files: Mapping[Path, bytes]) -> None:
    """Write files, each to a temporary name first; the names appear once all are written.

    Raises
    ------
    StaggeredError
        The disk is full, a file is open elsewhere, or writing is not allowed.
    """
    written: list[tuple[Path, Path]] = []
    try:
        for path, content in files.items():
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.absolute().parent)
            written.append((Path(name), path))
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
        for temporary, path in written:
            _as_others(temporary)
            os.replace(temporary, path)
    except OSError as error:
        raise _unwritable(error, next(iter(files))) from None
    finally:
        for temporary, _ in written:
            temporary.unlink(missing_ok=True)


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Give a temporary name to write to; the file takes its own when all went well, and is gone when not.

    Raises
    ------
    StaggeredError
        As for `write_files`.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.absolute().parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _as_others(temporary)
        os.replace(temporary, path)
    except OSError as error:
        raise _ours(error, temporary, path) from None
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary folder to fill; it takes its own name when all went well, and is gone when not.

    Raises
    ------
    StaggeredError
        As for `write_files`.
    """
    parent = folder.absolute().parent
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=parent))
    try:
        yield temporary
        _as_others(temporary)
        if folder.exists():
            # A folder cannot be renamed onto another: the old one steps aside first.
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=parent))
            os.replace(folder, old / folder.name)
            os.replace(temporary, folder)
            shutil.rmtree(old)
        else:
            os.replace(temporary, folder)
    except OSError as error:
        raise _ours(error, temporary, folder) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _as_others(path: Path) -> None:
    """Give the usual permissions: temporary files and folders are made for their owner alone."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod((0o777 if path.is_dir() else 0o666) & ~mask)


def _ours(error: OSError, temporary: Path, path: Path) -> OSError | StaggeredError:
    """Explain an error about what is being written; one about anything else is left as it is."""
    ours = error.filename is None or str(error.filename).startswith((str(temporary), str(path)))
    return _unwritable(error, path) if ours else error


def _unwritable(error: OSError, path: Path) -> StaggeredError:
    return StaggeredError(
        f"{path} cannot be written ({error.strerror or error}).",
        "Nothing was changed.",
        "Close it if it is open elsewhere, and check the space and your rights in the folder.",
    )
