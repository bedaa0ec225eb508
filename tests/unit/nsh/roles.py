"""The roles of RFC 7665 as graphs: how tests ask each of them."""

from __future__ import annotations

__all__ = ["AWARE", "CHECK", "FORWARD", "LINK", "PROXY", "ROLES"]

CHECK = "in -> check :: CheckNSHHeader(14)"
PROXY = f"{CHECK} -> proxy :: NSHProxy; proxy [0] -> out1 -> [1] proxy [1] -> out0;"
AWARE = f"{CHECK} -> edge :: NSHFunction; edge [0] -> [1] edge [1] -> out0;"
FORWARD = f"{CHECK} -> sff :: NSHForwarder(10/255 => 0 ETHER 2:0:0:0:0:1 2:0:0:0:0:2) -> out0;"
LINK = "EtherEncap(0x894f, 2:0:0:0:0:1, 2:0:0:0:0:2)"
# Each role that a packet may meet first, behind the check that all of them need.
ROLES = {"forwarder": FORWARD, "proxy": PROXY.replace("out1 ->", ""), "aware": AWARE}
