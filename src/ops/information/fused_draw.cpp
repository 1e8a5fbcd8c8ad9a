#include "ops/information/fused_draw.h"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <torch/autograd.h>

#include <optional>

#include "infomtl/ops/information/gaussian.h"
#include "ops/packed/autograd_support.h"
#include "ops/packed/kernel_types.h"

namespace infomtl::ops {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

GaussianDraw plain_draw(const DrawInput& in) {
  const Tensor noise = normal_noise(in.noise, in.mean.size(0), in.mean.size(1), in.mean.device());
  const Tensor divergence = in.prior_mean.defined()
                                ? kl_diagonal(in.mean, in.log_variance, in.prior_mean, in.prior_log_variance)
                                : kl_standard(in.mean, in.log_variance);
  return {gaussian_sample(in.mean, in.log_variance, noise), divergence.sum(1)};
}

namespace {

/// The kernels' view of inputs, and the tensors that it points into.
template <class T>
struct Rows {
  Tensor mean, log_variance, prior_mean, prior_log_variance;
  kernels::DrawRows<T> draw;

  explicit Rows(const DrawInput& in) : mean(in.mean.contiguous()), log_variance(in.log_variance.contiguous()) {
    if (in.prior_mean.defined()) {
      const auto wide = [&](const Tensor& prior) {
        return prior.to(torch::kFloat32).expand(in.mean.sizes()).contiguous();
      };
      const bool shared = in.prior_mean.dim() == 1 && in.prior_log_variance.dim() == 1;
      prior_mean = shared ? in.prior_mean.to(torch::kFloat32).contiguous() : wide(in.prior_mean);
      prior_log_variance =
          shared ? in.prior_log_variance.to(torch::kFloat32).contiguous() : wide(in.prior_log_variance);
    }
    const std::int64_t width = mean.size(1);
    draw = {.rows = mean.size(0),
            .width = width,
            .mean = read_data<T>(mean),
            .log_variance = read_data<T>(log_variance),
            .prior_mean = prior_mean.defined() ? prior_mean.const_data_ptr<float>() : nullptr,
            .prior_log_variance = prior_mean.defined() ? prior_log_variance.const_data_ptr<float>() : nullptr,
            .prior_stride = prior_mean.defined() && prior_mean.dim() == 2 ? width : 0,
            .seed = in.noise.seed,
            .sample = nullptr,
            .divergence = nullptr};
  }
};

constexpr std::size_t kInputs = 4, kArguments = 6;  // mean, log-variance, both of the prior; noise, kernels

/// From the gradient of each entry that of a prior of any shape.
Tensor of_prior(const Tensor& entries, const Tensor& prior) {
  return (prior.dim() == 1 ? entries.sum(0) : entries).to(prior.scalar_type());
}

variable_list with_graph(const variable_list& inputs, const NoisePattern& noise, const variable_list& outer) {
  const GaussianDraw draw = plain_draw({inputs[0], inputs[1], inputs[2], inputs[3], noise});
  variable_list wanted, result(kArguments);
  for (const Tensor& input : inputs) {
    if (input.defined() && input.requires_grad()) wanted.push_back(input);
  }
  const variable_list found =
      torch::autograd::grad({draw.sample, draw.divergence}, wanted, outer, true, true, /*allow_unused=*/true);
  std::size_t next = 0;
  for (std::size_t i = 0; i < kInputs; ++i) {
    if (inputs[i].defined() && inputs[i].requires_grad()) result[i] = found[next++];
  }
  return result;
}

template <class T>
class FusedDraw : public torch::autograd::Function<FusedDraw<T>> {
 public:
  static variable_list forward(AutogradContext* context, const Tensor& mean, const Tensor& log_variance,
                               const std::optional<Tensor>& prior_mean, const std::optional<Tensor>& prior_log_variance,
                               const NoisePattern& noise, const DrawKernels<T>* kernels) {
    const c10::OptionalDeviceGuard guard(at::device_of(mean));
    const DrawInput in{mean, log_variance, prior_mean.value_or(Tensor()), prior_log_variance.value_or(Tensor()), noise};
    Rows<T> rows(in);
    const auto wide = mean.options().dtype(torch::kFloat32).requires_grad(false);
    const Tensor sample = at::empty(mean.sizes(), wide), divergence = at::empty({mean.size(0)}, wide);
    rows.draw.sample = sample.mutable_data_ptr<float>();
    rows.draw.divergence = divergence.mutable_data_ptr<float>();
    kernels->draw(rows.draw);
    context->save_for_backward({mean, log_variance, in.prior_mean, in.prior_log_variance});
    context->saved_data["noise"] = hold(noise);
    context->saved_data["kernels"] = hold(kernels);
    return {sample, divergence};
  }

  static variable_list backward(AutogradContext* context, const variable_list& outer) {
    const variable_list saved = context->get_saved_variables();
    const auto noise = held<NoisePattern>(context->saved_data["noise"]);
    if (at::GradMode::is_enabled()) return with_graph(saved, noise, outer);
    const c10::OptionalDeviceGuard guard(at::device_of(saved[0]));
    const Rows<T> rows({saved[0], saved[1], saved[2], saved[3], noise});
    const bool prior_learns = saved[2].defined() && (context->needs_input_grad(2) || context->needs_input_grad(3));
    const Tensor of_sample = outer[0].contiguous(), of_divergence = outer[1].contiguous();
    const Tensor of_mean = at::empty(saved[0].sizes(), saved[0].options());
    const Tensor of_log_variance = at::empty(saved[1].sizes(), saved[1].options());
    const Tensor of_priors =
        prior_learns ? at::empty({2, saved[0].size(0), saved[0].size(1)}, of_sample.options()) : Tensor();
    float* const priors = prior_learns ? of_priors.mutable_data_ptr<float>() : nullptr;
    held<const DrawKernels<T>*>(context->saved_data["kernels"])
        ->gradient({.of = rows.draw,
                    .sample_gradient = of_sample.const_data_ptr<float>(),
                    .divergence_gradient = of_divergence.const_data_ptr<float>(),
                    .mean_gradient = write_data<T>(of_mean),
                    .log_variance_gradient = write_data<T>(of_log_variance),
                    .prior_mean_gradient = priors,
                    .prior_log_variance_gradient = prior_learns ? priors + saved[0].numel() : nullptr});
    variable_list result(kArguments);
    result[0] = of_mean;
    result[1] = of_log_variance;
    if (prior_learns) {
      result[2] = of_prior(of_priors[0], saved[2]);
      result[3] = of_prior(of_priors[1], saved[3]);
    }
    return result;
  }
};

}  // namespace

template <class T>
GaussianDraw fused_draw(const DrawInput& in, const DrawKernels<T>& kernels) {
  const auto given = [](const Tensor& prior) { return prior.defined() ? std::optional(prior) : std::nullopt; };
  const variable_list found = FusedDraw<T>::apply(in.mean, in.log_variance, given(in.prior_mean),
                                                  given(in.prior_log_variance), in.noise, &kernels);
  return {found[0], found[1]};
}
template GaussianDraw fused_draw(const DrawInput&, const DrawKernels<float>&);
template GaussianDraw fused_draw(const DrawInput&, const DrawKernels<kernels::BFloat16>&);

}  // namespace infomtl::ops
