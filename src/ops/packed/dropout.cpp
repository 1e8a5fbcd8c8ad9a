#include "infomtl/ops/packed/dropout.h"

#include <ATen/ATen.h>

#include <bit>

#include "ops/packed/autograd_support.h"
#include "ops/packed/backend.h"

namespace infomtl::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The hash of cpu/lanes.h in ATen's arithmetic: 64 bits in int64 (which wraps), 32 bits in the lower half of it.
constexpr std::int64_t signed_bits(std::uint64_t x) { return std::bit_cast<std::int64_t>(x); }
at::Tensor shifted(const at::Tensor& x, int bits) {
  return at::bitwise_right_shift(x, bits).bitwise_and_(signed_bits(~std::uint64_t{0} >> bits));
}
at::Tensor low_bits(const at::Tensor& x) { return x.bitwise_and(0xffffffffLL); }

at::Tensor mix(at::Tensor x) {
  x = x + signed_bits(0x9e3779b97f4a7c15ULL);
  x = x.bitwise_xor(shifted(x, 30)) * signed_bits(0xbf58476d1ce4e5b9ULL);
  x = x.bitwise_xor(shifted(x, 27)) * signed_bits(0x94d049bb133111ebULL);
  return x.bitwise_xor(shifted(x, 31));
}

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
  const at::NoGradGuard no_grad;
  const at::Tensor key = mix(rows.unsqueeze(-1) * signed_bits(0x9e3779b97f4a7c15ULL) + signed_bits(pattern.seed));
  const at::Tensor columns = at::arange(width, rows.options());
  at::Tensor h = low_bits(low_bits(columns * 0x9e3779b9LL) + low_bits(key));
  h = low_bits(h.bitwise_xor(shifted(h, 16)) * 0x21f0aaadLL);
  h = low_bits(h.bitwise_xor(shifted(h, 15)) + shifted(key, 32));
  h = low_bits(h * 0x735a2d97LL);
  h = h.bitwise_xor(shifted(h, 15));
  return h.ge(static_cast<std::int64_t>(pattern.threshold)).to(type) * pattern.scale;
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
