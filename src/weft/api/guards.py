"""What stands before the application: bounds on bodies, and the token of listeners that ask for one."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from weft.api.problems import RequestError, respond
from weft.api.spools import is_archive
from weft.client import archive_limit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BODY_LIMITS", "BodyLimit", "TokenGuard"]

_MIB = 2**20
BODY_LIMITS = {"multipart/form-data": 80 * _MIB}
"""The largest bodies by media type; that of an archive is what may be unpacked of one."""

_OTHER_LIMIT = 32 * _MIB


class BodyLimit:
    """Refuses bodies that are too large, before they are taken in."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        headers = dict(scope["headers"])
        media_type = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0]
        limit = BODY_LIMITS.get(media_type.strip().lower(), _OTHER_LIMIT)
        if is_archive(media_type):
            limit = archive_limit()
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > limit:
            await respond(_too_large(limit), scope["path"])(scope, receive, send)
            return
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise _too_large(limit)
            return message

        await self._application(scope, bounded, send)


def _too_large(limit: int) -> RequestError:
    return RequestError(413, f"the body is too large; allowed: {limit // _MIB} MiB")


class TokenGuard:
    """Lets only those pass who have the token."""

    def __init__(self, application: ASGIApp, token: str) -> None:
        self._application = application
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http" and not self._is_known(scope):
            refusal = RequestError(
                401,
                "this listener asks for a token",
                hint="send it as: Authorization: Bearer TOKEN; `weft` reads it from $WEFT_TOKEN_FILE",
                headers={"WWW-Authenticate": 'Bearer realm="weft"'},
            )
            await respond(refusal, scope["path"])(scope, receive, send)
            return
        await self._application(scope, receive, send)

    def _is_known(self, scope: Scope) -> bool:
        given = dict(scope["headers"]).get(b"authorization", b"")
        kind, _, token = given.partition(b" ")
        right = hmac.compare_digest(token.strip(), self._token)
        return right and kind.lower() == b"bearer"
