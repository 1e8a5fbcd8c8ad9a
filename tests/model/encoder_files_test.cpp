// Encoder folders: writing back, half precision, and what broken folders say.

#include <ATen/ATen.h>

#include <fstream>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "model/encoder_cases.h"
#include "support/compare.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

using testing::encoder_folder;
using testing::EncoderCase;
using testing::TemporaryFolder;

NamedTensors all_tensors(const std::filesystem::path& folder) {
  const WeightsReader reader(folder);
  NamedTensors tensors;
  for (const WeightsEntry& entry : reader.entries()) tensors.emplace_back(entry.name, reader.read(entry.name));
  return tensors;
}
Json config_of(const std::string& family) { return Json::parse(read_file(encoder_folder(family) / "config.json")); }
void write_config(const std::filesystem::path& folder, const Json& config) {
  std::ofstream(folder / "config.json", std::ios::trunc) << config.dump();
}
std::string complaint(const std::filesystem::path& folder) {
  try {
    load_encoder(folder);
  } catch (const FormatError& error) {
    return error.what();
  }
  return "accepted";
}
#define EXPECT_COMPLAINT(folder, words) EXPECT_NE(complaint(folder).find(words), std::string::npos) << complaint(folder)

class EncoderFiles : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Families, EncoderFiles, ::testing::ValuesIn(testing::encoder_families()),
                         [](const auto& each) { return each.param; });

TEST_P(EncoderFiles, AWrittenEncoderReadsBackEqual) {
  const EncoderCase given(GetParam());
  const TemporaryFolder folder;
  save_encoder(*given.encoder, folder.path());
  const auto again = load_encoder(folder.path());
  EXPECT_EQ(again->named_parameters().size(), given.encoder->named_parameters().size());
  for (const auto& parameter : again->named_parameters()) {
    EXPECT_TRUE(at::equal(parameter.value(), given.encoder->named_parameters()[parameter.key()])) << parameter.key();
  }
  Json expected = config_of(GetParam());
  expected["dtype"] = "float32";
  EXPECT_EQ(Json::parse(read_file(folder.path() / "config.json")), expected);
}

TEST_P(EncoderFiles, HalfPrecisionWeightsBecomeFloat32) {
  const EncoderCase given(GetParam());
  for (const auto type : {at::kHalf, at::kBFloat16, at::kDouble}) {
    const TemporaryFolder folder;
    write_config(folder.path(), config_of(GetParam()));
    NamedTensors tensors = all_tensors(encoder_folder(GetParam()));
    for (auto& [name, tensor] : tensors) {
      if (tensor.is_floating_point()) tensor = tensor.to(type);
    }
    write_weights(folder.path() / "model.safetensors", tensors);
    const auto encoder = load_encoder(folder.path());
    for (const auto& parameter : encoder->named_parameters()) {
      ASSERT_EQ(parameter.value().scalar_type(), at::kFloat);
      EXPECT_TRUE(
          at::equal(parameter.value(), given.encoder->named_parameters()[parameter.key()].to(type).to(at::kFloat)));
    }
  }
}

TEST(EncoderFolder, EveryFaultOfTheWeightsIsListedAtOnce) {
  const TemporaryFolder folder;
  write_config(folder.path(), config_of("distilbert"));
  NamedTensors tensors = all_tensors(encoder_folder("distilbert"));
  std::erase_if(tensors, [](const auto& entry) { return entry.first == "transformer.layer.1.ffn.lin1.bias"; });
  for (auto& [name, tensor] : tensors) {
    if (name == "transformer.layer.0.sa_layer_norm.weight") tensor = at::ones({25});
    if (name == "transformer.layer.2.ffn.lin2.bias") tensor = tensor.to(at::kInt);
  }
  tensors.emplace_back("transformer.layer.7.ffn.lin1.bias", at::ones({40}));
  tensors.emplace_back("qa_outputs.weight", at::ones({2, 24}));
  write_weights(folder.path() / "model.safetensors", tensors);
  const std::string words = complaint(folder.path());
  for (const char* expected :
       {"missing: transformer.layer.1.ffn.lin1.bias", "unexpected: transformer.layer.7.ffn.lin1.bias",
        "wrong shape: transformer.layer.0.sa_layer_norm.weight ([25] in the file, [24] by config.json)",
        "not floating point: transformer.layer.2.ffn.lin2.bias", "model.safetensors"}) {
    EXPECT_NE(words.find(expected), std::string::npos) << words;
  }
  EXPECT_EQ(words.find("qa_outputs"), std::string::npos) << words;
}

TEST(EncoderFolder, AParameterUnderTwoNamesIsRefused) {
  const TemporaryFolder folder;
  write_config(folder.path(), config_of("bert"));
  NamedTensors tensors = all_tensors(encoder_folder("bert"));
  tensors.emplace_back("embeddings.LayerNorm.weight", at::ones({24}));
  write_weights(folder.path() / "model.safetensors", tensors);
  EXPECT_COMPLAINT(folder.path(), "doubled:");
}

TEST(EncoderFolder, WeightsThatAreNoNumbersAreRefused) {
  for (const double bad : {NAN, INFINITY}) {
    const TemporaryFolder folder;
    write_config(folder.path(), config_of("distilbert"));
    NamedTensors tensors = all_tensors(encoder_folder("distilbert"));
    for (auto& [name, tensor] : tensors) {
      if (name == "transformer.layer.1.ffn.lin1.weight") tensor[3][4] = bad;
    }
    write_weights(folder.path() / "model.safetensors", tensors);
    EXPECT_COMPLAINT(folder.path(), "\"transformer.layer.1.ffn.lin1.weight\" holds NaN or infinite");
  }
}

TEST(EncoderFolder, AConfigThatCannotBeUsedNamesTheField) {
  const TemporaryFolder folder;
  write_weights(folder.path() / "model.safetensors", all_tensors(encoder_folder("bert")));
  const auto with = [&](const char* key, const Json& value) {
    Json config = config_of("bert");
    config[key] = value;
    write_config(folder.path(), config);
    return complaint(folder.path());
  };
  const auto without = [&](const char* key) {
    Json config = config_of("bert");
    config.erase(key);
    write_config(folder.path(), config);
    return complaint(folder.path());
  };
  for (const char* key : {"hidden_size", "vocab_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
                          "max_position_embeddings", "model_type"}) {
    EXPECT_NE(without(key).find(key), std::string::npos) << without(key);
  }
  const std::vector<std::pair<const char*, Json>> bad = {
      {"hidden_size", 25},      {"hidden_size", "24"},     {"hidden_size", -1},
      {"num_hidden_layers", 0}, {"hidden_act", "gelo"},    {"hidden_dropout_prob", 1.0},
      {"layer_norm_eps", 0.0},  {"model_type", "roberto"}, {"position_embedding_type", "relative_key"},
      {"is_decoder", true},     {"pad_token_id", 97},      {"vocab_size", 1e30}};
  EXPECT_EQ(testing::message_of<FormatError>([&] {
              random_encoder({{"model_type", "bert"}, {"vocab_size", 9}, {"hidden_size", -1}}, 1, "bare/config.json");
            }).find("bare/config.json#/hidden_size: "),
            0U);
  for (const auto& [key, value] : bad) {
    const std::string words = with(key, value);
    EXPECT_NE(words.find(key), std::string::npos) << key << " = " << value << ": " << words;
    EXPECT_NE(words.find("config.json"), std::string::npos) << words;
  }
  EXPECT_NE(with("vocab_size", 96).find("wrong shape: bert.embeddings.word_embeddings.weight"), std::string::npos);
  EXPECT_NE(with("model_type", "roberto").find("bert, roberta, xlm-roberta"), std::string::npos);
  for (const char* other : {"albert", "deberta", "deberta-v2", "bart"}) {
    const std::string words = with("model_type", other);
    EXPECT_NE(words.find("unknown encoder \"" + std::string(other) + "\""), std::string::npos) << words;
    EXPECT_EQ(words.find("did you mean"), std::string::npos) << words;
  }
  std::ofstream(folder.path() / "config.json", std::ios::trunc) << "{\"model_type\":";
  EXPECT_COMPLAINT(folder.path(), "config.json:1:15: not valid JSON");
  std::ofstream(folder.path() / "config.json", std::ios::trunc) << "[1]";
  EXPECT_COMPLAINT(folder.path(), "config.json: found an array; must be an object");
  std::ofstream(folder.path() / "config.json", std::ios::trunc) << R"({"hidden_size": 24, "hidden_size": 25})";
  EXPECT_COMPLAINT(folder.path(), "config.json:1:21: \"/hidden_size\" is written twice");
}

TEST(EncoderFolder, AnMpnetOfOtherBucketsIsRefused) {
  const TemporaryFolder folder;
  Json config = config_of("mpnet");
  config["relative_attention_num_buckets"] = 16;
  write_config(folder.path(), config);
  EXPECT_COMPLAINT(folder.path(), "config.json#/relative_attention_num_buckets: 16");
}

TEST(EncoderFolder, SizesThatNoMemoryHoldsAreAnError) {
  const TemporaryFolder folder;
  Json config = config_of("bert");
  config["vocab_size"] = 1 << 24;
  config["hidden_size"] = 12'000'000;
  write_config(folder.path(), config);
  EXPECT_COMPLAINT(folder.path(), "cannot be allocated");
}

// Each tensor of these could be had, untouched; filled, they would end the process.
TEST(EncoderFolder, ManySizesThatEachFitAreAnErrorBeforeMemoryIsTaken) {
  const TemporaryFolder folder;
  Json config = config_of("bert");
  config["hidden_size"] = 24'000;
  config["num_hidden_layers"] = 1024;
  write_config(folder.path(), config);
  EXPECT_COMPLAINT(folder.path(), "config.json: its sizes cannot be allocated: parameters of 8");
  EXPECT_THROW(random_encoder_of_folder(folder.path(), 1), FormatError);
}

TEST(RandomEncoder, OfAFolderNamesItsFile) {
  const TemporaryFolder folder;
  for (const auto& [key, value] : std::vector<std::pair<const char*, Json>>{
           {"hidden_size", 25}, {"hidden_size", 0}, {"hidden_size", 1'000'000'000}, {"num_hidden_layers", -1}}) {
    Json config = config_of("bert");
    config[key] = value;
    write_config(folder.path(), config);
    const std::string words = testing::message_of<FormatError>([&] { random_encoder_of_folder(folder.path(), 1); });
    EXPECT_EQ(words.find((folder / "config.json").string() + "#/" + key), 0U) << words;
  }
  write_config(folder.path(), config_of("bert"));
  EXPECT_EQ(random_encoder_of_folder(folder.path(), 1)->width(), 24);
}

TEST(EncoderFolder, AMissingFolderIsAnIoError) {
  const TemporaryFolder folder;
  EXPECT_THROW(load_encoder(folder.path() / "absent"), IoError);
  write_config(folder.path(), config_of("bert"));
  EXPECT_THROW(load_encoder(folder.path()), IoError);
}

// RoBERTa's table has one row; a tokenizer with BERT's pair template gives the second text type 1.
TEST(RandomEncoder, OfOneTokenTypeReadsNoOther) {
  Json config = config_of("roberta");
  config["type_vocab_size"] = 1;
  const auto encoder = random_encoder(config, 3);
  encoder->eval();
  EXPECT_EQ(encoder->type_count(), 1);
  PackedTokens tokens;
  tokens.ids = at::tensor({0, 5, 2, 6, 2}, at::kLong);
  tokens.positions = at::arange(5);
  tokens.offsets = at::tensor({0, 5}, at::kInt);
  tokens.type_ids = at::zeros({5}, at::kLong);
  const Tensor plain = encoder->forward(tokens, {}).pooled;
  tokens.type_ids = at::tensor({0, 0, 0, 1, 1}, at::kLong);
  EXPECT_TRUE(at::equal(encoder->forward(tokens, {}).pooled, plain));
}

TEST(StoredPooling, IsReadFromTheFilesOfSentenceTransformers) {
  const TemporaryFolder folder;
  EXPECT_FALSE(stored_pooling(folder.path()).has_value());
  folder.write("1_Pooling/config.json", R"({"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true})");
  EXPECT_EQ(stored_pooling(folder.path())->pooling, Pooling::mean);
  folder.write("1_Pooling/config.json", R"({"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false})");
  EXPECT_EQ(stored_pooling(folder.path())->pooling, Pooling::first);
  folder.write("2_Pool/config.json", R"({"pooling_mode": "mean"})");
  folder.write("modules.json", R"([{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
                                   {"idx": 1, "path": "2_Pool", "type": "sentence_transformers.models.Pooling"}])");
  EXPECT_EQ(stored_pooling(folder.path())->pooling, Pooling::mean);
  EXPECT_EQ(stored_pooling(folder.path())->file, folder / "2_Pool/config.json");
}

TEST(StoredPooling, ThatIsNotImplementedIsRefusedWithFileAndField) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {R"({"pooling_mode_max_tokens": true, "pooling_mode_mean_tokens": true})",
       ": several poolings at once, pooling_mode_max_tokens, pooling_mode_mean_tokens; here are "
       "pooling_mode_cls_token"},
      {R"({"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true})", ": several poolings at once"},
      {R"({"pooling_mode_max_tokens": true})", "#/pooling_mode_max_tokens: this pooling is not implemented"},
      {R"({"pooling_mode_maen_tokens": true})", "#/pooling_mode_maen_tokens: this pooling is not implemented"},
      {R"({"pooling_mode": "lasttoken"})", "#/pooling_mode: \"lasttoken\" is not implemented; here are"},
      {R"({"pooling_mode": ["mean"]})", "#/pooling_mode: found an array; must be a string"},
      {R"({"pooling_mode_mean_tokens": false})", ": no pooling_mode_... is true; here are"},
      {"{}", ": no pooling_mode_... is true"},
      {R"({"pooling_mode_mean_tokens": 1})", "#/pooling_mode_mean_tokens: found the number 1; must be true or false"},
      {R"({"pooling_mode_mean_tokens": null})", "#/pooling_mode_mean_tokens: found null"},
      {R"({"pooling_mode_mean_tokens": false, "pooling_mode_mean_tokens": true})",
       ":1:37: \"/pooling_mode_mean_tokens\" is written twice"},
      {R"({"pooling_mode_mean_tokens": true, "word_embedding_dimension": 23})",
       "#/word_embedding_dimension: 23 is not the encoder's 24 ("},
      {R"({"pooling_mode_mean_tokens": true, "word_embedding_dimension": "24"})",
       "#/word_embedding_dimension: found the string"},
      {"[]", ": found an array; must be an object"}};
  const TemporaryFolder folder;
  write_config(folder.path(), config_of("bert"));
  for (const auto& [text, expected] : cases) {
    const auto file = folder.write("1_Pooling/config.json", text);
    const std::string words = testing::message_of<FormatError>([&] { stored_pooling(folder.path()); });
    EXPECT_EQ(words.find(file.string() + expected), 0U) << words;
  }
  folder.write("1_Pooling/config.json", R"({"pooling_mode_mean_tokens": true, "word_embedding_dimension": 24})");
  EXPECT_EQ(stored_pooling(folder.path())->pooling, Pooling::mean);
}

TEST(StoredModules, AreReadFieldByField) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {R"([{"path": "../1_Pooling", "type": "sentence_transformers.models.Pooling"}])",
       "#/0/path: \"../1_Pooling\" is"},
      {R"([{"type": "sentence_transformers.models.Pooling"}])", "#/0/path: missing; must be a string"},
      {R"([{"path": "", "type": "a.Transformer"}, {"path": "a", "type": "b.Pooling"}, {"path": "c", "type": "b.Pooling"}])",
       "#/2/type: a second Pooling"},
      {R"([{"path": "", "type": 3}])", "#/0/type: found the number 3; must be a string"},
      {R"([7])", "#/0: found the number 7; must be an object"},
      {R"([{"path": "a", "path": "b"}])", ":1:16: \"/0/path\" is written twice"},
      {"{}", ": found an object; must be an array of modules"}};
  const TemporaryFolder folder;
  for (const auto& [text, expected] : cases) {
    const auto file = folder.write("modules.json", text);
    const std::string words = testing::message_of<FormatError>([&] { stored_pooling(folder.path()); });
    EXPECT_EQ(words.find(file.string() + expected), 0U) << words;
  }
}

TEST(StoredModules, ThatAreNotDoneAreNamed) {
  const TemporaryFolder folder;
  EXPECT_TRUE(modules_left_out(folder.path()).empty());
  folder.write("modules.json", R"([{"path": "", "type": "sentence_transformers.models.Transformer"},
                                   {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
                                   {"path": "2_Dense", "type": "sentence_transformers.models.Dense"},
                                   {"path": "3_Normalize", "type": "sentence_transformers.models.Normalize"}])");
  EXPECT_EQ(modules_left_out(folder.path()), (std::vector<std::string>{"Dense", "Normalize"}));
}

TEST(RandomEncoder, DrawsLikeTransformersAndAsAFunctionOfTheSeed) {
  for (const std::string& family : testing::encoder_families()) {
    Json config = config_of(family);
    config["initializer_range"] = 0.02;
    const auto one = random_encoder(config, 1), same = random_encoder(config, 1), other = random_encoder(config, 2);
    for (const auto& parameter : one->named_parameters()) {
      const Tensor& value = parameter.value();
      EXPECT_TRUE(at::equal(value, same->named_parameters()[parameter.key()]));
      if (value.dim() == 1) {
        EXPECT_TRUE(at::all(value == (parameter.key().ends_with("weight") ? 1.0 : 0.0)).item<bool>())
            << parameter.key();
        continue;
      }
      EXPECT_FALSE(at::equal(value, other->named_parameters()[parameter.key()]));
      if (value.numel() > 500) {
        EXPECT_NEAR(value.std().item<double>(), 0.02, 0.003) << parameter.key();
      }
    }
    const std::int64_t padding = config["pad_token_id"].get<std::int64_t>();
    EXPECT_EQ(one->named_parameters()["embeddings.word_embeddings.weight"][padding].abs().max().item<double>(), 0.0);
  }
}

TEST(EncoderRegistry, ListsTheFamilies) {
  EXPECT_EQ(encoder_registry().names(),
            (std::vector<std::string>{"bert", "roberta", "xlm-roberta", "distilbert", "electra", "mpnet"}));
}

}  // namespace
}  // namespace infomtl
