// Folders whose files disagree: which class a tokenizer is of, what that class overrules, and what is refused by name.

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/text/tokenizer.h"
#include "support/fixture_folder.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::message_of;
using testing::TemporaryFolder;
using Ids = std::vector<std::int32_t>;

#define EXPECT_NAMES(message, part) EXPECT_NE((message).find(part), std::string::npos) << (message)

json lower_casing_wordpiece() {
  return {{"added_tokens", json::array()},
          {"normalizer", {{"type", "BertNormalizer"}, {"lowercase", true}, {"strip_accents", nullptr}}},
          {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
          {"post_processor", {{"type", "BertProcessing"}, {"cls", {"[CLS]", 1}}, {"sep", {"[SEP]", 2}}}},
          {"decoder", {{"type", "WordPiece"}}},
          {"model",
           {{"type", "WordPiece"},
            {"unk_token", "[UNK]"},
            {"vocab", {{"[UNK]", 0}, {"[CLS]", 1}, {"[SEP]", 2}, {"happy", 7}, {"cafe", 8}}}}}};
}

// What BertTokenizerFast makes of a tokenizer.json and a tokenizer_config.json that disagree (transformers 4).
TEST(TokenizerClass, SettingsOverruleTokenizerJsonAsTheClassDoes) {
  const auto ids = [](const std::string& config) {
    const TemporaryFolder folder;
    folder.write("tokenizer.json", lower_casing_wordpiece().dump());
    folder.write("tokenizer_config.json", config);
    return load_tokenizer(folder.path())->encode("Happy happy", {.add_special_tokens = false}).ids;
  };
  const Ids lowered = {7, 7}, as_written = {0, 7};
  EXPECT_EQ(ids(R"({"tokenizer_class": "BertTokenizer", "do_lower_case": false})"), as_written);
  EXPECT_EQ(ids(R"({"tokenizer_class": "BertTokenizerFast", "do_lower_case": false})"), as_written);
  EXPECT_EQ(ids(R"({"tokenizer_class": "DistilBertTokenizer", "do_lower_case": false})"), as_written);
  EXPECT_EQ(ids(R"({"tokenizer_class": "BertTokenizer", "do_lower_case": true})"), lowered);
  EXPECT_EQ(ids(R"({"tokenizer_class": "BertTokenizer"})"), lowered);
  // This class takes the file as it is.
  EXPECT_EQ(ids(R"({"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": false})"), lowered);
  EXPECT_EQ(ids("{}"), lowered);
}

TEST(TokenizerClass, ThatIsNamedHasDefaultsThatOverruleToo) {
  json document = lower_casing_wordpiece();
  document["normalizer"]["lowercase"] = false;
  const auto ids = [&](const std::string& config) {
    const TemporaryFolder folder;
    folder.write("tokenizer.json", document.dump());
    folder.write("tokenizer_config.json", config);
    return load_tokenizer(folder.path())->encode("Happy", {.add_special_tokens = false}).ids;
  };
  EXPECT_EQ(ids(R"({"tokenizer_class": "BertTokenizer"})"), Ids{7});
  EXPECT_EQ(ids("{}"), Ids{0});
}

TEST(TokenizerClass, AccentsGoWithCaseUnlessTheConfigSaysOtherwise) {
  const auto ids = [](const std::string& config) {
    const TemporaryFolder folder;
    folder.write("tokenizer.json", lower_casing_wordpiece().dump());
    folder.write("tokenizer_config.json", config);
    return load_tokenizer(folder.path())->encode("caf\u00e9", {.add_special_tokens = false}).ids;
  };
  EXPECT_EQ(ids(R"({"tokenizer_class": "BertTokenizer"})"), Ids{8});
  EXPECT_EQ(ids(R"({"tokenizer_class": "BertTokenizer", "do_lower_case": false})"), Ids{0});
  EXPECT_EQ(ids(R"({"tokenizer_class": "BertTokenizer", "do_lower_case": false, "strip_accents": true})"), Ids{8});
  EXPECT_EQ(ids(R"({"tokenizer_class": "BertTokenizer", "strip_accents": false})"), Ids{0});
}

// RobertaTokenizerFast puts the blank before the first word that its config asks for.
TEST(TokenizerClass, RobertasBlankBeforeTheFirstWordOverrulesToo) {
  const fs::path fixture = fs::path(infomtl::testing::fixture_folder()) / "tokenizers" / "byte_level";
  const auto plain = load_tokenizer(fixture);
  const auto ids = [&](const std::string& config) {
    const TemporaryFolder folder;
    fs::copy_file(fixture / "tokenizer.json", folder / "tokenizer.json");
    folder.write("tokenizer_config.json", config);
    return load_tokenizer(folder.path())->encode("the day").ids;
  };
  ASSERT_NE(plain->encode("the day").ids, plain->encode(" the day").ids);
  EXPECT_EQ(ids(R"({"tokenizer_class": "RobertaTokenizer", "add_prefix_space": true})"), plain->encode(" the day").ids);
  EXPECT_EQ(ids(R"({"tokenizer_class": "RobertaTokenizer"})"), plain->encode("the day").ids);
  EXPECT_EQ(ids(R"({"tokenizer_class": "PreTrainedTokenizerFast", "add_prefix_space": true})"),
            plain->encode("the day").ids);
}

TEST(TokenizerClass, ThatIsNotImplementedIsRefusedWhateverLiesBesideIt) {
  for (const char* name : {"BertJapaneseTokenizer", "CamembertTokenizer", "T5TokenizerFast", "LlamaTokenizer"}) {
    for (const char* file : {"tokenizer.json", "vocab.txt"}) {
      const TemporaryFolder folder;
      folder.write(file,
                   file == std::string("vocab.txt") ? "[UNK]\n[CLS]\n[SEP]\na\n" : lower_casing_wordpiece().dump());
      folder.write("tokenizer_config.json", json({{"tokenizer_class", name}}).dump());
      const std::string words = message_of<UserError>([&] { load_tokenizer(folder.path()); });
      EXPECT_NAMES(words, "tokenizer_config.json#/tokenizer_class: \"" + std::string(name) + "\" is not implemented");
      EXPECT_NAMES(words, "XLMRobertaTokenizer");
    }
  }
}

TEST(TokenizerClass, ReadsItsOwnFileWhereSeveralLieInTheFolder) {
  const TemporaryFolder folder;
  folder.write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\n");
  folder.write("tokenizer_config.json", R"({"tokenizer_class": "BertTokenizer"})");
  fs::copy_file(fs::path(infomtl::testing::fixture_folder()) / "tokenizers" / "bpe_deberta" / "spm.model",
                folder / "spm.model");
  EXPECT_EQ(load_tokenizer(folder.path())->encode("a").ids, (Ids{1, 3, 2}));
  folder.write("tokenizer_config.json", R"({"tokenizer_class": "RobertaTokenizer"})");
  EXPECT_NAMES(message_of<UserError>([&] { load_tokenizer(folder.path()); }),
               "\"RobertaTokenizer\" does not read spm.model");
}

TEST(TokenizerFolder, LinksThatLeadNowhereAndGitLfsPointersAreNamed) {
  const TemporaryFolder folder;
  folder.write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\n");
  fs::create_symlink("../blobs/gone", folder / "tokenizer.json");
  EXPECT_NAMES(message_of<UserError>([&] { load_tokenizer(folder.path()); }),
               "is a link to ../blobs/gone, which is not there");
  fs::remove(folder / "tokenizer.json");
  folder.write("tokenizer.json", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
  EXPECT_NAMES(message_of<UserError>([&] { load_tokenizer(folder.path()); }), "tokenizer.json: is a Git LFS pointer");
}

}  // namespace
}  // namespace infomtl
