"""What is known about a package that is kept, or that lies ready."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["PackageFacts", "PackagePart", "StorePolicy", "TrustedCertificate"]


@dataclass(frozen=True, slots=True)
class PackagePart:
    """A part of a package that was made for another system, and what becomes of it here.

    `kind` is what it is there, as in `deployment unit` or `Helm chart`; `told` is why it does not run, or
    as what it does; `file` is its file in the archive, of `size_bytes`.
    """

    name: str
    kind: str
    runs: bool
    told: str = ""
    file: str = ""
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """One version of a package.

    `digest` is of its files, whatever form they are in; `archive` is that form: `csar`, `signed-zip`,
    `foreign` where it was made for another system, or `folder` where it is not kept but lies ready.
    `signed_by` is the signer's name, `untrusted` why that signer was not trusted when the package came.
    `pushed` is when that was, in seconds since 1970. What is `foreign` is kept even where nothing of it
    `runs`; `why_not` says why, `parts` tells of each part, and `descriptor_id` is its descriptor's.
    """

    name: str
    version: str
    digest: str
    provider: str = ""
    description: str = ""
    released: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    interfaces: tuple[str, ...] = ()
    components: dict[str, str] = field(default_factory=dict)
    """The framework of each component."""
    parameters: dict[str, str | None] = field(default_factory=dict)
    """The default of each parameter; None where it must be given."""
    archive: str = "folder"
    size_bytes: int = 0
    signed_by: str | None = None
    untrusted: str | None = None
    pushed: float | None = None
    runs: bool = True
    why_not: str = ""
    descriptor_id: str = ""
    parts: tuple[PackagePart, ...] = ()

    @property
    def is_kept(self) -> bool:
        """Whether it is in the store, and not one of the ready functions."""
        return self.pushed is not None


@dataclass(frozen=True, slots=True)
class TrustedCertificate:
    """A certificate that the store trusts: by the name of its file, whose it is, and itself."""

    name: str
    subject: str
    expires: str
    pem: str = ""


@dataclass(frozen=True, slots=True)
class StorePolicy:
    """Which packages a store takes and hands out."""

    require_signature: bool = False
    trusted: tuple[TrustedCertificate, ...] = ()
