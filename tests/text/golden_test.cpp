// Ids, offsets, types, words and decoded text against the peers. tests/fixtures/tokenizers was written by
// scripts/fixtures/tokenizer_fixtures.py (versions and seed in each golden.json).

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "infomtl/core/cache_folder.h"
#include "infomtl/core/files.h"
#include "infomtl/core/hash.h"
#include "infomtl/text/tokenizer.h"
#include "support/fixture_folder.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kFixtures = fs::path(infomtl::testing::fixture_folder()) / "tokenizers";

const std::vector<std::string>& corpus() {
  static const auto lines = json::parse(read_file(kFixtures / "corpus.json")).get<std::vector<std::string>>();
  return lines;
}

std::vector<std::uint32_t> flat(const Encoding& encoding) {
  std::vector<std::uint32_t> result;
  for (const auto& [begin, end] : encoding.offsets) result.push_back(begin), result.push_back(end);
  return result;
}

class Golden : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const fs::path folder = kFixtures / GetParam();
    golden_ = json::parse(read_file(folder / "golden.json"));
    tokenizer_ = load_tokenizer(folder);
  }

  // Where two orders of the same pieces score the same, rounding decides, and versions of the sentencepiece library
  // decide differently: such lines are compared by their pieces.
  void compare_tie(const Encoding& actual, const json& expected, const std::string& what) {
    auto found = actual.ids, wanted = expected["ids"].get<std::vector<std::int32_t>>();
    std::sort(found.begin(), found.end());
    std::sort(wanted.begin(), wanted.end());
    EXPECT_EQ(found, wanted) << GetParam() << " " << what;
  }

  // Adds what differs to `wrong`; the first few are spelled out.
  void compare(const Encoding& actual, const json& expected, const std::string& what) {
    const auto types = expected.value("types", std::vector<std::int32_t>(actual.ids.size(), 0));
    const json found{
        {"ids", actual.ids}, {"offsets", flat(actual)}, {"words", actual.words}, {"types", actual.type_ids}};
    std::string difference;
    for (const char* key : {"ids", "offsets", "words"}) {
      if (expected.contains(key) && found[key] != expected[key]) {
        difference += std::string("\n  ") + key + " " + found[key].dump() + "\n  but " + expected[key].dump();
      }
    }
    if (types != actual.type_ids) difference += "\n  types " + found["types"].dump() + "\n  but " + json(types).dump();
    ++compared_;
    if (difference.empty()) return;
    if (++wrong_ <= 3) ADD_FAILURE() << GetParam() << " " << what << difference;
  }

  void finish() {
    EXPECT_EQ(wrong_, 0) << "of " << compared_ << " in " << GetParam();
    EXPECT_GT(compared_, 0);
  }

  json golden_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  int compared_ = 0, wrong_ = 0;
};

TEST_P(Golden, EveryLineOfTheUglyCorpus) {
  ASSERT_GE(corpus().size(), 300u);
  ASSERT_EQ(golden_["single"].size(), corpus().size());
  int ties = 0;
  for (std::size_t i = 0; i < corpus().size(); ++i) {
    const std::string what = "line " + std::to_string(i) + " " + json(corpus()[i]).dump(-1, ' ', true);
    const json& expected = golden_["single"][i];
    const bool tie = expected.value("tie", false);
    ties += tie;
    tie ? compare_tie(tokenizer_->encode(corpus()[i]), expected, what)
        : compare(tokenizer_->encode(corpus()[i]), expected, what);
  }
  EXPECT_LE(ties, 8);
  finish();
}

TEST_P(Golden, PairsCutToALength) {
  if (!golden_.contains("pairs")) GTEST_SKIP() << "the peer of this kind has no pairs";
  for (const json& entry : golden_["pairs"]) {
    const auto& first = corpus()[entry["first"].get<std::size_t>()];
    const auto& second = corpus()[entry["second"].get<std::size_t>()];
    const auto limit = entry["max_length"].get<std::size_t>();
    const Encoding encoding = tokenizer_->encode_pair(first, second, {.max_length = limit});
    compare(encoding, entry,
            "pair " + entry["first"].dump() + ", " + entry["second"].dump() + " to " + std::to_string(limit));
    const Encoding whole = tokenizer_->encode_pair(first, second);
    EXPECT_EQ(encoding.truncated, whole.size() > encoding.size());
    EXPECT_LE(encoding.size(), limit > 0 ? limit : encoding.size());
  }
  finish();
}

TEST_P(Golden, ListsOfWords) {
  if (!golden_.contains("words")) GTEST_SKIP() << "the peer of this kind has no word lists";
  for (const json& entry : golden_["words"]) {
    compare(tokenizer_->encode_words(entry["list"].get<std::vector<std::string>>()), entry,
            "words " + entry["list"].dump(-1, ' ', true));
  }
  finish();
}

TEST_P(Golden, DecodesAsThePeer) {
  if (!golden_.contains("decoded")) GTEST_SKIP() << "the peer of this kind has no decoded text";
  for (std::size_t i = 0; i < corpus().size(); ++i) {
    const auto ids = golden_["single"][i]["ids"].get<std::vector<std::int32_t>>();
    EXPECT_EQ(tokenizer_->decode(ids), golden_["decoded"][i].get<std::string>()) << GetParam() << " line " << i;
  }
}

TEST_P(Golden, OffsetsLieInTheTextAndTheCallsAgree) {
  Encoding again;
  for (const std::string& line : corpus()) {
    const Encoding encoding = tokenizer_->encode(line);
    tokenizer_->encode(line, {}, again);
    EXPECT_EQ(encoding.ids, again.ids);
    EXPECT_EQ(encoding.offsets, again.offsets);
    const Encoding bare = tokenizer_->encode(line, {.add_special_tokens = false});
    ASSERT_EQ(bare.size() + tokenizer_->special_token_count(false), encoding.size());
    for (std::size_t i = 0; i < encoding.size(); ++i) {
      ASSERT_LE(encoding.offsets[i].first, encoding.offsets[i].second);
      ASSERT_LE(encoding.offsets[i].second, line.size());
      ASSERT_GE(encoding.ids[i], 0);
      ASSERT_LT(static_cast<std::size_t>(encoding.ids[i]), tokenizer_->id_limit());
      EXPECT_EQ(tokenizer_->id(tokenizer_->token(encoding.ids[i])), encoding.ids[i]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, Golden,
                         ::testing::Values("wordpiece_uncased", "wordpiece_cased", "wordpiece_files", "added_tokens",
                                           "byte_level", "byte_level_files", "byte_level_nfc", "byte_level_holes",
                                           "unigram_json", "unigram_albert_json", "unigram_xlmr", "unigram_albert",
                                           "bpe_deberta"),
                         [](const auto& test) { return std::string(test.param); });

fs::path environment_or(const char* name, const fs::path& fallback) {
  const char* value = std::getenv(name);
  return value && *value ? fs::path(value) : fallback;
}

// The first file that is not the pinned TweetEval's, "" when all are: no line may be lost then.
std::string other_file(const fs::path& data) {
  std::ifstream sums(fs::path(INFOMTL_SOURCE_DIR) / "scripts" / "tweeteval.sha256");
  std::string sum, name;
  std::size_t files = 0;
  for (; sums >> sum >> name; ++files) {
    if (!fs::exists(data / name) || sha256_of_file(data / name) != sum) return name;
  }
  return files == 0 ? "scripts/tweeteval.sha256" : "";
}

TEST(TweetEval, EveryLineUnderMiniLmHasThePeersIdsAndOffsets) {
  const fs::path model = environment_or("INFOMTL_MODEL", cache_folder() / "models" / "all-MiniLM-L6-v2");
  const fs::path data =
      environment_or("INFOMTL_DATA", fs::path(INFOMTL_SOURCE_DIR).parent_path() / "shared" / "data") / "tweeteval";
  if (!fs::exists(model / "tokenizer.json")) GTEST_SKIP() << "no MiniLM model (scripts/setup.sh fetches it)";
  if (!fs::exists(data)) GTEST_SKIP() << "no TweetEval data (set INFOMTL_DATA)";
  const json fixture = json::parse(read_file(kFixtures / "tweeteval_minilm.json"));
  std::vector<std::pair<std::string, fs::path>> files;
  for (const auto& entry : fs::recursive_directory_iterator(data)) {
    if (entry.path().filename().string().ends_with("_text.txt")) {
      files.emplace_back(fs::relative(entry.path(), data).generic_string(), entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  const auto tokenizer = load_tokenizer(model);
  std::string bytes;
  std::size_t lines = 0, tokens = 0;
  const auto append = [&](std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8)
      bytes.push_back(static_cast<char>(static_cast<unsigned char>(value >> shift)));
  };
  Encoding encoding;
  for (const auto& [name, path] : files) {
    const std::string content = read_file(path);
    for (std::size_t begin = 0; begin < content.size(); ++lines) {
      const std::size_t end = std::min(content.find('\n', begin), content.size());
      tokenizer->encode(std::string_view(content).substr(begin, end - begin), {}, encoding);
      for (const std::int32_t id : encoding.ids) append(static_cast<std::uint32_t>(id));
      for (const std::uint32_t offset : flat(encoding)) append(offset);
      tokens += encoding.size();
      begin = end + 1;
    }
  }
  if (lines != fixture["lines"].get<std::size_t>()) {
    const std::string other = other_file(data);
    if (!other.empty()) GTEST_SKIP() << "another TweetEval: " << other << " is not the pinned one";
    FAIL() << lines << " lines read of the pinned TweetEval, which has " << fixture["lines"];
  }
  EXPECT_EQ(tokens, fixture["tokens"].get<std::size_t>());
  EXPECT_EQ(sha256_of_text(bytes), fixture["sha256"].get<std::string>());
}

}  // namespace
}  // namespace infomtl
