#include "infomtl/ops/gradient_norm.h"

#include <ATen/ATen.h>
#include <torch/autograd.h>

#include "infomtl/core/errors.h"
#include "infomtl/ops/perturbed_parameters.h"

namespace infomtl::ops {
namespace {

using torch::Tensor;

constexpr double kShortest = 1e-8;  // of a gradient that is followed

void require_scalar(const Tensor& loss, const char* function) {
  if (loss.numel() != 1) {
    throw ShapeError(std::string(function) + ": the loss must be a scalar, found " + c10::str(loss.sizes()));
  }
}

/// Gradients that are not there count as 0; the type and device are those of `like`.
Tensor sum_of_squares(const std::vector<Tensor>& gradients, const Tensor& like) {
  Tensor sum = at::zeros({}, like.options().requires_grad(false));
  for (const Tensor& gradient : gradients) {
    if (gradient.defined()) sum = sum + gradient.square().sum();
  }
  return sum;
}

}  // namespace

Tensor squared_gradient_norm(const Tensor& loss, const std::vector<Tensor>& parameters) {
  require_scalar(loss, "squared_gradient_norm");
  if (parameters.empty()) return sum_of_squares({}, loss);
  return sum_of_squares(torch::autograd::grad({loss}, parameters, {}, /*retain_graph=*/true, /*create_graph=*/true,
                                              /*allow_unused=*/true),
                        loss);
}

GradientNormEstimate squared_gradient_norm_by_difference(const std::function<Tensor(const Tensor&)>& loss,
                                                         const Tensor& rows, const std::vector<Tensor>& parameters,
                                                         double epsilon) {
  const torch::AutoGradMode graph(true);
  const Tensor leaf = rows.detach().requires_grad_(true);
  const auto gradients_of = [&](const Tensor& value, const std::vector<Tensor>& inputs) {
    require_scalar(value, "squared_gradient_norm_by_difference");
    return torch::autograd::grad({value}, inputs, {}, /*retain_graph=*/false, /*create_graph=*/false,
                                 /*allow_unused=*/true);
  };
  std::vector<Tensor> inputs = parameters;
  inputs.push_back(leaf);
  const Tensor here = loss(leaf);
  std::vector<Tensor> gradients = gradients_of(here, inputs);
  const Tensor in_rows_here = gradients.back();
  gradients.pop_back();
  const Tensor scale = epsilon / sum_of_squares(gradients, here).sqrt().clamp_min(kShortest);
  for (Tensor& gradient : gradients) {
    if (gradient.defined()) gradient = gradient * scale;
  }

  Tensor there, in_rows_there;
  {
    PerturbedParameters moved(parameters);
    moved.move_by(gradients);
    there = loss(leaf);
    in_rows_there = gradients_of(there, {leaf})[0];
  }
  const Tensor slope = (there - here).detach() / epsilon;
  GradientNormEstimate found{.value = slope.square(), .gradient = at::zeros_like(rows.detach())};
  if (in_rows_here.defined() && in_rows_there.defined()) {
    found.gradient = 2 * slope * (in_rows_there - in_rows_here) / epsilon;
  }
  return found;
}

}  // namespace infomtl::ops
