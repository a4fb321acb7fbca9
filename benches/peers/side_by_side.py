"""posfleet in turns with the programs that could be taken instead; prints CPU per request, and the ratios.

A round starts each program once against a host in a process of its own, with 1,000 connections, each of which sends
its next request when it has its answer. CPU is that of the program and of all that it started, from /proc, between
two moments after it has warmed up; the requests between them are counted by the echo host where bytes are constant.
Figures are medians over the rounds; ratios are medians of the rounds' ratios.
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

import tools
from cpu import end_process, named

# Name, what it sends, how it is started, how long until it is warm, and the least ratio of CPU that is expected.
PEERS = [
    ("posfleet", "sale, DES MAC", tools.posfleet, 2, None),
    ("Tsung", "constant bytes", tools.tsung, 6, 3.5),
    ("Locust", "constant bytes", tools.locust_raw, 5, 2.5),
    ("Locust + pyiso8583", "sale, DES MAC", tools.locust_sale, 3, 15.0),
]
LEFT_OUT = """left out: JMeter, for Debian's 2.13 reads no plan (its XStream forbids org.apache.jmeter.save.ScriptWrapper);
left out: k6, which Debian, PyPI and npm do not have, and which has no TCP without a build of its own"""


class Setting:
    """The hosts, and where the programs and their files are."""

    def __init__(self, target, venv, scratch):
        self.target, self.venv, self.scratch = target, venv, Path(scratch)
        self.echo, self.host = tools.Echo(target), None

    def new_host(self):
        """A host with empty books: numbers of sales are used anew."""
        if self.host:
            self.host.end()
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
    peers = [peer for peer in PEERS if wanted(peer, options.only)]
    servers = named("epmd")
    with tempfile.TemporaryDirectory() as scratch:
        setting = Setting(options.target, options.venv, scratch)
        try:
            rounds = [one_round(setting, peers, options.seconds) for _ in range(options.rounds)]
        finally:
            setting.end()
            # Erlang's name server outlives who has started it.
            for server in named("epmd") - servers:
                end_process(server)
    show(peers, rounds, options)


def wanted(peer, only):
    name, _, start, _, _ = peer
    if name == "posfleet":
        return True
    if start == tools.tsung and not shutil.which("tsung"):
        print("Tsung is left out: it is not installed")
        return False
    return not only or name in only.split(",")


def one_round(setting, peers, seconds):
    """What each of them took: CPU per request in µs, and requests a second; nothing where it did no request."""
    return {name: measured(start(setting), warm, seconds) for name, _, start, warm, _ in peers}


def measured(program, warm, seconds):
    try:
        first, last = program.measure(warm, seconds)
    finally:
        program.end()
    if first is None or last[1] == first[1]:
        return None
    time, count, cpu = (after - before for before, after in zip(first, last))
    return cpu / count * 1e6, count / time


def show(peers, rounds, options):
    print(f"{options.rounds} rounds in turns of {options.seconds:g} s, {tools.CONNECTIONS} connections, loopback;")
    print(f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, load {os.getloadavg()[1]:.1f}; {versions(options)}")
    print(f"{'':20}{'sends':16}{'CPU µs/request':>16}{'spread':>16}{'requests/s':>12}{'CPU ratio':>11}{'bar':>6}")
    for name, sends, _, _, bar in peers:
        took = [one[name] for one in rounds if one[name]]
        if not took:
            print(f"{name:20}{sends:16}  did no request")
            continue
        micros = [micros for micros, _ in took]
        ratios = [one[name][0] / one["posfleet"][0] for one in rounds if one[name] and one["posfleet"]]
        spread = f"{min(micros):.1f}–{max(micros):.1f}"
        rate = statistics.median(rate for _, rate in took)
        ratio = f"{statistics.median(ratios):.1f}" if bar and ratios else ""
        print(f"{name:20}{sends:16}{statistics.median(micros):>16.1f}{spread:>16}{rate:>12.0f}{ratio:>11}{bar or '':>6}")
    print(LEFT_OUT)


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
