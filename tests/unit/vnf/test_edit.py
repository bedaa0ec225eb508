"""Single changes of a package, and what cannot be meant by them."""

from __future__ import annotations

import pytest

from weft.errors import UsageError
from weft.model.change import Addition, Edit, Replacement
from weft.model.package import MANIFEST, PackageFile
from weft.vnf.edit import edited
from weft.vnf.package import package_of

TEXT = """weft: 1
vnf: gate
version: 1.10
interfaces: [in, out]
components:
  a: {framework: python, file: parts/a.py}
  b: {framework: click, text: "input -> Counter -> output;"}
path: |
  in -> a -> b -> out   // the way there
  out -> in
"""
FILES = (PackageFile(MANIFEST, TEXT.encode()), PackageFile("parts/a.py", b"a = 1\n"))


def names(edit: Edit) -> dict[str, bytes]:
    return {file.name: file.content for file in edited(FILES, edit)}


def test_nothing_asked_for_leaves_the_package_as_it_was() -> None:
    assert package_of(edited(FILES, Edit()), "x").version == "1.10"
    assert not Edit()


def test_a_component_is_added_and_another_removed() -> None:
    addition = Addition("c", "python", PackageFile("c.py", b"c = 1\n"))
    path = "in -> c -> b -> out\nout -> in\n"
    package = package_of(edited(FILES, Edit(path, (addition,), ("a",))), "x")
    assert [(item.name, item.file) for item in package.components] == [("b", ""), ("c", "c.py")]
    assert [file.name for file in package.files] == ["c.py", MANIFEST]
    assert package.path == path


def test_a_file_takes_the_place_of_the_former_one() -> None:
    there = names(Edit(replaced=(Replacement("a", PackageFile("a.py", b"a = 2\n")),)))
    assert there["parts/a.py"] == b"a = 2\n"
    there = names(Edit(replaced=(Replacement("a", PackageFile("z.py", b"z = 2\n")),)))
    assert set(there) == {MANIFEST, "parts/z.py"}
    click = Replacement("b", PackageFile("b.click", b"input -> output;"))
    package = package_of(edited(FILES, Edit(replaced=(click,))), "x")
    assert [(item.file, item.text) for item in package.components[1:]] == [("b.click", None)]


def test_a_file_may_be_written_in_something_else() -> None:
    change = Replacement("a", PackageFile("a.c", b"int main(void) { return 0; }\n"), "c")
    [there, _] = package_of(edited(FILES, Edit(replaced=(change,))), "x").components
    assert (there.name, there.framework, there.file) == ("a", "c", "parts/a.c")


def test_all_that_cannot_be_meant_is_told_at_once() -> None:
    file = PackageFile("n.py", b"")
    edit = Edit(
        added=(Addition("b", "python", file), Addition("a", "python", file)),
        removed=("x", "a"),
        replaced=(Replacement("a", file), Replacement("y", PackageFile(MANIFEST, b""))),
    )
    with pytest.raises(UsageError) as caught:
        edited(FILES, edit)
    assert caught.value.message.splitlines() == [
        "--remove x: no component 'x'; allowed: a, b",
        "--replace a: 'a' is named by another option already",
        "--replace y: no component 'y'; allowed: b",
        "--add b: there is a component 'b'; use --replace",
        "--add a: 'a' is named by another option already",
    ]


def test_a_file_that_another_component_is_made_of_is_left_alone() -> None:
    other = Addition("c", "python", PackageFile("c.py", b"c"))
    there = edited(FILES, Edit(added=(other,)))
    with pytest.raises(UsageError) as caught:
        edited(there, Edit(added=(Addition("d", "python", PackageFile("c.py", b"d")),)))
    assert caught.value.message == (
        "--add d: the package has another 'c.py', which a component is made of; rename the file"
    )
    same = Addition("d", "python", PackageFile("c.py", b"c"))
    assert edited(there, Edit(added=(same,)))
    with pytest.raises(UsageError, match=r"--add d: 'vnf\.yaml' is no file of a component"):
        edited(FILES, Edit(added=(Addition("d", "python", PackageFile(MANIFEST, b"")),)))
