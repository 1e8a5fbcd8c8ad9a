#include "infomtl/ops/packed/dropout.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <mutex>

#include "ops/packed/autograd_support.h"
#include "ops/packed/dropout_pattern.h"
#include "ops/packed/kernel_types.h"
#include "ops/packed/products.h"

namespace infomtl::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

bool drops(double rate, const TensorRandom* random) {
  if (!(rate >= 0.0 && rate < 1.0)) throw ShapeError("dropout: rate " + std::to_string(rate) + " is not in [0, 1)");
  return rate > 0.0 && random != nullptr;
}

std::int64_t width_of(const at::Tensor& x) { return x.dim() == 0 ? 1 : x.size(-1); }
std::int64_t rows_of(const at::Tensor& x) { return x.numel() / std::max<std::int64_t>(width_of(x), 1); }

// x null: out is the mask itself.
void run(const kernels::DropoutPattern& pattern, const at::Tensor* x, at::Tensor& out) {
  with_loop_type(out.scalar_type(), [&]<class T>() {
    kernels::loops<T>().dropout({.rows = rows_of(out),
                                 .width = width_of(out),
                                 .x = x == nullptr ? nullptr : read_data<T>(*x),
                                 .dropout = pattern,
                                 .out = write_data<T>(out)});
  });
}

at::Tensor stored_mask(const at::Tensor& like, double rate, TensorRandom& random) {
  return at::empty_like(like).bernoulli_(1.0 - rate, random.generator()).div_(1.0 - rate);
}

struct PatternDropout final : torch::autograd::Function<PatternDropout> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const kernels::DropoutPattern& pattern) {
    ctx->saved_data["pattern"] = hold(pattern);
    return apply_pattern(pattern, x.contiguous());
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    refuse_second_derivative("dropout");
    return {apply_pattern(held<kernels::DropoutPattern>(ctx->saved_data["pattern"]), gradients[0].contiguous()),
            at::Tensor()};
  }
};

}  // namespace

kernels::DropoutPattern draw_pattern(double rate, TensorRandom* random) {
  if (!drops(rate, random)) return {};
  at::Generator& generator = random->generator();
  const std::lock_guard<std::mutex> lock(generator.mutex());
  return {.seed = at::check_generator<at::CPUGeneratorImpl>(generator)->random64(),
          .threshold = static_cast<std::uint32_t>(rate * 4294967296.0),
          .scale = 1.0 / (1.0 - rate)};
}

torch::Tensor pattern_mask(const kernels::DropoutPattern& pattern, std::int64_t rows, std::int64_t width,
                           at::ScalarType type) {
  at::Tensor mask = at::empty({rows, width}, at::TensorOptions().dtype(type));
  run(pattern, nullptr, mask);
  return mask;
}

torch::Tensor apply_pattern(const kernels::DropoutPattern& pattern, const torch::Tensor& x) {
  at::Tensor out = empty_rows_like(x);
  run(pattern, &x, out);
  return out;
}

torch::Tensor dropout(const torch::Tensor& x, double rate, TensorRandom* random) {
  if (!drops(rate, random)) return x;
  if (has_loops(x)) return PatternDropout::apply(x, draw_pattern(rate, random));
  return x * stored_mask(x, rate, *random);
}

torch::Tensor dropout_mask(const torch::Tensor& like, double rate, TensorRandom& random) {
  if (!drops(rate, &random)) return at::ones_like(like);
  if (!has_loops(like)) return stored_mask(like, rate, random);
  return pattern_mask(draw_pattern(rate, &random), rows_of(like), width_of(like), like.scalar_type())
      .view(like.sizes());
}

}  // namespace infomtl::ops
