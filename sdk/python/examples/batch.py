"""Drops telnet, whole batches at a time."""

import numpy as np

from weft.component import Component

component = Component(reasons=["telnet"])
dropped = 0

@component.batch
def analyze(batch):
    global dropped
    ports = batch.columns(36, 38)
    telnet = (batch.column(23) == 6) & (ports[:, 0] == 0) & (ports[:, 1] == 23)
    dropped += np.count_nonzero(telnet)
    batch.drop(telnet, "telnet")

@component.handler("dropped", type=int, unit="packets", help="telnet packets dropped")
def read_dropped():
    return dropped

component.run()
