#include <fstream>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/data/synthetic/synthetic_corpus.h"
#include "infomtl/runs/trained_run.h"
#include "infomtl/study/comparison.h"
#include "support/compare.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

class ComparisonRuns : public ::testing::Test {
 protected:
  ComparisonRuns() {
    write_synthetic_corpus(folder_.path(), {.rows = 60, .seed = 5});
    write("experiment.json", {{"extends", "corpus.json"}, {"device", "cpu"}, {"training", {{"epochs", 1}}}});
    write("plain.json", {{"name", "EW"}, {"losses", {"supervised"}}, {"head", "linear"}});
    write("informed.json", {{"losses", {"supervised", {{"name", "timin"}, {"weight", 0.01}}}}, {"head", "gaussian"}});
    plan_ = {{"experiment", "experiment.json"}, {"methods", {"informed.json", "plain.json"}}, {"baseline", "plain"}};
  }

  void write(const std::string& name, const Json& json) { std::ofstream(folder_.path() / name) << json.dump(2); }
  Comparison run(std::vector<std::uint64_t> seeds, const std::atomic<bool>* stop = nullptr,
                 std::vector<std::string> overrides = {}) {
    write("plan.json", plan_);
    return run_comparison(folder_.path() / "plan.json", {.seeds = std::move(seeds)},
                          {.overrides = std::move(overrides), .output = output()}, stop);
  }
  std::string refusal(std::vector<std::uint64_t> seeds, std::vector<std::string> overrides = {}) {
    try {
      run(std::move(seeds), nullptr, std::move(overrides));
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

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(ComparisonRuns, KeepsWhatIsDoneAndGoesOn) {
  const Comparison first = run({3});
  ASSERT_EQ(first.methods.size(), 2U);
  EXPECT_EQ(first.methods[first.baseline].key, "plain");
  EXPECT_EQ(first.methods[first.baseline].name, "EW") << "as the method's file says";
  EXPECT_EQ(first.methods[0].name, "informed") << "a file without a name";
  const auto done = output() / "plain" / "seed-3" / "results.json";
  const auto written = std::filesystem::last_write_time(done);
  const Comparison both = run({3, 4});
  EXPECT_EQ(std::filesystem::last_write_time(done), written);
  for (const MethodScores& method : both.tables[0].scores) EXPECT_EQ(method.seeds, (std::vector<std::uint64_t>{3, 4}));
  EXPECT_EQ(read_file(output() / "table.txt"), both.table());
  EXPECT_EQ(read_file(output() / "table.md"), both.table("markdown"));
  EXPECT_EQ(read_file(output() / "table.tex"), both.table("latex"));
  EXPECT_EQ(read_file(output() / "table.csv"), both.table("csv"));
  const Json json = read_json(output() / "comparison.json");
  EXPECT_EQ(json["baseline"], "plain");
  EXPECT_EQ(json["split"], "validation");
  EXPECT_TRUE(json["cells"][0]["methods"][0]["budget"]["steps"].get<double>() > 0);
  EXPECT_TRUE(holds(both.table(), "informed")) << both.table();

  // The same folder with another experiment would mix two: refused.
  write("experiment.json", {{"extends", "corpus.json"}, {"device", "cpu"}, {"training", {{"epochs", 2}}}});
  EXPECT_THROW(run({3, 4}), UserError);
}

TEST_F(ComparisonRuns, TestIsScoredOnlyWhenItIsAskedFor) {
  plan_["methods"] = {"plain.json"};
  EXPECT_EQ(run({3}).split, "validation");
  const auto folder = output() / "plain" / "seed-3";
  EXPECT_FALSE(read_json(folder / "results.json")["average"].contains("test"));
  EXPECT_FALSE(TrainedRun::load(folder).evaluate("test").tasks.empty()) << "it can still be computed";
  plan_["split"] = "test";
  const Comparison test = run({3});
  EXPECT_TRUE(holds(test.table(), "test split")) << test.table();
  EXPECT_DOUBLE_EQ(test.tables[0].scores[0].average.spread.mean,
                   read_json(folder / "results.json")["average"]["test"].get<double>());
}

TEST_F(ComparisonRuns, OneThatDivergesIsNamedAndTheOthersGoOn) {
  const Json diverges = {{"optimizer", {{"name", "sgd"}, {"learning_rate", 1e30}}}, {"training.clip", "none"}};
  plan_["methods"] = {{{"file", "plain.json"}, {"name", "diverges"}, {"set", diverges}}, "plain.json"};
  for (int again = 0; again < 2; ++again) {
    const Comparison done = run({3, 4});
    EXPECT_TRUE(done.tables[0].runs[0].empty());
    EXPECT_EQ(done.tables[0].runs[1].size(), 2U);
    ASSERT_EQ(done.diverged.size(), 2U);
    EXPECT_TRUE(holds(done.diverged[0], "diverges, seed 3")) << done.diverged[0];
    EXPECT_TRUE(holds(done.table(), "training diverged: diverges, seed 3")) << done.table();
    EXPECT_EQ(read_json(output() / "comparison.json")["diverged"].size(), 2U);
  }
}

TEST_F(ComparisonRuns, OneModelPerTaskHasEverySplitOfEveryTask) {
  plan_["methods"] = {{{"file", "plain.json"}, {"name", "alone"}, {"set", {{"training.regime", "single"}}}}};
  plan_["baseline"] = "alone";
  ASSERT_EQ(run({3}).tables[0].runs[0].size(), 1U);
  // As if it had been stopped after the first task, and went on with the test split.
  const auto folder = output() / "alone" / "seed-3";
  const std::string last = read_json(folder / "results.json")["tasks"].items().begin().key();
  std::filesystem::remove(folder / "results.json");
  for (const auto& task : std::filesystem::directory_iterator(folder / "single")) {
    if (task.path().filename() != last) std::filesystem::remove_all(task.path());
  }
  plan_["split"] = "test";
  const Comparison test = run({3});
  EXPECT_TRUE(test.left_out_tasks.empty());
  EXPECT_FALSE(std::isnan(test.tables[0].scores[0].average.spread.mean));
}

TEST_F(ComparisonRuns, StopsBetweenRuns) {
  const std::atomic<bool> stop = true;
  const Comparison stopped = run({3}, &stop);
  for (const auto& runs : stopped.tables[0].runs) EXPECT_TRUE(runs.empty());
  EXPECT_EQ(stopped.table(), "no runs\n");
  EXPECT_EQ(run({3}).tables[0].runs[0].size(), 1U);
}

TEST_F(ComparisonRuns, AFileMayStandTwiceWithOtherSettings) {
  plan_["methods"] = {"plain.json",
                      {{"file", "plain.json"},
                       {"name", "smooth"},
                       {"set", {{"losses.0", {{"name", "supervised"}, {"label_smoothing", 0.1}}}}}},
                      {{"file", "informed.json"}, {"baseline", "smooth"}}};
  const Comparison done = run({3});
  EXPECT_EQ(done.methods[1].key, "smooth");
  EXPECT_EQ(done.methods[1].baseline, "plain");
  EXPECT_EQ(done.methods[2].baseline, "smooth");
  EXPECT_EQ(read_json(output() / "smooth" / "seed-3" / "config.json")["losses"][0]["label_smoothing"], 0.1);
  EXPECT_FALSE(read_json(output() / "plain" / "seed-3" / "config.json").dump().find("label_smoothing") !=
               std::string::npos);
}

TEST_F(ComparisonRuns, AxesHaveATableEach) {
  plan_["methods"] = {"plain.json"};
  plan_["axes"] = {{"data.train_fraction", {0.5, 1}}, {"weighting", {"equal"}}};
  const Comparison done = run({3});
  ASSERT_EQ(done.tables.size(), 2U);
  EXPECT_EQ(done.tables[0].folder, "data.train_fraction=0.5,weighting=equal");
  for (const ComparisonTable& table : done.tables) {
    EXPECT_EQ(read_file(output() / table.folder / "table.txt"), done.table("text", table));
    EXPECT_TRUE(std::filesystem::exists(output() / table.folder / "plain" / "seed-3" / "results.json"));
  }
  EXPECT_EQ(read_json(output() / done.tables[0].folder / "plain" / "seed-3" / "config.json")["data"]["train_fraction"],
            0.5);
  EXPECT_TRUE(read_file(output() / "table.txt").starts_with("Averages, validation split")) << done.table();
}

TEST_F(ComparisonRuns, AnAxisOfNamedValuesHasTheirNamesAndFilesBesideTheConfig) {
  plan_["methods"] = {"plain.json"};
  plan_["axes"] = {
      {"data.tasks",
       {{"topic alone", {"tasks/topic.json"}}, {"topic+answer", {"tasks/topic.json", "tasks/answer.json"}}}}};
  const Comparison done = run({3});
  ASSERT_EQ(done.tables.size(), 2U);
  EXPECT_EQ(done.tables[0].folder, "data.tasks=topic_alone");
  EXPECT_EQ(done.tables[1].folder, "data.tasks=topic+answer");
  EXPECT_EQ(read_json(output() / "comparison.json")["cells"][1]["axes"]["data.tasks"], "topic+answer");
  EXPECT_EQ(read_json(output() / done.tables[1].folder / "plain/seed-3/config.json")["data"]["tasks"][1],
            (folder_.path() / "tasks/answer.json").string());
  EXPECT_TRUE(holds(done.table(), "Scores, validation split, data.tasks = topic+answer")) << done.table();
  EXPECT_FALSE(holds(done.table("text", done.tables[0]), "answer")) << "a column of a task that the table has not";
}

TEST_F(ComparisonRuns, RowsGetTheSameBudgetOrTheConfigSaysSo) {
  plan_["methods"] = {"plain.json", {{"file", "plain.json"}, {"name", "longer"}, {"set", {{"training.epochs", 2}}}}};
  const std::string message = refusal({3});
  EXPECT_TRUE(holds(message, "steps: plain ") && holds(message, ", longer ")) << message;
  EXPECT_TRUE(holds(message, "unequal_budgets")) << message;
  plan_["unequal_budgets"] = true;
  EXPECT_EQ(run({3}).tables[0].runs[1].size(), 1U);
  plan_.erase("unequal_budgets");  // the table of finished runs is refused, too
  EXPECT_THROW(run({3}), UserError);
}

TEST_F(ComparisonRuns, ExamplesCountAsWellAsSteps) {
  plan_["methods"] = {
      "plain.json",
      {{"file", "plain.json"}, {"name", "joint"}, {"set", {{"training.regime", "joint"}, {"training.epochs", 4}}}}};
  const std::string message = refusal({3});
  EXPECT_TRUE(holds(message, "do not train on as many")) << message;
  // One model per task has the steps and examples of all tasks in turn.
  plan_["methods"] = {"plain.json",
                      {{"file", "plain.json"}, {"name", "alone"}, {"set", {{"training.regime", "single"}}}}};
  const Comparison done = run({3});
  EXPECT_EQ(done.tables[0].scores[0].budget.steps, done.tables[0].scores[1].budget.steps);
}

TEST_F(ComparisonRuns, RefusesWhatMakesNoSense) {
  EXPECT_TRUE(holds(refusal({}), "seeds"));
  plan_["seeds"] = {1, 1};
  EXPECT_TRUE(holds(refusal({}), "plan.json#/seeds: seed 1 is given twice")) << refusal({});
  EXPECT_TRUE(holds(refusal({2, 2}), "--seeds: seed 2 is given twice")) << refusal({2, 2});
  plan_["seeds"] = {1};
  plan_["baseline"] = "plane";
  EXPECT_TRUE(holds(refusal({}), "plain"));
  plan_["baseline"] = "plain";
  plan_["split"] = "tset";
  EXPECT_TRUE(holds(refusal({}), "did you mean \"test\""));
  plan_["split"] = "validation";
  plan_["methods"] = {"plain.json", "plain.json"};
  EXPECT_TRUE(holds(refusal({}), "given twice"));
  plan_["methods"] = Json::array();
  EXPECT_TRUE(holds(refusal({}), "methods"));
  plan_["methods"] = {"plain.json", "missing.json"};
  EXPECT_TRUE(holds(refusal({}), "missing.json"));
  plan_["methods"] = {"plain.json", 7};
  EXPECT_TRUE(holds(refusal({}), "plan.json#/methods/1"));
  write("broken.json", {{"losses", {"supervized"}}});
  plan_["methods"] = {"plain.json", "broken.json"};
  EXPECT_TRUE(holds(refusal({}), "supervised"));
  const auto plain_and = [](const Json& entry) { return Json{"plain.json", entry}; };
  for (const char* name : {"", "..", "a/b", ".hidden"}) {
    plan_["methods"] = plain_and({{"file", "plain.json"}, {"name", name}});
    EXPECT_TRUE(holds(refusal({}), "plan.json#/methods/1/name")) << name;
  }
  for (const char* name : {"table.txt", "comparison.json", "report.html"}) {
    plan_["methods"] = plain_and({{"file", "plain.json"}, {"name", name}});
    EXPECT_TRUE(holds(refusal({}), "plan.json#/methods/1/name: \"" + std::string(name) + "\" is a file")) << name;
  }
  for (const char* name : {"table.csv.json", "..json"}) {
    write(name, {{"losses", {"supervised"}}, {"head", "linear"}});
    plan_["methods"] = plain_and(name);
    EXPECT_TRUE(holds(refusal({}), "plan.json#/methods/1: \"")) << refusal({});
  }
  plan_["methods"] = plain_and({{"file", "informed.json"}, {"baseline", "plian"}});
  EXPECT_TRUE(holds(refusal({}), "did you mean \"plain\""));
  plan_["methods"] = plain_and({{"file", "informed.json"}, {"sets", 3}});
  EXPECT_TRUE(holds(refusal({}), "did you mean \"set\""));
  plan_["methods"] = plain_and({{"file", "informed.json"}, {"set", {{"losses.9.weight", 3}}}});
  EXPECT_TRUE(holds(refusal({}), "plan.json#/methods/1/set/losses.9.weight: ")) << refusal({});
  plan_["methods"] = plain_and({{"file", "informed.json"}, {"set", {{"losses.1.wieght", 3}}}});
  EXPECT_TRUE(holds(refusal({}), "did you mean \"weight\"")) << refusal({});
  EXPECT_TRUE(holds(refusal({}), "plan.json#/methods/1/set/losses.1.wieght: unknown key")) << refusal({});
  plan_["methods"] = {"plain.json"};
  plan_["axes"] = {{"data.train_fraction", Json::array()}};
  EXPECT_TRUE(holds(refusal({}), "has no value"));
  plan_["axes"] = {{"data.train_fraction", Json::object()}};
  EXPECT_TRUE(holds(refusal({}), "has no value"));
  plan_["axes"] = {{"data.train_fraction", {0.5, 0.5}}};
  EXPECT_TRUE(holds(refusal({}), "that of another value"));
  plan_["axes"] = {{"data.train_fraktion", {0.5}}};
  EXPECT_TRUE(holds(refusal({}), "did you mean \"train_fraction\""));
  plan_["axes"] = {{"data.train_fraction", {0.5}}};
  EXPECT_TRUE(holds(refusal({}, {"data.train_fraction=1"}), "is an axis"));
  plan_["axes"] = {{"seed", {1, 2}}};
  EXPECT_TRUE(holds(refusal({}), "every method is trained under each"));
  plan_.erase("axes");
  EXPECT_TRUE(holds(refusal({}, {"seed=5"}), "--set seed=5"));
  plan_["methods"] = plain_and({{"file", "informed.json"}, {"set", {{"seed", 7}}}});
  EXPECT_TRUE(holds(refusal({}), "every method is trained under each"));
  write("seeded.json", {{"losses", {"supervised"}}, {"head", "linear"}, {"seed", 7}});
  plan_["methods"] = {"plain.json", "seeded.json"};
  EXPECT_TRUE(holds(refusal({}), "seeded.json#/seed: is not a setting"));
  plan_["methods"] = {"plain.json"};
  const Json experiment = plan_["experiment"];
  write("seeded_experiment.json", {{"extends", experiment}, {"seed", 7}});
  plan_["experiment"] = "seeded_experiment.json";
  EXPECT_TRUE(holds(refusal({}), "seeded_experiment.json#/seed: is not a setting")) << refusal({});
  plan_["experiment"] = experiment;
  plan_["method"] = 3;
  EXPECT_TRUE(holds(refusal({}), "did you mean \"methods\""));
}

TEST_F(ComparisonRuns, AreNotMixedWithWhatLiesThere) {
  std::filesystem::create_directories(output() / "checkpoints");
  std::ofstream(output() / "config.json") << "{}";
  write("plan.json", plan_);
  const auto compared = [&] { run_comparison(folder_.path() / "plan.json", {.seeds = {1}}, {.output = output()}); };
  EXPECT_TRUE(holds(testing::message_of<UserError>(compared), "holds other things than a comparison"));
  EXPECT_FALSE(std::filesystem::exists(output() / "plain"));
  // A search names the config of a comparison so.
  std::ofstream(output() / "comparison.json") << "// Confirms the search above this folder\n{\"methods\": []}";
  EXPECT_TRUE(holds(testing::message_of<UserError>(compared),
                    "comparison.json: is there and cannot be told to be the record of"));
  // A folder by the name of a method makes it no comparison.
  std::filesystem::remove_all(output());
  std::filesystem::create_directories(output() / "informed");
  std::ofstream(output() / "table.txt") << "notes";
  EXPECT_TRUE(holds(testing::message_of<UserError>(compared), "holds other things than a comparison (table.txt)"));
  std::filesystem::rename(output() / "table.txt", output() / "informed" / "notes.txt");
  EXPECT_TRUE(holds(testing::message_of<UserError>(compared), "holds other things than a comparison (notes.txt)"));
  // One that was broken off in its first run has no table yet.
  std::filesystem::remove_all(output());
  std::filesystem::create_directories(output() / "informed" / "seed-9");
  const std::atomic<bool> stop = true;
  EXPECT_NO_THROW(run_comparison(folder_.path() / "plan.json", {.seeds = {1}}, {.output = output()}, &stop));
}

}  // namespace
}  // namespace infomtl
