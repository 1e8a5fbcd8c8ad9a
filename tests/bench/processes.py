"""Processes that are asked in turn, and what is said of their answers."""

import json
import pathlib
import platform
import statistics
import subprocess
import sys


class Process:
    """Answers a command a line on its stdin with a JSON object a line on its stdout."""

    def __init__(self, name, command, environment=None):
        self.name = name
        self.answers = []
        self.child = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True, env=environment)

    def ask(self, command):
        try:
            self.child.stdin.write(command + "\n")
            self.child.stdin.flush()
        except BrokenPipeError:
            pass
        answer = self.child.stdout.readline()
        if not answer:
            sys.exit(f"{self.name}: ended with status {self.child.wait()}")
        return json.loads(answer)

    def close(self):
        self.child.stdin.close()
        self.child.wait()


def alternate(processes, rounds, steps, first_steps, products):
    """Fills every process's answers, one a round, and ends the processes.

    first_steps, which touch memory for the first time and compile, are left out. products, for example {"float32": 8}, are
    timed before each round; returned are their GFLOP/s, a list over the rounds for each type.
    """
    for process in processes:
        process.ask(f"steps {first_steps}")
    gemm = {type_of: [] for type_of in products}
    for _ in range(rounds):
        for type_of, count in products.items():
            gemm[type_of].append(processes[0].ask(f"gemm {type_of} {count}")["gflops"])
        for process in processes:
            process.answers.append(process.ask(f"steps {steps}"))
    for process in processes:
        process.close()
    return gemm


def lacking(*names):
    """Why these packages cannot be imported: the last line that Python says; "" where they can."""
    tried = subprocess.run([sys.executable, "-c", "import " + ", ".join(names)], capture_output=True, text=True)
    return "" if tried.returncode == 0 else (tried.stderr.strip().splitlines() or ["no reason given"])[-1]


def spread(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def ratios(ours, peer):
    """ours[i] / peer[i], round by round."""
    return spread([o / p for o, p in zip(ours, peer)])


def cpu_model():
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def card_name():
    """The first GPU, as the driver calls it; None where there is none."""
    try:
        found = subprocess.run(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True)
    except OSError:
        return None
    return found.stdout.splitlines()[0].strip() if found.returncode == 0 and found.stdout.strip() else None


def say(spread_of, digits=1):
    """median (least to most)"""
    return "{median:.{d}f} ({least:.{d}f} to {most:.{d}f})".format(**spread_of, d=digits)


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def write(folder, name, text, record):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(text)
    (folder / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n")
