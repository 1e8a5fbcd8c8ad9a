// Buckets of relative positions, against transformers' MPNet (scripts/fixtures/encoders.py).

#include "model/encoders/relative_position.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "model/encoder_cases.h"

namespace infomtl::encoders {
namespace {

TEST(RelativePosition, BucketsAreThoseOfTransformers) {
  const WeightsReader expected(testing::encoder_folder("mpnet") / "expected.safetensors");
  const Tensor wanted = expected.read("relative_buckets").to(at::kLong);
  ASSERT_EQ(wanted.size(0), 1201);
  EXPECT_TRUE(at::equal(relative_position_buckets(601, 32, 128), wanted));
}

TEST(RelativePosition, BucketsGrowWithTheDistanceOnEitherSide) {
  for (const std::int64_t sign : {-1, 1}) {
    const std::int64_t first = sign < 0 ? 0 : 16;
    for (std::int64_t d = 1; d < 8; ++d) EXPECT_EQ(relative_position_bucket(sign * d, 32, 128), first + d);
    for (std::int64_t d = 1; d < 300; ++d) {
      const std::int64_t bucket = relative_position_bucket(sign * d, 32, 128);
      EXPECT_GE(bucket, relative_position_bucket(sign * (d - 1), 32, 128)) << d;
      EXPECT_LT(bucket, first + 16) << d;
    }
    EXPECT_EQ(relative_position_bucket(sign * 128, 32, 128), first + 15);
    EXPECT_EQ(relative_position_bucket(sign * 1000, 32, 128), first + 15);
  }
  EXPECT_EQ(relative_position_bucket(0, 32, 128), 0);
}

TEST(RelativePosition, ATableHoldsEveryDistanceOnce) {
  const Tensor table = relative_position_buckets(5, 8, 4);
  ASSERT_EQ(table.size(0), 9);
  for (std::int64_t d = -4; d <= 4; ++d) {
    EXPECT_EQ(table[d + 4].item<std::int64_t>(), relative_position_bucket(d, 8, 4)) << d;
  }
}

}  // namespace
}  // namespace infomtl::encoders
