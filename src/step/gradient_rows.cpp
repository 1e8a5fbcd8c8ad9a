#include "step/gradient_rows.h"

namespace infomtl {

GradientRows::GradientRows(std::shared_ptr<const GradientColumns> columns, std::int64_t tasks,
                           const torch::TensorOptions& options, Tensor& memory)
    : columns_(std::move(columns)), values_(matrix_in(memory, tasks, columns_->size(), options)) {}

Tensor GradientRows::of(const Tensor& parameter) {
  const auto* const place = columns_->find(parameter);
  if (place == nullptr) return {};
  Tensor rows = values_.narrow(1, place->begin, place->count);
  if (begun_.insert(parameter.const_data_ptr()).second) rows.zero_();
  return rows;
}

bool GradientRows::add(std::int64_t task, const Tensor& parameter, const Tensor& gradient) {
  const Tensor row = of(parameter)[task];
  const Tensor ids = columns_->rows_of(parameter);
  if (!ids.defined()) {
    row.add_(gradient.reshape(-1));
    return true;
  }
  row.add_(gradient.index_select(0, ids).reshape(-1));
  return !gradient.index_fill(0, ids, 0.0).any().item<bool>();
}

const Tensor& GradientRows::values() {
  for (const auto& [parameter, place] : columns_->places()) {
    if (begun_.insert(parameter).second) values_.narrow(1, place.begin, place.count).zero_();
  }
  return values_;
}

}  // namespace infomtl
