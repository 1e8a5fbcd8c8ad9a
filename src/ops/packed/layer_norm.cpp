#include "infomtl/ops/packed/layer_norm.h"

#include <ATen/ATen.h>

#include "infomtl/ops/packed/dropout.h"
#include "ops/packed/accumulate_per_task.h"
#include "ops/packed/autograd_support.h"
#include "ops/packed/choose_backend.h"
#include "ops/packed/plain.h"
#include "ops/packed/products.h"

namespace infomtl::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct ResidualLayerNorm final : torch::autograd::Function<ResidualLayerNorm> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const std::optional<at::Tensor>& residual,
                            const at::Tensor& weight, const at::Tensor& bias, const DropoutPattern& pattern,
                            double epsilon, const RowOwners& owners) {
    const NormInput in{.x = x.contiguous(),
                       .residual = residual.has_value() ? residual->contiguous() : at::Tensor(),
                       .pattern = pattern,
                       .weight = weight,
                       .bias = bias,
                       .epsilon = epsilon};
    const Normed n = backend_of(x).layer_norm(in);
    ctx->save_for_backward({n.sum, n.mean, n.inverse_deviation, weight, bias});
    ctx->saved_data["pattern"] = hold(pattern);
    ctx->saved_data["residual"] = residual.has_value();
    ctx->saved_data["owners"] = hold(owners);
    return n.out;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    refuse_second_derivative("layer_norm");
    const variable_list saved = ctx->get_saved_variables();
    const Normed n{.out = {}, .sum = saved[0], .mean = saved[1], .inverse_deviation = saved[2]};
    const at::Tensor &weight = saved[3], &bias = saved[4];
    const auto pattern = held<DropoutPattern>(ctx->saved_data["pattern"]);
    const auto owners = held<RowOwners>(ctx->saved_data["owners"]);
    const at::Tensor gradient = gradients[0].contiguous();
    const auto run = backend_of(gradient).layer_norm_gradient;
    // An absent residual is not counted among the inputs, and the sum is then not our own.
    const bool has_residual = ctx->saved_data["residual"].toBool();
    NormGradients places;
    places.x = has_residual ? gradient_place(n.sum, owners) : empty_rows_like(gradient);
    places.sum = pattern.drops() ? empty_rows_like(gradient) : places.x;
    const bool needs_weight = ctx->needs_input_grad(has_residual ? 2 : 1);
    const bool needs_bias = ctx->needs_input_grad(has_residual ? 3 : 2);
    at::Tensor weight_gradient, bias_gradient;  // ordinary ones, where the sink does not take them
    const auto either = [](const at::Tensor& place, at::Tensor& ordinary, const at::Tensor& parameter) {
      if (!place.defined() && !ordinary.defined()) ordinary = at::zeros_like(parameter);
      return place.defined() ? place : ordinary;
    };
    const auto add = [&](const TaskPlaces& task) {
      places.weight = either(task.places[0], weight_gradient, weight);
      places.bias = either(task.places[1], bias_gradient, bias);
      run(gradient, n, weight, pattern, task.rows, places);
    };
    const std::vector<bool> taken = accumulate_per_task(owners, {weight, bias}, {needs_weight, needs_bias}, add);
    if (!taken[0] && !taken[1]) add({.rows = {0, gradient.size(0)}, .places = {{}, {}}});
    variable_list result(7);
    result[0] = places.x;
    if (has_residual) result[1] = places.sum;
    if (needs_weight && !taken[0]) result[2] = either({}, weight_gradient, weight);
    if (needs_bias && !taken[1]) result[3] = either({}, bias_gradient, bias);
    return result;
  }
};

}  // namespace

torch::Tensor layer_norm(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias, double epsilon,
                         const RowOwners& owners, Derivatives derivatives) {
  check_shape(x.dim() == 2 && weight.dim() == 1 && weight.size(0) == x.size(1) && bias.sizes() == weight.sizes(),
              "layer_norm", "input " + shape_text(x) + ", weight " + shape_text(weight) + ", bias " + shape_text(bias));
  check_owners(owners, x.size(0), "layer_norm");
  if (derivatives == Derivatives::twice) return plain::layer_norm(x, weight, bias, epsilon);
  return ResidualLayerNorm::apply(x, std::optional<at::Tensor>(), weight, bias, DropoutPattern{}, epsilon, owners);
}

torch::Tensor residual_layer_norm(const torch::Tensor& x, const torch::Tensor& residual, double rate,
                                  TensorRandom* random, const torch::Tensor& weight, const torch::Tensor& bias,
                                  double epsilon, const RowOwners& owners, Derivatives derivatives) {
  check_shape(x.dim() == 2 && x.sizes() == residual.sizes() && weight.dim() == 1 && weight.size(0) == x.size(1) &&
                  bias.sizes() == weight.sizes(),
              "residual_layer_norm",
              "input " + shape_text(x) + ", residual " + shape_text(residual) + ", weight " + shape_text(weight) +
                  ", bias " + shape_text(bias));
  check_owners(owners, x.size(0), "residual_layer_norm");
  const DropoutPattern pattern = draw_dropout(rate, random);
  if (derivatives == Derivatives::twice) return plain::residual_layer_norm(x, residual, pattern, weight, bias, epsilon);
  return ResidualLayerNorm::apply(x, std::optional<at::Tensor>(residual), weight, bias, pattern, epsilon, owners);
}

}  // namespace infomtl::ops
