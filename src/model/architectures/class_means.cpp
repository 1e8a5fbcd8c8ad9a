#include "model/architectures/class_means.h"

#include <ATen/ATen.h>

namespace infomtl::architectures {

ClassMeans::ClassMeans(const Task& task, std::int64_t width) : kind_(task.kind), classes_(task.outputs()) {
  before_ = register_buffer("before", at::zeros({classes_, width + 1}, torch::kFloat64));
  now_ = register_buffer("now", at::zeros({classes_, width + 1}, torch::kFloat64));
  step_ = register_buffer("step", at::full({}, -1, torch::kInt64));
}

void ClassMeans::record(const Tensor& rows, const Tensor& labels, std::int64_t step) {
  const torch::NoGradGuard no_grad;
  const Tensor wide = rows.detach().to(torch::kFloat64);
  Tensor belongs;  // [B, C]
  switch (kind_) {
    case TaskKind::classification:
    case TaskKind::tagging:
      belongs = labels.unsqueeze(1) == at::arange(classes_, labels.options());
      break;
    case TaskKind::multi_label:
      belongs = labels;
      break;
    case TaskKind::regression:
      belongs = at::ones({rows.size(0), 1}, wide.options());
      break;
  }
  before_.copy_(at::where(step_ < step, now_, before_));
  step_.fill_(step);
  now_.add_(belongs.to(torch::kFloat64).t().matmul(at::cat({wide, at::ones({rows.size(0), 1}, wide.options())}, 1)));
}

Tensor ClassMeans::before(const Tensor& step) const {
  const torch::NoGradGuard no_grad;
  const Tensor found = at::where(step_ < step, now_, before_);
  const std::int64_t width = found.size(1) - 1;
  return found.narrow(1, 0, width) / found.narrow(1, width, 1).clamp_min(1);
}

}  // namespace infomtl::architectures
