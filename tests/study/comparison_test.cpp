#include "infomtl/study/comparison.h"

#include <fstream>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/data/synthetic/synthetic_corpus.h"
#include "support/compare.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

Results run_of(std::uint64_t seed, double first, double second) {
  Results results;
  results.seed = seed;
  for (const auto& [name, score] : {std::pair("first", first), std::pair("second", second)}) {
    TaskResult task;
    task.metric = "accuracy";
    task.score["test"] = score;
    results.tasks.emplace_back(name, task);
  }
  results.average_tasks();
  return results;
}

TEST(Comparison, PairsEachMethodWithTheBaseline) {
  Comparison comparison;
  comparison.methods = {{"plain", {{run_of(0, 0.5, 0.8), run_of(1, 0.6, 0.8)}}},
                        {"better", {{run_of(1, 0.7, 0.8), run_of(0, 0.62, 0.8), run_of(7, 0.1, 0.1)}}}};
  const Json better = comparison.to_json()["methods"]["better"]["against_baseline"];
  EXPECT_EQ(better["paired_seeds"], 2);  // seed 7 has no partner
  EXPECT_NEAR(better["difference"].get<double>(), (0.05 + 0.06) / 2, 1e-12);
  EXPECT_NEAR(better["deviation"].get<double>(), 0.01 / std::sqrt(2.0), 1e-12);
  // Task "first": (0.66 - 0.55) / 0.55 = 20 %; task "second": 0.
  EXPECT_NEAR(better["delta_p_percent"].get<double>(), 10.0, 1e-9);
  const std::string table = comparison.table();
  EXPECT_NE(table.find("+5.50 +- 0.71"), std::string::npos) << table;
  EXPECT_NE(table.find("+10.00"), std::string::npos) << table;
}

TEST(Comparison, ABaselineOfZeroHasNoRelativeGain) {
  Comparison comparison;
  comparison.methods = {{"plain", {{run_of(0, 0.0, 0.8), run_of(1, 0.0, 0.8)}}},
                        {"better", {{run_of(0, 0.7, 0.8), run_of(1, 0.6, 0.8)}}}};
  EXPECT_TRUE(comparison.to_json()["methods"]["better"]["against_baseline"]["delta_p_percent"].is_number());
  EXPECT_EQ(Json::parse(comparison.to_json().dump())["methods"]["better"]["against_baseline"]["delta_p_percent"],
            nullptr);
  EXPECT_NE(comparison.table().find("+32.50"), std::string::npos) << comparison.table();
}

class ComparisonRuns : public ::testing::Test {
 protected:
  ComparisonRuns() {
    write_synthetic_corpus(folder_.path(), {.rows = 60, .seed = 5});
    write("experiment.json", {{"extends", "corpus.json"}, {"device", "cpu"}, {"training", {{"epochs", 1}}}});
    write("plain.json", {{"losses", {"supervised"}}, {"head", "linear"}});
    write("informed.json", {{"losses", {"supervised", {{"name", "timin"}, {"weight", 0.01}}}}, {"head", "gaussian"}});
    plan_ = {{"experiment", "experiment.json"}, {"methods", {"informed.json", "plain.json"}}, {"baseline", "plain"}};
  }

  void write(const std::string& name, const Json& json) { std::ofstream(folder_.path() / name) << json.dump(2); }
  Comparison run(std::vector<std::uint64_t> seeds, const std::atomic<bool>* stop = nullptr) {
    write("plan.json", plan_);
    return run_comparison(folder_.path() / "plan.json", {.seeds = std::move(seeds)}, {.output = output()}, stop);
  }
  std::string refusal(std::vector<std::uint64_t> seeds) {
    try {
      run(std::move(seeds));
    } catch (const UserError& error) {
      EXPECT_FALSE(std::filesystem::exists(output())) << "nothing is trained before every method is checked";
      return error.what();
    }
    return "accepted";
  }
  std::filesystem::path output() const { return folder_.path() / "runs"; }

  testing::TemporaryFolder folder_;
  Json plan_;
};

TEST_F(ComparisonRuns, KeepsWhatIsDoneAndGoesOn) {
  const Comparison first = run({3});
  ASSERT_EQ(first.methods.size(), 2U);
  EXPECT_EQ(first.methods[first.baseline].first, "plain");
  const auto done = output() / "plain" / "seed-3" / "results.json";
  const auto written = std::filesystem::last_write_time(done);
  const Comparison both = run({3, 4});
  EXPECT_EQ(std::filesystem::last_write_time(done), written);
  for (const auto& [name, summary] : both.methods) EXPECT_EQ(summary.runs.size(), 2U) << name;
  EXPECT_EQ(read_file(output() / "table.txt"), both.table());
  EXPECT_EQ(Json::parse(read_file(output() / "comparison.json"))["baseline"], "plain");
  EXPECT_NE(both.table().find("informed"), std::string::npos);

  // The same folder with another experiment would mix two: refused.
  write("experiment.json", {{"extends", "corpus.json"}, {"device", "cpu"}, {"training", {{"epochs", 2}}}});
  EXPECT_THROW(run({3, 4}), UserError);
}

TEST_F(ComparisonRuns, StopsBetweenRuns) {
  const std::atomic<bool> stop = true;
  const Comparison stopped = run({3}, &stop);
  for (const auto& [name, summary] : stopped.methods) EXPECT_TRUE(summary.runs.empty()) << name;
  EXPECT_EQ(stopped.table(), "no runs\n");
  EXPECT_EQ(run({3}).methods[0].second.runs.size(), 1U);
}

TEST_F(ComparisonRuns, RefusesWhatMakesNoSense) {
  EXPECT_NE(refusal({}).find("seeds"), std::string::npos);
  plan_["seeds"] = {1, 1};
  EXPECT_NE(refusal({}).find("given twice"), std::string::npos);
  plan_["seeds"] = {1};
  plan_["baseline"] = "plane";
  EXPECT_NE(refusal({}).find("plain"), std::string::npos);
  plan_["baseline"] = "plain";
  plan_["methods"] = {"plain.json", "plain.json"};
  EXPECT_NE(refusal({}).find("given twice"), std::string::npos);
  plan_["methods"] = Json::array();
  EXPECT_NE(refusal({}).find("methods"), std::string::npos);
  plan_["methods"] = {"plain.json", "missing.json"};
  EXPECT_NE(refusal({}).find("missing.json"), std::string::npos);
  write("broken.json", {{"losses", {"supervized"}}});
  plan_["methods"] = {"plain.json", "broken.json"};
  EXPECT_NE(refusal({}).find("supervised"), std::string::npos);
  plan_["methods"] = {"plain.json"};
  plan_["method"] = 3;
  EXPECT_NE(refusal({}).find("did you mean \"methods\""), std::string::npos);
}

}  // namespace
}  // namespace infomtl
