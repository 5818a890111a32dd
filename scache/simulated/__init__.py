"""AF_UNIX without a kernel: stream sockets that carry descriptors, in memory, by Linux's rules that matter
here.
"""

from __future__ import annotations

from scache.simulated.descriptors import DescriptorTable
from scache.simulated.kernel import Listener, OpenFile, StreamSocket, socket_pair
from scache.simulated.network import SimulatedNetwork, SimulatedStream

__all__ = [
    "DescriptorTable",
    "Listener",
    "OpenFile",
    "SimulatedNetwork",
    "SimulatedStream",
    "StreamSocket",
    "socket_pair",
]
