"""The platform's own resources, one file each; what is to be answered is listed here."""

from __future__ import annotations

from weft.api.native import (
    batch,
    changes,
    events,
    figures,
    functions,
    handlers,
    lifecycle,
    logs,
    monitoring,
    packages,
    revisions,
    server,
    texts,
    traces,
    values,
)

__all__ = ["ROUTERS"]

ROUTERS = (
    functions.routes,
    lifecycle.routes,
    changes.routes,
    values.routes,
    texts.routes,
    revisions.routes,
    handlers.routes,
    figures.routes,
    figures.metrics,
    monitoring.routes,
    packages.routes,
    logs.routes,
    traces.routes,
    events.routes,
    server.routes,
    batch.routes,
)
