"""The packages that `weft package init` makes: wires that count, small and working, in every framework."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from weft.errors import UsageError
from weft.vnf.manifest.values import PACKAGE_NAME, PACKAGE_NAME_ALLOWED

__all__ = ["SCHEMA_FILE", "TEMPLATES", "make_package"]

SCHEMA_FILE = ".vnf.schema.json"
"""Hidden: it belongs to whoever edits `vnf.yaml`, not to the package."""

_MANIFEST = """\
# yaml-language-server: $schema={schema}
weft: 1
vnf: {name}
version: 0.1.0
description: Passes frames between two interfaces and counts them
interfaces: [in, out]
components:
  counter: {{framework: {framework}, file: {file}}}
path: |
  in -> counter -> out
  out -> in
"""

_CLICK = """\
// Each component has the ports `input` and `output`; the path in vnf.yaml joins them.
input -> count :: Counter -> output;
"""

_C = """\
/* Counts packets. The path in vnf.yaml says where they come from and go to. */
#include <weft/component.h>

static uint64_t count;

static void process(weft_component *component, weft_packet *packets, size_t packet_count, void *user)
{
    (void)component, (void)packets, (void)user;
    count += packet_count;
}

static void read_count(weft_component *component, const char *parameter, size_t length,
                       weft_answer *answer, void *user)
{
    (void)component, (void)parameter, (void)length, (void)user;
    weft_answer_unsigned(answer, count);
}

static const weft_handler handlers[] = {
    {.name = "count", .value = WEFT_UNSIGNED, .unit = "packets", .help = "packets so far",
        .read = read_count},
};

int main(void)
{
    return weft_run(&(weft_options){.process = process, .handlers = handlers, .handler_count = 1});
}
"""

_PYTHON = '''\
"""Counts packets. The path in vnf.yaml says where they come from and go to."""

from weft.component import Component

component = Component()
count = 0


@component.packet
def process(packet):
    global count
    count += 1


@component.handler("count", type=int, unit="packets", help="packets so far")
def read_count():
    return count


component.run()
'''

_JAVA = """\
import dev.weft.component.Component;
import dev.weft.component.Handler;

/** Counts packets. The path in vnf.yaml says where they come from and go to. */
public class Counter {
    private static long count;

    public static void main(String[] arguments) {
        Component.create()
                .onPacket(packet -> count++)
                .handler(Handler.unsigned("count").unit("packets").help("packets so far").read(() -> count))
                .run();
    }
}
"""

_JAVASCRIPT = """\
// Counts packets. The path in vnf.yaml says where they come from and go to.
import { Component } from 'weft-component';

const component = new Component();
let count = 0;

component.onPacket(() => {
  count += 1;
});
component.handler('count', {
  type: 'unsigned', unit: 'packets', help: 'packets so far', read: () => count,
});
component.run();
"""

_README = """\
# {name}

    weft package check {name}
    sudo weft run {name} --interface in=netns:client --interface out=netns:server -d
    sudo weft read {name} {handler}
    weft package build {name}
"""

_ON_FILES = "    weft run {name} --interface in=pcap:in.pcap --interface out=pcap::out.pcap\n"


@dataclass(frozen=True, slots=True)
class _Template:
    """The file of the one component, and the handler that has its count."""

    file: str
    text: str
    handler: str = "counter.count"


TEMPLATES = {
    "click": _Template("counter.click", _CLICK, "counter/count.count"),
    "c": _Template("counter.c", _C),
    "python": _Template("counter.py", _PYTHON),
    "java": _Template("Counter.java", _JAVA),
    "javascript": _Template("counter.mjs", _JAVASCRIPT),
}
"""What there is to start from, by framework."""


def make_package(name: str, framework: str = "click") -> Path:
    """Make the folder `name` with a package in it; nothing is overwritten."""
    from weft.vnf.schema import schema

    if not PACKAGE_NAME.fullmatch(name):
        raise UsageError(f"'{name}' is not a name for a package; allowed: {PACKAGE_NAME_ALLOWED}")
    if framework not in TEMPLATES:
        allowed = ", ".join(TEMPLATES)
        raise UsageError(f"no template for framework '{framework}'; allowed: {allowed}")
    template = TEMPLATES[framework]
    folder = Path(name)
    try:
        folder.mkdir()
    except FileExistsError:
        raise UsageError(f"'{folder}' is there already; nothing was changed") from None
    facts = {"name": name, "framework": framework, "file": template.file, "schema": SCHEMA_FILE}
    (folder / "vnf.yaml").write_text(_MANIFEST.format(**facts))
    (folder / template.file).write_text(template.text)
    (folder / SCHEMA_FILE).write_text(json.dumps(schema(), indent=1) + "\n")
    (folder / "README.md").write_text(_readme(name, framework, template.handler))
    return folder


def _readme(name: str, framework: str, handler: str) -> str:
    text = _README.format(name=name, handler=handler)
    if framework == "click":  # alone runs without a sandbox
        head, tail = text.split("    sudo", 1)
        text = f"{head}{_ON_FILES.format(name=name)}    sudo{tail}"
    return text
