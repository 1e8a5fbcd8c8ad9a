// What runs learned of their tasks beside their scores, in the page and in the terminal.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "infomtl/report/report.h"
#include "report/html_text.h"
#include "report/run_folders.h"

namespace infomtl {
namespace {

using testing::nesting_fault;
using testing::occurrences;
using testing::TemporaryFolder;

/// Two seeds of a config whose results say this beside the scores.
void write_seeds(const TemporaryFolder& folder, const std::string& key, const Json& first, const Json& second) {
  for (const int seed : {0, 1}) {
    const std::string name = "runs/seed-" + std::to_string(seed);
    testing::write_run(folder, name, seed);
    Json results = testing::results_json(seed, 0.5, 2.0);
    results[key] = seed == 0 ? first : second;
    folder.write(name + "/results.json", results.dump());
  }
}

TEST(LearnedTables, ShowWhatLossTermsLearnedOfTasks) {
  const TemporaryFolder folder;
  write_seeds(folder, "task_weights", {{"weight_prior", {{"hate", {{"stars", 0.9}}}, {"stars", {{"hate", 0.1}}}}}},
              {{"weight_prior", {{"hate", {{"stars", 0.7}}}, {"stars", {{"hate", 0.3}}}}}});
  const std::string html = html_report(folder / "runs"), text = text_report(folder / "runs");
  EXPECT_EQ(nesting_fault(html), "");
  for (const char* shown : {"How the tasks relate", "how much a task (row) takes", "weight_prior"}) {
    EXPECT_EQ(occurrences(text, shown), 1U) << shown << "\n" << text;
  }
  for (const char* number : {"0.80", "0.20"}) {
    EXPECT_EQ(occurrences(html, ">" + std::string(number) + "<"), 1U) << number;
    EXPECT_NE(text.find(number), std::string::npos) << text;
  }
  EXPECT_EQ(text.find("cosine of the gradients"), std::string::npos) << "too much for a terminal";
  EXPECT_NE(html.find("cosine of the gradients"), std::string::npos);
}

TEST(LearnedTables, ShowHowAlikeAnArchitectureLearnedTasksToBe) {
  const TemporaryFolder folder;
  write_seeds(folder, "task_similarity", {{"hate", {{"stars", 0.25}}}}, {{"hate", {{"stars", 0.35}}}});
  EXPECT_NE(html_report(folder / "runs").find(">0.30<"), std::string::npos);
  EXPECT_NE(text_report(folder / "runs").find("0.30"), std::string::npos);
}

TEST(LearnedTables, ShowTheWeightsThatAWeightingFound) {
  const TemporaryFolder folder;
  write_seeds(folder, "loss_weights", {{"hate", 1.5}, {"stars", 0.5}}, {{"hate", 1.25}, {"stars", 0.75}});
  const std::string html = html_report(folder / "runs"), text = text_report(folder / "runs");
  EXPECT_EQ(nesting_fault(html), "");
  EXPECT_NE(text.find("Task weights"), std::string::npos) << text;
  for (const char* number : {"1.375", "0.625"}) {
    EXPECT_EQ(occurrences(html, ">" + std::string(number) + "<"), 1U) << number;
    EXPECT_NE(text.find(number), std::string::npos) << text;
  }
  // Runs that found none have neither table.
  testing::write_run(folder, "plain", 0);
  EXPECT_EQ(text_report(folder / "plain").find("Task weights"), std::string::npos);
  EXPECT_EQ(html_report(folder / "plain").find("before the first step"), std::string::npos);
}

}  // namespace
}  // namespace infomtl
