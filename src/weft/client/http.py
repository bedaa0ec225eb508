"""The management system of a running server, over REST: what it says and refuses is as in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.client.files import FileWork
from weft.client.http_functions import FunctionsOverHttp
from weft.client.http_monitoring import MonitoringOverHttp
from weft.client.http_packages import PackagesOverHttp

if TYPE_CHECKING:
    from collections.abc import Callable

    from weft.client.connection import Address

__all__ = ["HttpClient"]


class HttpClient(FunctionsOverHttp, MonitoringOverHttp, PackagesOverHttp, FileWork):
    """Asks a server; work with files is done here."""

    def __init__(self, address: Address, say: Callable[[str], None]) -> None:
        """`say` is told, line by line, what takes long."""
        self._address = address
        self._say = say
