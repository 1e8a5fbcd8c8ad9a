"""A timing process in Python: answers "about" and "steps N" in the words of training.cpp."""

import json
import pathlib
import sys
import time

import torch
import transformers


def status_bytes(name):
    try:
        for line in pathlib.Path("/proc/self/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


class MemoryWatch:
    """As process_memory.h: make it when the runtime is loaded and nothing else is."""

    def __init__(self):
        self.runtime = status_bytes("VmRSS")
        self.before_first_step = self.loading_peak = 0

    def begin_training(self):
        if self.before_first_step:
            return
        self.before_first_step, self.loading_peak = status_bytes("VmRSS"), status_bytes("VmHWM")
        try:
            pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
        except OSError:
            pass

    def to_json(self):
        peak = status_bytes("VmHWM")
        return {"runtime": self.runtime, "before_first_step": self.before_first_step, "training_peak": peak,
                "peak": max(peak, self.loading_peak), "resident": status_bytes("VmRSS")}


def wait_for(device):
    """Work on a GPU is only handed out until somebody waits for it."""
    if device == "cuda":
        torch.cuda.synchronize()


def serve(step, memory, device="cpu"):
    """step() trains one step and returns (examples, real tokens of one view)."""
    for line in sys.stdin:
        what, *count = line.split()
        if what == "about":
            answer = {"torch": torch.__version__, "transformers": transformers.__version__,
                      "threads": torch.get_num_threads()}
        else:
            assert what == "steps", line
            memory.begin_training()
            examples = tokens = 0
            wait_for(device)
            begin = time.perf_counter()
            for _ in range(int(count[0])):
                done = step()
                examples += done[0]
                tokens += done[1]
            wait_for(device)
            answer = {"seconds": time.perf_counter() - begin, "steps": int(count[0]), "examples": examples,
                      "tokens": tokens, "memory": memory.to_json()}
        print(json.dumps(answer), flush=True)
