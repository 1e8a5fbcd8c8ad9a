// Folders whose files disagree: which class a tokenizer is of, what that class overrules, and what is refused by name.

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "infomtl/core/errors.h"
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
using Ids = std::vector<std::int32_t>;

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

// Ids by AutoTokenizer of transformers 4.57.1 and 5.24.0, but for the folder without a class or model type, which those
// refuse.
TEST(TokenizerClass, HasDefaultsThatOverruleTooWhetherItIsNamedOrTheModelsOwn) {
  json document = lower_casing_wordpiece();
  document["normalizer"]["lowercase"] = false;
  const auto ids = [&](const char* config, const char* model) {
    const TemporaryFolder folder;
    folder.write("tokenizer.json", document.dump());
    if (config != nullptr) folder.write("tokenizer_config.json", config);
    folder.write("config.json", model);
    return load_tokenizer(folder.path())->encode("Happy", {.add_special_tokens = false}).ids;
  };
  EXPECT_EQ(ids(R"({"tokenizer_class": "BertTokenizer"})", "{}"), Ids{7});
  for (const char* model : {"bert", "distilbert", "electra", "mpnet"}) {
    const std::string type = R"({"model_type": ")" + std::string(model) + R"("})";
    EXPECT_EQ(ids("{}", type.c_str()), Ids{7}) << model;
    EXPECT_EQ(ids(nullptr, type.c_str()), Ids{7}) << model;
  }
  EXPECT_EQ(ids(R"({"do_lower_case": false})", R"({"model_type": "bert"})"), Ids{0});
  EXPECT_EQ(ids(nullptr, "{}"), Ids{0});
}

TEST(TokenizerFolder, WaysToReadTextsThatAreNotImplementedAreRefused) {
  const auto load = [](const json& config, const char* direction) {
    json document = lower_casing_wordpiece();
    document["truncation"] = {{"direction", direction}, {"max_length", 4}, {"strategy", "LongestFirst"}, {"stride", 0}};
    const TemporaryFolder folder;
    folder.write("tokenizer.json", document.dump());
    folder.write("tokenizer_config.json", config.dump());
    load_tokenizer(folder.path());
  };
  const auto message = [&](const json& config, const char* direction) {
    return message_of<UserError>([&] { load(config, direction); });
  };
  const json none = json::object();
  EXPECT_NAMES(message({{"truncation_side", "left"}}, "Right"), "tokenizer_config.json#/truncation_side: \"left\"");
  EXPECT_NAMES(message(none, "Left"), "tokenizer.json#/truncation/direction: \"Left\"");
  EXPECT_NAMES(message({{"split_special_tokens", true}}, "Right"), "tokenizer_config.json#/split_special_tokens: true");
  EXPECT_NO_THROW(load({{"truncation_side", "right"}, {"split_special_tokens", false}}, "Left"));
  EXPECT_NO_THROW(load(none, "Right"));
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
  const fs::path fixture = testing::tokenizer_fixture("byte_level");
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

// Ids by AutoTokenizer of transformers 4.57.6, and 5.24.0 but for the last but one, which that refuses.
TEST(TokenizerFolder, TokensThatTheSideFilesListAreFoundInTexts) {
  const std::vector<std::string> tokens = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the",
                                           "dog",   "[e1]",  "cold",  "##er",  "red"};
  std::string lines;
  json document = lower_casing_wordpiece();
  json& vocabulary = document["model"]["vocab"] = json::object();
  for (const std::string& token : tokens) {
    vocabulary[token] = vocabulary.size();
    lines += token + "\n";
  }
  document["post_processor"]["cls"][1] = 2;
  document["post_processor"]["sep"][1] = 3;
  struct Case {
    bool whole_file;  ///< tokenizer.json instead of vocab.txt
    const char *config, *map, *added;
    Ids ids;
  };
  const Ids plain = {2, 5, 1, 1, 1, 6, 1, 1, 1, 1, 1, 1, 8, 9, 10, 5, 1, 1, 1, 6, 3};
  const Ids marked = {2, 5, 7, 6, 1, 1, 1, 1, 1, 1, 8, 9, 10, 5, 1, 1, 1, 6, 3};
  const Ids fresh = {2, 5, 1, 1, 1, 6, 11, 1, 1, 1, 8, 9, 10, 5, 11, 6, 3};
  const Ids both = {2, 5, 7, 6, 11, 1, 1, 1, 8, 9, 10, 5, 11, 6, 3};
  const std::vector<Case> cases = {
      {false,
       R"(, "additional_special_tokens": ["[e1]", "<E2>"])",
       "",
       "",
       {2, 5, 7, 6, 1, 1, 1, 11, 8, 9, 10, 5, 1, 1, 1, 6, 3}},
      {false, R"(, "additional_special_tokens": [{"content": "[e1]", "lstrip": false}])", "", "", marked},
      {false, "", R"({"additional_special_tokens": ["[e1]"], "bos_token": "<e2>"})", "", both},
      {false, R"(, "extra_special_tokens": {"mark": "[e1]"})", "", "", marked},
      {false, R"(, "eos_token": "<e2>")", "", R"({"red": 20})", fresh},
      // A config that lists its tokens leaves the two other files unread.
      {false, R"(, "added_tokens_decoder": {"7": {"content": "[e1]", "special": true}})",
       R"({"additional_special_tokens": ["<e2>"], "sep_token": "red"})", R"({"<E2>": 11})", marked},
      {false,
       R"(, "added_tokens_decoder": {"7": {"content": "[e1]", "special": true}}, "additional_special_tokens": ["<e2>"])",
       "", "", both},
      {true,
       R"(, "additional_special_tokens": ["<e2>", "cold"])",
       "",
       "",
       {2, 5, 1, 1, 1, 6, 11, 1, 1, 1, 8, 1, 10, 5, 11, 6, 3}},
      {true, "", R"({"additional_special_tokens": ["[e1]"]})", "", marked},
      {true, "", "", R"({"<e2>": 11})", {2, 5, 1, 1, 1, 6, 11, 11, 8, 9, 10, 5, 11, 6, 3}},
      {true, R"(, "added_tokens_decoder": {"70": {"content": "<e2>", "special": true}})", "", "", fresh},
      {true,
       R"(, "added_tokens_decoder": {"11": {"content": "Dog <e2>", "special": false, "normalized": true}})",
       "",
       "",
       {2, 5, 1, 1, 1, 11, 1, 1, 1, 8, 9, 10, 5, 1, 1, 1, 6, 3}},
      {true, R"(, "unk_token": "<e2>", "mask_token": "red")", "", "", fresh},
      {true, R"(, "additional_special_tokens": null)", "", "", plain}};
  for (const Case& one : cases) {
    const TemporaryFolder folder;
    folder.write(one.whole_file ? "tokenizer.json" : "vocab.txt", one.whole_file ? document.dump() : lines);
    folder.write("tokenizer_config.json", R"({"tokenizer_class": "BertTokenizer")" + std::string(one.config) + "}");
    if (*one.map != '\0') folder.write("special_tokens_map.json", one.map);
    if (*one.added != '\0') folder.write("added_tokens.json", one.added);
    EXPECT_EQ(load_tokenizer(folder.path())->encode("the [e1] dog <e2> <E2> colder red the<e2>dog").ids, one.ids)
        << one.config << one.map << one.added;
  }
}

// Ids by transformers 4.57.6 and 5.24.0: of tokens that both files list, tokenizer_config.json's flags count.
TEST(TokenizerFolder, ListedFlagsOverruleTokenizerJson) {
  const fs::path fixture = testing::tokenizer_fixture("byte_level");
  const auto ids = [&](const std::string& config) {
    const TemporaryFolder folder;
    fs::copy_file(fixture / "tokenizer.json", folder / "tokenizer.json");
    folder.write("tokenizer_config.json", R"({"tokenizer_class": "RobertaTokenizer")" + config + "}");
    return load_tokenizer(folder.path())->encode("a <mask> b").ids;
  };
  EXPECT_EQ(ids(""), (Ids{0, 69, 4, 279, 2}));
  EXPECT_EQ(ids(R"(, "mask_token": {"content": "<mask>", "lstrip": false})"), (Ids{0, 69, 4, 279, 2}));
  EXPECT_EQ(ids(R"(, "added_tokens_decoder": {"4": {"content": "<mask>", "special": true, "lstrip": false}})"),
            (Ids{0, 69, 225, 4, 279, 2}));
}

// Ids by transformers 4.57.6.
TEST(TokenizerFolder, MPNetHasSpecialTokensOfItsOwn) {
  const TemporaryFolder folder;
  folder.write("vocab.txt", "<s>\n<pad>\n</s>\n<unk>\n[UNK]\n<mask>\nthe\ndog\n");
  folder.write("config.json", R"({"model_type": "mpnet"})");
  const Encoding pair = load_tokenizer(folder.path())->encode_pair("the <mask> dog", "the dog");
  EXPECT_EQ(pair.ids, (Ids{0, 6, 5, 7, 2, 2, 6, 7, 2}));
  EXPECT_EQ(pair.offsets[2], (std::pair<std::uint32_t, std::uint32_t>{3, 10}));  // the mask takes the blank before it
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

TEST(TokenizerFolder, EmptyTokensAndFoldersInPlaceOfFilesAreRefused) {
  const TemporaryFolder folder;
  const auto message = [&](const json& document) {
    folder.write("tokenizer.json", document.dump());
    return message_of<UserError>([&] { load_tokenizer(folder.path()); });
  };
  json document = lower_casing_wordpiece();
  document["added_tokens"] = json::array({{{"id", 9}, {"content", ""}, {"special", true}}});
  EXPECT_NAMES(message(document), "tokenizer.json#/added_tokens/0/content: must not be empty");
  document = lower_casing_wordpiece();
  document["normalizer"] = {{"type", "Replace"}, {"pattern", {{"String", ""}}}, {"content", "x"}};
  EXPECT_NAMES(message(document), "tokenizer.json#/normalizer/pattern/String: must not be empty");
  fs::create_directory(folder / "special_tokens_map.json");
  EXPECT_NAMES(message(lower_casing_wordpiece()), "special_tokens_map.json: ");
}

TEST(TokenizerClass, ReadsItsOwnFileWhereSeveralLieInTheFolder) {
  const TemporaryFolder folder;
  folder.write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\n");
  folder.write("tokenizer_config.json", R"({"tokenizer_class": "BertTokenizer"})");
  fs::copy_file(testing::tokenizer_fixture("bpe_deberta") / "spm.model", folder / "spm.model");
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
