"""posfleet in turns with the programs that could be taken instead; prints CPU per request, and the ratios.

Each program is started against a host in a process of its own, with 1,000 connections, each of which sends its next
request when it has its answer. Programs have one core and their hosts another: what a request costs must not depend on
who happens to run where, and a program that would take more cores is compared with one shard. CPU is that of the
program and of all that it started, from /proc, between two moments after it has warmed up; the requests between them
are counted by the echo host where bytes are constant.

Before and after each of them posfleet has its turn, and the floor: tasks that send and receive bytes and do nothing
else. A ratio is that of a turn to the mean of the two around it, and what is printed is the median of all rounds: such
a machine is slower by a quarter for some minutes, and the kernel not always by as much as a program.
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
from collections import namedtuple
from pathlib import Path

import tools
from cpu import ONE_CORE, end_process, named, on_core, two_cores

# What it sends, how it is started, how long until it is warm, and the least ratio of its CPU to posfleet's.
Peer = namedtuple("Peer", "name sends start warm bar")
FLOOR = Peer("raw tokio", "constant bytes", tools.floor, 1, None)
POSFLEET = Peer("posfleet", "sale, DES MAC", tools.posfleet, 2, None)
PEERS = [
    Peer("Tsung", "constant bytes", tools.tsung, 6, 3.5),
    Peer("Locust", "constant bytes", tools.locust_loop, 5, 2.5),
    Peer("Locust by tasks", "constant bytes", tools.locust_task, 5, 2.5),
    Peer("Locust + pyiso8583", "sale, DES MAC", tools.locust_sale, 3, 15.0),
]
# CPU per request in µs and requests a second.
Cost = namedtuple("Cost", "micros rate")
Turn = namedtuple("Turn", "peer cost")
LEFT_OUT = """left out: JMeter, for Debian's 2.13 reads no plan (its XStream forbids org.apache.jmeter.save.ScriptWrapper);
left out: k6, which Debian, PyPI and npm do not have, and which has no TCP without a build of its own"""


class Setting:
    """The hosts, and where the programs and their files are."""

    def __init__(self, target, venv, scratch, hosts_core):
        self.target, self.venv, self.scratch, self.hosts_core = target, venv, Path(scratch), hosts_core
        with on_core(hosts_core):
            self.echo = tools.Echo(target)
        self.host = None

    def new_host(self):
        """A host with empty books: numbers of sales are used anew."""
        if self.host:
            self.host.end()
        with on_core(self.hosts_core):
            self.host = tools.Host(self.target)
        return self.host

    def fresh(self, name):
        """The path of a file or folder that is not there."""
        path = self.scratch / name
        shutil.rmtree(path, ignore_errors=True)
        path.unlink(missing_ok=True)
        return path

    def end(self):
        self.echo.end()
        if self.host:
            self.host.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", required=True)
    parser.add_argument("--venv", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    names = [peer.name for peer in PEERS]
    if unknown := [name for name in options.only.split(",") if name and name not in names]:
        parser.error(f"--only does not know {', '.join(unknown)}; there are {', '.join(names)}")
    peers = [peer for peer in PEERS if wanted(peer, options.only)]
    programs_core, hosts_core = two_cores() or parser.error(ONE_CORE)
    servers = named("epmd")
    with tempfile.TemporaryDirectory() as scratch:
        setting = Setting(options.target, options.venv, scratch, hosts_core)
        try:
            with on_core(programs_core):
                turns = take_turns(setting, peers, options)
        finally:
            setting.end()
            # Erlang's name server outlives who has started it.
            for server in named("epmd") - servers:
                end_process(server)
    show(turns, options)


def wanted(peer, only):
    if peer.start == tools.tsung and not shutil.which("tsung"):
        print("Tsung is left out: it is not installed")
        return False
    return not only or peer.name in only.split(",")


def take_turns(setting, peers, options):
    """What each took, turn after turn: the floor and posfleet before and after every other."""
    order = [each for peer in peers for each in (FLOOR, POSFLEET, peer)] * options.rounds + [FLOOR, POSFLEET]
    return [Turn(peer, measured(peer, setting, options.seconds)) for peer in order]


def measured(peer, setting, seconds):
    """What its requests cost; nothing where it did none."""
    program = peer.start(setting)
    try:
        first, last = program.measure(peer.warm, seconds)
    finally:
        program.end()
    if first is None or last[1] == first[1]:
        return None
    time, count, cpu = (after - before for before, after in zip(first, last))
    return Cost(cpu / count * 1e6, count / time)


def show(turns, options):
    print(f"{options.rounds} rounds in turns of {options.seconds:g} s, {tools.CONNECTIONS} connections, loopback;")
    print(f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, load {os.getloadavg()[1]:.1f}; {versions(options)}")
    ratios = {peer: ratio(turns, peer, POSFLEET) for peer in PEERS}
    heads = f"{'CPU µs/request':>16}{'spread':>14}{'requests/s':>12}{'to raw':>8}{'to posfleet':>13}{'bar':>6}"
    print(f"{'':20}{'sends':16}{heads}")
    for peer in dict.fromkeys(turn.peer for turn in turns):
        costs = [turn.cost for turn in turns if turn.peer == peer and turn.cost]
        if not costs:
            print(f"{peer.name:20}{peer.sends:16}  did no request")
            continue
        micros = [cost.micros for cost in costs]
        middle, rate = statistics.median(micros), statistics.median(cost.rate for cost in costs)
        to_floor = "" if peer == FLOOR else told(ratio(turns, peer, FLOOR))
        line = f"{middle:>16.1f}{f'{min(micros):.1f}–{max(micros):.1f}':>14}{rate:>12.0f}{to_floor:>8}"
        print(f"{peer.name:20}{peer.sends:16}{line}{told(ratios.get(peer)):>13}{peer.bar or '':>6}")
    print(LEFT_OUT)
    for peer in PEERS:
        if any(turn.peer == peer for turn in turns):
            # Without a request there is no ratio, and no bar is met by that.
            times = ratios[peer] or 0
            verdict = "met   " if times >= peer.bar else "missed"
            print(f"BAR {verdict} CPU over posfleet's, {peer.name}: {times:.3f} (at least {peer.bar:.3f})")


def told(times):
    return f"{times:.2f}" if times else ""


def ratio(turns, peer, base):
    """The median of its turns' ratios to the turns of the base right before and after each, if it had any."""
    ratios = []
    for place, turn in enumerate(turns):
        around = nearest(reversed(turns[:place]), base) + nearest(turns[place:], base)
        if turn.peer == peer and turn.cost and around:
            ratios.append(turn.cost.micros / statistics.mean(around))
    return statistics.median(ratios) if ratios else None


def nearest(turns, peer):
    """What the first turn of it among these cost, if there is one."""
    return [turn.cost.micros for turn in turns if turn.peer == peer and turn.cost][:1]


def versions(options):
    """What was compared, by its own words or its package's."""
    found = subprocess.run(
        ["dpkg-query", "--show", "--showformat", "${Package} ${Version}, ", "tsung"],
        capture_output=True, text=True, check=False,
    ).stdout
    listed = subprocess.run([f"{options.venv}/bin/pip", "freeze"], capture_output=True, text=True, check=False).stdout
    chosen = [line for line in listed.splitlines() if line.startswith(("locust==", "pyiso8583==", "pycryptodome=="))]
    return found + ", ".join(chosen)


main()
