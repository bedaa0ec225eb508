"""What is kept of functions over time, thresholds on it, and the alarms they raise."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Body, Path, Query
from starlette.responses import Response

from weft.api.answers import Name, NoContent
from weft.api.context import Use
from weft.api.more_models import (
    AlarmModel,
    SeriesModel,
    ThresholdBody,
    ThresholdModel,
    TrackModel,
)
from weft.api.problems import RequestError, refusals
from weft.api.route import router
from weft.model.monitoring import Threshold

__all__ = ["routes"]

routes = router("monitoring")

Id = Annotated[str, Path(description="The id of the threshold.", examples=["busy"], max_length=255)]


@routes.get(
    "/functions/{name}/series",
    response_model=list[SeriesModel],  # type: ignore[valid-type]
    responses=refusals(404, 409),
)
async def list_series(name: Name, context: Use) -> Any:
    """List what is kept of a function over time."""
    return [asdict(series) for series in await context.client.series(name)]


@routes.get(
    "/functions/{name}/history",
    response_model=list[TrackModel],  # type: ignore[valid-type]
    responses=refusals(404, 409),
)
async def read_history(
    name: Name,
    context: Use,
    series: Annotated[
        str, Query(description="Names of series, with commas between.", max_length=4096)
    ],
    start: Annotated[
        float | None, Query(description="From this Unix time on; a minute ago where not given.")
    ] = None,
    step: Annotated[float | None, Query(description="Seconds between two values.", gt=0)] = None,
) -> Any:
    """Read some series of a function, from a time until now. An hour is kept."""
    tracks = await context.client.history(name, series.split(","), start, step)
    return [asdict(track) for track in tracks]


@routes.get(
    "/alarms",
    response_model=list[AlarmModel],  # type: ignore[valid-type]
    responses=refusals(409),
)
async def list_alarms(context: Use) -> Any:
    """List the alarms there are, worst first, and the last that were cleared."""
    return [asdict(alarm) for alarm in await context.client.alarms()]


@routes.post("/alarms/{alarm}/acknowledge", response_model=AlarmModel, responses=refusals(404, 409))
async def acknowledge_alarm(
    alarm: Annotated[
        str,
        Path(description="Its id, or the start of it.", examples=["4d6656ae"], max_length=255),
    ],
    context: Use,
) -> Any:
    """Note that somebody has seen an alarm."""
    return asdict(await context.client.acknowledge(alarm))


@routes.get(
    "/thresholds",
    response_model=list[ThresholdModel],  # type: ignore[valid-type]
    responses=refusals(409),
)
async def list_thresholds(context: Use) -> Any:
    """List the thresholds that hold."""
    return [asdict(threshold) for threshold in await context.client.thresholds()]


@routes.get("/thresholds/{threshold}", response_model=ThresholdModel, responses=refusals(404, 409))
async def show_threshold(threshold: Id, context: Use) -> Any:
    """Show one threshold."""
    there = {one.id: one for one in await context.client.thresholds()}
    if threshold not in there:
        names = ", ".join(there) or "none"
        raise RequestError(404, f"no threshold '{threshold}'; there are: {names}")
    return asdict(there[threshold])


@routes.put("/thresholds/{threshold}", response_model=ThresholdModel, responses=refusals(409, 415))
async def set_threshold(threshold: Id, context: Use, body: Annotated[ThresholdBody, Body()]) -> Any:
    """Add a threshold, or replace the one of its id."""
    wanted = Threshold(id=threshold, **body.model_dump())
    await context.client.set_threshold(wanted)
    return asdict(wanted)


@routes.delete(
    "/thresholds/{threshold}",
    status_code=204,
    response_class=Response,
    responses=refusals(404, 409),
)
async def remove_threshold(threshold: Id, context: Use) -> Response:
    """Remove a threshold."""
    await context.client.remove_threshold(threshold)
    return NoContent()
