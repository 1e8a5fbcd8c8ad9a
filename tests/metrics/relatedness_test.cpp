#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/metrics/clustering.h"
#include "infomtl/metrics/statistics.h"
#include "support/fixture_folder.h"

namespace infomtl {
namespace {

// Written by scripts/fixtures/relatedness.py from SciPy and scikit-learn; versions and seed inside.
Json recorded(const char* part) {
  return Json::parse(read_file(infomtl::testing::fixture_folder() + "/metrics/relatedness.json")).at("cases").at(part);
}

void expect_near(double found, double expected, const Json& where) {
  EXPECT_TRUE(std::abs(found - expected) <= 1e-10) << found << " but " << expected << " expected: " << where;
}

TEST(RankCorrelation, IsScipysWithTheIntervalOfBonettAndWright) {
  const Json cases = recorded("rank_correlations");
  ASSERT_GE(cases.size(), 15U);
  for (const Json& item : cases) {
    const RankCorrelation found = rank_correlation(item.at("a"), item.at("b"));
    EXPECT_EQ(found.pairs, item.at("a").size());
    expect_near(found.rho, item.at("rho"), item);
    expect_near(found.low_95, item.at("low"), item);
    expect_near(found.high_95, item.at("high"), item);
  }
}

TEST(RankCorrelation, ReadsTheOrderAlone) {
  const RankCorrelation same = rank_correlation({1, 2, 3, 4, 5}, {-7, 0, 0.1, 1e6, 1e7});
  EXPECT_DOUBLE_EQ(same.rho, 1.0);
  EXPECT_NEAR(same.low_95, 1.0, 1e-12);
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3}, {9, 4, 1}).rho, -1.0);
}

TEST(RankCorrelation, SaysWhatItCannotKnow) {
  const RankCorrelation three = rank_correlation({1, 2, 3}, {1, 3, 2});
  EXPECT_DOUBLE_EQ(three.rho, 0.5);
  EXPECT_TRUE(std::isnan(three.low_95));
  EXPECT_TRUE(std::isnan(three.high_95));
  EXPECT_TRUE(std::isnan(rank_correlation({}, {}).rho));
  EXPECT_TRUE(std::isnan(rank_correlation({1}, {2}).rho));
  EXPECT_TRUE(std::isnan(rank_correlation({1, 1, 1, 1}, {1, 2, 3, 4}).rho));
  EXPECT_THROW(rank_correlation({1, 2}, {1}), DataError);
  EXPECT_THROW(rank_correlation({1, NAN}, {1, 2}), NonFiniteError);
}

TEST(MutualInformation, OfLabelsIsScikitLearns) {
  const Json cases = recorded("mutual_information");
  ASSERT_GE(cases.size(), 40U);
  for (const Json& item : cases) {
    expect_near(normalized_mutual_information(item.at("a"), item.at("b")), item.at("score"), item);
  }
}

TEST(MutualInformation, DoesNotReadTheNamesOfClasses) {
  EXPECT_DOUBLE_EQ(normalized_mutual_information({0, 0, 1, 2}, {5, 5, -3, 9}), 1.0);
  EXPECT_DOUBLE_EQ(normalized_mutual_information({0, 0, 1, 1}, {0, 1, 0, 1}), 0.0);
  EXPECT_THROW(normalized_mutual_information({}, {}), DataError);
  EXPECT_THROW(normalized_mutual_information({1, 2}, {1}), DataError);
}

}  // namespace
}  // namespace infomtl
