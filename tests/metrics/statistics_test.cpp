#include "infomtl/metrics/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json.h"
#include "support/fixture_folder.h"

using namespace infomtl;

namespace {

// Written by scripts/fixtures/metrics.py from scipy; versions and seed inside.
Json fixture() {
  return Json::parse(read_file(infomtl::testing::fixture_folder() + "/metrics/statistics.json")).at("cases");
}

void expect_close(double found, double expected, double relative, const Json& where) {
  EXPECT_TRUE(std::abs(found - expected) <= relative * std::abs(expected))
      << found << " but " << expected << " expected: " << where;
}

}  // namespace

TEST(Statistics, MeanAndSampleDeviation) {
  EXPECT_DOUBLE_EQ(mean_of({1, 2, 6}), 3.0);
  EXPECT_DOUBLE_EQ(standard_deviation({1, 2, 6}), std::sqrt(7.0));
  EXPECT_TRUE(std::isnan(standard_deviation({5}))) << "one value has no deviation";
  EXPECT_THROW(mean_of({}), DataError);
  EXPECT_THROW(standard_deviation({1, NAN}), NonFiniteError);
}

TEST(Statistics, PairedDifferencesAreScipys) {
  const Json cases = fixture().at("paired");
  ASSERT_EQ(cases.size(), 12U);
  for (const Json& item : cases) {
    const auto found = paired_difference(item.at("a"), item.at("b"));
    expect_close(found.mean, item.at("mean"), 1e-11, item);
    expect_close(found.standard_deviation, item.at("standard_deviation"), 1e-11, item);
    expect_close(found.t, item.at("t"), 1e-11, item);
    expect_close(found.p_value, item.at("p_value"), 1e-11, item);
    expect_close(found.half_width_95, item.at("half_width_95"), 1e-11, item);
  }
}

TEST(Statistics, DifferencesWithoutSpreadHaveDefinedTests) {
  const auto none = paired_difference({1, 2}, {1, 2});
  EXPECT_EQ(none.t, 0.0);
  EXPECT_EQ(none.p_value, 1.0);
  const auto all = paired_difference({1, 2}, {2, 3});
  EXPECT_EQ(all.t, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(all.p_value, 0.0);
  EXPECT_THROW(paired_difference({1}, {2}), DataError);
  EXPECT_THROW(paired_difference({1, 2}, {2}), DataError);
  EXPECT_THROW(paired_difference({1, NAN}, {2, 3}), NonFiniteError);
}

TEST(Statistics, StudentsDistributionIsScipys) {
  const Json cases = fixture();
  ASSERT_GE(cases.at("cdf").size(), 90U);
  for (const Json& item : cases.at("cdf")) {
    const double degrees = item[1];
    expect_close(student_t_cdf(item[0], degrees), item[2], degrees <= 1000 ? 1e-12 : 1e-10, item);
  }
  for (const Json& item : cases.at("quantile")) {
    expect_close(student_t_quantile(item[0], item[1]), item[2], 1e-9, item);
  }
  EXPECT_EQ(student_t_cdf(std::numeric_limits<double>::infinity(), 3), 1.0);
  // One degree of freedom is Cauchy's distribution; scipy 1.17 is 1.5e-9 off at -1e-8.
  for (const double t : {-1e-8, 1.0, -3.0, 1e-4}) {
    EXPECT_NEAR(student_t_cdf(t, 1), 0.5 + std::atan(t) / std::numbers::pi, 1e-15) << t;
  }
  EXPECT_THROW(student_t_cdf(0, 0), StateError);
  EXPECT_THROW(student_t_quantile(1, 3), StateError);
}

TEST(Statistics, RelativeGainReproducesThePapersTable) {
  // Six TweetEval tasks, RoBERTa, averages over seeds (InfoMTL, arXiv 2503.04667, table 2); delta_p as printed there.
  const std::vector<double> equal{74.37, 44.08, 65.32, 79.04, 70.64, 63.59};
  const auto gain = [&](const std::vector<double>& scores) {
    std::vector<std::vector<ScorePair>> tasks;
    for (std::size_t t = 0; t < equal.size(); ++t) tasks.push_back({{scores[t], equal[t]}});
    return relative_gain_percent(tasks);
  };
  EXPECT_NEAR(gain({74.74, 48.06, 66.09, 78.17, 70.95, 64.83}), 2.00, 0.005);  // MT-VIB
  EXPECT_NEAR(gain({74.07, 47.44, 68.55, 77.95, 70.52, 63.76}), 1.81, 0.005);  // VMTL
  EXPECT_NEAR(gain({74.09, 48.52, 64.92, 78.26, 71.45, 63.82}), 1.60, 0.005);  // Hierarchical MTL
  EXPECT_NEAR(gain({76.90, 48.44, 68.94, 79.78, 71.92, 65.02}), 3.97, 0.005);  // InfoMTL
  EXPECT_EQ(gain(equal), 0.0);
}

TEST(Statistics, RelativeGainTurnsErrorsRoundAndAveragesWithinTasksFirst) {
  EXPECT_DOUBLE_EQ(relative_gain_percent({{{.score = 1, .baseline = 2, .higher_is_better = false}}}), 50.0);
  EXPECT_DOUBLE_EQ(relative_gain_percent({{{2, 1}, {1, 1}, {1, 1}, {1, 1}}, {{1, 1}}}), 12.5);
  EXPECT_DOUBLE_EQ(relative_gain_percent({{{.score = -0.1, .baseline = -0.2}}}), 50.0);
  EXPECT_THROW(relative_gain_percent({{{1, 0}}}), DataError);
  EXPECT_THROW(relative_gain_percent({}), DataError);
  EXPECT_THROW(relative_gain_percent({{}}), DataError);
  EXPECT_THROW(relative_gain_percent({{{NAN, 1}}}), NonFiniteError);
}
