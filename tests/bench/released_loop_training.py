"""Times the training loop that the code released with CIFM and SPC has (Hu et al. 2024, by InfoMTL's first author), as a
process that compare.py alternates with ours.

    released_loop_training.py MODEL DATA THREADS --method infomtl|equal --batch-size N [--bf16]

Written from a description of that loop: tasks in proportion to their rows; every step makes a new iterator over the task's
shuffled loader and takes its first batch; texts are tokenised when they are drawn and padded to the batch's longest; the two
dropout views are two passes, one after the other; garbage is collected every step; Adamax, warm-up, clipping to norm 1.
Needs torch and transformers; never part of a run.
"""

import argparse
import gc
import pathlib
import random

import torch
import transformers

from peer_model import Model
from peer_process import MemoryWatch, serve
from tweets import read_training


class Trainer:
    def __init__(self, given, model, tasks, tokenizer):
        self.given, self.model = given, model

        def collate(rows):
            batch = tokenizer([text for text, _ in rows], truncation=True, max_length=given.max_length, padding=True,
                              return_tensors="pt")
            return batch["input_ids"], batch["attention_mask"], torch.tensor([label for _, label in rows])

        self.loaders = {task: torch.utils.data.DataLoader(rows, batch_size=given.batch_size, shuffle=True, collate_fn=collate)
                        for task, (_, rows) in tasks.items()}
        self.optimizer = torch.optim.Adamax(model.parameters(), lr=5e-5)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda step: min(1.0, (step + 1) / 1000))
        self.turns = []

    def step(self):
        if not self.turns:
            self.turns = [task for task, loader in self.loaders.items() for _ in range(len(loader))]
            random.shuffle(self.turns)
        task = self.turns.pop()
        ids, mask, labels = next(iter(self.loaders[task]))
        self.optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.given.bf16):
            views = [self.model.pooled(ids, mask) for _ in range(2 if self.model.gaussian else 1)]
            loss = self.model.loss(task, views, labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        loss.item()  # for the log
        gc.collect()
        return len(labels), int(mask.sum())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("threads", type=int)
    parser.add_argument("--method", choices=["infomtl", "equal"], required=True)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--max-length", type=int, default=128)
    given = parser.parse_args()

    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    memory = MemoryWatch()
    tokenizer = transformers.AutoTokenizer.from_pretrained(given.model)
    tasks = read_training(given.data)
    model = Model(given.model, {task: classes for task, (classes, _) in tasks.items()}, given.method == "infomtl").train()
    serve(Trainer(given, model, tasks, tokenizer).step, memory)


if __name__ == "__main__":
    main()
