#!/usr/bin/env python3
"""Two builds of posfleet in the same seconds: what a sale costs each of them, and the ratio.

    benches/peers/pair.py [--rounds N] [--seconds N] OLD NEW     # folders of releases, such as target/release

Both run on one core at once, each against a host of its own on another core, so that whatever the machine does in these
seconds it does to both. Turns of one program differ by a tenth and more; here a difference of one in a hundred shows.
Each has to share its caches with the other, so that what is printed in µs is not what a sale costs alone.
"""

import argparse
import contextlib
import statistics
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace

import tools
from cpu import ONE_CORE, on_core, two_cores

# A run of `posfleet.yaml` takes 12 s in all.
WARM, LONGEST = 2, 8


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("builds", nargs=2, metavar="RELEASE", help="a folder with a program")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=6)
    options = parser.parse_args()
    if options.seconds > LONGEST:
        parser.error(f"--seconds is {LONGEST} at most")
    if missing := [build for build in options.builds if not (Path(build) / "posfleet").is_file()]:
        parser.error(f"there is no posfleet in {' nor in '.join(missing)}; build it with cargo build --release")
    cores = two_cores() or parser.error(ONE_CORE)
    ratios = []
    for number in range(options.rounds):
        # Who starts first changes from round to round.
        order = [0, 1] if number % 2 == 0 else [1, 0]
        costs = dict(zip(order, costs_of([options.builds[which] for which in order], cores, options.seconds)))
        if None in costs.values():
            raise SystemExit("a program did no sale")
        ratios.append(costs[1] / costs[0])
        print(f"{costs[0]:6.2f} µs  {costs[1]:6.2f} µs  {ratios[-1]:.3f}", flush=True)
    print(f"a sale of {options.builds[1]} takes {statistics.median(ratios):.3f} of one of {options.builds[0]}")


def costs_of(builds, cores, seconds):
    """CPU in µs per sale of programs that run at the same time, in their order; `None` where there was no sale."""
    client, server = cores
    with contextlib.ExitStack() as ending, tempfile.TemporaryDirectory() as scratch:
        programs = []
        for number, build in enumerate(builds):
            host = started(server, lambda build=build: tools.Host(build), ending)
            setting = SimpleNamespace(
                target=build,
                fresh=lambda name, number=number: Path(scratch) / f"{name}-{number}",
                new_host=lambda host=host: host,
            )
            programs.append(started(client, lambda setting=setting: tools.posfleet(setting), ending))
        costs = [None] * len(programs)
        measuring = [
            threading.Thread(target=measure, args=(program, seconds, costs, place))
            for place, program in enumerate(programs)
        ]
        for each in measuring:
            each.start()
        for each in measuring:
            each.join()
        return costs


def started(core, start, ending):
    """What is started on this core, and ended with the others."""
    with on_core(core):
        program = start()
    ending.callback(program.end)
    return program


def measure(program, seconds, costs, place):
    first, last = program.measure(WARM, seconds)
    if first and last[1] > first[1]:
        costs[place] = (last[2] - first[2]) / (last[1] - first[1]) * 1e6


main()
