#include "infomtl/metrics/correlation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

TEST(AreaUnderCurve, CountsPairsInOrder) {
  EXPECT_DOUBLE_EQ(area_under_curve({0.1, 0.2, 0.3, 0.4}, {false, false, true, true}), 1);
  EXPECT_DOUBLE_EQ(area_under_curve({0.1, 0.2, 0.3, 0.4}, {true, false, false, true}), 0.5);
  EXPECT_DOUBLE_EQ(area_under_curve({0.4, 0.1, 0.3, 0.2}, {false, true, false, true}), 0);
  EXPECT_DOUBLE_EQ(area_under_curve({1, 1, 1, 0}, {true, false, false, false}), 2.0 / 3) << "ties count half";
}

TEST(AreaUnderCurve, NeedsBothKinds) {
  EXPECT_TRUE(std::isnan(area_under_curve({1, 2}, {true, true})));
  EXPECT_TRUE(std::isnan(area_under_curve({}, {})));
  EXPECT_THROW(area_under_curve({1, 2}, {true}), DataError);
}

}  // namespace
}  // namespace infomtl
