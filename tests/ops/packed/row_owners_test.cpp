#include "infomtl/ops/packed/row_owners.h"

#include <ATen/ATen.h>

#include "infomtl/core/errors.h"
#include "infomtl/ops/packed/embedding.h"
#include "infomtl/ops/packed/gradient_segments.h"
#include "infomtl/ops/packed/layer_norm.h"
#include "infomtl/ops/packed/linear.h"
#include "ops/packed/owner_cases.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using infomtl::testing::MatrixSink;

TEST(RowOwners, OfTokensAndSequencesAreWhatTheCallerSays) {
  const auto sink = std::make_shared<MatrixSink>(2, std::vector<at::Tensor>{at::ones({1})});
  const GradientSegments segments({{0, 4}, {4, 9}}, {{0, 1}, {1, 3}}, sink);
  EXPECT_EQ(segments.tokens().rows(), 9);
  EXPECT_EQ(segments.sequences().rows(), 3);
  EXPECT_EQ(segments.sequences().ranges()[1].end, 3);
  EXPECT_TRUE(RowOwners().none());
  EXPECT_FALSE(RowOwners().may_overwrite_saved());
}

TEST(RowOwners, RefuseRangesThatAreNoPartition) {
  const auto sink = std::make_shared<MatrixSink>(2, std::vector<at::Tensor>{at::ones({1})});
  EXPECT_THROW(RowOwners({{0, 4}, {5, 9}}, sink), ShapeError);
  EXPECT_THROW(RowOwners({{1, 4}}, sink), ShapeError);
  EXPECT_THROW(RowOwners({{0, 4}, {4, 3}}, sink), ShapeError);
  EXPECT_THROW(RowOwners({{0, 4}}, nullptr), StateError);
  EXPECT_THROW(GradientSegments({{0, 4}}, {{0, 1}, {1, 2}}, sink), ShapeError);
}

TEST(RowOwners, OfAnotherNumberOfRowsAreRefused) {
  const at::Tensor x = at::ones({5, 4}), weight = at::ones({4, 4}), bias = at::ones({4});
  const RowOwners owners({{0, 6}}, std::make_shared<MatrixSink>(1, std::vector<at::Tensor>{weight}));
  EXPECT_THROW(ops::linear(x, weight, bias, owners), ShapeError);
  EXPECT_THROW(layer_norm(x, bias, bias, 1e-5, owners), ShapeError);
  EXPECT_THROW(residual_layer_norm(x, x, 0.0, nullptr, bias, bias, 1e-5, owners), ShapeError);
  EXPECT_THROW(embedding_sum({weight}, {at::zeros({5}, at::kLong)}, owners), ShapeError);
}

TEST(RowOwners, AParameterIsUsedWithAndWithoutThemInOnePass) {
  // The rows of a position table belong to no task and go through the same weight as the tokens.
  const at::Tensor weight = at::randn({4, 3}, at::kDouble).requires_grad_(true);
  const at::Tensor x = at::randn({9, 3}, at::kDouble), positions = at::randn({9, 3}, at::kDouble);
  const auto sink = std::make_shared<MatrixSink>(2, std::vector<at::Tensor>{weight});
  const at::Tensor y = ops::linear(x, weight, {}, RowOwners({{0, 4}, {4, 9}}, sink)).pow(2).sum();
  const at::Tensor z = ops::linear(positions, weight, {}).pow(2).sum();
  const at::Tensor ordinary = torch::autograd::grad({y + z}, {weight})[0];
  EXPECT_TRUE(
      close(ordinary, torch::autograd::grad({ops::linear(positions, weight, {}).pow(2).sum()}, {weight})[0], 1e-13));
  const at::Tensor owned = torch::autograd::grad({ops::linear(x, weight, {}).pow(2).sum()}, {weight})[0];
  EXPECT_TRUE(close(sink->matrix.sum(0), owned.reshape(-1), 1e-12));
}

TEST(RowOwners, AGraphWithThemGivesOrdinaryGradientsOnceTheSinkDeclines) {
  // What a step falls back to: the same graph, one backward pass per task, gradients no longer taken by the sink.
  struct Closing final : GradientSink {
    at::Tensor open(const at::Tensor& parameter) override {
      return taking ? at::zeros({2, parameter.numel()}, parameter.options().requires_grad(false)) : at::Tensor();
    }
    void close(const at::Tensor&, const at::Tensor&) override {}
    bool taking = true;
  };
  const at::Tensor weight = at::randn({4, 3}, at::kDouble).requires_grad_(true), x = at::randn({9, 3}, at::kDouble);
  const auto sink = std::make_shared<Closing>();
  const at::Tensor values = ops::linear(x, weight, {}, RowOwners({{0, 4}, {4, 9}}, sink)).pow(2).sum(1);
  const auto gradient = [&](const at::Tensor& value) {
    return torch::autograd::grad({value}, {weight}, {}, /*retain_graph=*/true, false, /*allow_unused=*/true)[0];
  };
  EXPECT_FALSE(gradient(values.sum()).defined());
  sink->taking = false;
  const at::Tensor own = ops::linear(x.slice(0, 4, 9), weight, {}).pow(2).sum();
  EXPECT_TRUE(close(gradient(values.slice(0, 4, 9).sum()), gradient(own), 1e-12));
}

}  // namespace
}  // namespace infomtl::ops
