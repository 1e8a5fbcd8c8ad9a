#include "ops/packed/pattern_mask.h"

#include <ATen/ATen.h>

#include <bit>

namespace infomtl::ops {
namespace {

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

}  // namespace

at::Tensor pattern_mask(const DropoutPattern& pattern, const at::Tensor& rows, std::int64_t width,
                        at::ScalarType type) {
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

}  // namespace infomtl::ops
