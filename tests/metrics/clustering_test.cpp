#include "infomtl/metrics/clustering.h"

#include <gtest/gtest.h>

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

using Groups = std::vector<std::int64_t>;

// Values of sklearn.metrics.adjusted_rand_score.
TEST(AdjustedRandIndex, AgreesWithScikitLearn) {
  EXPECT_DOUBLE_EQ(adjusted_rand_index(Groups{0, 0, 1, 1}, Groups{0, 0, 1, 2}), 0.5714285714285714);
  EXPECT_DOUBLE_EQ(adjusted_rand_index(Groups{0, 0, 1, 1}, Groups{0, 1, 0, 1}), -0.5);
  EXPECT_DOUBLE_EQ(adjusted_rand_index(Groups{0, 0, 0, 0}, Groups{0, 1, 2, 3}), 0.0);
  EXPECT_DOUBLE_EQ(adjusted_rand_index(Groups{0, 0, 0, 1, 1, 1}, Groups{0, 0, 1, 1, 2, 2}), 0.24242424242424243);
  EXPECT_DOUBLE_EQ(adjusted_rand_index(Groups{3, 3, 3}, Groups{8, 8, 8}), 1.0);
  EXPECT_DOUBLE_EQ(adjusted_rand_index(Groups{5}, Groups{1}), 1.0);
}

TEST(AdjustedRandIndex, DoesNotReadTheNamesOfGroups) {
  const Groups a = {0, 1, 2, 0, 1, 2, 2, 2}, b = {7, -3, 5, 7, -3, 5, 5, 5};
  EXPECT_DOUBLE_EQ(adjusted_rand_index(a, b), 1.0);
  const Groups c = {0, 0, 1, 1, 1, 2, 2, 0};
  EXPECT_DOUBLE_EQ(adjusted_rand_index(a, c), adjusted_rand_index(c, b));
}

TEST(AdjustedRandIndex, RefusesRowsThatDoNotBelongTogether) {
  EXPECT_THROW(adjusted_rand_index({}, {}), DataError);
  EXPECT_THROW(adjusted_rand_index({1, 2}, {1}), DataError);
}

}  // namespace
}  // namespace infomtl
