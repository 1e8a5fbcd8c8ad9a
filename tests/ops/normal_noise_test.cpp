#include "infomtl/ops/normal_noise.h"

#include <ATen/ATen.h>

#include <cmath>

#include "infomtl/ops/information/gaussian_draw.h"
#include "infomtl/ops/tensor_random.h"
#include "ops/information/cuda/gaussian_bodies.h"
#include "support/block_emulation.h"
#include "support/compare.h"
#include "support/devices.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using torch::Tensor;

class NormalNoise : public infomtl::testing::OnDevice {
 protected:
  Tensor noise_of(std::uint64_t seed, std::int64_t rows, std::int64_t columns) const {
    return normal_noise({.seed = seed}, rows, columns, device()).cpu();
  }
};
INFOMTL_ON_EVERY_DEVICE(NormalNoise);

TEST_P(NormalNoise, IsAFunctionOfSeedRowAndColumn) {
  const Tensor noise = noise_of(7, 20, 30);
  EXPECT_TRUE(torch::equal(noise.slice(0, 0, 3).slice(1, 0, 9), noise_of(7, 3, 9)));
  EXPECT_FALSE(torch::equal(noise, noise_of(8, 20, 30)));
  EXPECT_TRUE(close(noise, normal_noise({.seed = 7}, 20, 30), 1e-5));
  EXPECT_EQ(noise_of(7, 0, 4).sizes(), (std::vector<std::int64_t>{0, 4}));
  EXPECT_EQ(noise_of(7, 4, 0).sizes(), (std::vector<std::int64_t>{4, 0}));
}

TEST_P(NormalNoise, IsStandardNormal) {
  constexpr std::int64_t rows = 400, columns = 500;
  const Tensor noise = noise_of(11, rows, columns).to(torch::kFloat64);
  // The greatest distance of the distribution from the normal one; 1.95 / sqrt(n) is passed once in a thousand times.
  const Tensor sorted = std::get<0>(noise.flatten().sort());
  const double n = rows * columns;
  const Tensor found = (at::arange(rows * columns, torch::kFloat64) + 0.5) / n;
  const Tensor expected = 0.5 * at::erfc(-sorted / std::sqrt(2.0));
  EXPECT_LT((found - expected).abs().max().item<double>(), 1.95 / std::sqrt(n));
  EXPECT_GT(noise.abs().max().item<double>(), 4.0);
  // Neighbours know nothing of each other: correlations have a deviation of 1 / sqrt(n).
  const auto correlation = [](const Tensor& a, const Tensor& b) { return (a * b).mean().item<double>(); };
  const double allowed = 4 / std::sqrt(n);
  EXPECT_NEAR(correlation(noise.slice(0, 1), noise.slice(0, 0, -1)), 0, allowed);
  EXPECT_NEAR(correlation(noise.slice(1, 1), noise.slice(1, 0, -1)), 0, allowed);
  EXPECT_NEAR(correlation(noise.slice(1, 1).square() - 1, noise.slice(1, 0, -1).square() - 1), 0, 2 * allowed);
  const Tensor other = noise_of(12, rows, columns).to(torch::kFloat64);
  EXPECT_NEAR(correlation(noise, other), 0, allowed);
}

TEST_P(NormalNoise, IsWhatATensorRandomDrawsWhateverTheShape) {
  TensorRandom one(3, device()), same(3), pattern(3);
  for (const std::vector<std::int64_t>& shape :
       std::vector<std::vector<std::int64_t>>{{5}, {2, 7}, {3, 2, 4}, {0, 3}, {}}) {
    const Tensor drawn = one.normal(shape);
    EXPECT_EQ(drawn.device().type(), GetParam());
    EXPECT_EQ(drawn.sizes(), at::IntArrayRef(shape));
    EXPECT_TRUE(close(drawn, same.normal(shape), 1e-5));
    const std::int64_t columns = shape.empty() ? 1 : shape.back();
    EXPECT_TRUE(
        close(drawn.reshape({-1, columns}), normal_noise(draw_noise(pattern), drawn.numel() / columns, columns), 1e-5));
  }
}

TEST(CudaNoiseBody, IsTheHostsLoopInEitherOrderOfThreads) {
  for (const auto& [rows, width] :
       {std::pair<std::int64_t, std::int64_t>{1, 1}, {3, 31}, {4, 32}, {5, 33}, {129, 3}, {2, 384}}) {
    const Tensor expected = normal_noise({.seed = 9}, rows, width);
    for (const bool backwards : {false, true}) {
      const Tensor found = at::full({rows, width}, NAN);
      const kernels::NoiseRows noise{9, rows, width, found.mutable_data_ptr<float>()};
      testing::for_each_block<cuda::kDrawThreads>(infomtl::cuda::blocks_for(rows, cuda::kDrawRows), 1, 1, backwards,
                                                  [&](const auto& block) { cuda::noise_body(block, noise); });
      EXPECT_TRUE(torch::equal(found, expected)) << rows << " x " << width;
    }
  }
}

}  // namespace
}  // namespace infomtl::ops
