"""A package for COVEN: programs that speak its TCP ports, as its authors' examples do."""

from __future__ import annotations

import io
import zipfile

__all__ = ["CLICK", "INSTALL", "PYTHON", "archive", "coven_files"]

PYTHON = """import socket
import sys
import threading

LISTEN, SEND, AGENT = (int(word) for word in sys.argv[1:4])
WORD = sys.argv[4].encode()
count = 0
log = open("blocker.log", "w")


def agent():
    server = socket.create_server(("127.0.0.1", AGENT))
    while True:
        client, _ = server.accept()
        client.send(str(count).encode() if client.recv(1500) == b"PP" else b"INVALID REQUEST!!")
        client.close()


threading.Thread(target=agent, daemon=True).start()
server = socket.create_server(("127.0.0.1", LISTEN))
incoming, _ = server.accept()
outgoing = socket.create_connection(("127.0.0.1", SEND))
while True:
    packet = incoming.recv(1514)
    if not packet:
        break
    count += 1
    if WORD not in packet:
        outgoing.send(packet)
    else:
        log.write("blocked one\\n")
"""
CLICK = """ControlSocket(TCP, 8023);
Socket(TCP, 127.0.0.1, 10014) -> seen :: Counter -> Socket(TCP, 127.0.0.1, 10015);
"""
INSTALL = """PPS:
  - Framework: Python3Framework
    NFs:
      - File: NFPackages/blocker/SourceCode/block.py
        Order: 1
        Input: 10010
        Output: 10011
        Arguments: ['10010', '10011', '10020', skype]
        EMA:
          Port: 10020
          Requests: {Packets: PP, Nonsense: XX}
  - Framework: ClickFramework
    NFs:
      - File: SourceCode/count.cli
        Order: 2
        Input: 10014
        Output: 10015
VNS:
  Tool: L2Socket
  Input: [eth0]
  Output: [eth1]
NSHP: False
"""


def coven_files(install: str = INSTALL) -> dict[str, bytes]:
    """The members of the archive."""
    return {
        "Scripts/install.yaml": install.encode(),
        "SourceCode/block.py": PYTHON.encode(),
        "SourceCode/count.cli": CLICK.encode(),
    }


def archive(files: dict[str, bytes]) -> bytes:
    """A zip of files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return target.getvalue()
