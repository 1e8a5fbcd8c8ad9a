#include "infomtl/losses/representation_gradient_norm.h"

#include <torch/autograd.h>

#include "losses/counted_items.h"

namespace infomtl {

LossValue RepresentationGradientNorm::compute(TaskStep& step) {
  const Tensor& output = step.prediction().output;
  const std::int64_t items = count(step.batch());
  if (items == 0) return no_items(output);
  // A sum over rows: its gradient in a row is that of the row's own loss.
  const Tensor loss = supervised_.compute(step).sum;
  const Tensor gradient = torch::autograd::grad({loss}, {step.representation().value}, {}, /*retain_graph=*/true,
                                                /*create_graph=*/true)[0];
  return over_items(gradient.square().sum(), items);
}

}  // namespace infomtl
