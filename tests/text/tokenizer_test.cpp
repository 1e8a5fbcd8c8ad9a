#include "infomtl/text/tokenizer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/random.h"
#include "support/fixture_folder.h"
#include "support/temporary_folder.h"
#include "text/messages.h"
#include "text/sentence_piece.h"
#include "text/tokenizer_json.h"
#include "text/tokenizer_parts.h"
#include "text/unicode.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::TemporaryFolder;
using Ids = std::vector<std::int32_t>;
using Offsets = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

const fs::path kFixtures = fs::path(infomtl::testing::fixture_folder()) / "tokenizers";

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

std::shared_ptr<const Tokenizer> from_json(const json& document) {
  return std::make_shared<const Tokenizer>(text::read_tokenizer_json(document.dump(), "tokenizer.json"));
}

json small_wordpiece() {
  return {
      {"added_tokens",
       {{{"id", 1}, {"content", "[CLS]"}, {"special", true}}, {{"id", 2}, {"content", "[SEP]"}, {"special", true}}}},
      {"normalizer", {{"type", "BertNormalizer"}, {"lowercase", true}}},
      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
      {"post_processor", {{"type", "BertProcessing"}, {"cls", {"[CLS]", 1}}, {"sep", {"[SEP]", 2}}}},
      {"decoder", {{"type", "WordPiece"}}},
      {"model",
       {{"type", "WordPiece"},
        {"unk_token", "[UNK]"},
        {"vocab",
         {{"[UNK]", 0},
          {"[CLS]", 1},
          {"[SEP]", 2},
          {"un", 3},
          {"##hap", 4},
          {"##py", 5},
          {"!", 6},
          {"happy", 7},
          {"cafe", 8}}}}}};
}

TEST(WordPiece, KnownAnswer) {
  const auto tokenizer = from_json(small_wordpiece());
  const Encoding encoding = tokenizer->encode("Unhappy  Happy! caf\u00e9 unhap unx");
  EXPECT_EQ(encoding.ids, (Ids{1, 3, 4, 5, 7, 6, 8, 3, 4, 0, 2}));
  EXPECT_EQ(
      encoding.offsets,
      (Offsets{{0, 0}, {0, 2}, {2, 5}, {5, 7}, {9, 14}, {14, 15}, {16, 21}, {22, 24}, {24, 27}, {28, 31}, {0, 0}}));
  EXPECT_EQ(encoding.words, (Ids{-1, 0, 0, 0, 1, 2, 3, 4, 4, 5, -1}));
  EXPECT_EQ(tokenizer->decode(encoding.ids), "unhappy happy! cafe unhap [UNK]");
}

TEST(WordPiece, AWordAboveTheLimitIsOneUnknownToken) {
  json document = small_wordpiece();
  document["model"]["max_input_chars_per_word"] = 7;
  const auto tokenizer = from_json(document);
  EXPECT_EQ(tokenizer->encode("unhappy", {.add_special_tokens = false}).ids, (Ids{3, 4, 5}));
  const Encoding encoding = tokenizer->encode("unhappyun", {.add_special_tokens = false});
  EXPECT_EQ(encoding.ids, (Ids{0}));
  EXPECT_EQ(encoding.offsets, (Offsets{{0, 9}}));
}

TEST(Truncation, KeepsTheOddTokenInTheLongerTextAndElseInTheSecond) {
  const auto tokenizer = from_json(small_wordpiece());
  const auto lengths = [&](const std::string& a, const std::string& b, std::size_t limit) {
    const Encoding encoding = tokenizer->encode_pair(a, b, {.max_length = limit});
    std::pair<int, int> result{0, 0};
    for (std::size_t i = 0; i < encoding.size(); ++i) {
      if (encoding.words[i] >= 0) ++(encoding.type_ids[i] == 0 ? result.first : result.second);
    }
    return result;
  };
  const std::string four = "happy happy happy happy", six = four + " happy happy", one = "happy";
  EXPECT_EQ(lengths(four, four, 3 + 5), (std::pair{2, 3}));
  EXPECT_EQ(lengths(six, four, 3 + 5), (std::pair{3, 2}));
  EXPECT_EQ(lengths(four, six, 3 + 5), (std::pair{2, 3}));
  EXPECT_EQ(lengths(one, six, 3 + 5), (std::pair{1, 4}));
  EXPECT_EQ(lengths(six, one, 3 + 5), (std::pair{4, 1}));
  EXPECT_EQ(lengths(six, one, 3), (std::pair{0, 0}));
  EXPECT_EQ(lengths(six, four, 0), (std::pair{6, 4}));
  EXPECT_NAMES(message_of([&] { lengths(one, one, 2); }), "leaves no room for the 3 special tokens");
}

TEST(Encode, NamesTheByteThatIsNotUtf8) {
  const auto tokenizer = from_json(small_wordpiece());
  for (const std::string bad : {"ok \xff", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf", "ab\x80"}) {
    EXPECT_THROW(tokenizer->encode(bad), DataError);
  }
  EXPECT_NAMES(message_of([&] { tokenizer->encode("ok \xff"); }), "byte 3 is 0xff");
  EXPECT_NAMES(message_of([&] { tokenizer->encode_words(std::vector<std::string>{"a", "b\x80"}); }), "word 1");
  EXPECT_EQ(tokenizer->encode("").ids, (Ids{1, 2}));
  EXPECT_EQ(tokenizer->encode_pair("", "").ids, (Ids{1, 2, 2}));
  EXPECT_EQ(tokenizer->encode_words({}).ids, (Ids{1, 2}));
}

// The fused paths and the plain path are two programs for one definition.
TEST(FastPath, GivesWhatThePlainPathGives) {
  for (const char* kind : {"wordpiece_uncased", "wordpiece_cased", "byte_level", "byte_level_holes", "unigram_json",
                           "unigram_albert_json"}) {
    const fs::path folder = kFixtures / kind;
    const auto fast = load_tokenizer(folder);
    auto parts = text::read_tokenizer_json(read_file(folder / "tokenizer.json"), "tokenizer.json");
    ASSERT_TRUE(parts->pipeline.fast) << kind;
    parts->pipeline.fast.reset();
    const Tokenizer plain(std::move(parts));
    RandomStream random(derive_seed(7, kind));
    for (int round = 0; round < 3000; ++round) {
      std::string line;
      const auto length = 1 + random.below(30);
      for (std::uint64_t i = 0; i < length; ++i) {
        const auto kind_of_char = random.below(10);
        char32_t c = static_cast<char32_t>(kind_of_char < 5   ? 0x20 + random.below(0x5F)
                                           : kind_of_char < 7 ? random.below(0x600)
                                           : kind_of_char < 9 ? random.below(0xD800)
                                                              : 0xE000 + random.below(0x110000 - 0xE000));
        text::append_utf8(line, c);
      }
      const Encoding a = fast->encode(line), b = plain.encode(line);
      ASSERT_EQ(a.ids, b.ids) << kind << " round " << round;
      ASSERT_EQ(a.offsets, b.offsets) << kind << " round " << round << " " << json(line).dump(-1, ' ', true);
      ASSERT_EQ(a.words, b.words) << kind << " round " << round;
    }
  }
}

TEST(Threads, ShareOneTokenizerAndManyTokenizersShareAThread) {
  const auto corpus = json::parse(read_file(kFixtures / "corpus.json")).get<std::vector<std::string>>();
  std::vector<std::shared_ptr<const Tokenizer>> tokenizers;
  for (const char* kind : {"byte_level", "byte_level_files", "wordpiece_uncased", "unigram_xlmr"}) {
    tokenizers.push_back(load_tokenizer(kFixtures / kind));
  }
  std::vector<std::vector<Ids>> expected(tokenizers.size());
  for (std::size_t t = 0; t < tokenizers.size(); ++t) {
    for (const auto& line : corpus) expected[t].push_back(tokenizers[t]->encode(line).ids);
  }
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([&] {
      for (std::size_t i = 0; i < corpus.size(); ++i) {
        for (std::size_t t = 0; t < tokenizers.size(); ++t)
          wrong += tokenizers[t]->encode(corpus[i]).ids != expected[t][i];
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
}

TEST(Folder, CarriesItsTokenizerUnchanged) {
  for (const char* kind : {"wordpiece_files", "byte_level_files", "unigram_albert", "wordpiece_cased"}) {
    const TemporaryFolder target;
    copy_tokenizer_files(kFixtures / kind, target.path() / "saved");
    const auto before = load_tokenizer(kFixtures / kind), after = load_tokenizer(target.path() / "saved");
    const std::string line = "Hello caf\u00e9 \U0001f600 1,000 [MASK] <mask>";
    EXPECT_EQ(before->encode(line).ids, after->encode(line).ids) << kind;
    EXPECT_FALSE(fs::exists(target.path() / "saved" / "golden.json"));
    for (const auto& entry : fs::directory_iterator(target.path() / "saved")) {
      EXPECT_EQ(read_file(entry.path()), read_file(kFixtures / kind / entry.path().filename()));
    }
  }
}

TEST(Folder, SaysWhatIsMissing) {
  const TemporaryFolder empty;
  EXPECT_THROW(load_tokenizer(empty.path() / "nowhere"), IoError);
  EXPECT_NAMES(message_of([&] { load_tokenizer(empty.path()); }), "no tokenizer here");
  EXPECT_THROW(copy_tokenizer_files(empty.path(), empty.path() / "x"), FormatError);
  empty.write("vocab.txt", "a\nb\n");
  EXPECT_NAMES(message_of([&] { load_tokenizer(empty.path()); }), "[UNK]");
  empty.write("vocab.txt", "\xff\n");
  EXPECT_NAMES(message_of([&] { load_tokenizer(empty.path()); }), "vocab.txt:1:1: not UTF-8");
}

TEST(Folder, FindsSpecialIds) {
  const auto bert = load_tokenizer(kFixtures / "wordpiece_files");
  EXPECT_EQ(bert->special_ids().cls, bert->id("[CLS]"));
  EXPECT_EQ(bert->special_ids().pad, bert->id("[PAD]"));
  EXPECT_EQ(bert->special_ids().mask, bert->id("[MASK]"));
  const auto xlmr = load_tokenizer(kFixtures / "unigram_xlmr");
  EXPECT_EQ(xlmr->special_ids().cls, 0);
  EXPECT_EQ(xlmr->special_ids().pad, 1);
  EXPECT_EQ(xlmr->special_ids().sep, 2);
  EXPECT_EQ(xlmr->special_ids().unk, 3);
  EXPECT_EQ(xlmr->special_ids().mask, static_cast<std::int32_t>(xlmr->vocab_size()) - 1);
  EXPECT_EQ(xlmr->encode_pair("a", "b", {.add_special_tokens = true}).ids[0], 0);
  EXPECT_EQ(xlmr->special_token_count(true), 4u);
  const auto deberta = load_tokenizer(kFixtures / "bpe_deberta");
  EXPECT_EQ(deberta->special_ids().cls, 1);
  EXPECT_EQ(deberta->special_ids().unk, 3);
}

TEST(BrokenFile, NamesFileAndField) {
  const auto complaint = [](const json& document) { return message_of([&] { from_json(document); }); };
  json document = small_wordpiece();
  document["model"]["type"] = "WordPeace";
  EXPECT_NAMES(complaint(document),
               "tokenizer.json#/model/type: model \"WordPeace\" is not supported; did you mean \"WordPiece\"?");
  document = small_wordpiece();
  document["model"]["vocab"]["x"] = "7";
  EXPECT_NAMES(complaint(document), "tokenizer.json#/model/vocab/x: found the string \"7\"; must be a token id");
  document["model"]["vocab"]["x"] = -1;
  EXPECT_NAMES(complaint(document), "tokenizer.json#/model/vocab/x: found the number -1; must be a token id");
  document["model"]["vocab"]["x"] = std::int64_t{1} << 40;
  EXPECT_NAMES(complaint(document), "must be a token id, from 0 to 4194303");
  document = small_wordpiece();
  document["normalizer"]["type"] = "Bert";
  EXPECT_NAMES(complaint(document), "tokenizer.json#/normalizer/type");
  document = small_wordpiece();
  document["post_processor"]["cls"] = {"[CLS]"};
  EXPECT_NAMES(complaint(document), "tokenizer.json#/post_processor/cls");
  document = small_wordpiece();
  document["model"]["unk_token"] = "nope";
  EXPECT_NAMES(complaint(document), "tokenizer.json#/model/unk_token");
  document = small_wordpiece();
  document["added_tokens"][0]["content"] = 3;
  EXPECT_NAMES(complaint(document), "tokenizer.json#/added_tokens/0/content");
  EXPECT_NAMES(complaint(json(3)), "tokenizer.json: found the number 3; must be an object");
  EXPECT_NAMES(message_of([] { text::read_tokenizer_json("{\"model\": ", "t.json"); }),
               "t.json:1:11: not valid JSON: ");
}

TEST(BrokenFile, EveryTruncationIsAnError) {
  for (const char* kind : {"wordpiece_uncased", "byte_level_holes", "unigram_json"}) {
    const std::string whole = read_file(kFixtures / kind / "tokenizer.json");
    for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 97) {
      EXPECT_THROW(text::read_tokenizer_json(whole.substr(0, size), "t.json"), FormatError) << kind << " at " << size;
    }
  }
  const std::string model = read_file(kFixtures / "unigram_xlmr" / "sentencepiece.bpe.model");
  const TemporaryFolder folder;
  folder.write("tokenizer_config.json", R"({"tokenizer_class": "XLMRobertaTokenizer"})");
  for (std::size_t size = 0; size < 4000; size += 131) {
    folder.write("sentencepiece.bpe.model", model.substr(0, size));
    EXPECT_THROW(load_tokenizer(folder.path()), UserError) << size;
  }
}

// The library trusts the compiled map inside a model; a map that leads outside itself must not reach it.
TEST(BrokenFile, AWoundedSentencePieceModelIsAnErrorOrStillReads) {
  const std::string whole = read_file(kFixtures / "bpe_deberta" / "spm.model");
  text::SentencePieceModel sound(whole, {});
  RandomStream random(11);
  int refused = 0, read = 0;
  for (int round = 0; round < 200; ++round) {
    std::string wounded = whole;
    for (std::uint64_t i = 0; i <= random.below(20); ++i) {
      wounded[random.below(wounded.size())] = static_cast<char>(random.below(256));
    }
    try {
      const text::SentencePieceModel model(wounded, {});
      for (const char* line : {"Hello w\u00f6rld \u4f60\u597d", "\uff21\u3000\u2460 \u00bd\u0301", ""}) {
        text::TokenList out;
        model.tokenize(text::AlignedText(line, 0), out);
      }
      ++read;
    } catch (const FormatError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_EQ(refused + read, 200);
}

TEST(BrokenFile, DeepAndWideNestingNeverCrashes) {
  const std::string deep(200000, '[');
  EXPECT_THROW(text::read_tokenizer_json(deep, "t.json"), FormatError);
  EXPECT_THROW(text::read_tokenizer_json(deep + std::string(200000, ']'), "t.json"), FormatError);
  const auto complaint = [](int depth) {
    json normalizer = {{"type", "Lowercase"}};
    for (int i = 0; i < depth; ++i) normalizer = {{"type", "Sequence"}, {"normalizers", json::array({normalizer})}};
    json document = small_wordpiece();
    document["normalizer"] = normalizer;
    return message_of([&] { from_json(document); });
  };
  EXPECT_NAMES(complaint(50), "nested too deep");
  EXPECT_NAMES(complaint(300), "nested deeper than 200");
}

TEST(Unicode, ClassesAsThePeerHasThem) {
  using namespace text;
  EXPECT_EQ(char_class(U'a'), kClassLetter);
  EXPECT_EQ(char_class(U' '), kClassSpace);
  EXPECT_EQ(char_class(U'\t'), kClassSpace);
  EXPECT_TRUE(char_class(0x85) & kClassSpace && char_class(0x85) & kClassDropped);
  EXPECT_TRUE(char_class(U'$') & kClassPunctuation);
  EXPECT_FALSE(char_class(0x20AC) & kClassPunctuation);  // the euro sign is a symbol
  EXPECT_TRUE(char_class(0xFFFD) & kClassDropped);
  EXPECT_TRUE(char_class(0x10FFFD) & kClassDropped);
  EXPECT_TRUE(char_class(0x4E00) & kClassChinese);
  EXPECT_FALSE(char_class(0x898) & kClassNonspacingMark);  // newer than the peer's table
  EXPECT_TRUE(char_class(0xA7CB) & kClassLetter);          // newer than utf8proc's
  char32_t lowered[4];
  EXPECT_EQ(lower_case(0x130, lowered), 2);
  EXPECT_EQ(lowered[1], char32_t{0x307});
}

}  // namespace
}  // namespace infomtl
