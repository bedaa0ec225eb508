"""What is known about a package that is kept, or that lies ready."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["PackageFacts", "StorePolicy", "TrustedCertificate"]


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """One version of a package.

    `digest` is of its files, whatever form they are in; `archive` is that form: `csar`, `signed-zip`,
    or `folder` where it is not kept but lies ready. `signed_by` is the signer's name, `untrusted` why
    that signer was not trusted when the package came. `pushed` is when that was, in seconds since 1970.
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
