#include "infomtl/ops/packed/attention.h"

#include <ATen/ATen.h>

#include "infomtl/core/errors.h"
#include "support/devices.h"
#include "support/gradcheck.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using infomtl::testing::gradients_match;

at::Tensor offsets_of(const std::vector<std::int32_t>& lengths) {
  std::vector<std::int32_t> offsets{0};
  for (const auto length : lengths) offsets.push_back(offsets.back() + length);
  return at::tensor(offsets, at::kInt);
}
at::Tensor plain_attention(const at::Tensor& qkv, const at::Tensor& offsets, std::int64_t heads) {
  return packed_attention(qkv, offsets, heads, 0.0, nullptr, {}, Derivatives::twice);
}

struct Shape {
  std::int64_t heads, head_width;
  std::vector<std::int32_t> lengths;
};
const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all{
      {1, 1, {1}}, {2, 3, {1, 5, 2, 5}}, {12, 32, {31, 16, 17, 1, 15, 64, 65}}, {2, 64, {130, 3}}, {3, 24, {7, 33}}};
  return all;
}

class PackedAttention : public infomtl::testing::OnDevice {};
INFOMTL_ON_EVERY_DEVICE(PackedAttention);
class FirstTokenAttention : public infomtl::testing::OnDevice {};
INFOMTL_ON_EVERY_DEVICE(FirstTokenAttention);

TEST_P(PackedAttention, EqualsThePlainPathForwardAndBackward) {
  for (const Shape& shape : shapes()) {
    const at::Tensor offsets = offsets_of(shape.lengths);
    const std::int64_t rows = offsets[-1].item<std::int64_t>(), width = shape.heads * shape.head_width;
    const at::Tensor values = randn({rows, 3 * width}), direction = randn({rows, width});
    at::Tensor fast_in = values.clone().requires_grad_(true);
    at::Tensor plain_in = values.to(at::kDouble).requires_grad_(true);
    const at::Tensor fast = packed_attention(fast_in, offsets, shape.heads, 0.0, nullptr);
    const at::Tensor expected = plain_attention(plain_in, offsets, shape.heads);
    EXPECT_TRUE(close(fast, expected, 2e-6)) << width << " wide, " << rows << " rows";
    (fast * direction).sum().backward();
    (expected * direction).sum().backward();
    EXPECT_TRUE(close(fast_in.grad(), plain_in.grad(), 5e-6, 2e-6)) << width << " wide, " << rows << " rows";
  }
}

TEST_P(PackedAttention, StaysExactForLargeScores) {
  const at::Tensor offsets = offsets_of({20, 9});
  const at::Tensor qkv = randn({29, 3 * 32}) * 30;
  // Scores of some thousands carry a rounding of some 1e-4, which probabilities show as it is.
  EXPECT_TRUE(close(packed_attention(qkv, offsets, 2, 0.0, nullptr), plain_attention(qkv.to(at::kDouble), offsets, 2),
                    1e-4, 2e-4));
}

TEST_P(PackedAttention, GradientsMatchCentralDifferencesWithDropout) {
  const at::Tensor offsets = offsets_of({3, 1, 4});
  for (const double rate : {0.0, 0.3}) {
    const auto function = [&](const std::vector<at::Tensor>& in) {
      TensorRandom random(8);
      return packed_attention(in[0], offsets, 2, rate, &random).pow(3).sum();
    };
    EXPECT_TRUE(gradients_match(function, {randn({8, 18})}));
  }
}

TEST_P(FirstTokenAttention, GradientsMatchCentralDifferencesWithDropout) {
  const at::Tensor offsets = offsets_of({3, 1, 4});
  const auto function = [&](const std::vector<at::Tensor>& in) {
    TensorRandom random(8);
    return first_token_attention(in[0], in[1], offsets, 2, 0.3, &random).pow(3).sum();
  };
  EXPECT_TRUE(gradients_match(function, {randn({3, 6}), randn({8, 12})}));
}

TEST_P(FirstTokenAttention, EqualsTheFirstRowsOfTheWhole) {
  for (const Shape& shape : shapes()) {
    const at::Tensor offsets = offsets_of(shape.lengths);
    const std::int64_t rows = offsets[-1].item<std::int64_t>(), width = shape.heads * shape.head_width;
    const at::Tensor qkv = randn({rows, 3 * width});
    const at::Tensor first = on_device(offsets.slice(0, 0, -1).to(at::kLong));
    // The same seed drops the same probabilities in both.
    TensorRandom random(4), same(4);
    EXPECT_TRUE(close(first_token_attention(qkv.slice(1, 0, width).index_select(0, first), qkv.slice(1, width), offsets,
                                            shape.heads, 0.25, &random),
                      packed_attention(qkv, offsets, shape.heads, 0.25, &same).index_select(0, first), 1e-6));
  }
}

TEST_P(PackedAttention, DropsTheConfiguredShareOfProbabilities) {
  // With values that are all one, an output is the sum of the kept probabilities, each scaled by 1 / (1 - rate).
  const at::Tensor offsets = offsets_of({50, 50, 50, 50});
  const at::Tensor qkv = zeros({200, 3 * 64});
  qkv.slice(1, 128).fill_(1.0);
  TensorRandom random(8);
  const at::Tensor out = packed_attention(qkv, offsets, 4, 0.2, &random);
  EXPECT_NEAR(out.mean().item<double>(), 1.0, 0.01);
  // 50 independent keys kept with probability 0.8, each worth 1 / (50 * 0.8): variance 0.2 / 0.8 / 50.
  const at::Tensor one_a_head = out.view({200, 4, 16}).select(2, 0);
  EXPECT_NEAR(one_a_head.var().item<double>(), 0.2 / 0.8 / 50, 0.001);
}

TEST_P(PackedAttention, TakesACopyOfTheOffsetsOnItsDevice) {
  const at::Tensor qkv = randn({8, 18}), offsets = offsets_of({3, 5});
  EXPECT_TRUE(close(packed_attention(qkv, {offsets, on_device(offsets)}, 2, 0.0, nullptr),
                    packed_attention(qkv, offsets, 2, 0.0, nullptr), 0.0));
  EXPECT_THROW(packed_attention(qkv, {offsets, on_device(offsets.slice(0, 1))}, 2, 0.0, nullptr), ShapeError);
  EXPECT_THROW(packed_attention(qkv, {offsets, on_device(offsets.to(at::kLong))}, 2, 0.0, nullptr), ShapeError);
}

TEST_P(PackedAttention, RefusesShapesThatDoNotFit) {
  const at::Tensor qkv = randn({8, 18});
  EXPECT_THROW(packed_attention(qkv, offsets_of({3, 4}), 2, 0.0, nullptr), ShapeError);
  EXPECT_THROW(packed_attention(qkv, offsets_of({3, 5}), 4, 0.0, nullptr), ShapeError);
  EXPECT_THROW(packed_attention(qkv, offsets_of({3, 5}).to(at::kLong), 2, 0.0, nullptr), ShapeError);
  EXPECT_THROW(packed_attention(qkv, at::tensor({0, 5, 3, 8}, at::kInt), 2, 0.0, nullptr), ShapeError);
  EXPECT_THROW(first_token_attention(randn({3, 6}), randn({8, 12}), offsets_of({3, 5}), 2, 0.0, nullptr), ShapeError);
}

}  // namespace
}  // namespace infomtl::ops
