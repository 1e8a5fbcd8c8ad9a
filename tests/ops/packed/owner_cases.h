#pragma once
// Per-task gradients of an operation: those its owners' sink got, against one ordinary backward per task.

#include <functional>
#include <map>
#include <vector>

#include "infomtl/ops/packed/gradient_segments.h"
#include "support/compare.h"

namespace infomtl::testing {

/// A sink over one matrix [T, P], the parameters side by side in the order given.
class MatrixSink final : public ops::GradientSink {
 public:
  MatrixSink(std::int64_t tasks, const std::vector<torch::Tensor>& parameters) {
    std::int64_t total = 0;
    for (const auto& parameter : parameters) total += parameter.numel();
    matrix = torch::zeros({tasks, total}, parameters[0].options().requires_grad(false));
    std::int64_t begin = 0;
    for (const auto& parameter : parameters) {
      columns[parameter.unsafeGetTensorImpl()] = {begin, parameter.numel()};
      begin += parameter.numel();
    }
  }
  torch::Tensor open(const torch::Tensor& parameter) override {
    const auto found = columns.find(parameter.unsafeGetTensorImpl());
    if (found == columns.end()) return {};
    ++opened;
    return matrix.narrow(1, found->second.first, found->second.second);
  }
  void close(const torch::Tensor&, const torch::Tensor& rows) override {
    EXPECT_TRUE(rows.defined());
    ++closed;
  }
  bool keeps() const override { return true; }
  bool may_overwrite_saved() const override { return graph_used_up; }
  void keep(const std::vector<torch::Tensor>& parameters, WeightedSum sum) override {
    bool ours = true;
    for (const auto& parameter : parameters) ours = ours && columns.contains(parameter.unsafeGetTensorImpl());
    if (ours) kept.emplace_back(parameters, std::move(sum));
  }
  /// What was kept, summed with weights, is that sum of the rows.
  void expect_sums(const torch::Tensor& weights) const {
    for (const auto& [parameters, sum] : kept) {
      std::vector<torch::Tensor> places;
      for (const auto& parameter : parameters) places.push_back(torch::ones_like(parameter));
      sum(weights, places);
      for (std::size_t i = 0; i < parameters.size(); ++i) {
        const auto& [begin, count] = columns.at(parameters[i].unsafeGetTensorImpl());
        EXPECT_TRUE(infomtl::testing::close(places[i].reshape(-1) - 1, matrix.narrow(1, begin, count).t().mv(weights),
                                            1e-12, 1e-10));
      }
    }
  }
  torch::Tensor matrix;
  std::vector<std::pair<std::vector<torch::Tensor>, WeightedSum>> kept;
  std::map<const void*, std::pair<std::int64_t, std::int64_t>> columns;
  int opened = 0, closed = 0;
  bool graph_used_up = false;
};

/// `values` maps parameters (float64) and owners (none: ordinary) to one value per row of 9 rows; three tasks own rows
/// 0..4, 4..4 (none) and 4..9.
/// @param kept  how many uses of parameters hand over their weighted sum when all are in the sink
inline void expect_owners_get_separate_backwards(
    const std::vector<torch::Tensor>& initial,
    const std::function<torch::Tensor(const std::vector<torch::Tensor>&, const ops::RowOwners&)>& values,
    std::size_t kept = 0) {
  using Range = ops::GradientSegments::Range;
  const std::vector<Range> ranges{{0, 4}, {4, 4}, {4, 9}};
  // Once with every parameter in the sink, once with every second one left out.
  for (const std::size_t stride : {1, 2}) {
    std::vector<torch::Tensor> parameters, wanted;
    for (const auto& value : initial) {
      parameters.push_back(value.detach().to(torch::kFloat64).clone().requires_grad_(true));
    }
    for (std::size_t i = 0; i < parameters.size(); i += stride) wanted.push_back(parameters[i]);
    const auto sink = std::make_shared<MatrixSink>(3, wanted);
    values(parameters, ops::RowOwners(ranges, sink)).sum().backward();
    EXPECT_EQ(sink->opened, sink->closed);
    {
      const torch::NoGradGuard no_grad;
      sink->expect_sums(torch::tensor({0.5, 3.0, -2.0}, sink->matrix.options()));
    }
    EXPECT_GE(sink->opened, static_cast<int>(wanted.size()));
    if (stride == 1) {
      EXPECT_EQ(sink->kept.size(), kept);
    }
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const bool in_sink = i % stride == 0;
      EXPECT_EQ(parameters[i].grad().defined(), !in_sink);
      if (!in_sink) {
        const auto whole = torch::autograd::grad({values(parameters, {}).sum()}, {parameters[i]})[0];
        EXPECT_TRUE(close(parameters[i].grad(), whole, 1e-12, 1e-10));
      }
    }
    for (std::size_t t = 0; t < ranges.size(); ++t) {
      const torch::Tensor own = values(parameters, {}).slice(0, ranges[t].begin, ranges[t].end).sum();
      std::vector<torch::Tensor> pieces;
      for (const auto& gradient : torch::autograd::grad({own}, wanted)) pieces.push_back(gradient.reshape(-1));
      EXPECT_TRUE(close(sink->matrix[static_cast<std::int64_t>(t)], torch::cat(pieces), 1e-12, 1e-10)) << "task " << t;
    }
  }
}

}  // namespace infomtl::testing
