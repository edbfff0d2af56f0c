"""Writing: whole or not at all, and never over what is not ours."""

import pytest

import staggered as sg
from staggered.cli.write import MARK, new_file, new_folder, require_free_folder, write_files


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_files_appear_together(tmp_path):
    write_files({tmp_path / "a": b"1", tmp_path / "b": b"2"})
    assert (tmp_path / "a").read_bytes() == b"1"
    assert names(tmp_path) == ["a", "b"]


def test_nothing_is_left_when_one_cannot_be_written(tmp_path):
    with pytest.raises(sg.StaggeredError, match="cannot be written"):
        write_files({tmp_path / "a": b"1", tmp_path / "nowhere" / "b": b"2"})
    assert names(tmp_path) == []


def test_a_file_appears_when_all_went_well(tmp_path):
    with new_file(tmp_path / "a.html") as temporary:
        temporary.write_text("1")
        assert temporary.suffix == ".html"
        assert not (tmp_path / "a.html").exists()
    assert names(tmp_path) == ["a.html"]
    with pytest.raises(sg.DataError):
        _write_and_fail(tmp_path / "a.html")
    assert names(tmp_path) == ["a.html"]
    assert (tmp_path / "a.html").read_text() == "1"


def _write_and_fail(path):
    with new_file(path) as temporary:
        temporary.write_text("2")
        raise sg.DataError("stop")


def test_files_have_the_permissions_of_any_other(tmp_path):
    write_files({tmp_path / "a": b"1"})
    (tmp_path / "b").write_bytes(b"1")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_a_folder_appears_when_all_went_well(tmp_path):
    with new_folder(tmp_path / "out") as temporary:
        (temporary / "a").write_text("1")
        assert not (tmp_path / "out").exists()
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["a"]


def test_a_folder_that_failed_leaves_the_old_one_as_it_was(tmp_path):
    with new_folder(tmp_path / "out") as temporary:
        (temporary / "old").write_text("1")
    with pytest.raises(sg.DataError):
        _fill_and_fail(tmp_path / "out")
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["old"]
    with new_folder(tmp_path / "out") as temporary:
        (temporary / "new").write_text("1")
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["new"]


def _fill_and_fail(folder):
    with new_folder(folder) as temporary:
        (temporary / "new").write_text("1")
        raise sg.DataError("stop")


def test_an_error_about_another_file_is_not_taken_for_one_of_ours(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"data\.csv"), new_folder(tmp_path / "out"):
        (tmp_path / "data.csv").read_bytes()
    with pytest.raises(sg.StaggeredError, match="out cannot be written"), new_folder(tmp_path / "out") as temporary:
        (temporary / "deep" / "a").write_text("1")
    assert names(tmp_path) == []


def test_force_replaces_only_what_the_command_made(tmp_path):
    folder = tmp_path / "out"
    require_free_folder(folder, force=False)
    folder.mkdir()
    with pytest.raises(sg.StaggeredError, match="exists already"):
        require_free_folder(folder, force=False)
    require_free_folder(folder, force=True)
    (folder / "thesis.docx").write_text("years of work")
    with pytest.raises(sg.StaggeredError, match="was not made by this command"):
        require_free_folder(folder, force=True)
    (folder / MARK).write_text("{}")
    require_free_folder(folder, force=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(sg.StaggeredError, match="is a file"):
        require_free_folder(tmp_path / "file", force=True)
