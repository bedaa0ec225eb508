"""What a campaign decides and tells, on repetitions that are given."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from typing import TYPE_CHECKING

import pytest

from weft.bench.campaign import Campaign
from weft.bench.plan import FORWARDING, Combination, Plan, Sample, Series
from weft.bench.plot import write_plots
from weft.bench.report import write_report
from weft.bench.results import rows_of, write_csv, write_json
from weft.bench.stage import package_folder
from weft.bench.table import print_results
from weft.errors import WeftError

if TYPE_CHECKING:
    from pathlib import Path

SCAPY, NUMPY = Combination("scapy", "c"), Combination("numpy", "c")


def measured() -> Campaign:
    campaign = Campaign(Plan((SCAPY, NUMPY), repeat=3, most=5), package_folder())
    campaign.series[FORWARDING].samples = [Sample(20), Sample(21), Sample(25)]
    campaign.series[SCAPY] = Series(SCAPY, [Sample(x, 220.0, 2.0) for x in (400, 410, 405)])
    campaign.series[NUMPY] = Series(NUMPY, [Sample(x, 8.0, 2.0) for x in (150, 151, 149)])
    return campaign


def test_it_is_enough_when_the_interval_is_narrow_or_the_most_is_reached() -> None:
    plan = Plan((), repeat=3, most=5, interval=0.05)
    assert not plan.enough(Series(SCAPY, [Sample(100), Sample(100)]))
    assert plan.enough(Series(SCAPY, [Sample(100), Sample(101), Sample(100)]))
    assert not plan.enough(Series(SCAPY, [Sample(100), Sample(150), Sample(80)]))
    assert plan.enough(Series(SCAPY, [Sample(100), Sample(150)] * 2 + [Sample(9)]))
    assert measured().open == [FORWARDING]


def test_rows_begin_with_the_kernel_then_the_quickest() -> None:
    rows = rows_of(measured())
    assert [row.combination for row in rows] == [FORWARDING, NUMPY, SCAPY]
    scapy = rows[2]
    assert (scapy.median_us, scapy.mean_us, scapy.least_us, scapy.most_us) == (405, 405, 400, 410)
    assert scapy.half_width_us == pytest.approx(4.30265 * 5 / 3**0.5, rel=1e-5)
    assert (scapy.extra_us, scapy.parsing_us, scapy.packets, scapy.count) == (384, 220, 2, 3)
    assert scapy.parsing_share == pytest.approx(220 / 405)


def test_the_table_has_a_bar_for_each_and_what_is_scapys_own() -> None:
    file = io.StringIO()
    print_results(measured(), file)
    lines = [re.sub(" +", " ", line.strip()) for line in file.getvalue().splitlines()]
    assert lines == [
        "COMBINATION MEDIAN, us MEAN, 95% MIN..MAX TIMES PARSING, us",
        "kernel forwarding 21 22 ± 7 20..25 3 - █▎",
        "numpy + c 150 150 ± 2 149..151 3 8.0 (5%) ████████▉",
        "scapy + c 405 405 ± 12 400..410 3 220.0 (54%) ████████████████████████",
        "intervals wider than the 5% of the mean that were asked for: kernel forwarding",
        "c: with Scapy a round trip takes 255 us more than without; "
        "212 of them is Scapy parsing 2.0 packets",
    ]


def test_files_have_every_repetition_and_the_machine(tmp_path: Path) -> None:
    campaign = measured()
    write_csv(campaign, tmp_path / "x.csv")
    rows = list(csv.reader((tmp_path / "x.csv").open()))
    assert rows[0] == ["analyzer", "filter", "repetition", "rtt_us", "parsing_us", "packets"]
    assert rows[1] == ["kernel", "forwarding", "1", "20.000", "0.000", "0.000"]
    assert rows[-1] == ["numpy", "c", "3", "149.000", "8.000", "2.000"]
    write_json(campaign, tmp_path / "x.json")
    document = json.loads((tmp_path / "x.json").read_text())
    assert {"processor", "memory", "kernel", "system", "load"} == set(document["machine"])
    assert {"weft", "python", "numpy"} <= set(document["versions"])
    assert document["versions"]["scapy"] == "2.8.0"
    assert document["parameters"]["repeat"] == 3
    assert document["complete"] is False
    [scapy] = [row for row in document["results"] if row["analyzer"] == "scapy"]
    assert [row["is_narrow"] for row in document["results"]] == [False, True, True]
    assert [sample["rtt_us"] for sample in scapy["samples"]] == [400, 410, 405]


def test_one_repetition_has_no_interval_in_json(tmp_path: Path) -> None:
    campaign = measured()
    del campaign.series[SCAPY].samples[1:]
    write_json(campaign, tmp_path / "x.json")
    document = json.loads((tmp_path / "x.json").read_text())
    [scapy] = [row for row in document["results"] if row["analyzer"] == "scapy"]
    assert scapy["half_width_us"] is None


def test_the_report_has_results_figure_machine_and_parameters(tmp_path: Path) -> None:
    write_report(measured(), tmp_path / "x.md", [tmp_path / "x.csv", tmp_path / "x.svg"])
    text = (tmp_path / "x.md").read_text()
    for line in (
        "It was ended early: intervals may be wide.",
        "| kernel forwarding | 21.0 | 22.0 ± 6.6 | 20.0..25.0 | 3 | - |",
        "| scapy + c | 405.0 | 405.0 ± 12.4 | 400.0..410.0 | 3 | 220.0 (54%) |",
        "![Round trips](x.svg)",
        "| repeat | 3 |",
        "All repetitions: x.csv.",
    ):
        assert f"\n{line}\n" in text
    assert "| processor | " in text


def test_plots_are_drawn_as_png_and_svg(tmp_path: Path) -> None:
    paths = write_plots(measured(), tmp_path, "figure")
    assert [path.name for path in paths] == ["figure.png", "figure.svg"]
    assert paths[0].read_bytes().startswith(b"\x89PNG")
    assert "<svg" in paths[1].read_text()


def test_without_matplotlib_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(WeftError) as raised:
        write_plots(measured(), tmp_path, "figure")
    assert raised.value.message == "no plots were drawn: matplotlib is not installed"
    assert raised.value.hint == "install it with: pip install 'weft[plots]'"
