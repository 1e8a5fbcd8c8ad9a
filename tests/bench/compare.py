"""Alternates timing processes, ours and the peers', and writes a table: median, least and most of the rounds, and ratios.

    compare.py BENCH_TRAINING CONFIG MODEL DATA [--threads N] [--rounds N] [--batch-size N]... [--device cuda]
               [--output FOLDER]

Each round asks every process in turn for the same number of steps while the others wait, and for the machine's yardstick (a
product of two 2048 x 2048 matrices, 8192 x 8192 on a GPU, in the precisions measured) before them, so that a change of the
machine's speed meets all alike. All train on the same tweets. Without torch and transformers in this Python ours runs alone.

Useful work is 6 FLOPs a parameter of the encoder's layers (embeddings left out) for each real token and dropout view: padding
is no work, and neither is attention, which adds 1 to 3 % at these lengths. The count is the full model's for everyone. Ours
computes the last layer for first tokens only, which gives the same result with less work; that is a gain like any other, so it
counts as work done, and the share of the matrix product's speed can pass what the machine's units were busy with.

Ratios are real tokens a second of ours over the peer's, round by round: batches differ in length. Memory is that of the
process: its peak; in brackets the peak since the first step above the bare runtime (libraries loaded, nothing else), that is
data set, parameters, gradients, moments and activations.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile

from processes import Process, alternate, card_name, cpu_model, lacking, ratios, say, spread, table, write
from tweets import write_slice

HERE = pathlib.Path(__file__).parent
LINEAR = ['head={"name": "linear", "dropout": 0.1}', 'losses=["supervised"]']
METHODS = {
    "infomtl": ['head={"name": "gaussian", "dropout": 0.2}',
                'losses=[{"name": "supervised"}, {"name": "simax", "weight": 0.1}, {"name": "timin", "weight": 0.01}]'],
    "equal": LINEAR,
    "pcgrad": [*LINEAR, 'weighting={"name": "pcgrad"}'],
}
VIEWS = {"infomtl": 2, "equal": 1, "pcgrad": 1}
TASKS_OF_A_STEP = {"alternating": 1, "joint": 6}
PEERS = {  # name: (regime, methods, command)
    "Hugging Face padded": ("alternating", ["infomtl", "equal"], ["huggingface_training.py", "--batching", "padded"]),
    "Hugging Face bucketed": ("alternating", ["infomtl", "equal"], ["huggingface_training.py", "--batching", "bucketed"]),
    "Hugging Face padded, compiled": ("alternating", ["infomtl", "equal"],
                                      ["huggingface_training.py", "--batching", "padded", "--compile"]),
    "CIFM/SPC loop": ("alternating", ["infomtl", "equal"], ["released_loop_training.py"]),
    "Hugging Face one batch": ("joint", ["infomtl", "equal"], ["huggingface_training.py", "--batching", "one_batch"]),
    "Hugging Face per task": ("joint", ["infomtl", "equal", "pcgrad"],
                              ["huggingface_training.py", "--batching", "per_task"]),
}
SLOW_TO_START = ["Hugging Face padded, compiled"]  # minutes of compiling; taken part in only where named


def encoder_parameters(model):
    """Of the layers of a BERT, embeddings left out: matrices, biases, norms."""
    shape = json.loads((model / "config.json").read_text())
    width, inner = shape["hidden_size"], shape["intermediate_size"]
    return shape["num_hidden_layers"] * (4 * (width**2 + width) + 2 * width * inner + inner + width + 4 * width)


def processes_of(given, contest, data, scratch):
    regime, method, batch_size = contest
    ours = [given.bench, given.config, f"{scratch}/{regime}-{method}-{batch_size}", given.threads,
            f"training.batch_size={batch_size}", f"data.root={data}", f"encoder.path={given.model}", "training.epochs=100000",
            f"training.regime={regime}", f"device={given.device}", "training.joint_batch_size=per_task", *METHODS[method]]
    environment = os.environ | {"INFOMTL_DATA": str(data)}
    yield Process("ours float32", ours, environment), "float32"
    for precision in given.precision:
        yield Process(f"ours {precision}", [*ours, f"precision={precision}"], environment), precision
    if missing := lacking("torch", "transformers"):
        if given.device != "cpu":
            sys.exit(f"no peers: this Python lacks torch or transformers: {missing}")
        print(f"no peers: this Python lacks torch or transformers ({missing}); INFOMTL_PYTHON names another", file=sys.stderr)
        return
    for name, (its_regime, methods, command) in PEERS.items():
        if its_regime != regime or method not in methods or name not in given.peer:
            continue
        if given.device != "cpu" and command[0] != "huggingface_training.py":
            continue  # that loop is the CPU's
        peer = [sys.executable, HERE / command[0], given.model, data, given.threads, "--method", method,
                "--batch-size", batch_size, *command[1:]]
        if given.device != "cpu":
            peer += ["--device", given.device]
        yield Process(name, peer), "float32"
        if "bfloat16" in given.precision:
            yield Process(f"{name}, bf16 autocast", [*peer, "--bf16"]), "bfloat16"


def measure(given, contest, data, scratch):
    """The rows of one contest, and the versions that took part."""
    regime, method, batch_size = contest
    started = list(processes_of(given, contest, data, scratch))
    processes, types = [process for process, _ in started], [type_of for _, type_of in started]
    versions = {name: value for process in processes for name, value in process.ask("about").items()}
    steps = max(2, given.examples // (batch_size * TASKS_OF_A_STEP[regime]))
    products = {"float32": 8} | {precision: 16 for precision in given.precision}  # of bfloat16 minutes where a CPU has none
    gemm = alternate(processes, given.rounds, steps, max(2, steps // 4), products)
    flops = 6 * encoder_parameters(given.model) * VIEWS[method]
    speeds = {process.name: [answer["tokens"] / answer["seconds"] for answer in process.answers] for process in processes}
    rows = []
    for process, type_of in zip(processes, types):
        useful = [speed * flops / 1e9 for speed in speeds[process.name]]
        memory = process.answers[-1]["memory"]
        rows.append({
            "regime": regime, "method": method, "batch_size": batch_size, "process": process.name, "steps": steps,
            "examples_per_second": spread([answer["examples"] / answer["seconds"] for answer in process.answers]),
            "tokens_per_second": spread(speeds[process.name]), "useful_gflops": spread(useful),
            "gemm_gflops": spread(gemm[type_of]), "share_of_gemm": ratios(useful, gemm[type_of]),
            "ratio_of_ours": {p: ratios(speeds[f"ours {p}"], speeds[process.name])
                              for p in ["float32", *given.precision]},
            "memory": memory | {"training_above_runtime": memory["training_peak"] - memory["runtime"],
                                "training_above_level": memory["training_peak"] - memory["before_first_step"]}})
    return rows, versions


def machine(given):
    return (card_name() if given.device == "cuda" else None) or cpu_model()


def markdown(given, rows, versions):
    gemm = {row["process"]: row["gemm_gflops"]["median"] for row in rows}
    text = (f"{machine(given)}, {given.threads} threads; {', '.join(f'{k} {v}' for k, v in versions.items() if k != 'threads')}; "
            f"{given.rounds} rounds, median (least to most); float32 product {gemm['ours float32']:.0f} GFLOP/s.\n\n")
    header = ["regime", "method", "batch", "process", "examples/s", "useful GFLOP/s", "of GEMM",
              *(f"ours {p} over this" for p in ["float32", *given.precision]), "MiB (training)"]
    return text + table(header, [
        [row["regime"], row["method"], str(row["batch_size"]), row["process"], say(row["examples_per_second"]),
         f"{row['useful_gflops']['median']:.0f}", f"{100 * row['share_of_gemm']['median']:.0f} %",
         *(say(ratio, 2) for ratio in row["ratio_of_ours"].values()),
         f"{row['memory']['peak'] / 2**20:.0f} ({row['memory']['training_above_runtime'] / 2**20:.0f})"] for row in rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=pathlib.Path)
    parser.add_argument("config", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--examples", type=int, default=320, help="about so many examples per process and round")
    parser.add_argument("--rows", type=int, default=2000, help="training rows per task")
    parser.add_argument("--batch-size", type=int, action="append", help="examples of a step; of each task where joint")
    parser.add_argument("--method", choices=list(METHODS), action="append")
    parser.add_argument("--regime", choices=list(TASKS_OF_A_STEP), action="append")
    parser.add_argument("--peer", choices=list(PEERS), action="append", help="default: all but what torch.compile makes")
    parser.add_argument("--precision", choices=["bfloat16"], action="append", default=[], help="beside float32")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--output", type=pathlib.Path, help="folder for benchmark.md and benchmark.json")
    given = parser.parse_args()
    given.peer = given.peer or [name for name in PEERS if name not in SLOW_TO_START]

    rows, versions, text = [], {}, ""
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        write_slice(given.data, scratch / "tweeteval", given.rows)
        for regime in given.regime or ["alternating"]:
            for method in given.method or ["infomtl", "equal"]:
                if method == "pcgrad" and regime != "joint":
                    continue
                for batch_size in given.batch_size or [32]:
                    found, its_versions = measure(given, (regime, method, batch_size), scratch / "tweeteval", scratch)
                    rows += found
                    versions |= its_versions
                    print(f"{regime} {method} {batch_size}: done", file=sys.stderr)
                    text = markdown(given, rows, versions)
                    if given.output:  # after each contest: the next one may run out of memory
                        write(given.output, "benchmark", text, {"machine": machine(given), "versions": versions,
                                                                "threads": given.threads, "rounds": given.rounds,
                                                                "rows": rows})
    print(text, end="")


if __name__ == "__main__":
    main()
