#include "infomtl/analysis/information_benchmark.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "infomtl/core/errors.h"
#include "support/compare.h"

namespace infomtl {
namespace {

/// Matrices this small are slower on two threads than on one, and much slower where the machine is busy.
class InformationBenchmark : public ::testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(1); }
  void TearDown() override { at::set_num_threads(threads_); }
  const int threads_ = at::get_num_threads();
};

InformationBenchmarkSettings small(std::vector<std::string> estimators) {
  InformationBenchmarkSettings settings;
  settings.targets = {1, 2};
  settings.dimensions = 4;
  settings.rows = 64;
  settings.steps = 150;
  settings.hidden = 64;
  settings.learning_rate = 2e-3;
  settings.analytic_rows = 400;
  settings.analytic_batches = 3;
  settings.estimators = std::move(estimators);
  return settings;
}

TEST_F(InformationBenchmark, EveryTrainedEstimatorClimbsWithTheTruth) {
  const InformationReport report = information_benchmark(small({}));
  ASSERT_EQ(report.curves.size(), information_estimators().size());
  for (const InformationCurve& curve : report.curves) {
    SCOPED_TRACE(curve.estimator);
    ASSERT_EQ(curve.analytic_mean.size(), 2U);
    for (std::size_t t = 0; t < 2; ++t) {
      const double truth = report.settings.targets[t];
      const double slack = 0.12 * truth;
      if (curve.kind == "lower") {
        EXPECT_LE(curve.analytic_mean[t], truth + slack);
      }
      if (curve.kind == "upper") {
        EXPECT_GE(curve.analytic_mean[t], truth - slack);
      }
    }
    if (curve.values.empty()) continue;
    ASSERT_EQ(curve.values.size(), 300U);
    EXPECT_GT(curve.trained_mean[1], curve.trained_mean[0] + 0.2);
    EXPECT_GT(curve.trained_mean[1], 0.8);
    if (curve.kind == "lower") {
      EXPECT_LT(curve.trained_mean[1], 2.3);
    }
  }
}

TEST_F(InformationBenchmark, ConcatCriticLearnsToo) {
  InformationBenchmarkSettings settings = small({"infonce"});
  settings.critic = "concat";
  settings.rows = 32;
  const InformationReport report = information_benchmark(settings);
  EXPECT_GT(report.curves[0].trained_mean[1], 1.0);
  EXPECT_LT(report.curves[0].trained_mean[1], std::log(32.0));
}

TEST_F(InformationBenchmark, IsAFunctionOfItsSettings) {
  InformationBenchmarkSettings settings = small({"infonce", "mine"});
  settings.steps = 10;
  const InformationReport first = information_benchmark(settings), second = information_benchmark(settings);
  EXPECT_EQ(first.json().dump(), second.json().dump());
  settings.seed = 1;
  EXPECT_NE(first.json().dump(), information_benchmark(settings).json().dump());
}

TEST_F(InformationBenchmark, ReportNamesEveryEstimatorInItsTableAndPicture) {
  InformationBenchmarkSettings settings = small({"var_ub", "nwj", "club"});
  settings.steps = 5;
  std::vector<std::string> met;
  const InformationReport report =
      information_benchmark(settings, [&](std::string_view name) { met.emplace_back(name); });
  EXPECT_EQ(met, (std::vector<std::string>{"nwj", "club", "var_ub"}));
  const std::string table = report.table(), picture = report.svg();
  for (const auto& name : met) {
    EXPECT_NE(table.find("| " + name + " |"), std::string::npos);
    EXPECT_NE(picture.find(">" + name + "<"), std::string::npos);
  }
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 5);
  EXPECT_EQ(picture.rfind("<svg", 0), 0U);
  EXPECT_NE(picture.find("</svg>"), std::string::npos);
  EXPECT_EQ(picture.find("nan"), std::string::npos);
}

TEST_F(InformationBenchmark, BadSettingsAreNamed) {
  try {
    information_benchmark(small({"infonec"}));
    FAIL() << "an unknown estimator was taken";
  } catch (const UnknownNameError& error) {
    EXPECT_NE(std::string(error.what()).find("infonce"), std::string::npos);
  }
  auto broken = small({"nwj"});
  broken.targets = {NAN};
  EXPECT_THROW(information_benchmark(broken), ConfigError);
  broken = small({"nwj"});
  broken.rows = 1;
  EXPECT_THROW(information_benchmark(broken), ConfigError);
  broken = small({"nwj"});
  broken.critic = "cubic";
  EXPECT_THROW(information_benchmark(broken), ConfigError);
}

}  // namespace
}  // namespace infomtl
