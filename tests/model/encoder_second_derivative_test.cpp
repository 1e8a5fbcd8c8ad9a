// EncodeOptions::derivatives = twice: second derivatives of a tiny encoder's loss, in float64, against central
// differences of gradients.

#include <ATen/ATen.h>
#include <torch/autograd.h>

#include <nlohmann/json.hpp>

#include "infomtl/core/errors.h"
#include "infomtl/model/encoder.h"
#include "support/compare.h"

namespace infomtl {
namespace {

using testing::close;

// BERT, and MPNet for its bias of relative positions, a table that all layers share.
class EncoderSecondDerivative : public ::testing::TestWithParam<std::string> {
 protected:
  EncoderSecondDerivative() {
    encoder_->to(torch::kDouble);
    tokens_.offsets = at::tensor({0, 4, 5, 8}, at::kInt);
    tokens_.ids = at::tensor({2, 7, 5, 3, 2, 2, 9, 7}, at::kLong);
    tokens_.positions = at::tensor({0, 1, 2, 3, 0, 0, 1, 2}, at::kLong);
    tokens_.type_ids = at::tensor({0, 0, 1, 1, 0, 0, 0, 1}, at::kLong);
    direction_ = at::randn({3, 8}, at::kDouble);
    for (const Tensor& parameter : encoder_->parameters()) {
      parameters_.push_back(parameter);
      // Larger than encoders start, so that no part of the curvature is tiny.
      at::NoGradGuard no_grad;
      if (parameter.dim() == 2) parameters_.back().mul_(20);
      along_.push_back(at::randn(parameter.sizes(), at::kDouble));
    }
  }

  Tensor loss(ops::Derivatives derivatives) {
    ops::TensorRandom dropout(3);
    const EncoderOutput out =
        encoder_->forward(tokens_, {.pooling = pooling_, .dropout = &dropout, .derivatives = derivatives});
    return (out.pooled * direction_).sum(1).exp().log1p().sum();
  }
  std::vector<Tensor> gradients(ops::Derivatives derivatives, bool graph) {
    return torch::autograd::grad({loss(derivatives)}, parameters_, {}, /*retain_graph=*/graph, /*create_graph=*/graph);
  }
  /// parameters += step * along
  void move(double step) {
    const at::NoGradGuard no_grad;
    for (std::size_t p = 0; p < parameters_.size(); ++p) parameters_[p].add_(along_[p], step);
  }
  static Tensor dot(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
    Tensor sum = at::zeros({}, at::kDouble);
    for (std::size_t i = 0; i < a.size(); ++i) sum = sum + (a[i] * b[i]).sum();
    return sum;
  }

  std::shared_ptr<Encoder> encoder_ = random_encoder({{"model_type", GetParam()},
                                                      {"vocab_size", 12},
                                                      {"hidden_size", 8},
                                                      {"num_hidden_layers", 2},
                                                      {"num_attention_heads", 2},
                                                      {"intermediate_size", 12},
                                                      {"hidden_act", "gelu"},
                                                      {"hidden_dropout_prob", 0.1},
                                                      {"attention_probs_dropout_prob", 0.1},
                                                      {"max_position_embeddings", 8},
                                                      {"type_vocab_size", 2},
                                                      {"initializer_range", 0.02},
                                                      {"layer_norm_eps", 1e-2},
                                                      {"pad_token_id", GetParam() == "mpnet" ? 1 : 0}},
                                                     7);
  PackedTokens tokens_;
  Pooling pooling_ = Pooling::first;
  Tensor direction_;
  std::vector<Tensor> parameters_, along_;
};

INSTANTIATE_TEST_SUITE_P(Families, EncoderSecondDerivative, ::testing::Values("bert", "mpnet"),
                         [](const auto& each) { return each.param; });

TEST_P(EncoderSecondDerivative, TheTwicePathHasTheValueMasksAndGradientsOfTheOther) {
  for (const Pooling pooling : {Pooling::first, Pooling::mean}) {
    pooling_ = pooling;
    EXPECT_TRUE(close(loss(ops::Derivatives::twice), loss(ops::Derivatives::once), 0, 1e-13));
    const auto plain = gradients(ops::Derivatives::twice, false), fast = gradients(ops::Derivatives::once, false);
    for (std::size_t p = 0; p < plain.size(); ++p) EXPECT_TRUE(close(plain[p], fast[p], 1e-12, 1e-11)) << p;
  }
}

TEST_P(EncoderSecondDerivative, AHessianVectorProductIsTheDifferenceQuotientOfGradients) {
  for (const Pooling pooling : {Pooling::first, Pooling::mean}) {
    pooling_ = pooling;
    const auto product =
        torch::autograd::grad({dot(gradients(ops::Derivatives::twice, true), along_)}, parameters_, {}, false, false,
                              /*allow_unused=*/true);
    const double step = 1e-5;
    move(step);
    const auto above = gradients(ops::Derivatives::once, false);
    move(-2 * step);
    const auto below = gradients(ops::Derivatives::once, false);
    move(step);
    for (std::size_t p = 0; p < parameters_.size(); ++p) {
      const Tensor found = product[p].defined() ? product[p] : at::zeros_like(parameters_[p]);
      EXPECT_TRUE(close(found, (above[p] - below[p]) / (2 * step), 1e-6, 1e-5)) << "parameter " << p;
    }
  }
}

TEST_P(EncoderSecondDerivative, APenaltyOnTheGradientHasTheSlopeOfCentralDifferences) {
  // As gradient regularisation has it: |g|^2.
  const auto penalty = [&] {
    const auto g = gradients(ops::Derivatives::twice, true);
    return dot(g, g);
  };
  const auto slope = torch::autograd::grad({penalty()}, parameters_, {}, false, false, /*allow_unused=*/true);
  Tensor expected = at::zeros({}, at::kDouble);
  for (std::size_t p = 0; p < slope.size(); ++p) {
    if (slope[p].defined()) expected = expected + (slope[p] * along_[p]).sum();
  }
  const double step = 1e-5;
  move(step);
  const Tensor above = penalty().detach();
  move(-2 * step);
  const Tensor below = penalty().detach();
  EXPECT_TRUE(close(expected, (above - below) / (2 * step), 0, 1e-5));
}

TEST_P(EncoderSecondDerivative, TheOncePathRefusesAndNamesTheCure) {
  try {
    gradients(ops::Derivatives::once, true);
    FAIL() << "accepted";
  } catch (const StateError& error) {
    EXPECT_NE(std::string(error.what()).find("EncodeOptions::derivatives"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace infomtl
