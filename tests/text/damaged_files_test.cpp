// Files of a tokenizer that were cut off, or whose text became zeros: they must not read as a tokenizer of other ids.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/text/tokenizer.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"
#include "text/messages.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;
using testing::message_of;
using testing::TemporaryFolder;
using testing::tokenizer_fixture;

/// The text up to the end of its line `count`.
std::string first_lines(const std::string& text, std::size_t count) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < count; ++i) end = text.find('\n', end) + 1;
  return text.substr(0, end);
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// What loading writes to stderr; it must not throw.
std::string warning_of(const fs::path& folder) {
  ::testing::internal::CaptureStderr();
  EXPECT_NO_THROW(load_tokenizer(folder));
  return ::testing::internal::GetCapturedStderr();
}

std::string refusal_of(const fs::path& folder) {
  return message_of<FormatError>([&] { load_tokenizer(folder); });
}

class CutMerges : public ::testing::Test {
 protected:
  CutMerges() {
    for (const char* name : {"vocab.json", "tokenizer_config.json"}) {
      fs::copy_file(tokenizer_fixture("byte_level_files") / name, folder_ / name);
    }
  }
  const std::string whole_ = read_file(tokenizer_fixture("byte_level_files") / "merges.txt");
  const TemporaryFolder folder_;
};

TEST_F(CutMerges, AreRefusedWhereverTheyAreCut) {
  folder_.write("merges.txt", whole_);
  EXPECT_EQ(warning_of(folder_.path()), "");
  for (std::size_t lines : {std::size_t{0}, std::size_t{1}, lines_of(whole_) / 2, lines_of(whole_) - 10}) {
    folder_.write("merges.txt", first_lines(whole_, lines));
    const std::string words = refusal_of(folder_.path());
    EXPECT_NAMES(words, (folder_ / "merges.txt").string() + ": none of its ");
    EXPECT_NAMES(words, "cut off; fetch it again");
  }
  for (std::size_t size = whole_.size() / 2; size < whole_.size() / 2 + 40; ++size) {
    folder_.write("merges.txt", whole_.substr(0, size));
    EXPECT_NAMES(refusal_of(folder_.path()), (folder_ / "merges.txt").string());
  }
}

TEST_F(CutMerges, ThatLackALastLineAreTold) {
  folder_.write("merges.txt", first_lines(whole_, lines_of(whole_) - 1));
  EXPECT_NAMES(warning_of(folder_.path()), "merges.txt: none of its 438 merges makes \"Ġdoes\" of the vocabulary; is");
}

TEST_F(CutMerges, NameTheLineThatIsNoMerge) {
  folder_.write("merges.txt", "#version: 0.2\n\nh e\nhe\n");
  EXPECT_NAMES(refusal_of(folder_.path()), "merges.txt:4: found \"he\"; must be two tokens with one space between");
}

// RoBERTa's vocabulary has such tokens: no text gives them, and no merge makes them.
TEST_F(CutMerges, AreNotThoseThatLackTokensOfSeveralPieces) {
  std::string vocabulary = read_file(folder_ / "vocab.json");
  vocabulary.insert(vocabulary.rfind('}'),
                    R"(, "<|endoftext|>": 700, "madeupword0000": 701, "madeupword0001": 702, "madeupword0002": 703)");
  folder_.write("vocab.json", vocabulary);
  folder_.write("merges.txt", whole_);
  EXPECT_EQ(warning_of(folder_.path()), "");
}

TEST_F(CutMerges, VocabulariesWithoutTheSpecialTokensAreRefused) {
  folder_.write("vocab.json", R"({"h": 0, "e": 1, "he": 2})");
  folder_.write("merges.txt", "h e\n");
  EXPECT_NAMES(refusal_of(folder_.path()), "vocab.json: the vocabulary lacks the token \"</s>\"");
}

class CutVocabulary : public ::testing::Test {
 protected:
  CutVocabulary() {
    fs::copy_file(tokenizer_fixture("wordpiece_files") / "tokenizer_config.json", folder_ / "tokenizer_config.json");
  }
  void write(std::size_t lines, std::size_t rows) const {
    folder_.write("vocab.txt", first_lines(whole_, lines));
    folder_.write("config.json", R"({"model_type": "bert", "vocab_size": )" + std::to_string(rows) + "}");
  }
  const std::string whole_ = read_file(tokenizer_fixture("wordpiece_files") / "vocab.txt");
  const std::size_t lines_ = lines_of(whole_);
  const TemporaryFolder folder_;
};

TEST_F(CutVocabulary, IsRefusedWithBothNumbers) {
  write(lines_, lines_);
  EXPECT_EQ(warning_of(folder_.path()), "");
  for (const std::size_t lines : {lines_ / 2, lines_ - 40}) {
    write(lines, lines_);
    const std::string words = refusal_of(folder_.path());
    EXPECT_NAMES(words, (folder_ / "vocab.txt").string() + ": gives " + std::to_string(lines) +
                            " tokens, but config.json's vocab_size is " + std::to_string(lines_));
    EXPECT_NAMES(words, "fetch it again");
  }
}

TEST_F(CutVocabulary, OfAFewTokensIsTold) {
  write(lines_ - 1, lines_);
  EXPECT_NAMES(warning_of(folder_.path()), "; is the file whole?");
}

TEST_F(CutVocabulary, IsNotOneWhoseTableWasPadded) {
  for (const std::size_t step : {8U, 64U, 128U}) {
    write(lines_, (lines_ / step + 1) * step);
    EXPECT_NAMES(warning_of(folder_.path()), "; is the file whole?");
  }
  write(lines_, lines_ - 1);  // which is told where the encoder's table is read
  EXPECT_EQ(warning_of(folder_.path()), "");
}

TEST(Zeros, InAVocabularyAreRefusedWithTheirPlace) {
  const TemporaryFolder folder;
  folder.write("vocab.txt", std::string("[UNK]\n[CLS]\n[SEP]\nab\0\0\0\n", 24));
  EXPECT_EQ(refusal_of(folder.path()),
            (folder / "vocab.txt").string() + ":4:3: a NUL byte; the file is damaged, fetch it again");
  folder.write("tokenizer.json",
               R"({"model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["\u0000\u0000", -1]]}})");
  EXPECT_EQ(refusal_of(folder.path()), (folder / "tokenizer.json").string() +
                                           "#/model/vocab: the token of the id 1 holds NUL bytes; the file is damaged, "
                                           "fetch it again");
  folder.write("tokenizer.json", std::string("{\"model\": {\0\0\0", 14));
  EXPECT_NAMES(refusal_of(folder.path()), "tokenizer.json:1:12: a NUL byte");
}

class DamagedModel : public ::testing::Test {
 protected:
  DamagedModel() {
    fs::copy_file(tokenizer_fixture("unigram_xlmr") / "tokenizer_config.json", folder_ / "tokenizer_config.json");
  }
  const std::string whole_ = read_file(tokenizer_fixture("unigram_xlmr") / "sentencepiece.bpe.model");
  const TemporaryFolder folder_;
};

TEST_F(DamagedModel, ThatWasCutBetweenTwoPiecesIsRefused) {
  // A piece is 0x0A, its size, and as many bytes.
  std::size_t end = 0;
  for (int i = 0; i < 100; ++i) end += 2 + static_cast<unsigned char>(whole_[end + 1]);
  ASSERT_EQ(whole_[end], '\x0a');
  folder_.write("sentencepiece.bpe.model", whole_.substr(0, end));
  EXPECT_NAMES(refusal_of(folder_.path()), "sentencepiece.bpe.model: a SentencePiece model without trainer_spec");
}

TEST_F(DamagedModel, WhoseEndBecameZerosIsRefused) {
  std::string zeros = whole_;
  std::fill(zeros.begin() + 2000, zeros.end(), '\0');
  folder_.write("sentencepiece.bpe.model", zeros);
  EXPECT_NAMES(refusal_of(folder_.path()), (folder_ / "sentencepiece.bpe.model").string());
}

}  // namespace
}  // namespace infomtl
