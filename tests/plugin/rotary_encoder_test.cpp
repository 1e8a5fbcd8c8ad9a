// A plugin's encoder is loaded, drawn at random, saved and differentiated like those inside.

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/autograd.h>

#include "infomtl/core/errors.h"
#include "infomtl/model/encoder.h"
#include "infomtl/model/weights_file.h"
#include "infomtl/plugin/plugin.h"
#include "ops/packed/owner_cases.h"
#include "support/compare.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

using testing::close;
using testing::TemporaryFolder;
using Range = ops::GradientSegments::Range;

const Json kConfig = {{"model_type", "rotary"},        {"vocab_size", 50},         {"hidden_size", 24},
                      {"num_hidden_layers", 3},        {"num_attention_heads", 3}, {"intermediate_size", 40},
                      {"max_position_embeddings", 40}, {"initializer_range", 0.3}};

std::shared_ptr<Encoder> random_rotary(std::uint64_t seed) {
  load_plugin(INFOMTL_PLUGIN_rotary_encoder);
  return random_encoder(kConfig, seed);
}

PackedTokens tokens_of(const std::vector<std::int64_t>& lengths) {
  std::vector<std::int64_t> ids, positions;
  std::vector<std::int32_t> offsets{0};
  for (const std::int64_t length : lengths) {
    for (std::int64_t i = 0; i < length; ++i) {
      ids.push_back((7 * i + 3 * length) % 50);
      positions.push_back(i);
    }
    offsets.push_back(static_cast<std::int32_t>(ids.size()));
  }
  return {.ids = at::tensor(ids, at::kLong),
          .positions = at::tensor(positions, at::kLong),
          .type_ids = at::zeros({static_cast<std::int64_t>(ids.size())}, at::kLong),
          .offsets = at::tensor(offsets, at::kInt)};
}

std::string complaint(const std::filesystem::path& folder) {
  try {
    load_encoder(folder);
  } catch (const FormatError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(RotaryEncoder, IsDrawnAsAFunctionOfTheSeed) {
  const auto one = random_rotary(1), same = random_rotary(1), other = random_rotary(2);
  for (const auto& parameter : one->named_parameters()) {
    EXPECT_TRUE(at::equal(parameter.value(), same->named_parameters()[parameter.key()])) << parameter.key();
    if (parameter.value().dim() < 2) continue;
    EXPECT_FALSE(at::equal(parameter.value(), other->named_parameters()[parameter.key()])) << parameter.key();
  }
}

TEST(RotaryEncoder, IsReadWithItsPrefixAndBesideAHead) {
  const auto given = random_rotary(1);
  const TemporaryFolder folder;
  save_encoder(*given, folder.path());
  NamedTensors tensors{{"classifier.weight", at::ones({2, 24})}};
  for (const auto& parameter : given->named_parameters()) {
    tensors.emplace_back("rotary." + parameter.key(), parameter.value().detach());
  }
  write_weights(folder.path() / "model.safetensors", tensors);
  const auto again = load_encoder(folder.path());
  EXPECT_EQ(again->config(), kConfig);
  for (const auto& parameter : given->named_parameters()) {
    EXPECT_TRUE(at::equal(parameter.value(), again->named_parameters()[parameter.key()])) << parameter.key();
  }
  tensors.emplace_back("rotary.layers.7.inner.bias", at::ones({40}));
  write_weights(folder.path() / "model.safetensors", tensors);
  EXPECT_NE(complaint(folder.path()).find("unexpected: rotary.layers.7.inner.bias"), std::string::npos);
}

// What rotary positions are for: only distances matter. Other encoders of this library would change.
TEST(RotaryEncoder, SeesDistancesNotPlaces) {
  const auto encoder = random_rotary(3);
  PackedTokens tokens = tokens_of({7, 12});
  const Tensor states = encoder->forward(tokens, {.token_states = true}).tokens;
  tokens.positions = tokens.positions + 20;
  EXPECT_TRUE(close(encoder->forward(tokens, {.token_states = true}).tokens, states, 1e-5));
  tokens.positions = tokens.positions - 20 + at::arange(19);
  EXPECT_FALSE(close(encoder->forward(tokens, {.token_states = true}).tokens, states, 1e-2));
}

TEST(RotaryEncoder, FirstTokensAloneGetTheSameStates) {
  const auto encoder = random_rotary(3);
  const PackedTokens tokens = tokens_of({7, 1, 12});
  const EncoderOutput all = encoder->forward(tokens, {.token_states = true, .layer_states = true});
  const EncoderOutput first = encoder->forward(tokens, {.layer_states = true});
  EXPECT_TRUE(close(first.pooled, all.pooled, 1e-6));
  EXPECT_TRUE(close(first.layers, all.layers, 1e-6));
}

TEST(RotaryEncoder, GradientsOfTasksEqualSeparateBackwards) {
  const auto encoder = random_rotary(5);
  const PackedTokens tokens = tokens_of({7, 1, 12, 3, 12});
  const std::vector<Range> sequences{{0, 2}, {2, 3}, {3, 5}}, rows{{0, 8}, {8, 20}, {20, 35}};
  const std::vector<Tensor> parameters = encoder->parameters();
  for (const bool token_states : {false, true}) {
    const auto values = [&](const std::shared_ptr<ops::GradientSegments>& segments) {
      ops::TensorRandom random(3);
      return encoder->forward(tokens, {.token_states = token_states, .dropout = &random, .segments = segments})
          .pooled.select(1, 4);
    };
    for (const bool graph_used_up : {false, true}) {
      const auto sink = std::make_shared<testing::MatrixSink>(3, parameters);
      sink->graph_used_up = graph_used_up;
      values(std::make_shared<ops::GradientSegments>(rows, sequences, sink)).sum().backward();
      for (std::size_t t = 0; t < sequences.size(); ++t) {
        std::vector<Tensor> pieces;
        const Tensor own = values(nullptr).slice(0, sequences[t].begin, sequences[t].end).sum();
        for (const Tensor& gradient : torch::autograd::grad({own}, parameters)) pieces.push_back(gradient.reshape(-1));
        EXPECT_TRUE(close(sink->matrix[static_cast<std::int64_t>(t)], at::cat(pieces), 0.0, 1e-5)) << "task " << t;
      }
    }
  }
}

}  // namespace
}  // namespace infomtl
