#pragma once
// Task gradient sink: takes the tasks' gradients of one backward pass, as rows of a Jacobian or, where that would take
// too much memory, as the products of its rows and the means to sum them with weights later.

#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "infomtl/ops/packed/gradient_segments.h"
#include "step/gradient_rows.h"

namespace infomtl {

class TaskGradientSink final : public ops::GradientSink {
 public:
  /// Until close_all() gradients of the parameters that `rows` has columns for are added to it. Closed, gradients are
  /// ordinary ones.
  void collect(GradientRows& rows);
  /// Likewise; gradients of other parameters, those of `columns`, live only as long as it takes to add the products of
  /// tasks to `gram` [T, T] float64.
  ///
  /// @param scratch  memory for the gradients of a few parameters
  void collect_and_multiply(GradientRows& rows, std::shared_ptr<const GradientColumns> columns, const Tensor& gram,
                            Tensor& scratch);
  /// Until close_all() gradients of shared parameters, summed over tasks, are added to the flat buffer where they
  /// belong: no gradient of a whole table or matrix is made first.
  void accumulate(const FlatParameters& parameters);
  void close_all();

  /// Whether it took gradients of that parameter since it was last opened.
  bool took(const Tensor& parameter) const { return taken_.contains(parameter.const_data_ptr()); }
  /// Whether products and sums are those of the gradients: each parameter that was multiplied was used once, by an
  /// operation that handed over how to sum.
  bool exact() const { return !taken_twice_ && multiplied_without_sum_.empty(); }
  /// Adds sum_t weights_t times the gradients that were multiplied to the flat buffer of gradients, and forgets how.
  ///
  /// @param weights [T], of the parameters' type
  void add_sums(const Tensor& weights, const FlatParameters& parameters);
  /// Forgets how without that. What was handed over may hold the sink in its turn.
  void forget() { sums_.clear(); }

  Tensor open(const Tensor& parameter) override;
  Tensor rows_of(const Tensor& table) const override;
  void close(const Tensor& parameter, const Tensor& rows) override;
  bool keeps() const override { return gram_.defined(); }
  bool may_overwrite_saved() const override { return keeps(); }
  void keep(const std::vector<Tensor>& parameters, WeightedSum sum) override;

 private:
  Tensor scratch_for(std::int64_t count, const torch::TensorOptions& options);

  struct LaterSum {
    std::vector<Tensor> parameters;
    WeightedSum sum;
  };
  GradientRows* rows_ = nullptr;
  const FlatParameters* flat_ = nullptr;
  std::shared_ptr<const GradientColumns> columns_;
  Tensor gram_;
  Tensor* scratch_memory_ = nullptr;
  Tensor scratch_;  // [T, n]
  std::int64_t next_column_ = 0, most_columns_ = 0,
               open_uses_ = 0;  // columns of the scratch in use, at most in use; uses not yet closed
  std::unordered_set<const void*> taken_;
  std::unordered_set<const void*> multiplied_without_sum_;  // multiplied, but not kept
  std::vector<LaterSum> sums_;
  bool taken_twice_ = false;
};

}  // namespace infomtl
