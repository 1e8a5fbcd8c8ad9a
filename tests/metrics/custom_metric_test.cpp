// A user's own metric: everything between the two lines is what it costs, 20 lines at most.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "infomtl/core/files.h"
// ----
#include "infomtl/metrics/register_metric.h"

struct WithinMargin : infomtl::Metric {
  struct Settings {
    double margin = 0.5;
    void fields(infomtl::FieldVisitor& f) { f.field("margin", margin, "largest error", infomtl::above(0.0)); }
  };
  WithinMargin(const Settings& settings, const infomtl::MetricContext&) : margin(settings.margin) {}
  bool reads(infomtl::TaskKind kind) const override { return kind == infomtl::TaskKind::regression; }
  double compute(const infomtl::Predictions& p) const override {
    double right = 0;
    for (std::size_t i = 0; i < p.gold_values.size(); ++i) {
      right += std::abs(p.gold_values[i] - p.predicted_values[i]) <= margin ? 1 : 0;
    }
    return right / static_cast<double>(p.gold_values.size());
  }
  double margin;
};
INFOMTL_REGISTER_METRIC("within_margin", WithinMargin, "share of values within a margin")
// ----

using namespace infomtl;

TEST(CustomMetric, IsBuiltByNameLikeABuiltInOne) {
  Predictions p{.space = {TaskKind::regression, {}}, .gold_values = {1, 2, 3, 4}, .predicted_values = {1, 2.4, 4, 9}};
  EXPECT_EQ(build_metric("within_margin", p.space)->score(p), 0.5);
  const Config config = Config::from_text(R"({"name": "within_margin", "margin": 1})", "t.json");
  EXPECT_EQ(build_metric(config, p.space)->score(p), 0.75);
  bool found = false;
  for (const RegistryEntry& entry : metric_registry().entries()) {
    EXPECT_EQ(entry.origin, entry.name == "within_margin" ? "program" : "infomtl") << entry.name;
    found |= entry.name == "within_margin" && entry.options.at(0).allowed == "> 0";
  }
  EXPECT_TRUE(found);
}

TEST(CustomMetric, CostsTwentyLinesAtMost) {
  const std::string source = read_file(INFOMTL_SOURCE_DIR "/tests/metrics/custom_metric_test.cpp");
  const std::size_t begin = source.find("\n// ----\n") + 9;
  const std::string part = source.substr(begin, source.find("// ----\n", begin) - begin);
  EXPECT_LE(std::count(part.begin(), part.end(), '\n') - 2, 20);  // without the include and the empty line below it
}
