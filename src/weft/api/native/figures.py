"""What is counted of a function and its components."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from weft.api.answers import Name
from weft.api.context import Use
from weft.api.look_models import LookModel
from weft.api.problems import refusals
from weft.api.route import router

__all__ = ["routes"]

routes = router("figures")


@routes.get("/functions/{name}/look", response_model=LookModel, responses=refusals(403, 404, 409))
async def look_at_function(name: Name, context: Use) -> Any:
    """Look at the counts of a function and its components; two looks make rates."""
    facts, _ = await context.client.function(name)
    return asdict(await context.client.look(facts))
