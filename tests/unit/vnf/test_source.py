"""Packages from folders and zip files that cannot be trusted."""

from __future__ import annotations

import io
import os
import random
import stat
import zipfile
from pathlib import Path

import pytest

from weft.errors import PackageError, UsageError, WeftError
from weft.vnf import archive
from weft.vnf.source import LARGEST_BYTES, read_files


def make_zip(path: Path, members: list[tuple[str | zipfile.ZipInfo, bytes]]) -> Path:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members:
            packed.writestr(name, content)
    path.write_bytes(buffer.getvalue())
    return path


def member(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("placeholder")
    info.filename = name
    info.external_attr = mode << 16
    return info


def problems_of(path: Path) -> list[str]:
    with pytest.raises(PackageError) as caught:
        read_files(path)
    return [str(problem) for problem in caught.value.problems]


def test_folder_and_zip_give_the_same_files(tmp_path: Path) -> None:
    folder = tmp_path / "wire"
    (folder / "sub").mkdir(parents=True)
    (folder / "vnf.yaml").write_text("weft: 1\n")
    (folder / "sub" / "a.click").write_text("Idle;")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("hidden")
    flat = make_zip(tmp_path / "a.zip", [("sub/a.click", b"Idle;"), ("vnf.yaml", b"weft: 1\n")])
    nested = make_zip(
        tmp_path / "b.zip", [("wire/sub/a.click", b"Idle;"), ("wire/vnf.yaml", b"weft: 1\n")]
    )
    expected = {"sub/a.click": b"Idle;", "vnf.yaml": b"weft: 1\n"}
    for path in (folder, flat, nested):
        assert {file.name: file.content for file in read_files(path)} == expected


def test_nothing_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no package at"):
        read_files(tmp_path / "nope")


def test_folder_with_symlink_and_fifo_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vnf.yaml").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    assert problems_of(tmp_path) == [
        "pipe: not a plain file",
        "vnf.yaml: a symbolic link; a package holds plain files only",
    ]


@pytest.mark.parametrize(
    ("name", "mode", "problem"),
    [
        ("../evil", 0o644, "../evil: a path that leaves the package ('..') is not allowed"),
        (
            "a/../../evil",
            0o644,
            "a/../../evil: a path that leaves the package ('..') is not allowed",
        ),
        ("/etc/passwd", 0o644, "/etc/passwd: an absolute path is not allowed"),
        ("C:/x", 0o644, "C:/x: an absolute path is not allowed"),
        ("a\\b", 0o644, "a\\b: a file name that is not plain is not allowed"),
        ("a//b", 0o644, "a//b: a file name that is not plain is not allowed"),
        ("a\nb", 0o644, "a\nb: a file name that is not plain is not allowed"),
        ("link", stat.S_IFLNK | 0o777, "link: a symbolic link; a package holds plain files only"),
        ("pipe", stat.S_IFIFO | 0o644, "pipe: not a plain file"),
    ],
)
def test_unsafe_member_is_refused(tmp_path: Path, name: str, mode: int, problem: str) -> None:
    path = make_zip(tmp_path / "p.zip", [("vnf.yaml", b"x"), (member(name, mode), b"y")])
    assert problems_of(path) == [problem]


def test_every_unsafe_member_is_named(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "p.zip", [("../a", b""), ("/b", b""), ("../c", b"")])
    assert len(problems_of(path)) == 3


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_member_given_twice_is_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "p.zip", [("vnf.yaml", b"1"), ("vnf.yaml", b"2")])
    assert problems_of(path) == ["vnf.yaml: is there twice"]


def test_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "p.zip", [("big", bytes(archive.FILE_LIMIT_BYTES + 1))])
    assert path.stat().st_size < 100_000
    assert problems_of(path) == [
        "big: larger than 16 MiB",
    ]


def test_many_large_members_are_a_bomb_too(tmp_path: Path) -> None:
    block = random.Random(1).randbytes(archive.FILE_LIMIT_BYTES)
    path = make_zip(tmp_path / "p.zip", [(f"f{i}", block) for i in range(5)])
    assert problems_of(path) == ["archive: unpacks to 83886080 bytes; at most 64 MiB are allowed"]


def test_a_member_that_unpacks_to_much_more_than_it_is_is_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "p.zip", [("zeros", bytes(2 * 2**20))])
    with zipfile.ZipFile(path) as packed:
        size = packed.getinfo("zeros").compress_size
    assert problems_of(path) == [
        f"zeros: unpacks from {size} to 2097152 bytes; at most 250 times as many are allowed"
    ]


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "p.zip", [(f"f{i}", b"") for i in range(archive.FILES_LIMIT + 1)])
    assert problems_of(path) == ["archive: more than 4096 files"]


def test_a_member_that_is_a_file_and_a_folder_is_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "p.zip", [("a", b""), ("a/b", b"")])
    assert problems_of(path) == ["a/b: 'a' is a file, and cannot be a folder too"]


def test_a_name_too_long_for_a_file_is_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "p.zip", [("a" * 256, b"")])
    assert problems_of(path) == [f"{'a' * 256}: a file name of more than 255 bytes is not allowed"]


def test_a_folder_with_a_name_that_no_archive_can_have_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vnf.yaml").write_text("weft: 1\n")
    (tmp_path / "a\nSource: b").write_text("")
    (tmp_path / os.fsdecode(b"caf\xe9")).write_text("")
    assert problems_of(tmp_path) == [
        "a\nSource: b: a file name that is not plain is not allowed",
        "caf\\udce9: a file name that is not plain is not allowed",
    ]


def test_a_file_larger_than_any_archive_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    with path.open("wb") as stream:
        stream.truncate(LARGEST_BYTES + 1)
    assert problems_of(path) == ["p.zip: larger than 144 MiB"]


def test_a_member_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "p.zip", [("vnf.yaml", bytes(100_000))])
    data = path.read_bytes().replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(data)
    assert problems_of(path)[0].startswith("p.zip: ")


def test_not_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(b"hello")
    assert problems_of(path) == ["p.zip: neither a folder nor a zip file"]


def test_a_folder_without_manifest_is_not_read_through(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert problems_of(tmp_path) == [
        "vnf.yaml: missing; a package is a folder or zip with this file"
    ]


def test_what_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vnf.yaml").write_text("weft: 1\n")

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(WeftError, match=r"cannot read '.*/vnf\.yaml': Permission denied") as caught:
        read_files(tmp_path)
    assert caught.value.exit_status == 1
