#include "train/gradient_rows.h"

#include <algorithm>

#include "infomtl/ops/aggregation/gram.h"

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

void RowsSink::collect(GradientRows& rows) {
  stop();
  rows_ = &rows;
  taken_.clear();
  twice_ = false;
}

void RowsSink::multiply(std::shared_ptr<const GradientColumns> columns, const Tensor& gram, Tensor& scratch) {
  stop();
  columns_ = std::move(columns);
  gram_ = gram;
  memory_ = &scratch;
  const std::int64_t tasks = gram.size(0);
  scratch_ = scratch.defined() ? matrix_in(scratch, tasks, scratch.numel() / tasks, scratch.options()) : Tensor();
  next_ = most_ = open_ = 0;
  taken_.clear();
  twice_ = false;
}

void RowsSink::stop() {
  if (gram_.defined()) {
    const std::int64_t tasks = gram_.size(0);
    if (most_ > 0) matrix_in(*memory_, tasks, most_, scratch_.options());
  }
  rows_ = nullptr;
  columns_ = nullptr;
  gram_.reset();
  scratch_.reset();
}

Tensor RowsSink::rows_of(const Tensor& table) const {
  if (rows_ != nullptr) return rows_->columns().rows_of(table);
  return columns_ != nullptr ? columns_->rows_of(table) : Tensor();
}

Tensor RowsSink::open(const Tensor& parameter) {
  Tensor rows;
  if (rows_ != nullptr) {
    rows = rows_->of(parameter);
  } else if (columns_ != nullptr) {
    const auto* const place = columns_->find(parameter);
    if (place != nullptr) rows = scratch_for(place->count, parameter.options().requires_grad(false));
  }
  if (rows.defined()) twice_ = !taken_.insert(parameter.const_data_ptr()).second || twice_;
  return rows;
}

/// [T, count] of zeros. Parameters open at the same time lie side by side, so that one product may fill them all.
Tensor RowsSink::scratch_for(std::int64_t count, const torch::TensorOptions& options) {
  if (open_++ == 0) next_ = 0;
  const std::int64_t begin = next_;
  next_ += count;
  most_ = std::max(most_, next_);
  if (scratch_.defined() && next_ <= scratch_.size(1)) return scratch_.narrow(1, begin, count).zero_();
  if (!scratch_.defined()) scratch_ = torch::empty({gram_.size(0), 0}, options);
  return torch::zeros({gram_.size(0), count}, options);
}

void RowsSink::close(const Tensor& /*parameter*/, const Tensor& rows) {
  if (!gram_.defined()) return;
  ops::add_gram(rows, gram_);
  --open_;
}

}  // namespace infomtl
