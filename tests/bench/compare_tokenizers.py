"""Alternates our tokenizer and Hugging Face `tokenizers`, one thread each, over all texts of TweetEval; checks every id.

    compare_tokenizers.py BENCH_TOKENIZER MODEL DATA [--rounds N] [--output FOLDER]

WordPiece is that of MODEL. Byte-level BPE (RoBERTa's form) and SentencePiece unigram (XLM-R's form) are trained on the same
texts, since no published vocabulary of theirs comes with the repository. `tokenizers` reads no SentencePiece file: there its
speed is that on the converted model, and ids are compared with the sentencepiece library's, whose versions may break ties
between equally likely pieces differently. Prints a Markdown table. Needs the Python packages tokenizers and, for the last kind,
sentencepiece and protobuf.
"""

import argparse
import array
import os
import pathlib
import sys
import tempfile

from processes import Process, cpu_model, lacking, ratios, say, spread, table, write

PEER = pathlib.Path(__file__).with_name("huggingface_tokenizer.py")
KINDS = ["wordpiece", "byte_level", "sentence_piece"]
SPECIALS = ["<s>", "<pad>", "</s>", "<unk>"]


def all_texts(data):
    texts = []
    for path in sorted(data.rglob("*_text.txt")):
        texts += path.read_bytes().decode("utf-8", errors="replace").removesuffix("\n").split("\n")
    return texts


def save(tokenizer, folder):
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def train_byte_level(texts, folder, merges):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=merges + 260, special_tokens=SPECIALS, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False))
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return save(tokenizer, folder)


def train_sentence_piece(texts_file, folder, pieces):
    """A unigram model by the sentencepiece library, in the folder as XLM-R has it."""
    import sentencepiece

    folder.mkdir()
    sentencepiece.SentencePieceTrainer.train(
        input=str(texts_file), model_prefix=str(folder / "sentencepiece.bpe"), vocab_size=pieces, model_type="unigram",
        normalization_rule_name="nmt_nfkc", character_coverage=0.9995, minloglevel=2)
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "XLMRobertaTokenizer"}')
    return folder


def convert_sentence_piece(source, folder):
    """The same model as XLM-R's tokenizer.json: its pieces from the fourth on behind <s> <pad> </s> <unk>."""
    from sentencepiece import sentencepiece_model_pb2
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString((source / "sentencepiece.bpe.model").read_bytes())
    pieces = [(token, 0.0) for token in SPECIALS] + [(piece.piece, piece.score) for piece in proto.pieces[3:]]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3))
    tokenizer.normalizer = normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")])
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return save(tokenizer, folder)


def write_library_ids(source, texts, file):
    """The sentencepiece library's ids in XLM-R's numbering, as tokenizer.cpp writes them."""
    import sentencepiece

    library = sentencepiece.SentencePieceProcessor(model_file=str(source / "sentencepiece.bpe.model"))
    with open(file, "wb") as out:
        for ids in library.encode(texts, num_threads=1):
            ids = [0, *(3 if piece == library.unk_id() else piece + 1 for piece in ids), 2]
            array.array("i", [len(ids), *ids]).tofile(out)


def kinds(given, texts, texts_file, scratch):
    """(kind, our folder, the peer's tokenizer.json, file of the right ids where they are not the peer's)"""
    if "wordpiece" in given.kind:
        yield "WordPiece", given.model, given.model / "tokenizer.json", None
    if "byte_level" in given.kind:
        folder = train_byte_level(texts, scratch / "byte_level", 50_000)
        yield "byte-level BPE", folder, folder / "tokenizer.json", None
    if "sentence_piece" not in given.kind:
        return
    if lacking("sentencepiece", "google.protobuf"):
        print("no SentencePiece: its Python packages sentencepiece and protobuf are missing", file=sys.stderr)
        return
    pieces = train_sentence_piece(texts_file, scratch / "sentence_piece", 30_000)
    folder = convert_sentence_piece(pieces, scratch / "unigram")
    yield "SentencePiece unigram, tokenizer.json", folder, folder / "tokenizer.json", None
    write_library_ids(pieces, texts, scratch / "library.ids")
    yield "SentencePiece unigram, *.model", pieces, folder / "tokenizer.json", scratch / "library.ids"


def texts_of(file):
    """The ids of each text."""
    ids = array.array("i", file.read_bytes())
    at, texts = 0, []
    while at < len(ids):
        texts.append(ids[at + 1 : at + 1 + ids[at]])
        at += 1 + ids[at]
    return texts


def differences(first, second):
    """(texts with other ids in one file than in the other, those of them that have the same ids in another order)"""
    one, two = texts_of(first), texts_of(second)
    if len(one) != len(two):
        sys.exit("the two tokenizers were not given the same number of texts")
    other = [(a, b) for a, b in zip(one, two) if a != b]
    return len(other), sum(sorted(a) == sorted(b) for a, b in other)


def measure(given, kind, folder, peer_file, right_ids, texts_file, scratch):
    one_thread = os.environ | {"RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    ours = Process("ours", [given.bench, folder, texts_file])
    peer = Process("tokenizers", [sys.executable, PEER, peer_file, texts_file], one_thread)
    files = scratch / "ours.ids", scratch / "peer.ids"
    ours.ask(f"ids {files[0]}")
    version = peer.ask(f"ids {files[1]}")["version"]
    for _ in range(given.rounds):
        for process, passes in ((ours, 4), (peer, 1)):
            process.answers.append(process.ask(f"encode {passes}"))
    speeds = [[answer["texts"] / answer["seconds"] for answer in process.answers] for process in (ours, peer)]
    for process in (ours, peer):
        process.close()
    other, reordered = differences(files[0], right_ids or files[1])
    return {"kind": kind, "texts_per_second": spread(speeds[0]), "peer_texts_per_second": spread(speeds[1]),
            "ratio": ratios(*speeds), "tokenizers": version, "texts": peer.answers[0]["texts"],
            "texts_with_other_ids": other, "of_them_same_ids_reordered": reordered}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--output", type=pathlib.Path, help="folder for tokenizers.md and tokenizers.json")
    given = parser.parse_args()
    given.kind = given.kind or KINDS
    if lacking("tokenizers"):
        sys.exit("the Python package tokenizers is missing; INFOMTL_PYTHON names a Python that has it")
    texts = all_texts(given.data)
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        texts_file = scratch / "texts.txt"
        texts_file.write_text("\n".join(texts) + "\n")
        rows = [measure(given, *kind, texts_file, scratch) for kind in kinds(given, texts, texts_file, scratch)]
    text = f"{len(texts)} texts, one thread of {cpu_model()}, tokenizers {rows[0]['tokenizers']}, {given.rounds} rounds.\n\n"
    text += table(["tokenizer", "ours, thousand texts/s", "tokenizers", "ratio", "texts with other ids (of them reordered)"],
                  [[row["kind"], say({k: v / 1e3 for k, v in row["texts_per_second"].items()}),
                    say({k: v / 1e3 for k, v in row["peer_texts_per_second"].items()}), say(row["ratio"]),
                    f"{row['texts_with_other_ids']} ({row['of_them_same_ids_reordered']})"] for row in rows])
    print(text, end="")
    if given.output:
        write(given.output, "tokenizers", text, {"cpu": cpu_model(), "rows": rows})


if __name__ == "__main__":
    main()
