// Encoders against transformers, and the fast paths against the plain ones.

#include <ATen/ATen.h>

#include <cstdio>

#include "infomtl/core/errors.h"
#include "model/encoder_cases.h"
#include "support/compare.h"

namespace infomtl {
namespace {

using testing::close;
using testing::EncoderCase;

class EncoderOfFamily : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Families, EncoderOfFamily, ::testing::ValuesIn(testing::encoder_families()),
                         [](const auto& each) { return each.param; });

Tensor first_rows(const PackedTokens& tokens) { return tokens.offsets.narrow(0, 0, tokens.sequences()).to(at::kLong); }

void expect_gradients(const EncoderCase& given, const std::string& kind, double absolute) {
  std::size_t compared = 0;
  double worst = 0;
  for (const auto& parameter : given.encoder->named_parameters()) {
    const std::string name = "gradient." + kind + "." + parameter.key();
    if (given.expected.find(name) == nullptr) continue;
    const Tensor wanted = given.expected.read(name);
    const double size = wanted.abs().max().item<double>();
    if (size > 1e-3) {
      EXPECT_TRUE(close(parameter.value().grad(), wanted, 0, 1e-5)) << name;
      worst = std::max(worst, (parameter.value().grad() - wanted).abs().max().item<double>() / size);
    } else {  // the gradient of a key bias is zero but for rounding
      EXPECT_TRUE(close(parameter.value().grad(), wanted, absolute)) << name;
    }
    ++compared;
  }
  EXPECT_EQ(compared, given.encoder->parameters().size());
  std::printf("gradients of %zu parameters: differences up to %.1e of the largest entry\n", compared, worst);
}

TEST_P(EncoderOfFamily, GivesTheStatesOfTransformersAtEveryToken) {
  EncoderCase given(GetParam());
  const EncoderOutput out = given.encoder->forward(given.tokens, {.token_states = true, .layer_states = true});
  const auto last = std::to_string(given.encoder->layer_count());
  const Tensor wanted = given.expected.read("states." + last);
  EXPECT_TRUE(close(out.tokens, wanted, 1e-5));
  std::printf("states of %d tokens: largest difference %.1e\n", static_cast<int>(out.tokens.size(0)),
              (out.tokens - wanted).abs().max().item<double>());
  const Tensor first = first_rows(given.tokens);
  for (std::int64_t layer = 0; layer <= given.encoder->layer_count(); ++layer) {
    const Tensor states = given.expected.read("states." + std::to_string(layer));
    // transformers reports ELECTRA's states after the projection as states.0, as we do.
    EXPECT_TRUE(close(out.layers.select(1, layer), states.index_select(0, first), 1e-5)) << "layer " << layer;
  }
}

TEST_P(EncoderOfFamily, GivesTheGradientsOfTransformersForEveryParameter) {
  EncoderCase given(GetParam());
  const EncoderOutput out = given.encoder->forward(given.tokens, {.token_states = true});
  (out.tokens * given.expected.read("direction")).sum().backward();
  expect_gradients(given, "tokens", 1e-5);
}

// Random tiny encoders under a random direction: gradients of the whole stack differ by some roundings of 2^-9.
TEST_P(EncoderOfFamily, GivesTheSameInBFloat16ButForRounding) {
  EncoderCase given(GetParam());
  for (const bool token_states : {true, false}) {
    std::vector<Tensor> states, gradients[2];
    for (const Precision precision : {Precision::float32, Precision::bfloat16}) {
      given.encoder->zero_grad();
      const EncoderOutput out =
          given.encoder->forward(given.tokens, {.precision = precision, .token_states = token_states});
      const Tensor result = token_states ? out.tokens : out.pooled;
      ASSERT_EQ(result.scalar_type(), at::kFloat);
      const Tensor direction = given.expected.read("direction");
      (result * (token_states ? direction : direction.index_select(0, first_rows(given.tokens)))).sum().backward();
      states.push_back(result);
      for (const Tensor& parameter : given.encoder->parameters()) {
        gradients[precision == Precision::bfloat16].push_back(parameter.grad().clone());
      }
    }
    EXPECT_FALSE(at::equal(states[0], states[1]));
    EXPECT_LT((states[0] - states[1]).norm().item<float>(), 0.02F * states[0].norm().item<float>());
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < gradients[0].size(); ++i) {
      difference += (gradients[0][i] - gradients[1][i]).square().sum().item<double>();
      size += gradients[0][i].square().sum().item<double>();
    }
    EXPECT_LT(std::sqrt(difference), 0.03 * std::sqrt(size));
  }
}

TEST_P(EncoderOfFamily, FirstTokenModeGivesTheSameStatesAndGradients) {
  EncoderCase given(GetParam());
  const EncoderOutput out = given.encoder->forward(given.tokens, {});
  const Tensor first = first_rows(given.tokens);
  const auto last = std::to_string(given.encoder->layer_count());
  EXPECT_FALSE(out.tokens.defined());
  EXPECT_TRUE(close(out.pooled, given.expected.read("states." + last).index_select(0, first), 1e-5));
  (out.pooled * given.expected.read("direction").index_select(0, first)).sum().backward();
  expect_gradients(given, "first", 1e-5);
}

TEST_P(EncoderOfFamily, ParametersThatMovedApartStillGiveTheSame) {
  EncoderCase given(GetParam());
  {
    torch::NoGradGuard no_grad;
    for (auto& parameter : given.encoder->parameters()) parameter.set_data(parameter.clone());
  }
  const EncoderOutput out = given.encoder->forward(given.tokens, {.token_states = true});
  (out.tokens * given.expected.read("direction")).sum().backward();
  expect_gradients(given, "tokens", 1e-5);
}

TEST_P(EncoderOfFamily, MeanPoolingIsTheMeanOfEachSequence) {
  EncoderCase given(GetParam());
  const EncoderOutput out = given.encoder->forward(given.tokens, {.pooling = Pooling::mean, .token_states = true});
  const auto* offsets = given.tokens.offsets.const_data_ptr<std::int32_t>();
  for (std::int64_t s = 0; s < given.tokens.sequences(); ++s) {
    EXPECT_TRUE(close(out.pooled[s], out.tokens.slice(0, offsets[s], offsets[s + 1]).mean(0), 1e-6));
  }
}

TEST_P(EncoderOfFamily, EmbeddingOffsetActsAsAChangeOfTheWordEmbeddings) {
  EncoderCase given(GetParam());
  const Tensor words = given.encoder->word_embeddings(given.tokens);
  const Tensor plain = given.encoder->forward(given.tokens, {}).pooled;
  Tensor offset = at::zeros_like(words).requires_grad_(true);
  const Tensor same = given.encoder->forward(given.tokens, {.embedding_offset = offset}).pooled;
  EXPECT_TRUE(close(same, plain, 0.0));
  const auto gradient = torch::autograd::grad({same.square().sum()}, {offset})[0];
  // Along the gradient, a small step changes the value by its squared length.
  const double step = 1e-3 / gradient.norm().item<double>();
  const auto value = [&](double scale) {
    return given.encoder->forward(given.tokens, {.embedding_offset = gradient * scale})
        .pooled.to(at::kDouble)
        .square()
        .sum()
        .item<double>();
  };
  const double slope = (value(step) - value(-step)) / (2 * step);
  EXPECT_NEAR(slope / gradient.to(at::kDouble).square().sum().item<double>(), 1.0, 2e-2);
}

TEST_P(EncoderOfFamily, DropoutDiffersBetweenDrawsAndRepeatsWithTheSeed) {
  EncoderCase given(GetParam());
  const auto pooled = [&](std::uint64_t seed) {
    ops::TensorRandom random(seed);
    return given.encoder->forward(given.tokens, {.dropout = &random}).pooled;
  };
  EXPECT_TRUE(close(pooled(1), pooled(1), 0.0));
  EXPECT_FALSE(close(pooled(1), pooled(2), 1e-2));
  ops::TensorRandom random(1);
  const Tensor first_view = given.encoder->forward(given.tokens, {.dropout = &random}).pooled;
  EXPECT_FALSE(close(given.encoder->forward(given.tokens, {.dropout = &random}).pooled, first_view, 1e-2));
  EXPECT_FALSE(close(given.encoder->forward(given.tokens, {}).pooled, first_view, 1e-2));
}

TEST(Encoder, RefusesTokensOutsideItsTables) {
  EncoderCase given("bert");
  const auto run = [&](auto change) {
    PackedTokens tokens = given.tokens;
    tokens.ids = tokens.ids.clone();
    tokens.type_ids = tokens.type_ids.clone();
    tokens.positions = tokens.positions.clone();
    change(tokens);
    given.encoder->forward(tokens, {});
  };
  EXPECT_NO_THROW(run([](PackedTokens&) {}));
  EXPECT_THROW(run([](PackedTokens& t) { t.ids[3] = 97; }), DataError);
  EXPECT_THROW(run([](PackedTokens& t) { t.ids[3] = -1; }), DataError);
  EXPECT_THROW(run([](PackedTokens& t) { t.type_ids[0] = 2; }), DataError);
  EXPECT_THROW(run([](PackedTokens& t) { t.positions[5] = 20; }), DataError);
  EXPECT_THROW(run([](PackedTokens& t) { t.offsets = at::tensor({0, 7, 7, 35}, at::kInt); }), DataError);
  EXPECT_THROW(run([](PackedTokens& t) { t.offsets = at::tensor({0, 2, 35}, at::kInt); }), DataError);
}

TEST(Encoder, RefusesAGradientOfItsGradient) {
  EncoderCase given("bert");
  const Tensor value = given.encoder->forward(given.tokens, {}).pooled.sum();
  EXPECT_THROW(torch::autograd::grad({value}, given.encoder->parameters(), {}, true, /*create_graph=*/true),
               StateError);
}

}  // namespace
}  // namespace infomtl
