"""Servers that forbid user namespaces: by the limit, and by a filter as containers have."""

from __future__ import annotations

import ctypes
import os
import struct
import subprocess
import sys
from pathlib import Path

__all__ = ["EVERY_USER", "Room", "filtered"]

EVERY_USER = "0 0 4294967295"
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_CLONE_NEWUSER = 0x1000_0000
_UNSHARE = {"x86_64": 272, "aarch64": 97}
_ALLOW, _REFUSE_EPERM = 0x7FFF_0000, 0x0005_0001
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06


class Room:
    """User, network and mount namespaces of their own, where root may do what it wants.

    The limit of user namespaces is one per user namespace: set in here, it is not the server's.
    """

    def __init__(self) -> None:
        waiting = ["sh", "-c", "echo; exec cat"]
        self._holder = subprocess.Popen(
            ["unshare", "--user", "--net", "--mount", *waiting],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.read(1) == b"\n"
        for kind in ("uid_map", "gid_map"):
            Path(f"/proc/{self._holder.pid}/{kind}").write_text(EVERY_USER)
        self.prefix = [
            *("nsenter", f"--target={self._holder.pid}", "--user", "--net", "--mount"),
            *("--setuid=0", "--setgid=0"),
        ]

    def run(self, *command: str) -> str:
        """What a program in here prints."""
        done = subprocess.run(
            [*self.prefix, *command], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def allow_user_namespaces(self, count: int) -> None:
        """How many there may be in here at a time."""
        self.run("sh", "-c", f"echo {count} > /proc/sys/user/max_user_namespaces")

    def close(self) -> None:
        """End it; the namespaces go with their last process."""
        self._holder.communicate()


def filtered() -> list[str]:
    """What to put before a command so that a seccomp filter refuses it new user namespaces."""
    return [sys.executable, __file__]


def _install_filter() -> None:
    """Refuse `unshare` of users, with EPERM, to this process and those it starts."""
    steps = [
        (_LOAD, 0, 0, 0),  # the number of the call
        (_EQUAL, 0, 3, _UNSHARE[os.uname().machine]),
        (_LOAD, 0, 0, 16),  # the lower half of its first argument
        (_ANY_BIT, 0, 1, _CLONE_NEWUSER),
        (_RETURN, 0, 0, _REFUSE_EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0) != 0:
        sys.exit(f"no seccomp filter: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    _install_filter()
    os.execvp(sys.argv[1], sys.argv[1:])
