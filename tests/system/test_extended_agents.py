"""Values with limits and commands of components in five languages, from the command line."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.hosts import Host
from tests.system.conftest import Weft
from weft.client import local_client
from weft.errors import HandlerError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from weft.client import Client

PACKAGE = {
    "vnf.yaml": """\
weft: 1
vnf: agents
version: 1.0.0
interfaces: [in, out]
components:
  inline: {framework: click, text: "input -> paint :: Paint(1) -> count :: Counter -> output;"}
  own: {framework: click, file: own.click, isolate: true}
  py: {framework: python, file: agent.py, limit: 60s}
  c: {framework: c, file: agent.c, limit: 60s}
  java: {framework: java, file: Agent.java}
  js: {framework: javascript, file: agent.mjs}
path: |
  in -> inline -> own -> py -> c -> java -> js -> out
  out -> in
""",
    "own.click": """\
input -> paint :: Paint(1) -> output;
ComponentHandlers(port paint.color, greet text x greet.run);
greet :: Script(TYPE PASSIVE, return hello $args);
""",
    "agent.py": """\
import time
from weft.component import Component

component = Component()
state = {"port": 80}
component.packet(lambda packet: None)

@component.handler("port", type="unsigned", limits="0..255", help="where to")
def port():
    return state["port"]

@port.write
def set_port(value):
    state["port"] = value

@component.command("greet", help="greets", limits="..20 bytes")
def greet(name):
    return f"hello {name}"

@component.command("hang", help="takes long")
def hang(_):
    time.sleep(60)

component.run()
""",
    "agent.c": """\
#include <stdio.h>
#include <stdlib.h>
#include <weft/component.h>

static uint64_t port = 80;

static void process(weft_component *c, weft_packet *packets, size_t count, void *user) { }

static void read_port(weft_component *c, const char *p, size_t l, weft_answer *answer, void *user)
{
    weft_answer_unsigned(answer, port);
}

static void write_port(weft_component *c, const char *text, size_t l, weft_answer *answer, void *user)
{
    port = strtoull(text, NULL, 10);
}

static void greet(weft_component *c, const char *name, size_t length, weft_answer *answer, void *user)
{
    char text[64];
    snprintf(text, sizeof text, "hello %s", name);
    weft_answer_text(answer, text);
}

static const weft_handler handlers[] = {
    {.name = "port", .value = WEFT_UNSIGNED, .help = "where to", .limits = "0..255",
        .read = read_port, .write = write_port},
    {.name = "greet", .help = "greets", .limits = "..20 bytes", .call = greet},
};

int main(void)
{
    return weft_run(&(weft_options){.process = process, .handlers = handlers, .handler_count = 2});
}
""",
    "Agent.java": """\
import dev.weft.component.Component;
import dev.weft.component.Handler;

public final class Agent {
    private static long port = 80;

    public static void main(String[] arguments) {
        Component.create().onPacket(packet -> { })
                .handler(Handler.unsigned("port").help("where to").limits("0..255")
                        .read(() -> port).write(value -> port = value))
                .handler(Handler.text("greet").help("greets").limits("..20 bytes")
                        .call(name -> "hello " + name))
                .run();
    }
}
""",
    "agent.mjs": """\
import { Component } from 'weft-component';

let port = 80;
new Component()
  .onPacket(() => {})
  .handler('port', {
    type: 'unsigned',
    help: 'where to',
    limits: '0..255',
    read: () => port,
    write: (value) => (port = value),
  })
  .handler('greet', { help: 'greets', limits: '..20 bytes', call: (name) => `hello ${name}` })
  .run();
""",
}
WITH_AGENT = ["own", "py", "c", "java", "js"]
SDKS = WITH_AGENT[1:]


@pytest.fixture(scope="module")
def agents(_root: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weft]:
    """One function with a component in each language, for all tests here."""
    folder = tmp_path_factory.mktemp("agents")
    for name, text in PACKAGE.items():
        (folder / name).write_text(text)
    weft = Weft(Path("/run") / f"weft-test-{os.getpid()}-agents")
    hosts = {name: Host(name) for name in ("in", "out")}
    try:
        for host in hosts.values():
            host.keep_silent()
        ends = [f"--interface={name}=netns:{host.name}:eth0" for name, host in hosts.items()]
        weft("run", str(folder), "-d", "--name", "agents", *ends)
        yield weft
        weft("off", "--all")
    finally:
        for host in hosts.values():
            host.close()
        shutil.rmtree(weft.run_directory, ignore_errors=True)


@pytest.fixture
def client(agents: Weft, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The management system in this process: as the command line, without its start."""
    monkeypatch.setenv("WEFT_RUN_DIR", str(agents.run_directory))
    return local_client()


def described(weft: Weft, *element: str) -> dict[str, dict[str, Any]]:
    rows = json.loads(weft("show", "agents", "-o", "json", "--handlers", *element))
    return {row["name"]: row for row in rows}


def refusal(call: Coroutine[Any, Any, object]) -> str:
    with pytest.raises(HandlerError) as refused:
        asyncio.run(call)
    return refused.value.message


@pytest.mark.parametrize("name", WITH_AGENT)
def test_a_component_has_values_with_limits_and_commands(client: Client, name: str) -> None:
    facts = {each.name: each for each in asyncio.run(client.handlers("agents", name))}
    value, command = facts[f"{name}.port"], facts[f"{name}.greet"]
    assert (value.access, value.type, value.limits) == ("read, write", "unsigned", "0..255")
    assert (command.access, command.type) == ("call", "text")
    assert command.limits == ("..20 bytes" if name in SDKS else "")
    asyncio.run(client.write("agents", value.name, "255"))
    assert refusal(client.write("agents", value.name, "256")) == (
        f"Write handler '{name}.port' error:\n'256' is not allowed; allowed: 0 to 255"
    )
    assert asyncio.run(client.read("agents", value.name)) == b"255"
    assert asyncio.run(client.call("agents", command.name, "weft")) == b"hello weft"
    listed = asyncio.run(client.read("agents", f"{name}.list")).decode().splitlines()
    assert {"port\trw\tunsigned\t", "greet\tx\ttext\t"} <= set(listed)


@pytest.mark.parametrize("name", SDKS)
def test_an_argument_outside_a_commands_limits_is_refused(client: Client, name: str) -> None:
    argument = "x" * 21
    assert refusal(client.call("agents", f"{name}.greet", argument)) == (
        f"command '{name}.greet': '{argument}' is not allowed; allowed: at most 20 bytes"
    )


def test_the_command_line_calls_and_lists(agents: Weft) -> None:
    assert agents("call", "agents", "java.greet", "weft") == "hello weft\n"
    told = json.loads(agents("call", "agents", "js.greet", "you", "-o", "json"))
    assert told == {"command": "js.greet", "result": "hello you"}
    table = agents("show", "agents", "--handlers", "c").splitlines()
    assert table[0].split() == ["NAME", "TYPE", "UNIT", "ACCESS", "LIMITS", "HELP"]
    assert [line.split() for line in table if line.startswith("c.port")] == [
        ["c.port", "unsigned", "read,", "write", "0..255", "where", "to"]
    ]


def test_elements_of_click_components_are_alike_wherever_they_run(agents: Weft) -> None:
    for component in ("inline", "own"):
        name = f"{component}/paint.color"
        facts = described(agents, component)[name]
        assert (facts["limits"], facts["access"]) == ("0..255", "read, write")
        agents("write", "agents", name, "7")
        assert agents("read", "agents", name) == "7\n"
        complaint = agents("write", "agents", name, "256", status=1)
        assert complaint.endswith("'256' is not allowed; allowed: 0 to 255\n")
        assert agents("read", "agents", f"{component}/none.color", status=1).startswith("weft: ")
    assert agents("call", "agents", "inline/count.reset") == ""


def test_what_is_used_the_wrong_way_is_told_with_the_right_one(agents: Weft) -> None:
    assert agents("read", "agents", "py.greet", status=1) == (
        "weft: Handler 'py.greet' is a command\n"
        "weft: hint: call it: weft call agents py.greet [ARGUMENT]\n"
    )
    assert agents("write", "agents", "py.greet", "x", status=1) == (
        "weft: Handler 'py.greet' is a command\n"
        "weft: hint: call it: weft call agents py.greet [ARGUMENT]\n"
    )
    assert agents("call", "agents", "py.port", "7", status=1) == (
        "weft: 'py.port' is a value of 'py', not a command; its commands are: greet, hang, reset_figures\n"
        "weft: hint: read it: weft read agents py.port\n"
    )
    assert agents("call", "agents", "inline/count.reset", "now", status=1) == (
        "weft: command 'inline/count.reset' takes no argument\n"
    )
    assert agents("show", "agents", "--handlers", "none", status=1).startswith(
        "weft: no element or component 'none' has handlers; those with some: "
    )
    names = agents("completion", "handlers", "agents").splitlines()
    assert {"py.greet", "own/paint.color", "inline/paint.color"} <= set(names)


def checked(weft: Weft, *arguments: str, status: int = 0) -> dict[str, dict[str, Any]]:
    done = weft.popen("check", "agents", "-o", "json", *arguments)
    out, err = done.communicate(timeout=60)
    assert done.returncode == status, err
    [function] = json.loads(out)
    assert function["sound"] == (status == 0)
    return {part["name"]: part for part in function["parts"]}


def test_silence_of_a_component_is_told_as_silence(agents: Weft) -> None:
    """The others are asked at the same time, and answer."""
    parts = checked(agents)
    assert list(parts) == ["init", "engine", *WITH_AGENT]
    assert all(part["alive"] and part["answer_ms"] > 0 for part in parts.values())
    assert {part["restarts"] for name, part in parts.items() if name != "init"} == {0}
    calling = agents.popen("call", "agents", "py.hang")
    pid = next(
        c["pid"]
        for c in json.loads(agents("show", "agents", "-o", "json"))["components"]
        if c["name"] == "c"
    )
    os.kill(pid, signal.SIGSTOP)
    try:
        parts = checked(agents, "--timeout", "0.5", status=1)
    finally:
        os.kill(pid, signal.SIGCONT)
    alive = {name: part["alive"] for name, part in parts.items()}
    assert [name for name, answers in alive.items() if not answers] == ["py", "c"]
    assert parts["c"]["problem"] == "no answer within 0.5 s"
    assert calling.communicate(timeout=60) == (
        "",
        "weft: command 'py.hang': component 'py' has not answered within 5000 ms\n",
    )
    assert calling.returncode == 1


def test_what_is_stopped_is_not_asked(agents: Weft) -> None:
    agents("stop", "agents")
    assert {name: part["alive"] for name, part in checked(agents).items()} == {
        "init": True,
        "engine": None,
        **dict.fromkeys(WITH_AGENT),
    }
    complaint = agents("call", "agents", "py.greet", status=1)
    agents("start", "agents")
    assert complaint == (
        "weft: 'agents' is inactive: no engine runs in it\nweft: hint: start it with: weft start agents\n"
    )


def test_which_functions_to_check_has_to_be_said(weft: Weft) -> None:
    assert weft("check", status=2) == "weft: name the functions to check, or give --all\n"
    assert weft("check", "--all", "--timeout", "0", status=2) == (
        "weft: --timeout is above 0 and at most 60 seconds, not 0\n"
    )
    assert weft("check", "none", status=1).startswith("weft: no function named 'none'")
