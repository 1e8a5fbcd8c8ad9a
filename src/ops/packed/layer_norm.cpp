#include "infomtl/ops/packed/layer_norm.h"

#include <ATen/ATen.h>

#include "infomtl/ops/packed/dropout.h"
#include "ops/packed/autograd_support.h"
#include "ops/packed/dropout_pattern.h"
#include "ops/packed/kernel_types.h"
#include "ops/packed/products.h"

namespace infomtl::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Normed {
  at::Tensor out, sum, mean, inverse_deviation;
};

template <class T>
Normed run_forward(const at::Tensor& x, const at::Tensor& residual, const kernels::DropoutPattern& pattern,
                   const at::Tensor& weight, const at::Tensor& bias, double epsilon) {
  const std::int64_t rows = x.size(0), width = x.size(1);
  Normed n;
  n.out = empty_rows_like(x);
  n.sum = residual.defined() ? empty_rows_like(x) : x;
  n.mean = at::empty({rows}, weight.options());
  n.inverse_deviation = at::empty({rows}, weight.options());
  kernels::loops<T>().residual_norm({.rows = rows,
                                     .width = width,
                                     .x = read_data<T>(x),
                                     .residual = residual.defined() ? read_data<T>(residual) : nullptr,
                                     .dropout = pattern,
                                     .weight = read_data<kernels::Compute<T>>(weight),
                                     .bias = read_data<kernels::Compute<T>>(bias),
                                     .epsilon = epsilon,
                                     .sum = residual.defined() ? write_data<T>(n.sum) : nullptr,
                                     .mean = write_data<kernels::Compute<T>>(n.mean),
                                     .inverse_deviation = write_data<kernels::Compute<T>>(n.inverse_deviation),
                                     .out = write_data<T>(n.out)});
  return n;
}

// Gradients of rows begin .. end; weight and bias gradients are added to.
template <class T>
void run_backward(const at::Tensor& gradient, const Normed& n, const at::Tensor& weight,
                  const kernels::DropoutPattern& pattern, GradientSegments::Range range, at::Tensor& sum_gradient,
                  at::Tensor& x_gradient, const at::Tensor& weight_gradient, const at::Tensor& bias_gradient) {
  const std::int64_t width = gradient.size(1), begin = range.begin, shift = begin * width;
  kernels::loops<T>().residual_norm_gradient(
      {.rows = range.end - begin,
       .width = width,
       .gradient = read_data<T>(gradient) + shift,
       .sum = read_data<T>(n.sum) + shift,
       .mean = read_data<kernels::Compute<T>>(n.mean) + begin,
       .inverse_deviation = read_data<kernels::Compute<T>>(n.inverse_deviation) + begin,
       .weight = read_data<kernels::Compute<T>>(weight),
       .dropout = pattern,
       .first_row = begin,
       .sum_gradient = write_data<T>(sum_gradient) + shift,
       .x_gradient = pattern.threshold == 0 ? nullptr : write_data<T>(x_gradient) + shift,
       .weight_gradient = write_data<kernels::Compute<T>>(weight_gradient),
       .bias_gradient = write_data<kernels::Compute<T>>(bias_gradient)});
}

void backward_rows(const at::Tensor& gradient, const Normed& n, const at::Tensor& weight,
                   const kernels::DropoutPattern& pattern, GradientSegments::Range range, at::Tensor& sum_gradient,
                   at::Tensor& x_gradient, const at::Tensor& weight_gradient, const at::Tensor& bias_gradient) {
  if (range.begin == range.end) return;
  if (has_loops(gradient)) {
    with_loop_type(gradient.scalar_type(), [&]<class T>() {
      run_backward<T>(gradient, n, weight, pattern, range, sum_gradient, x_gradient, weight_gradient, bias_gradient);
    });
    return;
  }
  const std::int64_t begin = range.begin, count = range.end - begin;
  const at::Tensor own = gradient.narrow(0, begin, count);
  const auto [to_sum, to_weight, to_bias] =
      at::native_layer_norm_backward(own, n.sum.narrow(0, begin, count), weight.sizes(), n.mean.narrow(0, begin, count),
                                     n.inverse_deviation.narrow(0, begin, count), weight, weight, {true, true, true});
  sum_gradient.narrow(0, begin, count).copy_(to_sum);
  weight_gradient.add_(to_weight);
  bias_gradient.add_(to_bias);
}

struct ResidualLayerNorm final : torch::autograd::Function<ResidualLayerNorm> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x_in, const std::optional<at::Tensor>& residual_in,
                            const at::Tensor& weight, const at::Tensor& bias, const kernels::DropoutPattern& pattern,
                            double epsilon, const Segments& segments) {
    const at::Tensor x = x_in.contiguous();
    const at::Tensor residual = residual_in.has_value() ? residual_in->contiguous() : at::Tensor();
    Normed n;
    if (has_loops(x)) {
      n = with_loop_type(x.scalar_type(),
                         [&]<class T>() { return run_forward<T>(x, residual, pattern, weight, bias, epsilon); });
    } else {
      n.sum = residual.defined() ? x + residual : x;
      std::tie(n.out, n.mean, n.inverse_deviation) =
          at::native_layer_norm(n.sum, weight.sizes(), weight, bias, epsilon);
    }
    ctx->save_for_backward({n.sum, n.mean, n.inverse_deviation, weight, bias});
    ctx->saved_data["pattern"] = hold(pattern);
    ctx->saved_data["residual"] = residual.defined();
    ctx->saved_data["segments"] = hold(segments);
    return n.out;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    refuse_second_derivative("layer_norm");
    const variable_list saved = ctx->get_saved_variables();
    const Normed n{.out = {}, .sum = saved[0], .mean = saved[1], .inverse_deviation = saved[2]};
    const at::Tensor &weight = saved[3], &bias = saved[4];
    const auto pattern = held<kernels::DropoutPattern>(ctx->saved_data["pattern"]);
    const auto segments = held<Segments>(ctx->saved_data["segments"]);
    const at::Tensor gradient = gradients[0].contiguous();
    // An absent residual is not counted among the inputs, and the sum is then not our own.
    const bool has_residual = ctx->saved_data["residual"].toBool();
    const bool own_sum = has_residual && has_loops(gradient);
    at::Tensor x_gradient = own_sum ? gradient_place(n.sum, segments) : empty_rows_like(gradient);
    at::Tensor sum_gradient = pattern.threshold == 0 ? x_gradient : empty_rows_like(gradient);
    variable_list result(7);
    const bool needs_weight = ctx->needs_input_grad(has_residual ? 2 : 1);
    const bool needs_bias = ctx->needs_input_grad(has_residual ? 3 : 2);
    const at::Tensor weight_rows = segments && needs_weight ? segments->sink().open(weight) : at::Tensor();
    const at::Tensor bias_rows = segments && needs_bias ? segments->sink().open(bias) : at::Tensor();
    at::Tensor weight_gradient = weight_rows.defined() ? at::Tensor() : at::zeros_like(weight);
    at::Tensor bias_gradient = bias_rows.defined() ? at::Tensor() : at::zeros_like(bias);
    if (weight_rows.defined() || bias_rows.defined()) {
      const auto ranges = segments->ranges_of(gradient.size(0), weight_rows.defined() ? weight_rows : bias_rows);
      for (std::size_t t = 0; t < ranges.size(); ++t) {
        const auto task = static_cast<std::int64_t>(t);
        backward_rows(gradient, n, weight, pattern, ranges[t], sum_gradient, x_gradient,
                      weight_rows.defined() ? weight_rows[task] : weight_gradient,
                      bias_rows.defined() ? bias_rows[task] : bias_gradient);
      }
      if (weight_rows.defined()) segments->sink().close(weight, weight_rows);
      if (bias_rows.defined()) segments->sink().close(bias, bias_rows);
    } else {
      backward_rows(gradient, n, weight, pattern, {0, gradient.size(0)}, sum_gradient, x_gradient, weight_gradient,
                    bias_gradient);
    }
    result[0] = x_gradient;
    if (has_residual) result[1] = sum_gradient;
    if (needs_weight) result[2] = weight_gradient;
    if (needs_bias) result[3] = bias_gradient;
    return result;
  }
};

}  // namespace

torch::Tensor layer_norm(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias, double epsilon,
                         const std::shared_ptr<GradientSegments>& segments) {
  check_shape(x.dim() == 2 && weight.dim() == 1 && weight.size(0) == x.size(1) && bias.sizes() == weight.sizes(),
              "layer_norm", "input " + shape_text(x) + ", weight " + shape_text(weight) + ", bias " + shape_text(bias));
  return ResidualLayerNorm::apply(x, std::optional<at::Tensor>(), weight, bias, kernels::DropoutPattern{}, epsilon,
                                  segments);
}

torch::Tensor residual_layer_norm(const torch::Tensor& x, const torch::Tensor& residual, double rate,
                                  TensorRandom* random, const torch::Tensor& weight, const torch::Tensor& bias,
                                  double epsilon, const std::shared_ptr<GradientSegments>& segments) {
  check_shape(x.dim() == 2 && x.sizes() == residual.sizes() && weight.dim() == 1 && weight.size(0) == x.size(1) &&
                  bias.sizes() == weight.sizes(),
              "residual_layer_norm",
              "input " + shape_text(x) + ", residual " + shape_text(residual) + ", weight " + shape_text(weight) +
                  ", bias " + shape_text(bias));
  if (has_loops(x)) {
    return ResidualLayerNorm::apply(x, std::optional<at::Tensor>(residual), weight, bias, draw_pattern(rate, random),
                                    epsilon, segments);
  }
  return ResidualLayerNorm::apply(dropout(x, rate, random), std::optional<at::Tensor>(residual), weight, bias,
                                  kernels::DropoutPattern{}, epsilon, segments);
}

}  // namespace infomtl::ops
