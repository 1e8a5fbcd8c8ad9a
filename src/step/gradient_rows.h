#pragma once
// Gradient rows: the gradient of every task of a step over some columns, a compact Jacobian [T, C].

#include <cstdint>
#include <memory>
#include <unordered_set>

#include "step/gradient_columns.h"
#include "step/gradient_memory.h"

namespace infomtl {

class GradientRows {
 public:
  /// @param memory  where the rows lie; what it holds is overwritten
  GradientRows(std::shared_ptr<const GradientColumns> columns, std::int64_t tasks, const torch::TensorOptions& options,
               Tensor& memory);

  const GradientColumns& columns() const { return *columns_; }
  /// The columns of a parameter [T, n], zero when first asked for; undefined where it has none.
  Tensor of(const Tensor& parameter);
  /// Adds a gradient of the whole parameter to a task's row. Where only some rows of the parameter have columns, it looks at
  /// the others, which waits for the device: gradients that pass by the sink (GradientSink) are not told apart by rows.
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

}  // namespace infomtl
