"""The path of a firewall: check, filter by 1 to 100 rules, age, encapsulate, against testpmd."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.click import packets_per_cpu_s
from bench.figure import Goal, at_least
from bench.inputs import ONE_FLOW, Flow, Rule, make_flows, make_rules, write_capture
from bench.setting import Comparison, ratios
from bench.testpmd import null_io

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.figure import Figure
    from bench.setting import Setting

__all__ = ["measure"]

_FLOWS = 10_000
_ENCAPSULATE = "EtherEncap(0x0800, 02:00:00:00:00:01, 02:00:00:00:00:02)"
_AFTER = f"-> DecIPTTL -> SetIPChecksum -> {_ENCAPSULATE} -> passed :: Counter -> Discard;\n"


@dataclass(frozen=True, slots=True)
class _Source:
    """Where packets come from, how many must pass, and how many a rule must hit."""

    text: str
    passed: int
    hit: int


def measure(setting: Setting) -> list[Figure]:
    """The figures, all against the same runs of testpmd."""
    one = _one_flow(setting)
    many = _captured(setting, "flows", make_flows(_FLOWS), make_rules(99))
    half = _captured(setting, "half", _half_hit(make_rules(99)), make_rules(99))
    subjects = [
        _filter(setting, "IP path, 1 rule", 1, one, at_least(0.20, 0.28)),
        _filter(setting, "IP path, 10 rules", 10, one, at_least(None, 0.28)),
        _classifier(setting, "IP path, IPClassifier, 10 rules", 10, one, at_least(None, 0.28)),
        _filter(setting, "IP path, 100 rules", 100, one, at_least(0.10, 0.26)),
        _filter(setting, "IP path, 100 rules, 10,000 flows", 100, many, at_least(0.10, 0.16)),
        _filter(setting, "IP path, 100 rules, half hit", 100, half, at_least(0.10, 0.14)),
    ]
    with null_io(setting) as reference:
        return ratios(setting, reference, subjects)


def _one_flow(setting: Setting) -> _Source:
    packets = setting.amount(10_000_000, 6_400)
    data = ONE_FLOW.frame().hex()
    return _Source(
        f"InfiniteSource(DATA \\<{data}>, LIMIT {packets}, BURST 32, TIMESTAMP false, STOP true)",
        packets,
        0,
    )


def _captured(setting: Setting, name: str, flows: Sequence[Flow], rules: Sequence[Rule]) -> _Source:
    packets = setting.amount(1_000_000, 2_000)
    path = setting.folder / f"{name}.pcap"
    counts = write_capture(path, flows, packets)
    hit = sum(
        count
        for flow, count in zip(flows, counts, strict=True)
        if any(rule.matches(flow) for rule in rules)
    )
    return _Source(f"FromDump({path}, STOP true)", packets - hit, hit)


def _half_hit(rules: Sequence[Rule]) -> list[Flow]:
    pick = random.Random(5)
    return [*make_flows(_FLOWS), *(pick.choice(rules).hit(pick) for _ in range(_FLOWS))]


def _filter(setting: Setting, name: str, rules: int, source: _Source, goal: Goal) -> Comparison:
    """Every rule but the last drops."""
    listed = [f"1 {rule}" for rule in make_rules(rules - 1)]
    chosen = f"chosen :: IPFilter({', '.join([*listed, '0 all'])})"
    hits = "chosen[1] -> hit :: Counter -> Discard;\n" if rules > 1 else ""
    text = f"{source.text} -> Strip(14) -> CheckIPHeader -> {chosen} {_AFTER}{hits}"
    return _comparison(setting, name, text, source, goal, bool(hits))


def _classifier(setting: Setting, name: str, rules: int, source: _Source, goal: Goal) -> Comparison:
    """Each rule has an output of its own; what none hits goes on."""
    listed = ", ".join(map(str, make_rules(rules - 1)))
    outputs = ", ".join(f"chosen[{number}]" for number in range(rules - 1))
    text = (
        f"{source.text} -> Strip(14) -> CheckIPHeader -> chosen :: IPClassifier({listed}, -);\n"
        f"chosen[{rules - 1}] {_AFTER}{outputs} -> hit :: Counter -> Discard;\n"
    )
    return _comparison(setting, name, text, source, goal, True)


def _comparison(
    setting: Setting, name: str, text: str, source: _Source, goal: Goal, hits: bool
) -> Comparison:
    config = _write(setting, name, text)
    expected = {"passed": source.passed, **({"hit": source.hit} if hits else {})}
    return Comparison(name, goal, lambda: packets_per_cpu_s(setting, config, **expected))


def _write(setting: Setting, name: str, text: str) -> Path:
    path = setting.folder / f"{name.replace(' ', '_').replace(',', '')}.click"
    path.write_text(text)
    return path
