"""The six tasks of TweetEval that the training comparison reads, and a slice of them that every process is given."""

import os
import random

CLASSES = {"emotion": 4, "hate": 2, "irony": 2, "offensive": 2, "sentiment": 3, "stance": 3}
STANCE = ["abortion", "atheism", "climate", "feminist", "hillary"]


def folders_of(task):
    return [f"stance/{target}" for target in STANCE] if task == "stance" else [task]


def lines(path):
    return path.read_bytes().removesuffix(b"\n").split(b"\n")


def write_slice(data, target, rows):
    """At most `rows` training rows per task, drawn once, in TweetEval's layout; validation and test files are linked."""
    for task in CLASSES:
        folders = folders_of(task)
        for folder in folders:
            (target / folder).mkdir(parents=True)
            for file in (data / folder).iterdir():
                if not file.name.startswith("train_"):
                    os.symlink(file.resolve(), target / folder / file.name)
            texts, labels = lines(data / folder / "train_text.txt"), lines(data / folder / "train_labels.txt")
            drawn = random.Random(0).sample(range(len(texts)), min(len(texts), rows // len(folders)))
            for name, values in (("train_text.txt", texts), ("train_labels.txt", labels)):
                (target / folder / name).write_bytes(b"".join(values[row] + b"\n" for row in drawn))


def read_training(data):
    """{task: (classes, [(text, label)])}"""
    tasks = {}
    for task, classes in CLASSES.items():
        rows = []
        for folder in folders_of(task):
            texts, labels = lines(data / folder / "train_text.txt"), lines(data / folder / "train_labels.txt")
            rows += [(text.decode(errors="replace"), int(label)) for text, label in zip(texts, labels)]
        tasks[task] = (classes, rows)
    return tasks
