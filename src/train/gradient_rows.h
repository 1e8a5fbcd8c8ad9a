#pragma once
// Gradient rows: the gradient of every task of a step over some columns, a compact Jacobian [T, C]; and the sink
// through which one backward pass fills it, or, where no Jacobian is wanted, only the products of its rows.

#include <cstdint>
#include <memory>
#include <unordered_set>
#include <vector>

#include "infomtl/ops/gradient_segments.h"
#include "train/gradient_columns.h"
#include "train/gradient_memory.h"

namespace infomtl {

class GradientRows {
 public:
  /// @param memory  where the rows lie; what it holds is overwritten
  GradientRows(std::shared_ptr<const GradientColumns> columns, std::int64_t tasks, const torch::TensorOptions& options,
               Tensor& memory);

  const GradientColumns& columns() const { return *columns_; }
  /// The columns of a parameter [T, n], zero when first asked for; undefined where it has none.
  Tensor of(const Tensor& parameter);
  /// Adds a gradient of the whole parameter to a task's row.
  /// @return false when an entry without a column is not zero (and rows are then incomplete)
  bool add(std::int64_t task, const Tensor& parameter, const Tensor& gradient);
  /// [T, C]; columns that nothing was added to are zero.
  const Tensor& values();
  /// flat += values()^T weights.
  void add_combination(const Tensor& weights, const Tensor& flat) {
    columns_->add_combination(values(), weights, flat);
  }

 private:
  std::shared_ptr<const GradientColumns> columns_;
  Tensor values_;
  std::unordered_set<const void*> begun_;  // parameters whose columns were set to zero
};

/// Takes the gradients of parameters that have columns while it is open; closed, gradients are ordinary ones.
class RowsSink final : public ops::GradientSink {
 public:
  /// Gradients are added to `rows` until stop().
  void collect(GradientRows& rows);
  /// Until stop() a parameter's gradients live only as long as it takes to add the products of tasks to `gram` [T, T]
  /// float64, which is right only when no parameter is used twice.
  void multiply(std::shared_ptr<const GradientColumns> columns, const Tensor& gram, Tensor& scratch);
  void stop();
  /// Whether it took gradients of that parameter, once or more often than once, since it was last opened.
  bool took(const Tensor& parameter) const { return taken_.contains(parameter.const_data_ptr()); }
  bool took_twice() const { return twice_; }

  Tensor open(const Tensor& parameter) override;
  Tensor rows_of(const Tensor& table) const override;
  void close(const Tensor& parameter, const Tensor& rows) override;

 private:
  Tensor scratch_for(std::int64_t count, const torch::TensorOptions& options);

  std::shared_ptr<const GradientColumns> columns_;
  GradientRows* rows_ = nullptr;
  Tensor gram_;
  Tensor* memory_ = nullptr;
  Tensor scratch_;                               // [T, n]
  std::int64_t next_ = 0, most_ = 0, open_ = 0;  // columns of the scratch in use, at most in use; uses not yet closed
  std::unordered_set<const void*> taken_;
  bool twice_ = false;
};

}  // namespace infomtl
