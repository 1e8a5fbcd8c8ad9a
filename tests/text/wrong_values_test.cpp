// JSON files of a tokenizer whose values are of the wrong type, out of range or written twice: each is an error that names
// file and place in plain words, or changes nothing that is read.

#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/text/tokenizer.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"
#include "text/messages.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::message_of;
using testing::TemporaryFolder;
using testing::tokenizer_fixture;

/// Places of a value and below it; of long lists and objects the first few.
void places(const json& value, const json::json_pointer& here, std::vector<json::json_pointer>& found) {
  constexpr int kMost = 6;
  found.push_back(here);
  int count = 0;
  if (value.is_object()) {
    for (const auto& [key, below] : value.items()) {
      if (++count > kMost) break;
      places(below, here / key, found);
    }
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size() && ++count <= kMost; ++i) places(value[i], here / i, found);
  }
}

const std::vector<json>& wrong_values() {
  static const std::vector<json> values = {nullptr,
                                           true,
                                           7,
                                           -1,
                                           1e300,
                                           std::numeric_limits<std::uint64_t>::max(),
                                           "x",
                                           "",
                                           json::array(),
                                           json::array({1, "a"}),
                                           json::object(),
                                           json{{"type", 3}},
                                           json{{"content", 3}}};
  return values;
}

/// Puts every wrong value at every place of the file, and reads the folder.
void expect_plain_words(const fs::path& folder, const std::string& name) {
  const json whole = json::parse(read_file(folder / name));
  std::vector<json::json_pointer> found;
  places(whole, json::json_pointer(), found);
  int refused = 0;
  for (const json::json_pointer& place : found) {
    for (const json& value : wrong_values()) {
      json wrong = whole;
      wrong[place] = value;
      write_file_atomically(folder / name, wrong.dump());
      const std::string what = name + "#" + place.to_string() + " = " + value.dump();
      try {
        load_tokenizer(folder)->encode("Hello w\u00f6rld, don't [MASK] <mask> 1,000");
      } catch (const UserError& error) {
        const std::string words = error.what();
        ++refused;
        EXPECT_EQ(words.find("json.exception"), std::string::npos) << what << ": " << words;
        EXPECT_EQ(words.find(folder.string()), 0U) << what << ": " << words;
        EXPECT_LT(words.size(), 600U) << what;
      } catch (const std::exception& error) {
        ADD_FAILURE() << what << ": " << error.what();
      }
    }
  }
  EXPECT_GT(refused, 10);
  write_file_atomically(folder / name, whole.dump());
}

class WrongTokenizerJson : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Tokenizers, WrongTokenizerJson,
                         ::testing::Values("wordpiece_cased", "added_tokens", "byte_level", "byte_level_holes",
                                           "unigram_json", "unigram_albert_json"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(WrongTokenizerJson, IsToldInPlainWords) {
  const TemporaryFolder folder;
  fs::copy_file(tokenizer_fixture(GetParam()) / "tokenizer.json", folder / "tokenizer.json");
  ::testing::internal::CaptureStderr();  // warnings of ids that are not the tokens'
  expect_plain_words(folder.path(), "tokenizer.json");
  const std::string warnings = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(warnings.find("json.exception"), std::string::npos);
}

TEST(WrongValues, OfTheFilesBesideTheVocabularyAreToldInPlainWords) {
  const TemporaryFolder folder;
  folder.write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nhello\n##ld\n");
  folder.write("tokenizer_config.json",
               R"({"tokenizer_class": "BertTokenizer", "do_lower_case": true, "strip_accents": null,
                   "tokenize_chinese_chars": true, "mask_token": {"content": "[MASK]", "lstrip": true},
                   "additional_special_tokens": ["<e1>", {"content": "<e2>"}], "extra_special_tokens": {"one": "<e3>"}})");
  folder.write("special_tokens_map.json", R"({"cls_token": "[CLS]", "sep_token": {"content": "[SEP]"}})");
  folder.write("added_tokens.json", R"({"<e1>": 8, "<e2>": 9})");
  folder.write("config.json", R"({"model_type": "bert", "vocab_size": 11})");
  ::testing::internal::CaptureStderr();
  for (const char* name : {"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "config.json"}) {
    expect_plain_words(folder.path(), name);
  }
  folder.write("tokenizer_config.json", R"({"added_tokens_decoder": {"4": {"content": "[MASK]", "special": true}}})");
  expect_plain_words(folder.path(), "tokenizer_config.json");
  ::testing::internal::GetCapturedStderr();
}

TEST(WrongValues, OfVocabJsonAreToldInPlainWords) {
  const TemporaryFolder folder;
  for (const char* name : {"vocab.json", "merges.txt", "tokenizer_config.json"}) {
    fs::copy_file(tokenizer_fixture("byte_level_files") / name, folder / name);
  }
  ::testing::internal::CaptureStderr();
  expect_plain_words(folder.path(), "vocab.json");
  ::testing::internal::GetCapturedStderr();
}

/// What is said of a small tokenizer.json in which `place` is `value`.
std::string words_of(const std::string& place, const json& value) {
  json document = {{"added_tokens", json::array({json{{"id", 1}, {"content", "[CLS]"}}})},
                   {"post_processor", {{"type", "BertProcessing"}, {"cls", {"[CLS]", 1}}, {"sep", {"[SEP]", 2}}}},
                   {"model",
                    {{"type", "WordPiece"},
                     {"unk_token", "[UNK]"},
                     {"vocab", {{"[UNK]", 0}, {"[CLS]", 1}, {"[SEP]", 2}, {"a", 3}}}}}};
  document[json::json_pointer(place)] = value;
  const TemporaryFolder folder;
  folder.write("tokenizer.json", document.dump());
  const std::string words = message_of<FormatError>([&] { load_tokenizer(folder.path()); });
  const std::string file = (folder / "tokenizer.json").string();
  EXPECT_EQ(words.find(file + "#"), 0U) << words;
  return words.substr(std::min(words.size(), file.size()));
}

TEST(WrongValues, SayWhatWasFoundAndWhatMustBe) {
  EXPECT_EQ(words_of("/model/unk_token", 3), "#/model/unk_token: found the number 3; must be a string");
  EXPECT_EQ(words_of("/model/vocab", json::array()), "#/model/vocab: found an array; must be an object");
  EXPECT_EQ(words_of("/added_tokens", json::object()), "#/added_tokens: found an object; must be an array");
  EXPECT_EQ(words_of("/added_tokens/0/content", nullptr), "#/added_tokens/0/content: found null; must be a string");
  EXPECT_EQ(words_of("/added_tokens/0", json{{"id", 1}}), "#/added_tokens/0/content: missing; must be a string");
  EXPECT_EQ(words_of("/added_tokens/0/special", "yes"),
            "#/added_tokens/0/special: found the string \"yes\"; must be true or false");
  EXPECT_EQ(words_of("/post_processor/cls", json::array()),
            "#/post_processor/cls: has 0 elements; must have more than 1");
}

TEST(WrongValues, IdsAreChecked) {
  const std::string range = "; must be a token id, from 0 to 4194303";
  EXPECT_EQ(words_of("/model/vocab/a", -3), "#/model/vocab/a: found the number -3" + range);
  EXPECT_EQ(words_of("/model/vocab/a", 3.0), "#/model/vocab/a: found the number 3.0" + range);
  EXPECT_EQ(words_of("/model/vocab/a", 4194304), "#/model/vocab/a: found the number 4194304" + range);
  EXPECT_NAMES(words_of("/model/vocab/a", 2), "the id 2 is also that of \"");
  EXPECT_EQ(words_of("/post_processor/sep/1", 9), "#/post_processor/sep/1: no token of the vocabulary has the id 9");
  EXPECT_EQ(words_of("/added_tokens/0/id", "1"), "#/added_tokens/0/id: found the string \"1\"" + range);
  const TemporaryFolder folder;
  folder.write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\n");
  for (const char* key : {"x", "-1", "", "3a", "99999999999999999999"}) {
    folder.write("tokenizer_config.json", json{{"added_tokens_decoder", {{key, {{"content", "[e]"}}}}}}.dump());
    EXPECT_NAMES(message_of<FormatError>([&] { load_tokenizer(folder.path()); }),
                 "tokenizer_config.json#/added_tokens_decoder/" + std::string(key) + ": its key must be a token id");
  }
}

TEST(WrongValues, ListedIdsThatAreNotTheTokensAreTold) {
  const TemporaryFolder folder;
  folder.write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\n");
  folder.write("tokenizer_config.json",
               R"({"added_tokens_decoder": {"1": {"content": "[CLS]"}, "30": {"content": "[e]"}}})");
  ::testing::internal::CaptureStderr();
  const auto tokenizer = load_tokenizer(folder.path());
  const std::string warning = ::testing::internal::GetCapturedStderr();
  EXPECT_NAMES(warning, "the added token \"[e]\" is listed with the id 30, but the vocabulary gives it " +
                            std::to_string(tokenizer->id("[e]")) + "; are");
}

TEST(DoubledKeys, OfEveryFileAreRefusedWithTheirPlace) {
  const std::string small = R"({"model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "a": 1}}})";
  const std::vector<std::vector<std::string>> cases = {
      {"tokenizer.json", R"({"model": {"vocab": {"a": 0, "b": 1, "a": 2}}})", ":1:38: \"/model/vocab/a\""},
      {"tokenizer.json", R"({"model": {}, "model": {}})", ":1:15: \"/model\""},
      {"tokenizer_config.json", R"({"do_lower_case": true, "do_lower_case": false})", ":1:25: \"/do_lower_case\""},
      {"special_tokens_map.json", R"({"cls_token": {"content": "a", "content": "b"}})",
       ":1:32: \"/cls_token/content\""},
      {"added_tokens.json", R"({"a/b": 1, "a/b": 2})", ":1:12: \"/a~1b\""},
      {"config.json", R"({"model_type": "bert", "model_type": "roberta"})", ":1:24: \"/model_type\""}};
  for (const auto& one : cases) {
    const TemporaryFolder folder;
    folder.write("tokenizer.json", small);
    folder.write(one[0], one[1]);
    EXPECT_EQ(message_of<FormatError>([&] { load_tokenizer(folder.path()); }),
              (folder / one[0]).string() + one[2] + " is written twice in one object; keep one of them");
  }
  const TemporaryFolder folder;
  folder.write("merges.txt", "a b\n");
  folder.write("vocab.json", R"({"a": 0, "b": 1, "ab": 2, "a": 3})");
  EXPECT_EQ(message_of<FormatError>([&] { load_tokenizer(folder.path()); }),
            (folder / "vocab.json").string() + ":1:27: \"/a\" is written twice in one object; keep one of them");
}

}  // namespace
}  // namespace infomtl
