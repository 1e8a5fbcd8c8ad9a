"""Times a tokenizer of the Hugging Face `tokenizers` library on one thread, in the words of tokenizer.cpp.

    huggingface_tokenizer.py TOKENIZER_JSON TEXTS

Its fastest way: encode_batch_fast, which counts no offsets, on batches small enough for the cache; the ids stay on the Rust
side while the clock runs. The driver sets RAYON_NUM_THREADS and TOKENIZERS_PARALLELISM.
"""

import array
import json
import pathlib
import sys
import time

import tokenizers

BATCH = 1024


def main():
    tokenizer = tokenizers.Tokenizer.from_file(sys.argv[1])
    tokenizer.no_padding()
    tokenizer.no_truncation()
    texts = pathlib.Path(sys.argv[2]).read_bytes().decode().removesuffix("\n").split("\n")
    batches = [texts[at : at + BATCH] for at in range(0, len(texts), BATCH)]
    for line in sys.stdin:
        what, argument = line.split()
        if what == "ids":
            with open(argument, "wb") as file:
                for batch in batches:
                    for encoding in tokenizer.encode_batch_fast(batch):
                        array.array("i", [len(encoding.ids), *encoding.ids]).tofile(file)
            answer = {"texts": len(texts), "version": tokenizers.__version__}
        else:
            tokens = 0
            seconds = 0.0
            for _ in range(int(argument)):
                for batch in batches:
                    begin = time.perf_counter()
                    encodings = tokenizer.encode_batch_fast(batch)
                    seconds += time.perf_counter() - begin
                    tokens += sum(map(len, encodings))
            answer = {"seconds": seconds, "texts": len(texts) * int(argument), "tokens": tokens}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
