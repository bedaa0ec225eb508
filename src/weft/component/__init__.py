"""The Python SDK of Weft components.

A component is a process that is handed batches of packets and returns them. The smallest:

    from weft.component import Component

    component = Component()

    @component.packet
    def only_ipv4(packet):
        if packet.data[12:14] != b"\\x08\\x00":
            packet.drop()

    component.run()

It needs NumPy and nothing else of Weft. `Component` says what there is.
"""

from weft.component.batch import Batch
from weft.component.component import Component
from weft.component.errors import ComponentError, HandlerError
from weft.component.handlers import Handler
from weft.component.nsh import Nsh, Tlv, Tlvs
from weft.component.packet import OwnPacket, Packet
from weft.component.protocol import VERSION, Metadata

__version__ = VERSION

__all__ = [
    "Batch",
    "Component",
    "ComponentError",
    "Handler",
    "HandlerError",
    "Metadata",
    "Nsh",
    "OwnPacket",
    "Packet",
    "Tlv",
    "Tlvs",
    "__version__",
]
