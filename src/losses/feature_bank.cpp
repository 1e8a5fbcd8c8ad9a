#include "losses/feature_bank.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace infomtl {

FeatureBank::FeatureBank(std::int64_t capacity, std::int64_t width) : capacity_(capacity) {
  rows_ = register_buffer("rows", at::zeros({2 * capacity, width}));
  labels_ = register_buffer("labels", at::full({2 * capacity}, -1, torch::kInt64));
  before_ = register_buffer("before", at::zeros({}, torch::kInt64));
  now_ = register_buffer("now", at::zeros({}, torch::kInt64));
  step_ = register_buffer("step", at::full({}, -1, torch::kInt64));
}

void FeatureBank::record(const Tensor& rows, const Tensor& labels, std::int64_t step) {
  const torch::NoGradGuard no_grad;
  before_.copy_(before(step));
  step_.fill_(step);
  const std::int64_t count = std::min(rows.size(0), capacity_), first = rows.size(0) - count;
  const Tensor places = (now_ + at::arange(count, now_.options())).remainder(2 * capacity_);
  rows_.index_copy_(0, places, rows.detach().narrow(0, first, count).to(rows_.options()));
  if (labels.defined()) {
    labels_.index_copy_(0, places, labels.narrow(0, first, count));
  } else {
    labels_.index_fill_(0, places, -1);
  }
  now_.add_(count);
}

Tensor FeatureBank::before(std::int64_t step) const {
  const torch::NoGradGuard no_grad;
  return at::where(step_ < step, now_, before_);
}

Tensor FeatureBank::filled(std::int64_t step) const {
  const torch::NoGradGuard no_grad;
  const Tensor count = before(step);
  // Which row, counted from the first ever, a place holds: below zero where it holds none.
  const Tensor last = now_ - 1;
  const Tensor row = last - (last - at::arange(2 * capacity_, now_.options())).remainder(2 * capacity_);
  return (row >= (count - capacity_).clamp_min(0)).logical_and(row < count);
}

}  // namespace infomtl
