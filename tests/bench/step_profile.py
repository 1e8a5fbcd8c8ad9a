"""Where the time of training steps goes: share of samples in products, attention, elementwise work, optimiser, data, ...

    step_profile.py BENCH_TRAINING CONFIG THREADS [--steps N] [--top N] [KEY=VALUE...]

Samples a warm bench_training with Linux's perf (package linux-perf) and sorts the symbols into buckets by their names. The
clock event counts running time only, so threads that wait asleep are not seen; those that spin are, under "waiting".
"""

import argparse
import collections
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from processes import Process, table

# The first bucket whose pattern is found in "library symbol" takes it. oneDNN's products are compiled at run time.
BUCKETS = [
    ("data", r"infomtl::(text|data)::|Tokeniz|TrainingStream|infomtl::(pack|assemble|with_views)"),
    ("optimiser, clipping, zeroing", r"EntryUpdates|infomtl::clip|FlatParameters"),
    ("attention", r"kernels::.*(attention|product<)|softmax|scaled_dot|flash"),
    ("matrix products", r"gemm|mkl_blas|mkl_serv|cpublas|\[JIT\]|perf-\d+\.map|jit_|dnnl"),
    ("norm, dropout, activation", r"kernels::|layer_norm|LayerNorm|[Gg]elu|erf|dropout"),
    ("waiting", r"libgomp|libiomp|sched_yield|futex"),
    ("system: page faults, memory", r"\[kernel|\[k\]|mem(set|cpy|move)|malloc|_int_free|cfree|unlink_chunk"),
    ("other elementwise", r"at::native|c10::function_ref|libtorch_cpu"),
    ("other", r""),
]


def bucket_of(symbol):
    return next(name for name, pattern in BUCKETS if re.search(pattern, symbol))


def record(bench, steps, folder):
    """perf's record of some warm steps."""
    samples = folder / "perf.data"
    bench.ask("steps 5")
    perf = subprocess.Popen(["perf", "record", "-q", "-e", "cpu-clock", "-F", "997", "-p", str(bench.child.pid), "-o", samples])
    time.sleep(1)
    answer = bench.ask(f"steps {steps}")
    perf.send_signal(signal.SIGINT)
    perf.wait()
    return samples, answer


def shares(samples):
    """[(percent, "library symbol")], largest first; from counts, since code compiled at run time has a symbol an address"""
    report = subprocess.run(["perf", "report", "-i", samples, "-F", "sample,dso,symbol", "--stdio", "-q", "-t", "\t"],
                            capture_output=True, text=True, check=True).stdout
    counts = []
    for line in report.splitlines():
        fields = [field.strip() for field in line.split("\t")]
        if len(fields) >= 3 and fields[0].isdigit():
            counts.append((int(fields[0]), f"{fields[1]} {fields[2]}"))
    total = sum(count for count, _ in counts)
    return sorted(((100 * count / total, symbol) for count, symbol in counts), reverse=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=pathlib.Path)
    parser.add_argument("config", type=pathlib.Path)
    parser.add_argument("threads", type=int)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--top", type=int, default=12, help="symbols shown")
    given, overrides = parser.parse_known_args()
    if shutil.which("perf") is None:
        sys.exit("perf is missing (Debian: linux-perf)")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bench = Process("bench_training", [given.bench, given.config, folder / "run", given.threads,
                                           "training.epochs=100000", *overrides])
        samples, answer = record(bench, given.steps, folder)
        bench.close()
        found = shares(samples)
    sums = collections.Counter()
    for percent, symbol in found:
        sums[bucket_of(symbol)] += percent
    print(f"{given.steps} steps of {answer['seconds'] / given.steps:.3f} s, {given.threads} threads\n")
    print(table(["part", "share of samples"], [[part, f"{percent:.1f} %"] for part, percent in sums.most_common()]))
    print(table(["symbol", "share", "part"],
                [[symbol[:100], f"{percent:.1f} %", bucket_of(symbol)] for percent, symbol in found[: given.top]]), end="")


if __name__ == "__main__":
    main()
