"""The archive of a package: its files, a descriptor, a licence, a change log and a hash of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.model.package import PackageFile
from weft.vnf.csar.descriptor import MANAGER, descriptor_id, descriptor_text
from weft.vnf.csar.layout import DESCRIPTOR, FOLDER, META, Layout, meta_text
from weft.vnf.csar.mf import listing_text
from weft.vnf.csar.writing import zip_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weft.model.package import Package

__all__ = ["UNDATED", "build_csar", "csar_name", "layout_of"]

UNDATED = "1980-01-01T00:00:00Z"
"""When a package was released that does not say so: the time that its archive's members have."""


def csar_name(package: Package) -> str:
    """The usual name of a package's archive."""
    return f"{package.name}-{package.version}.csar"


def layout_of(package: Package) -> Layout:
    """Where things lie in the archive of a package."""
    return Layout.of(package.name, package.license, package.changelog)


def build_csar(
    package: Package, sign: Callable[[bytes], tuple[bytes, bytes]] | None = None
) -> bytes:
    """The archive of a package: the same bytes for the same files.

    `sign` makes a signature block of the list of files, and gives the signer's certificate too.
    """
    layout = layout_of(package)
    files = _members(package, layout, signed=sign is not None)
    listing = listing_text(_metadata(package), files).encode()
    if sign is None:
        return zip_bytes([*files, PackageFile(layout.manifest, listing)])
    signature, certificate = sign(listing)
    return zip_bytes(
        [
            *files,
            PackageFile(layout.manifest, listing + signature),
            PackageFile(layout.certificate, certificate),
        ]
    )


def _members(package: Package, layout: Layout, *, signed: bool) -> Sequence[PackageFile]:
    """All that is listed, `TOSCA.meta` first."""
    contents = {file.name: file.content for file in package.files}
    files = [
        PackageFile(META, meta_text(layout, signed=signed).encode()),
        PackageFile(DESCRIPTOR, descriptor_text(package).encode()),
    ]
    if layout.makes_changelog:
        text = f"{package.version}: no change log is given\n"
        files.append(PackageFile(layout.changelog, text.encode()))
    if layout.license:
        files.append(PackageFile(layout.license, contents[package.license]))
    files += [PackageFile(FOLDER + name, contents[name]) for name in sorted(contents)]
    return files


def _metadata(package: Package) -> dict[str, str]:
    return {
        "vnfd_id": descriptor_id(package),
        "vnf_product_name": package.name,
        "vnf_provider_id": package.provider or "-",
        "vnf_software_version": package.version,
        "vnf_package_version": package.version,
        "vnf_release_date_time": _time_of(package.released),
        "compatible_specification_versions": "4.2.1",
        "vnfm_info": MANAGER,
    }


def _time_of(released: str) -> str:
    """A date as a time, which SOL004 asks for."""
    return released if "T" in released else f"{released}T00:00:00Z" if released else UNDATED
