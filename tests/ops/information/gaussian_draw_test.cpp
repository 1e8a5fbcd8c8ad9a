#include "infomtl/ops/information/gaussian_draw.h"

#include <ATen/ATen.h>

#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/ops/information/gaussian.h"
#include "support/compare.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using torch::Tensor;

TEST(NormalNoise, IsAFunctionOfSeedRowAndColumn) {
  const Tensor noise = normal_noise({.seed = 7}, 20, 30);
  EXPECT_TRUE(torch::equal(noise.slice(0, 0, 3).slice(1, 0, 9), normal_noise({.seed = 7}, 3, 9)));
  EXPECT_FALSE(torch::equal(noise, normal_noise({.seed = 8}, 20, 30)));
  TensorRandom one(3), same(3);
  const NoisePattern first = draw_noise(one);
  EXPECT_EQ(first.seed, draw_noise(same).seed);
  EXPECT_NE(first.seed, draw_noise(one).seed);
  EXPECT_EQ(normal_noise(first, 0, 4).numel(), 0);
}

TEST(NormalNoise, IsStandardNormal) {
  constexpr std::int64_t rows = 400, columns = 500;
  const Tensor noise = normal_noise({.seed = 11}, rows, columns).to(torch::kFloat64);
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
  const Tensor other = normal_noise({.seed = 12}, rows, columns).to(torch::kFloat64);
  EXPECT_NEAR(correlation(noise, other), 0, allowed);
}

TEST(GaussianDraw, OnTheCpuIsWhatItsPartsAreToTheBit) {
  const NoisePattern noise{.seed = 5};
  for (const auto type : {torch::kFloat32, torch::kFloat64, torch::kBFloat16}) {
    const Tensor mean = torch::randn({6, 5}).to(type), s = torch::randn({6, 5}).to(type);
    const Tensor numbers = normal_noise(noise, 6, 5);
    const GaussianDraw draw = draw_gaussian(mean, s, noise);
    EXPECT_TRUE(torch::equal(draw.sample, gaussian_sample(mean, s, numbers)));
    EXPECT_TRUE(torch::equal(draw.divergence, kl_standard(mean, s).sum(1)));
    for (const Tensor& prior : {torch::randn({5}), torch::randn({6, 5})}) {
      const GaussianDraw to_prior = draw_gaussian(mean, s, noise, prior, -prior);
      EXPECT_TRUE(torch::equal(to_prior.sample, draw.sample));
      EXPECT_TRUE(torch::equal(to_prior.divergence, kl_diagonal(mean, s, prior, -prior).sum(1)));
    }
  }
}

TEST(GaussianDraw, BadShapesAreNamed) {
  const Tensor a = torch::zeros({2, 3});
  EXPECT_THROW(draw_gaussian(a, torch::zeros({3, 2}), {}), ShapeError);
  EXPECT_THROW(draw_gaussian(torch::zeros({3}), torch::zeros({3}), {}), ShapeError);
  EXPECT_THROW(draw_gaussian(a, a, {}, torch::zeros({2}), torch::zeros({2})), ShapeError);
  EXPECT_THROW(draw_gaussian(a, a, {}, torch::zeros({3})), ShapeError);
  EXPECT_THROW(draw_gaussian(a, a, {}, {}, torch::zeros({3})), ShapeError);
}

}  // namespace
}  // namespace infomtl::ops
