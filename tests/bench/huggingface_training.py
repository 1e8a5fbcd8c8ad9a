"""Times the same training in the Python stack, Hugging Face and PyTorch, as a process that compare.py alternates with ours.

    huggingface_training.py MODEL DATA THREADS --method METHOD --batching BATCHING --batch-size N [--bf16] [--compile]
                            [--device cpu|cuda]

A lean loop: texts tokenised beforehand, the dropout views of InfoMTL in one pass, no gradient that is not used. Batching:
  padded     one task a step, a random batch padded to its longest text
  bucketed   the same with batches of like length, which changes what a batch is made of
  one_batch  a batch of every task a step, all in one pass padded to the longest text of all
  per_task   a batch of every task a step, one pass and one backward a task, as LibMTL does for tasks with inputs of their own
Method pcgrad (with per_task) is equal weighting with projected gradients: a row of a [T, P] matrix from each backward, the
projections worked out on the Gram matrix. Needs torch and transformers; never part of a run.
"""

import argparse
import pathlib
import random

import torch
import transformers

from peer_model import Model
from peer_process import MemoryWatch, serve
from tweets import read_training


def epochs(rows, size, draw, bucketed):
    """Endless batches of one task; a row comes once per epoch, the short last batch is left out."""
    while True:
        order = list(rows)
        draw.shuffle(order)
        if bucketed:
            window = 50 * size
            order = [row for at in range(0, len(order), window)
                     for row in sorted(order[at : at + window], key=lambda row: len(row[0]))]
        batches = [order[at : at + size] for at in range(0, len(order) - size + 1, size)]
        draw.shuffle(batches)
        yield from batches


def turns(tasks, size, draw):
    """Endless names of tasks, in proportion to their batches."""
    while True:
        epoch = [task for task, rows in tasks.items() for _ in range(len(rows) // size)]
        draw.shuffle(epoch)
        yield from epoch


class Trainer:
    def __init__(self, given, model, tasks, pad):
        self.given, self.model, self.pad = given, model, pad
        draw = random.Random(1)
        self.streams = {task: epochs(rows, given.batch_size, draw, given.batching == "bucketed")
                        for task, rows in tasks.items()}
        self.turns = turns(tasks, given.batch_size, draw)
        self.parameters = list(model.parameters())
        self.shared = list(model.encoder.parameters())
        self.optimizer = torch.optim.Adamax(self.parameters, lr=5e-5, foreach=True)

    def tensors(self, rows):
        longest = max(len(ids) for ids, _ in rows)
        ids = torch.tensor([ids + [self.pad] * (longest - len(ids)) for ids, _ in rows])
        mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in rows])
        labels = torch.tensor([label for _, label in rows])
        if self.given.device == "cuda":  # as a loader with pinned memory does
            return tuple(each.pin_memory().to("cuda", non_blocking=True) for each in (ids, mask, labels))
        return ids, mask, labels

    def loss(self, batches):
        """Sum of the losses of some tasks' batches, all of them in one pass."""
        ids, mask, labels = self.tensors([row for _, rows in batches for row in rows])
        with torch.autocast(self.given.device, torch.bfloat16, enabled=self.given.bf16):
            views = self.model.views(ids, mask)
            total, at = 0, 0
            for task, rows in batches:
                own = slice(at, at + len(rows))
                total = total + self.model.loss(task, [view[own] for view in views], labels[own])
                at += len(rows)
        return total

    def project(self, batches):
        """PCGrad (Yu et al. 2020): each task's gradient loses what conflicts with the others', in random order."""
        matrix = torch.empty(len(batches), sum(parameter.numel() for parameter in self.shared),
                             device=self.given.device)
        for row, batch in zip(matrix, batches):
            own = list(self.model.heads[batch[0]].parameters())
            gradients = torch.autograd.grad(self.loss([batch]), self.shared + own)
            torch.cat([gradient.flatten() for gradient in gradients[: len(self.shared)]], out=row)
            for parameter, gradient in zip(own, gradients[len(self.shared) :]):
                parameter.grad = gradient
        gram = (matrix @ matrix.T).double()
        weights = torch.eye(len(batches), dtype=torch.float64, device=gram.device)
        for task in range(len(batches)):
            for other in torch.randperm(len(batches)).tolist():
                overlap = weights[task] @ gram[other]
                if other != task and overlap < 0:
                    weights[task, other] -= overlap / gram[other, other]
        direction = weights.sum(0).float() @ matrix
        for parameter, part in zip(self.shared, direction.split([parameter.numel() for parameter in self.shared])):
            parameter.grad = part.view_as(parameter)

    def step(self):
        if self.given.batching in ("padded", "bucketed"):
            task = next(self.turns)
            batches = [(task, next(self.streams[task]))]
        else:
            batches = [(task, next(stream)) for task, stream in self.streams.items()]
        if self.given.method == "pcgrad":
            self.project(batches)
        elif self.given.batching == "per_task":
            for batch in batches:
                self.loss([batch]).backward()
        else:
            self.loss(batches).backward()
        torch.nn.utils.clip_grad_norm_([p for p in self.parameters if p.grad is not None], 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        rows = [row for _, rows in batches for row in rows]
        return len(rows), sum(len(ids) for ids, _ in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("threads", type=int)
    parser.add_argument("--method", choices=["infomtl", "equal", "pcgrad"], required=True)
    parser.add_argument("--batching", choices=["padded", "bucketed", "one_batch", "per_task"], required=True)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--compile", action="store_true", help="the encoder by torch.compile, lengths dynamic")
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--max-length", type=int, default=128)
    given = parser.parse_args()
    if given.method == "pcgrad" and given.batching != "per_task":
        parser.error("pcgrad needs --batching per_task")

    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    memory = MemoryWatch()
    tokenizer = transformers.AutoTokenizer.from_pretrained(given.model)
    tasks = read_training(given.data)
    model = Model(given.model, {task: classes for task, (classes, _) in tasks.items()}, given.method == "infomtl").train()
    model = model.to(given.device)
    if given.compile:
        model.encoder.compile(dynamic=True)
    tokenised = {}
    for task, (_, rows) in tasks.items():
        ids = tokenizer([text for text, _ in rows], truncation=True, max_length=given.max_length)["input_ids"]
        tokenised[task] = list(zip(ids, [label for _, label in rows]))
    serve(Trainer(given, model, tokenised, tokenizer.pad_token_id).step, memory, given.device)


if __name__ == "__main__":
    main()
