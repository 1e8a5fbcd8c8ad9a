#include "infomtl/ops/feedback.h"

#include <algorithm>
#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/ops/tensor_random.h"
#include "support/gradcheck.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using infomtl::testing::gradients_match;
using torch::Tensor;

Tensor drawn_rows(std::uint64_t seed, std::int64_t rows, std::int64_t columns) {
  return TensorRandom(seed).normal({rows, columns}).to(torch::kFloat64);
}

TEST(Feedback, ReadsOutputsAsTheirTaskDoes) {
  const Tensor output = drawn_rows(1, 3, 4);
  for (const TaskKind kind : {TaskKind::classification, TaskKind::tagging}) {
    EXPECT_TRUE(close(probabilities(output, kind), output.exp() / output.exp().sum(1, true), 1e-14));
  }
  EXPECT_TRUE(close(probabilities(output, TaskKind::multi_label), 1 / (1 + (-output).exp()), 1e-14));
  EXPECT_TRUE(torch::equal(probabilities(output, TaskKind::regression), output));
  EXPECT_EQ(probabilities(torch::zeros({0, 4}), TaskKind::tagging).sizes(), at::IntArrayRef({0, 4}));
}

TEST(Feedback, BringsWordsToSequencesAndBack) {
  const Tensor offsets = torch::tensor({0, 2, 2, 5}, torch::kInt64);  // the second sequence has no words
  const Tensor words = torch::tensor({{1.0, 2.0}, {3.0, 6.0}, {1.0, 0.0}, {1.0, 0.0}, {4.0, 3.0}}, torch::kFloat64);
  const Tensor means = torch::tensor({{2.0, 4.0}, {0.0, 0.0}, {2.0, 1.0}}, torch::kFloat64);
  EXPECT_TRUE(close(mean_over_words(words, offsets), means, 1e-15));
  EXPECT_TRUE(torch::equal(repeat_over_words(means, offsets, 5),
                           means.index_select(0, torch::tensor({0, 0, 2, 2, 2}, torch::kInt64))));
  EXPECT_TRUE(torch::equal(mean_over_words(words.narrow(0, 0, 0), torch::zeros({4}, torch::kInt64)),
                           torch::zeros({3, 2}, torch::kFloat64)));
  EXPECT_EQ(repeat_over_words(means, torch::zeros({4}, torch::kInt64), 0).sizes(), at::IntArrayRef({0, 2}));
  EXPECT_TRUE(gradients_match([&](const auto& in) { return mean_over_words(in[0], offsets).sin().sum(); }, {words}));
  EXPECT_TRUE(gradients_match(
      [&](const auto& in) { return repeat_over_words(in[0], offsets, 5).sin().cumsum(0).sum(); }, {means}));
}

TEST(Feedback, ConvergenceIsItsDefinition) {
  const std::vector<Tensor> rounds = {drawn_rows(1, 3, 2), drawn_rows(2, 3, 2), drawn_rows(3, 3, 2),
                                      drawn_rows(4, 3, 2)};
  double delta = 0, monotone = 0;
  for (std::int64_t b = 0; b < 3; ++b) {
    double before = -1;
    for (std::size_t k = 1; k < rounds.size(); ++k) {
      double square = 0;
      for (std::int64_t c = 0; c < 2; ++c) {
        square += std::pow(rounds[k][b][c].item<double>() - rounds[k - 1][b][c].item<double>(), 2);
      }
      delta += square;
      if (before >= 0) monotone += std::max(0.0, std::sqrt(square) - before);
      before = std::sqrt(square);
    }
  }
  EXPECT_NEAR(round_convergence(rounds, Convergence::delta).sum.item<double>(), delta, 1e-12);
  EXPECT_NEAR(round_convergence(rounds, Convergence::monotone).sum.item<double>(), monotone, 1e-12);
  EXPECT_GT(monotone, 0);
  EXPECT_EQ(round_convergence(rounds, Convergence::delta).count.item<double>(), 3);
  for (const Convergence form : {Convergence::delta, Convergence::monotone}) {
    EXPECT_TRUE(gradients_match([&](const auto& in) { return round_convergence(in, form).sum; }, rounds));
  }
}

TEST(Feedback, RoundsAtRestHaveNoUnrestAndNoGradient) {
  for (const Convergence form : {Convergence::delta, Convergence::monotone}) {
    const Tensor same = drawn_rows(1, 3, 2).requires_grad_(true);
    const Tensor sum = round_convergence({same, same * 1, same * 1, same * 1}, form).sum;
    EXPECT_EQ(sum.item<double>(), 0);
    EXPECT_TRUE(torch::equal(torch::autograd::grad({sum}, {same})[0], torch::zeros_like(same)));
    EXPECT_EQ(round_convergence({same}, form).sum.item<double>(), 0);
  }
  EXPECT_EQ(round_convergence({drawn_rows(1, 3, 2), drawn_rows(2, 3, 2)}, Convergence::monotone).sum.item<double>(), 0);
  EXPECT_THROW(round_convergence({}, Convergence::delta), ShapeError);
}

}  // namespace
}  // namespace infomtl::ops
