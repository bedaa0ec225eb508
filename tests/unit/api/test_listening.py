"""Where a server listens: one server for a run directory, secrets only where they are kept."""

from __future__ import annotations

import os
import ssl
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from weft.api.listening import NetworkAddress, only_server, open_local, parse_listen
from weft.api.tls import fingerprint, read_token, self_signed, tls_context
from weft.errors import UsageError, WeftError

if TYPE_CHECKING:
    from pathlib import Path


def test_there_is_one_server_for_a_run_directory(tmp_path: Path) -> None:
    with only_server(tmp_path), pytest.raises(WeftError) as caught, only_server(tmp_path):
        pass
    assert caught.value.message == f"a server of '{tmp_path}' runs already: process {os.getpid()}"
    with only_server(tmp_path):
        pass


def test_the_socket_is_for_its_owner_and_replaces_what_a_dead_server_left(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    path.write_text("stale")
    with open_local(path, None):
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


def test_a_group_may_use_the_socket(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    path = tmp_path / "api.sock"
    with open_local(path, "daemon"):
        assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_gid) == (0o660, 1)
    with pytest.raises(UsageError) as caught, open_local(path, "nobody-at-all"):
        pass
    assert caught.value.message == (
        "--group nobody-at-all: there is no such group; `getent group` lists them"
    )


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:8443", "127.0.0.1", 8443),
        ("[::1]:0", "::1", 0),
        ("server.example:1", "server.example", 1),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, host: str, port: int) -> None:
    assert parse_listen(text) == NetworkAddress(host, port)


@pytest.mark.parametrize("text", ["", "8443", ":8443", "a:b", "::1:8443", "a:65536", "a/b:1"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_listen(text)
    assert caught.value.message == (
        f"--listen {text}: not understood; allowed: HOST:PORT, as in [::1]:8443"
    )


def test_a_token_is_kept_by_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("0123456789abcdef\n")
    file.chmod(0o644)
    with pytest.raises(UsageError) as caught:
        read_token(str(file))
    assert caught.value.message == f"--token-file {file}: others may read it"
    assert caught.value.hint == f"protect it: chmod 600 {file}"
    file.chmod(0o600)
    assert read_token(str(file)) == "0123456789abcdef"


@pytest.mark.parametrize("text", ["", "short", "with blanks in its midst", "ümlaute0123456789"])
def test_a_token_that_can_be_guessed_or_sent_wrong_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(UsageError, match="no good token; allowed: 16 ASCII characters or more"):
        read_token(str(file))


def test_a_certificate_of_ones_own_is_made_once_for_each_host(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    first = fingerprint(certificate)
    assert stat.S_IMODE(os.stat(key).st_mode) == 0o600  # noqa: PTH116
    assert self_signed(tmp_path, "127.0.0.1") == (certificate, key)
    assert fingerprint(certificate) == first
    self_signed(tmp_path, "10.0.0.1")
    assert fingerprint(certificate) != first
    told = subprocess.run(
        ["openssl", "x509", "-in", certificate, "-noout", "-fingerprint", "-sha256"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told.strip().partition("=")[2] == fingerprint(certificate)


def test_a_certificate_and_another_key_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    certificate, key = self_signed(tmp_path / "a", "::1")
    _, other = self_signed(tmp_path / "b", "::1")
    assert tls_context(certificate, key).minimum_version == ssl.TLSVersion.TLSv1_2
    with pytest.raises(UsageError, match=f"--tls-cert {certificate}: it cannot be used with"):
        tls_context(certificate, other)
    with pytest.raises(UsageError) as caught:
        tls_context(certificate, "/nowhere")
    assert caught.value.message == "--tls-key /nowhere: cannot be read: No such file or directory"
