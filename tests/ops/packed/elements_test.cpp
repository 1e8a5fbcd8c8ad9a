// The arithmetic of an element that loops and kernels share, against float64, and the vectorised loops against it.

#include "ops/packed/elements.h"

#include <gtest/gtest.h>

#include <limits>

#include "ops/packed/cpu/kernels.h"
#include "ops/packed/cuda_emulation.h"

namespace infomtl::ops::kernels {
namespace {

using testing::normal_numbers;

std::vector<float> steps(float from, float to, int count) {
  std::vector<float> numbers;
  for (int i = 0; i <= count; ++i) {
    numbers.push_back(from + (to - from) * static_cast<float>(i) / static_cast<float>(count));
  }
  return numbers;
}

TEST(Elements, BFloat16RoundsToTheNearestAndTiesToEven) {
  for (const float exact : {0.0F, 1.0F, -2.5F, 0x1.02p-60F, std::numeric_limits<float>::infinity()}) {
    EXPECT_EQ(widened(narrowed(exact)), exact);
  }
  EXPECT_EQ(widened(narrowed(0x1.01p0F)), 1.0F);       // half way, down to the even one
  EXPECT_EQ(widened(narrowed(0x1.03p0F)), 0x1.04p0F);  // half way, up to the even one
  EXPECT_EQ(widened(narrowed(0x1.0102p0F)), 0x1.02p0F);
  EXPECT_TRUE(std::isnan(widened(narrowed(std::numeric_limits<float>::quiet_NaN()))));
}

TEST(Elements, ExponentialIsWithinTwoUnitsInTheLastPlace) {
  for (const float x : steps(-86.9F, 0.0F, 20000)) {
    EXPECT_LE(std::abs(exponential(x) / std::exp(static_cast<double>(x)) - 1), 2 * 0x1p-23) << x;
  }
  EXPECT_GE(exponential(-std::numeric_limits<float>::infinity()), 0.0F);
  EXPECT_LE(exponential(-std::numeric_limits<float>::infinity()), 2e-38F);
}

TEST(Elements, GeluAndItsDerivativeAreThoseOfTheErrorFunction) {
  for (const float x : steps(-9.0F, 9.0F, 20000)) {
    const double wide = x, distribution = 0.5 * std::erfc(-wide / std::sqrt(2.0));
    const double density = std::exp(-0.5 * wide * wide) / std::sqrt(2 * std::acos(-1.0));
    EXPECT_LE(std::abs(gelu_value(x) - wide * distribution), 1e-6) << x;
    EXPECT_LE(std::abs(gelu_slope(x) - (distribution + wide * density)), 1e-6) << x;
    EXPECT_NEAR(gelu_value(wide), wide * distribution, 1e-14);
    EXPECT_NEAR(gelu_slope(wide), distribution + wide * density, 1e-14);
  }
}

TEST(Elements, SoftmaxInPiecesIsTheSoftmaxOfTheWhole) {
  std::vector<float> scores = normal_numbers<float>(100, 1);
  for (float& score : scores) score *= 20;
  OnlineSoftmax softmax = no_scores();
  float weighted = 0;  // sum of exponentials times the score
  for (std::size_t begin = 0; begin < scores.size(); begin += 7) {
    const std::size_t end = std::min(begin + 7, scores.size());
    float greatest = scores[begin];
    for (std::size_t i = begin; i < end; ++i) greatest = std::max(greatest, scores[i]);
    weighted *= raise(softmax, greatest);
    for (std::size_t i = begin; i < end; ++i) {
      const float e = exponential(scores[i] - softmax.greatest);
      softmax.total += e;
      weighted += e * scores[i];
    }
  }
  const double greatest = *std::max_element(scores.begin(), scores.end());
  double total = 0, mean = 0;
  for (const float score : scores) total += std::exp(score - greatest);
  for (const float score : scores) mean += score * std::exp(score - greatest) / total;
  EXPECT_EQ(softmax.greatest, greatest);
  EXPECT_NEAR(softmax.total, total, 1e-5 * total);
  EXPECT_NEAR(weighted / softmax.total, mean, 1e-5 * std::abs(mean));
}

TEST(Elements, APatternDropsTheConfiguredShare) {
  const DropoutPattern pattern{
      .seed = 12, .threshold = static_cast<std::uint32_t>(0.3 * 4294967296.0), .scale = 1 / 0.7};
  std::int64_t kept = 0;
  for (std::int64_t row = 0; row < 1000; ++row) {
    for (std::uint32_t j = 0; j < 100; ++j) {
      kept += dropout_factor(row_key(pattern, row), j, pattern.threshold, 1.0) != 0;
    }
  }
  EXPECT_NEAR(static_cast<double>(kept) / 1e5, 0.7, 6 * std::sqrt(0.3 * 0.7 / 1e5));
}

// The vectorised loop, its tail, and any row and seed.
TEST(Elements, TheLoopsDropByThePattern) {
  constexpr std::int64_t kRows = 3, kWidth = 37;
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    const DropoutPattern pattern{.seed = seed, .threshold = 0x60000000U, .scale = 1.6};
    const std::vector<double> x(kRows * kWidth, 1.0);
    std::vector<double> out(x.size());
    loops<double>().dropout({.rows = kRows, .width = kWidth, .x = x.data(), .dropout = pattern, .out = out.data()});
    for (std::int64_t row = 0; row < kRows; ++row) {
      for (std::int64_t j = 0; j < kWidth; ++j) {
        const double expected =
            dropout_factor(row_key(pattern, row), static_cast<std::uint32_t>(j), pattern.threshold, pattern.scale);
        EXPECT_EQ(out[static_cast<std::size_t>(row * kWidth + j)], expected) << seed << ", " << row << ", " << j;
      }
    }
  }
}

// Loops may fuse a product and a sum into one rounding, so their last digit may be another.
TEST(Elements, TheLoopsOfGeluAreTheScalarsUpToFusedRoundings) {
  const std::vector<float> x = steps(-6.0F, 6.0F, 1001);
  const std::vector<float> ones(x.size(), 1.0F);
  std::vector<float> value(x.size()), slope(x.size());
  const auto count = std::ssize(x);
  loops<float>().gelu({.count = count, .x = x.data(), .gradient = nullptr, .out = value.data()});
  loops<float>().gelu({.count = count, .x = x.data(), .gradient = ones.data(), .out = slope.data()});
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(value[i], gelu_value(x[i]), 4 * 0x1p-24 * std::max(1.0F, std::abs(x[i]))) << x[i];
    EXPECT_NEAR(slope[i], gelu_slope(x[i]), 8 * 0x1p-24) << x[i];
  }
}

}  // namespace
}  // namespace infomtl::ops::kernels
