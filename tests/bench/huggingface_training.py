"""Times the same training in the Python stack, Hugging Face and PyTorch, as a process that compare.py alternates with ours.

    huggingface_training.py MODEL DATA THREADS --method infomtl|equal --batching padded|bucketed [--bf16] --batch-size N

Answers the commands of training.cpp ("steps N") in the same words. A lean loop: texts tokenised beforehand, both dropout
views of InfoMTL in one pass, no gradient that is not used. `padded` pads a random batch to its longest text, `bucketed`
draws batches of like length (which changes what a batch is made of). Needs torch and transformers; never part of a run.
"""

import argparse
import json
import pathlib
import random
import resource
import sys
import time

import torch
import transformers

TASKS = {"emotion": 4, "hate": 2, "irony": 2, "offensive": 2, "sentiment": 3}
STANCE = ["abortion", "atheism", "climate", "feminist", "hillary"]


def lines(path):
    return path.read_bytes().decode("utf-8", errors="replace").removesuffix("\n").split("\n")


def read_tasks(data, tokenizer, rows, max_length):
    """{task: (classes, [(ids, label)])} of the training split, the first `rows` of a shuffle."""
    folders = {task: [data / task] for task in TASKS} | {"stance": [data / "stance" / target for target in STANCE]}
    tasks = {}
    for task, sources in folders.items():
        texts, labels = [], []
        for folder in sources:
            texts += lines(folder / "train_text.txt")
            labels += [int(label) for label in lines(folder / "train_labels.txt")]
        pairs = list(zip(texts, labels))
        random.Random(0).shuffle(pairs)
        pairs = pairs[:rows]
        ids = tokenizer([text for text, _ in pairs], truncation=True, max_length=max_length)["input_ids"]
        tasks[task] = (3 if task == "stance" else TASKS[task], list(zip(ids, [label for _, label in pairs])))
    return tasks


class Model(torch.nn.Module):
    def __init__(self, folder, tasks, gaussian):
        super().__init__()
        self.encoder = transformers.AutoModel.from_pretrained(folder, add_pooling_layer=False)
        width = self.encoder.config.hidden_size
        self.gaussian = gaussian
        self.heads = torch.nn.ModuleDict(
            {task: torch.nn.Linear(width, classes * (2 if gaussian else 1)) for task, (classes, _) in tasks.items()}
        )
        self.dropout = torch.nn.Dropout(0.2 if gaussian else 0.1)


def loss_of(model, task, ids, mask, labels, temperature=1.0, alpha=0.1, beta=0.01):
    if not model.gaussian:
        pooled = model.encoder(input_ids=ids, attention_mask=mask).last_hidden_state[:, 0]
        return torch.nn.functional.cross_entropy(model.heads[task](model.dropout(pooled)).float(), labels)
    pooled = model.encoder(input_ids=ids.repeat(2, 1), attention_mask=mask.repeat(2, 1)).last_hidden_state[:, 0].float()
    first, second = pooled.chunk(2)
    mean, log_variance = model.heads[task](model.dropout(first)).float().chunk(2, dim=1)
    sample = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
    supervised = torch.nn.functional.cross_entropy(sample, labels)
    cosine = torch.nn.functional.normalize(first, dim=1) @ torch.nn.functional.normalize(second, dim=1).T
    simax = torch.nn.functional.cross_entropy(cosine / temperature, torch.arange(len(labels)))
    timin = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
    return supervised + alpha * simax + beta * timin


def batches(tasks, size, bucketed):
    """Endless (task, rows): tasks in proportion to their rows, rows without repetition in an epoch."""
    draw = random.Random(1)
    while True:
        epoch = []
        for task, (_, rows) in tasks.items():
            order = list(rows)
            draw.shuffle(order)
            if bucketed:
                window = 50 * size
                order = [row for at in range(0, len(order), window)
                         for row in sorted(order[at : at + window], key=lambda row: len(row[0]))]
            epoch += [(task, order[at : at + size]) for at in range(0, len(order) - size + 1, size)]
        draw.shuffle(epoch)
        yield from epoch


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("threads", type=int)
    parser.add_argument("--method", choices=["infomtl", "equal"], required=True)
    parser.add_argument("--batching", choices=["padded", "bucketed"], required=True)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--max-length", type=int, default=128)
    given = parser.parse_args()

    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    tokenizer = transformers.AutoTokenizer.from_pretrained(given.model)
    tasks = read_tasks(given.data, tokenizer, given.rows, given.max_length)
    model = Model(given.model, tasks, given.method == "infomtl").train()
    optimizer = torch.optim.Adamax(model.parameters(), lr=5e-5, foreach=True)
    stream = batches(tasks, given.batch_size, given.batching == "bucketed")

    for line in sys.stdin:
        what, count = line.split()
        assert what == "steps", line
        examples = tokens = 0
        begin = time.perf_counter()
        for _ in range(int(count)):
            task, rows = next(stream)
            longest = max(len(ids) for ids, _ in rows)
            ids = torch.tensor([ids + [tokenizer.pad_token_id] * (longest - len(ids)) for ids, _ in rows])
            mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in rows])
            labels = torch.tensor([label for _, label in rows])
            with torch.autocast("cpu", torch.bfloat16, enabled=given.bf16):
                loss = loss_of(model, task, ids, mask, labels)
            loss.backward()
            torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.grad is not None], 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            examples += len(rows)
            tokens += sum(len(ids) for ids, _ in rows)
        answer = {"seconds": time.perf_counter() - begin, "steps": int(count), "examples": examples, "tokens": tokens,
                  "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
