#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/metrics/power.h"
#include "infomtl/metrics/statistics.h"
#include "support/fixture_folder.h"

using namespace infomtl;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Written by scripts/fixtures/seed_statistics.py from SciPy and statsmodels; versions and seed inside.
Json fixture(const char* part) {
  return Json::parse(read_file(infomtl::testing::fixture_folder() + "/metrics/seed_statistics.json"))
      .at("cases")
      .at(part);
}

void expect_near(double found, double expected, const Json& where) {
  EXPECT_TRUE(std::abs(found - expected) <= 1e-10 * std::max(1.0, std::abs(expected)))
      << found << " but " << expected << " expected: " << where;
}

}  // namespace

TEST(SeedStatistics, IntervalsAreScipys) {
  const Json cases = fixture("intervals");
  ASSERT_EQ(cases.size(), 15U);
  for (const Json& item : cases) {
    const Spread found = spread_of(item.at("values"));
    expect_near(found.mean, item.at("mean"), item);
    expect_near(found.deviation, item.at("deviation"), item);
    expect_near(found.half_width_95, item.at("half_width_95"), item);
  }
}

TEST(SeedStatistics, OneValueHasNoDeviationAndNoneHasNoMean) {
  const Spread one = spread_of({kNan, 66.0});
  EXPECT_EQ(one.mean, 66.0);
  EXPECT_TRUE(std::isnan(one.deviation));
  EXPECT_TRUE(std::isnan(one.half_width_95));
  EXPECT_TRUE(std::isnan(spread_of({}).mean));
  EXPECT_TRUE(std::isnan(spread_of({kNan}).deviation));
  EXPECT_EQ(spread_of({2, kNan, 4}).mean, 3.0);
  EXPECT_EQ(spread_of({2, 2}).half_width_95, 0.0);
  EXPECT_THROW(spread_of({1, std::numeric_limits<double>::infinity()}), NonFiniteError);
}

TEST(SeedStatistics, HolmsAdjustmentIsStatsmodels) {
  const Json cases = fixture("holm");
  ASSERT_EQ(cases.size(), 8U);
  for (const Json& item : cases) {
    const std::vector<double> found = holm_adjusted(item.at("p"));
    ASSERT_EQ(found.size(), item.at("adjusted").size());
    for (std::size_t i = 0; i < found.size(); ++i) expect_near(found[i], item.at("adjusted")[i], item);
  }
}

TEST(SeedStatistics, ATestThatWasNotMadeDoesNotCount) {
  const std::vector<double> found = holm_adjusted({kNan, 0.01, kNan, 0.04});
  EXPECT_TRUE(std::isnan(found[0]) && std::isnan(found[2]));
  EXPECT_DOUBLE_EQ(found[1], 0.02);
  EXPECT_DOUBLE_EQ(found[3], 0.04);
  EXPECT_TRUE(holm_adjusted({}).empty());
  EXPECT_THROW(holm_adjusted({0.5, 1.5}), DataError);
  EXPECT_THROW(holm_adjusted({-0.1}), DataError);
}

TEST(SeedStatistics, PowerOfThePairedTestIsStatsmodels) {
  const Json cases = fixture("power");
  ASSERT_EQ(cases.size(), 96U);
  for (const Json& item : cases) {
    expect_near(paired_t_power(item[0], item[1].get<std::size_t>(), item[2]), item[3], item);
  }
  EXPECT_NEAR(paired_t_power(0, 7, 0.03), 0.03, 1e-14) << "without a difference, power is the level";
  EXPECT_THROW(paired_t_power(1, 1), StateError);
  EXPECT_THROW(paired_t_power(1, 5, 0), StateError);
}

TEST(SeedStatistics, DetectableEffectsAreStatsmodels) {
  const Json cases = fixture("detectable");
  ASSERT_EQ(cases.size(), 18U);
  for (const Json& item : cases) {
    const double effect = detectable_effect(item[0].get<std::size_t>(), item[1]);
    expect_near(effect, item[2], item);
    EXPECT_NEAR(paired_t_power(effect, item[0].get<std::size_t>()), item[1].get<double>(), 1e-13);
  }
  EXPECT_THROW(detectable_effect(1), StateError);
  EXPECT_THROW(detectable_effect(5, 1.0), StateError);
  EXPECT_THROW(detectable_effect(5, 0.01), StateError);
}
