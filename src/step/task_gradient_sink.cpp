#include "step/task_gradient_sink.h"

#include <algorithm>

#include "infomtl/ops/aggregation/gram.h"

namespace infomtl {

void TaskGradientSink::collect(GradientRows& rows) {
  close_all();
  rows_ = &rows;
  taken_.clear();
  multiplied_without_sum_.clear();
  sums_.clear();
  taken_twice_ = false;
}

void TaskGradientSink::collect_and_multiply(GradientRows& rows, std::shared_ptr<const GradientColumns> columns,
                                            const Tensor& gram, Tensor& scratch) {
  collect(rows);
  columns_ = std::move(columns);
  gram_ = gram;
  scratch_memory_ = &scratch;
  const std::int64_t tasks = gram.size(0);
  scratch_ = scratch.defined() ? matrix_in(scratch, tasks, scratch.numel() / tasks, scratch.options()) : Tensor();
  next_column_ = most_columns_ = open_uses_ = 0;
}

void TaskGradientSink::accumulate(const FlatParameters& parameters) {
  close_all();
  flat_ = &parameters;
}

void TaskGradientSink::close_all() {
  if (most_columns_ > 0) matrix_in(*scratch_memory_, gram_.size(0), most_columns_, scratch_.options());
  rows_ = nullptr;
  flat_ = nullptr;
  columns_ = nullptr;
  gram_.reset();
  scratch_.reset();
  most_columns_ = 0;
}

Tensor TaskGradientSink::rows_of(const Tensor& table) const {
  if (rows_ == nullptr) return {};
  const Tensor rows = rows_->columns().rows_of(table);
  return rows.defined() || columns_ == nullptr ? rows : columns_->rows_of(table);
}

Tensor TaskGradientSink::open(const Tensor& parameter) {
  if (flat_ != nullptr) return flat_->gradient_at(parameter).unsqueeze(0);
  if (rows_ == nullptr) return {};
  const void* const key = parameter.const_data_ptr();
  Tensor rows = rows_->of(parameter);
  if (rows.defined()) {
    taken_.insert(key);
    return rows;
  }
  const auto* const place = columns_ == nullptr ? nullptr : columns_->find(parameter);
  if (place == nullptr) return {};
  taken_twice_ = !taken_.insert(key).second || taken_twice_;
  multiplied_without_sum_.insert(key);
  return scratch_for(place->count, parameter.options().requires_grad(false));
}

/// [T, count] of zeros. Parameters open at the same time lie side by side, so that one product may fill them all.
Tensor TaskGradientSink::scratch_for(std::int64_t count, const torch::TensorOptions& options) {
  if (open_uses_++ == 0) next_column_ = 0;
  const std::int64_t begin = next_column_;
  next_column_ += count;
  most_columns_ = std::max(most_columns_, next_column_);
  if (scratch_.defined() && next_column_ <= scratch_.size(1)) return scratch_.narrow(1, begin, count).zero_();
  if (!scratch_.defined()) scratch_ = torch::empty({gram_.size(0), 0}, options);
  return torch::zeros({gram_.size(0), count}, options);
}

void TaskGradientSink::close(const Tensor& parameter, const Tensor& rows) {
  if (!gram_.defined() || !multiplied_without_sum_.contains(parameter.const_data_ptr())) return;
  ops::add_gram(rows, gram_);
  --open_uses_;
}

void TaskGradientSink::keep(const std::vector<Tensor>& parameters, WeightedSum sum) {
  // The sum is of all of them: one whose gradient is an ordinary one (or kept as rows) can't be left out.
  for (const Tensor& parameter : parameters) {
    if (!multiplied_without_sum_.contains(parameter.const_data_ptr())) return;
  }
  for (const Tensor& parameter : parameters) multiplied_without_sum_.erase(parameter.const_data_ptr());
  sums_.push_back({parameters, std::move(sum)});
}

void TaskGradientSink::add_sums(const Tensor& weights, const FlatParameters& parameters) {
  const torch::NoGradGuard no_grad;
  for (LaterSum& later : sums_) {
    std::vector<Tensor> places;
    places.reserve(later.parameters.size());
    for (const Tensor& parameter : later.parameters) {
      places.push_back(parameters.gradient_at(parameter).view(parameter.sizes()));
    }
    later.sum(weights, places);
    later = {};  // what it held is free before the next one
  }
  sums_.clear();
}

}  // namespace infomtl
