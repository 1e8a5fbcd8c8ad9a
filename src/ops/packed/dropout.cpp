#include "infomtl/ops/packed/dropout.h"

#include <ATen/ATen.h>

#include "ops/packed/autograd_support.h"
#include "ops/packed/choose_backend.h"
#include "ops/packed/pattern_mask.h"

namespace infomtl::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The mask is linear in x, so its own derivative: applied again to the gradient, as often as wanted.
struct PatternDropout final : torch::autograd::Function<PatternDropout> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const DropoutPattern& pattern) {
    ctx->saved_data["pattern"] = hold(pattern);
    return backend_of(x).dropout(x.contiguous(), pattern);
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    return {PatternDropout::apply(gradients[0], held<DropoutPattern>(ctx->saved_data["pattern"])), at::Tensor()};
  }
};

}  // namespace

DropoutPattern draw_dropout(double rate, TensorRandom* random) {
  if (!(rate >= 0.0 && rate < 1.0)) throw ShapeError("dropout: rate " + std::to_string(rate) + " is not in [0, 1)");
  if (rate == 0.0 || random == nullptr) return {};
  return {.seed = random->random64(),
          .threshold = static_cast<std::uint32_t>(rate * 4294967296.0),
          .scale = 1.0 / (1.0 - rate)};
}

torch::Tensor dropout_mask(const DropoutPattern& pattern, const torch::Tensor& rows, std::int64_t width,
                           torch::ScalarType type) {
  return pattern_mask(pattern, rows, width, type);
}

torch::Tensor dropout(const torch::Tensor& x, double rate, TensorRandom* random) {
  const DropoutPattern pattern = draw_dropout(rate, random);
  return pattern.drops() ? PatternDropout::apply(x, pattern) : x;
}

torch::Tensor dropout_mask(const torch::Tensor& like, double rate, TensorRandom& random) {
  const DropoutPattern pattern = draw_dropout(rate, &random);
  const at::NoGradGuard no_grad;
  const at::Tensor ones = at::ones_like(like, at::MemoryFormat::Contiguous);
  return pattern.drops() ? backend_of(like).dropout(ones, pattern) : ones;
}

}  // namespace infomtl::ops
