#pragma once
// Dropout pattern: which entries of a matrix survive dropout, as a function of (seed, row, column). It takes three
// numbers instead of a mask, is the same on every device, and is laid over a matrix forward and backward.
//
//   DropoutPattern pattern = ops::draw_dropout(0.1, &random);                     // dropout.h
//   Tensor mask = ops::dropout_mask(pattern, at::arange(rows), width, at::kFloat);
//
// Knows no LibTorch: the CPU's loops and device code include it.

#include <cstdint>

namespace infomtl::ops {

struct DropoutPattern {
  std::uint64_t seed = 0;
  std::uint32_t threshold = 0;  ///< an entry is dropped when its hash is below this: rate * 2^32
  double scale = 1.0;           ///< of entries that are kept: 1 / (1 - rate)

  bool drops() const { return threshold != 0; }
};

}  // namespace infomtl::ops
