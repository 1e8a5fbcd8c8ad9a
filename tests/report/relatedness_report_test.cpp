#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "infomtl/core/errors.h"
#include "infomtl/report/report.h"
#include "report/html_text.h"
#include "report/relatedness_record.h"
#include "report/run_folders.h"
#include "support/message_of.h"

namespace infomtl::report {
namespace {

using testing::message_of;
using testing::nesting_fault;
using testing::TemporaryFolder;

Json relatedness_json() {
  const Json values = {{nullptr, -0.00123}, {0.00045, nullptr}};
  return {
      {"format", 1},
      {"tasks", Json::array({"hate", "<b>"})},
      {"measures", Json::array({Json{{"name", "transfer gain"},
                                     {"meaning", "joint minus single"},
                                     {"source", "1 pair & 2 seeds"},
                                     {"directed", true},
                                     {"values", values}}})},
      {"left_out", Json::array({"influence: no run"})},
      {"rank_correlations", Json::array({Json{{"first", "transfer gain"},
                                              {"second", "gradient cosine"},
                                              {"rho", 0.5},
                                              {"low_95", nullptr},
                                              {"high_95", nullptr},
                                              {"pairs", 3}}})},
      {"groups",
       {{"groups", Json::array({Json::array({"hate", "<b>"})})}, {"expected_gains", {{"hate", 0.25}, {"<b>", 0.75}}}}}};
}

bool holds(const std::string& text, const std::string& wanted) { return text.find(wanted) != std::string::npos; }

TEST(RelatednessRecord, IsReadAsItWasWritten) {
  const RelatednessRecord record = read_relatedness(relatedness_json(), "relatedness.json");
  ASSERT_EQ(record.measures.size(), 1U);
  EXPECT_TRUE(std::isnan(record.measures[0].values[0][0]));
  EXPECT_EQ(record.measures[0].values[0][1], -0.00123);
  EXPECT_EQ(digits_of_measure(record.measures[0]), 5);
  ASSERT_EQ(record.groups.size(), 1U);
  EXPECT_EQ(record.groups[0].tasks, "hate + <b>");
  EXPECT_DOUBLE_EQ(record.groups[0].gain, 0.5);
  Json without = relatedness_json();
  without["groups"] = nullptr;
  EXPECT_TRUE(read_relatedness(without, "relatedness.json").groups.empty());
}

TEST(RelatednessRecord, NamesWhatIsWrong) {
  const auto fault = [](const char* pointer, const Json& value) {
    Json json = relatedness_json();
    json[Json::json_pointer(pointer)] = value;
    return message_of<ConfigError>([&] { read_relatedness(json, "relatedness.json"); });
  };
  EXPECT_TRUE(holds(fault("/format", 2), "found 2, a report reads format 1"));
  EXPECT_TRUE(holds(fault("/measures/0/values", {{1, 2}}), "as there are tasks, 2"));
  EXPECT_TRUE(holds(fault("/measures/0/values/1", {1, "x"}), "numbers or nulls"));
  EXPECT_TRUE(holds(fault("/groups/groups", {"hate"}), "list of lists of tasks"));
}

TEST(RelatednessReport, StandsBesideTheRunsOfItsFolder) {
  const TemporaryFolder folder;
  testing::write_run(folder, "all/first", 7);
  folder.write("all/relatedness.json", relatedness_json().dump());
  for (const char* name : {"all", "."}) {
    const std::string html = html_report(folder / name);
    EXPECT_EQ(nesting_fault(html), "");
    for (const char* shown :
         {"How the tasks relate", "transfer gain: joint minus single", "-0.00123", "1 pair &amp; 2 seeds", "&lt;b&gt;",
          "Left out: influence: no run", "rows give, columns receive", "60.00"}) {
      EXPECT_TRUE(holds(html, shown)) << shown;
    }
    const std::string text = text_report(folder / name);
    for (const char* shown : {"How the tasks relate", "0.00045", "hate + <b>", "left out: influence"}) {
      EXPECT_TRUE(holds(text, shown)) << shown << "\n" << text;
    }
  }
}

TEST(RelatednessReport, StandsAlone) {
  const TemporaryFolder folder;
  folder.write("alone/relatedness.json", relatedness_json().dump());
  EXPECT_TRUE(holds(html_report(folder / "alone"), "Measures of how tasks relate (relatedness.json)."));
  EXPECT_TRUE(holds(text_report(folder / "alone"), "transfer gain"));
}

TEST(RepresentationReport, HasATableOfQualitiesAndAPlaneOfInformation) {
  const TemporaryFolder folder;
  Json results = testing::results_json(3, 0.6, 2.0);
  results["representation"] = {
      {"validation",
       {{"hate", {{"rows", 9}, {"uniformity", -1.234}, {"mean_cosine", 0.5}, {"adjusted_rand_index", nullptr}}}}}};
  folder.write("first/results.json", results.dump());
  std::string log;
  for (int epoch = 0; epoch < 3; ++epoch) {
    log += Json{{"step", 10 * (epoch + 1)},
                {"epoch", epoch},
                {"best", true},
                {"validation/hate", 0.5},
                {"information/representation/hate", 2.0 + epoch},
                {"information/output/hate", 1.0}}
               .dump() +
           "\n";
  }
  folder.write("first/log.jsonl", log);
  const std::string html = html_report(folder / "first");
  EXPECT_EQ(nesting_fault(html), "");
  for (const char* shown :
       {"Quality of representations", "-1.234", "Information plane", "I(X;Z), nats", "I(Z;Zt), nats"}) {
    EXPECT_TRUE(holds(html, shown)) << shown;
  }
  testing::write_run(folder, "second", 1);
  const std::string without = html_report(folder / "second");
  EXPECT_FALSE(holds(without, "Information plane"));
  EXPECT_FALSE(holds(without, "Quality of representations"));
}

}  // namespace
}  // namespace infomtl::report
