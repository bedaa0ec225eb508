"""Stories of the command line once more, with a server that it asks: nothing is different."""

# ruff: noqa: F401 - what is imported is collected here

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.serving import serving
from tests.system.test_life_cycle import (
    life,
    test_a_click_file_is_configured_edited_and_undone,
    test_a_function_waits_for_its_values_and_its_start,
    test_values_are_set_by_handlers_by_swaps_and_by_new_components,
)
from tests.system.test_reconfigure import (
    gate,
    rate_pps,
    test_a_dry_run_shows_the_plan_and_changes_nothing,
    test_an_interrupted_change_leaves_all_as_it_was,
    test_each_of_several_functions_is_changed_or_told_why_not,
    test_what_does_not_compile_is_told_and_leaves_all_as_it_was,
)
from tests.system.test_run import (
    pair,
    test_a_failed_start_is_undone_whole,
    test_a_function_whose_process_is_gone_is_told_once_and_cleaned,
    test_a_name_is_used_once,
    test_a_wrong_name_among_those_to_stop_stops_none,
    test_an_engine_that_does_not_come_up_is_told_and_undone,
    test_detached_run_leaves_only_the_sandbox,
    test_foreground_run_ends_with_a_signal,
    test_frames_pass_and_are_counted,
    test_stop_and_start,
    test_the_graph_that_runs_is_shown,
    test_the_log_is_shown,
    test_two_readers_of_one_interface_are_refused,
    test_unknown_handlers_are_told_in_clicks_words,
)
from tests.system.test_signed_packages import (
    shell,
    test_a_function_changes_to_a_version_in_the_store,
    test_the_guide_leads_to_a_signed_function_that_runs,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system.conftest import Weft


@pytest.fixture
def weft(weft: Weft) -> Iterator[Weft]:
    """The command line, which asks a server."""
    with serving(weft) as server:
        weft.environment["WEFT_SERVER"] = f"unix:{server.path}"
        yield weft
        weft("off", "--all")
    weft.environment["WEFT_SERVER"] = "none"
