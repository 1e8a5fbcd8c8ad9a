"""Alternates steps of methods with those of a baseline: what a method costs beyond it, on the same batches, in one run.

    method_cost.py BENCH_TRAINING EXPERIMENT BASELINE METHOD... [--set KEY=VALUE]... [--threads N] [--rounds N] [--output FOLDER]

EXPERIMENT is a config with data, such as configs/experiments/tweeteval_few_rows.json; BASELINE and METHOD are files of
configs/methods. Each round asks every process in turn for the same number of steps, while the others wait. The table has the
median over the rounds of a method's time over the baseline's of the same round, and the peak of the process's memory in training.
KEY=VALUE changes all of them alike.
"""

import argparse
import json
import pathlib
import tempfile

from processes import Process, alternate, cpu_model, ratios, say, spread, table, write


def start(given, scratch, method):
    config = pathlib.Path(scratch) / f"{method.stem}.json"
    config.write_text(json.dumps({"extends": [str(given.experiment.resolve()), str(method.resolve())]}))
    return Process(method.stem, [given.bench, config, config.with_suffix(""), given.threads, *(given.set or [])])


def seconds_per_example(process):
    return [answer["seconds"] / answer["examples"] for answer in process.answers]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=pathlib.Path)
    parser.add_argument("experiment", type=pathlib.Path)
    parser.add_argument("baseline", type=pathlib.Path)
    parser.add_argument("method", type=pathlib.Path, nargs="+")
    parser.add_argument("--set", action="append", metavar="KEY=VALUE")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=6, help="of a process in a round")
    parser.add_argument("--output", type=pathlib.Path, help="folder for method_cost.md and method_cost.json")
    given = parser.parse_args()

    with tempfile.TemporaryDirectory() as scratch:
        processes = [start(given, scratch, method) for method in [given.baseline, *given.method]]
        gemm = spread(alternate(processes, given.rounds, given.steps, given.steps, {"float32": 10})["float32"])
    baseline = seconds_per_example(processes[0])
    memory = processes[0].answers[-1]["memory"]["training_peak"]
    records = [{"method": process.name,
                "seconds_per_example": spread(seconds_per_example(process)),
                "over_baseline": ratios(seconds_per_example(process), baseline),
                "memory": process.answers[-1]["memory"],
                "memory_over_baseline": process.answers[-1]["memory"]["training_peak"] / memory} for process in processes]
    rows = [[record["method"], f"{1000 * record['seconds_per_example']['median']:.2f}", say(record["over_baseline"], 2),
             f"{record['memory']['training_peak'] / 2**20:.0f}", f"{record['memory_over_baseline']:.2f}"] for record in records]
    header = ["method", "ms per example", f"over {processes[0].name} (least to most)", "peak MiB of training", "over it"]
    text = table(header, rows) + f"{cpu_model()}, {given.threads} threads; GEMM float32 {say(gemm, 0)} GFLOP/s\n"
    print(text, end="")
    if given.output:
        write(given.output, "method_cost", text, {"methods": records, "gemm_gflops": gemm})


if __name__ == "__main__":
    main()
