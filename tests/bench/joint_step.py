"""Alternates joint steps of gradient weightings with those of equal weighting (EW), and joint steps over more and more tasks.

    joint_step.py BENCH_TRAINING CONFIG MODEL [--threads N] [--rounds N] [--batch-size N] [--output FOLDER]

Each round asks every process in turn for the same number of steps, which train on the same texts, while the others wait. The
first table has step times over EW's of the same round, with the gradients of all tasks kept ("jacobian") and without ("gram"),
and the peak of the process's memory in training. The second has the time per token over 6, 12, 24 and 48 tasks, the config's six under other
names, with as many examples per step in all. CONFIG reads its data from where INFOMTL_DATA says.
"""

import argparse
import json
import pathlib
import statistics
import tempfile

from processes import Process, alternate, cpu_model, ratios, say, spread, table, write

TASKS = ["emotion", "hate", "irony", "offensive", "sentiment", "stance"]
METHODS = ["pcgrad", "mgda", "upgrad", "cagrad", "nash_mtl"]


def start(given, scratch, name, tasks, weighting="equal", task_gradients="auto"):
    folder = pathlib.Path(scratch) / name.replace(" ", "_")
    settings = [f"encoder.path={given.model}", f"data.max_train_rows={given.rows}", f"data.tasks={json.dumps(tasks)}",
                "training.epochs=1000", "training.regime=joint", "training.joint_batch_size=total",
                f"training.batch_size={given.batch_size}", f"training.task_gradients={task_gradients}",
                f"precision={given.precision}", 'head={"name": "linear", "dropout": 0.1}', 'losses=["supervised"]',
                f"weighting={json.dumps(weighting)}"]
    return Process(name, [given.bench, given.config, folder, given.threads, *settings])


def take_turns(given, processes):
    return spread(alternate(processes, given.rounds, given.steps, 3, {"float32": 10})["float32"])


def record_of(process, gemm):
    return {"process": process.name,
            "step_seconds": spread([answer["seconds"] / answer["steps"] for answer in process.answers]),
            "tokens_per_step": statistics.mean(answer["tokens"] / answer["steps"] for answer in process.answers),
            "memory": process.answers[-1]["memory"], "gemm_gflops": gemm}


def method_over_equal(given, method, tasks):
    with tempfile.TemporaryDirectory() as scratch:
        processes = [start(given, scratch, "EW", tasks)]
        processes += [start(given, scratch, f"{method} {mode}", tasks, method, mode) for mode in ("jacobian", "gram")]
        gemm = take_turns(given, processes)
    times = [[answer["seconds"] for answer in process.answers] for process in processes]
    equal = processes[0].answers[-1]["memory"]["training_peak"]
    return [{**record_of(process, gemm), "over_equal": ratios(own, times[0]),
             "memory_over_equal": process.answers[-1]["memory"]["training_peak"] / equal}
            for process, own in zip(processes, times)]


def more_tasks(given, tasks):
    with tempfile.TemporaryDirectory() as scratch:
        processes = []
        for copies in (1, 2, 4, 8):
            copied = [{**task, "name": f"{task['name']}_{copy}"} for copy in range(copies) for task in tasks]
            processes.append(start(given, scratch, f"{len(copied)} tasks", copied))
        gemm = take_turns(given, processes)
    times = [[answer["seconds"] / answer["tokens"] for answer in process.answers] for process in processes]
    return [{**record_of(process, gemm), "over_six": ratios(own, times[0])} for process, own in zip(processes, times)]


def mebibytes(record):
    return f"{record['memory']['training_peak'] / 2**20:.0f}"


def markdown(methods, tasks):
    text = ""
    if methods:
        rows = [[row["process"], say(row["step_seconds"], 3), say(row["over_equal"], 2), mebibytes(row),
                 f"{row['memory_over_equal']:.2f}"] for row in methods]
        text += table(["joint step", "seconds (least to most)", "over EW", "peak MiB of training", "over EW"], rows) + "\n"
    if tasks:
        rows = [[row["process"], say(row["step_seconds"], 3), f"{row['tokens_per_step']:.0f}", say(row["over_six"], 2),
                 mebibytes(row)] for row in tasks]
        text += table(["joint step", "seconds (least to most)", "tokens", "time per token over 6 tasks", "peak MiB of training"], rows) + "\n"
    return text + f"{cpu_model()}; GEMM float32 {say((methods + tasks)[0]['gemm_gflops'], 0)} GFLOP/s\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=pathlib.Path)
    parser.add_argument("config", type=pathlib.Path, help="configs/experiments/tweeteval.json")
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=4, help="of a process in a round")
    parser.add_argument("--batch-size", type=int, default=192, help="examples of all tasks together")
    parser.add_argument("--rows", type=int, default=2000, help="training rows per task")
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--method", action="append", help="default: " + ", ".join(METHODS))
    parser.add_argument("--part", choices=["methods", "tasks"], action="append", help="default: both")
    parser.add_argument("--output", type=pathlib.Path, help="folder for joint_step.md and joint_step.json")
    given = parser.parse_args()
    given.method = given.method or METHODS
    parts = given.part or ["methods", "tasks"]

    records = given.config.parent.parent / "tasks" / "tweeteval"
    tasks = [json.loads((records / f"{task}.json").read_text()) for task in TASKS]
    methods = []
    if "methods" in parts:
        methods = [record for method in given.method for record in method_over_equal(given, method, tasks)]
    more = more_tasks(given, tasks) if "tasks" in parts else []
    text = markdown(methods, more)
    print(text, end="")
    if given.output:
        write(given.output, "joint_step", text, {"methods": methods, "tasks": more})


if __name__ == "__main__":
    main()
