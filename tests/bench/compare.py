"""Alternates timing processes, ours and the peers', and writes a table: median, least and most of the rounds, and ratios.

    compare.py BENCH_TRAINING CONFIG MODEL DATA [--threads N] [--rounds N] [--batch-size N]... [--output FOLDER]

Each round asks every process in turn for the same number of steps while the others wait, and the machine's yardstick (a
product of two matrices) in between, so that a change of the machine's speed meets all alike. Useful work is counted from
real tokens: 3 x layers x (8 H^2 + 4 H I) floating-point operations a token and view (forward and backward, attention's own
products left out), whatever a process computes beside it.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

PEERS = pathlib.Path(__file__).with_name("huggingface_training.py")
METHODS = {
    "infomtl": ['head={"name": "gaussian", "dropout": 0.2}',
                'losses=[{"name": "supervised"}, {"name": "simax", "weight": 0.1}, {"name": "timin", "weight": 0.01}]'],
    "equal": ['head={"name": "linear", "dropout": 0.1}', 'losses=["supervised"]'],
}
VIEWS = {"infomtl": 2, "equal": 1}


class Process:
    def __init__(self, name, command):
        self.name = name
        self.answers = []
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, command):
        self.child.stdin.write(command + "\n")
        self.child.stdin.flush()
        answer = self.child.stdout.readline()
        if not answer:
            sys.exit(f"{self.name}: ended with status {self.child.wait()}")
        return json.loads(answer)

    def close(self):
        self.child.stdin.close()
        self.child.wait()


def has_peers():
    return subprocess.run([sys.executable, "-c", "import torch, transformers"], capture_output=True).returncode == 0


def processes_of(given, method, batch_size, scratch):
    ours = [str(given.bench), str(given.config), f"{scratch}/{method}-{batch_size}", str(given.threads),
            f"training.batch_size={batch_size}", f"data.max_train_rows={given.rows}", f"encoder.path={given.model}",
            "training.epochs=1000", "training.regime=alternating", *METHODS[method]]
    variants = {"infomtl float32": ours}
    variants.update({f"infomtl {precision}": [*ours, f"precision={precision}"] for precision in given.precision})
    if has_peers():
        peer = [sys.executable, str(PEERS), str(given.model), str(given.data), str(given.threads), "--method", method,
                "--batch-size", str(batch_size), "--rows", str(given.rows)]
        for batching in given.peer_batching:
            variants[f"Hugging Face {batching}"] = [*peer, "--batching", batching]
            if given.precision:
                variants[f"Hugging Face {batching} bf16 autocast"] = [*peer, "--batching", batching, "--bf16"]
    return [Process(name, command) for name, command in variants.items()]


def spread(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def measure(given, method, batch_size, flops_per_token):
    steps = max(2, given.examples // batch_size)
    with tempfile.TemporaryDirectory() as scratch:
        processes = processes_of(given, method, batch_size, scratch)
        for process in processes:
            process.ask("steps 3")
        yardstick = []
        for _ in range(given.rounds):
            yardstick.append(processes[0].ask("gemm 60")["gflops"])
            for process in processes:
                process.answers.append(process.ask(f"steps {steps}"))
        for process in processes:
            process.close()
    ours = processes[0].answers
    rows = []
    for process in processes:
        speeds = [a["examples"] / a["seconds"] for a in process.answers]
        useful = [a["tokens"] * VIEWS[method] * flops_per_token / a["seconds"] / 1e9 for a in process.answers]
        # Round by round: tokens a second of ours over the peer's, since batches differ in length.
        ratios = [(o["tokens"] / o["seconds"]) / (p["tokens"] / p["seconds"]) for o, p in zip(ours, process.answers)]
        rows.append({"method": method, "batch_size": batch_size, "process": process.name,
                     "examples_per_second": spread(speeds), "useful_gflops": spread(useful),
                     "share_of_gemm": statistics.median(useful) / statistics.median(yardstick),
                     "ours_over_this": spread(ratios), "gemm_gflops": spread(yardstick),
                     "peak_memory_bytes": process.answers[-1]["peak_memory_bytes"]})
    return rows


def markdown(rows):
    text = ("| method | batch | process | examples/s (least to most) | useful GFLOP/s | of GEMM | float32 ours over this "
            "(least to most) | peak MiB |\n|---|---|---|---|---|---|---|---|\n")
    for row in rows:
        speed, ratio = row["examples_per_second"], row["ours_over_this"]
        text += (f"| {row['method']} | {row['batch_size']} | {row['process']} "
                 f"| {speed['median']:.1f} ({speed['least']:.1f} to {speed['most']:.1f}) "
                 f"| {row['useful_gflops']['median']:.0f} | {100 * row['share_of_gemm']:.0f} % "
                 f"| {ratio['median']:.2f} ({ratio['least']:.2f} to {ratio['most']:.2f}) "
                 f"| {row['peak_memory_bytes'] / 2**20:.0f} |\n")
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=pathlib.Path)
    parser.add_argument("config", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--examples", type=int, default=320, help="about so many examples a process and round")
    parser.add_argument("--rows", type=int, default=2000, help="training rows a task")
    parser.add_argument("--batch-size", type=int, action="append")
    parser.add_argument("--method", choices=list(METHODS), action="append")
    parser.add_argument("--peer-batching", choices=["padded", "bucketed"], action="append")
    parser.add_argument("--precision", choices=["bfloat16"], action="append", default=[])
    parser.add_argument("--output", type=pathlib.Path, help="folder for benchmark.md and benchmark.json")
    given = parser.parse_args()
    given.peer_batching = given.peer_batching or ["padded", "bucketed"]

    shape = json.loads((given.model / "config.json").read_text())
    width, inner, layers = shape["hidden_size"], shape["intermediate_size"], shape["num_hidden_layers"]
    flops_per_token = 3 * layers * (8 * width**2 + 4 * width * inner)
    rows = []
    for method in given.method or list(METHODS):
        for batch_size in given.batch_size or [32]:
            rows += measure(given, method, batch_size, flops_per_token)
    text = markdown(rows)
    print(text, end="")
    if given.output:
        given.output.mkdir(parents=True, exist_ok=True)
        (given.output / "benchmark.md").write_text(text)
        (given.output / "benchmark.json").write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
