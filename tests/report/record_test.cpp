#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "infomtl/core/errors.h"
#include "report/comparison_record.h"
#include "report/config_differences.h"
#include "report/run_folders.h"
#include "report/run_record.h"
#include "report/score_format.h"
#include "report/search_table.h"
#include "support/message_of.h"

namespace infomtl::report {
namespace {

using testing::message_of;
using testing::TemporaryFolder;

RunRecord log_of(const std::string& text) {
  const TemporaryFolder folder;
  RunRecord run;
  read_log(folder.write("log.jsonl", text), run);
  return run;
}

TEST(RunRecord, TakesStepsAndEpochsApart) {
  const RunRecord run = log_of(testing::log_text(1.5));
  EXPECT_EQ(run.series.at("loss/hate/supervised/raw").at, (std::vector<double>{10, 20, 30, 40}));
  EXPECT_NEAR(run.series.at("loss/hate/supervised/raw").values.back(), 1.1, 1e-12);
  EXPECT_EQ(run.series.at("validation/hate").at, (std::vector<double>{1, 2}));
  EXPECT_EQ(run.steps, 40);
  EXPECT_EQ(run.total_steps, 40);
  EXPECT_EQ(run.epochs, 2);
  EXPECT_FALSE(run.series.contains("loss/hate/supervised/count"));
  EXPECT_FALSE(run.series.contains("best"));
  EXPECT_TRUE(run.notes.empty());
}

TEST(RunRecord, EvaluationsWithinAnEpochStandBetweenEpochs) {
  const RunRecord run = log_of(
      "{\"kind\": \"evaluation\", \"step\": 5, \"epoch\": 1, \"passes\": 0.5, \"best\": true, \"validation/hate\": "
      "0.4}\n"
      "{\"kind\": \"epoch\", \"step\": 10, \"epoch\": 1, \"best\": true, \"validation/hate\": 0.6}\n"
      "{\"kind\": \"evaluation\", \"step\": 15, \"epoch\": 2, \"passes\": 1.5, \"best\": false, \"validation/hate\": "
      "0.5}\n");
  EXPECT_EQ(run.series.at("validation/hate").at, (std::vector<double>{0.5, 1, 1.5}));
  EXPECT_EQ(run.epochs, 1) << "the second has not ended";
  EXPECT_FALSE(run.series.contains("passes"));
}

TEST(RunRecord, CountsEpochsFromOneWhereRecordsNameTheirKind) {
  const RunRecord run = log_of(R"({"kind": "step", "step": 5, "epoch": 1, "x": 1})"
                               "\n"
                               R"({"kind": "epoch", "step": 5, "epoch": 1, "best": true, "validation/hate": 0.5})"
                               "\n");
  EXPECT_EQ(run.series.at("validation/hate").at, (std::vector<double>{1}));
  EXPECT_EQ(run.epochs, 1);
  EXPECT_EQ(run.series.at("x").at, (std::vector<double>{5}));
}

TEST(RunRecord, NullIsANumberThatIsNotThere) {
  const RunRecord run = log_of("{\"step\": 1, \"gradient_norm\": null, \"nested\": {\"a\": 3}, \"list\": [1, 2]}\n");
  EXPECT_TRUE(std::isnan(run.series.at("gradient_norm").values.at(0)));
  EXPECT_EQ(run.series.size(), 1U);
}

TEST(RunRecord, ALineThatWasBeingWrittenIsLeftOut) {
  const RunRecord run = log_of("{\"step\": 1, \"x\": 1}\n{\"step\": 2, \"x\":");
  EXPECT_EQ(run.steps, 1);
  EXPECT_TRUE(run.notes.empty());
}

TEST(RunRecord, ABrokenLineEndsTheLogAndIsNamed) {
  for (const std::string bad :
       {"rubbish", "[1]", "3", "\"a\"", "{}", "{\"step\": -1}", "{\"step\": \"1\"}", "{\"step\": 1e999}",
        "{\"step\": 2} {\"step\": 3}", "{\"step\": 5, \"best\": true}", "\xff\xfe", "[[[[["}) {
    const RunRecord run = log_of("{\"step\": 1, \"x\": 1}\n" + bad + "\n{\"step\": 3, \"x\": 1}\n");
    ASSERT_EQ(run.notes.size(), 1U) << bad;
    EXPECT_NE(run.notes[0].find("log.jsonl, line 2"), std::string::npos) << run.notes[0];
    EXPECT_EQ(run.steps, 1) << bad;
  }
}

TEST(RunRecord, KeysOfLossesMayHoldSlashes) {
  const auto key = loss_key("loss/a/b/simax/raw");
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->task, "a/b");
  EXPECT_EQ(key->term, "simax");
  for (const char* other : {"loss/", "loss/raw", "loss//raw", "weights/hate", "loss/hate/supervised/count"}) {
    EXPECT_FALSE(loss_key(other).has_value()) << other;
  }
}

TEST(RunRecord, OneModelPerTaskHasALogEach) {
  const TemporaryFolder folder;
  folder.write("run/config.json", testing::config_json(3).dump());
  folder.write("run/single/hate/log.jsonl", testing::log_text());
  const RunRecord run = read_run(folder / "run", "run");
  EXPECT_TRUE(run.single);
  EXPECT_TRUE(run.series.contains("loss/hate/supervised/raw"));
  EXPECT_TRUE(run.series.contains("validation/hate"));
  EXPECT_FALSE(run.series.contains("gradient_norm")) << "steps of several models are not one course";
  EXPECT_EQ(run.seed, 3U);
}

TEST(ComparisonRecord, ReadsFormatTwo) {
  const ComparisonRecord record = read_comparison(testing::comparison_json(), "comparison.json");
  ASSERT_EQ(record.cells.size(), 1U);
  const MethodScores& second = record.cells[0].methods.at(1);
  EXPECT_EQ(second.name, "InfoMTL");
  EXPECT_DOUBLE_EQ(second.per_task.at("hate").spread.mean, 0.643);
  EXPECT_TRUE(std::isnan(second.per_task.at("hate").values.at(1)));
  ASSERT_TRUE(second.effect.has_value());
  EXPECT_TRUE(std::isnan(second.effect->p));
  EXPECT_DOUBLE_EQ(second.effect->p_holm, 0.0123);
  EXPECT_FALSE(record.cells[0].methods[0].effect.has_value());
  EXPECT_TRUE(std::isnan(second.budget.encoded_sequences));
  EXPECT_DOUBLE_EQ(record.cells[0].power->detectable_difference, 0.0321);
}

TEST(ComparisonRecord, SentenceAccuracyIsAColumnOfItsOwn) {
  Json json = testing::comparison_json();
  json["joint"] = {"hate+irony"};
  json["cells"][0]["methods"][1]["joint"]["hate+irony"] = {{"mean", 0.25}, {"half_width_95", 0.01}, {"values", {0.25}}};
  json["cells"][0]["methods"][1]["against_baseline"]["joint"]["hate+irony"] = {{"difference", -0.02},
                                                                               {"half_width_95", 0.01}};
  const ComparisonRecord record = read_comparison(json, "comparison.json");
  const PlainTable scores = score_table(record), effects = effect_table(record);
  const auto column = [](const PlainTable& table, const std::string& head) {
    return static_cast<std::size_t>(std::find(table.head.begin(), table.head.end(), head) - table.head.begin());
  };
  const std::size_t place = column(scores, "hate+irony (sentence accuracy, %)");
  ASSERT_LT(place, scores.head.size());
  EXPECT_EQ(scores.rows[0][place], "-") << "it has none";
  EXPECT_EQ(scores.rows[1][place], "25.00 ± 1.00");
  ASSERT_LT(column(effects, "hate+irony (sentence accuracy, points)"), effects.head.size());
  EXPECT_EQ(effects.rows[0].back(), "-2.00 ± 1.00");
  MethodRuns method{.key = "a", .name = "a", .runs = {}};
  RunRecord run;
  run.results = Results::from_json(testing::results_json(0, 0.6, 2.0));
  run.results->joint["hate+irony"] = {{run.results->splits().front(), 0.5}};
  method.runs.push_back(run);
  const ComparisonRecord of_runs = comparisons_of_runs({method}).front();
  EXPECT_EQ(of_runs.joint, (std::vector<std::string>{"hate+irony"}));
  EXPECT_DOUBLE_EQ(of_runs.cells[0].methods[0].joint.at("hate+irony").spread.mean, 0.5);
}

TEST(ComparisonRecord, NamesFileAndFieldOfWhatIsWrong) {
  const auto refusal = [](const char* pointer, const Json& value) {
    Json json = testing::comparison_json();
    json[Json::json_pointer(pointer)] = value;
    return message_of<ConfigError>([&] { read_comparison(json, "comparison.json"); });
  };
  EXPECT_NE(refusal("/format", 3).find("comparison.json#/format: found 3, a report reads format 2"), std::string::npos);
  EXPECT_NE(refusal("/cells", Json::array()).find("cells"), std::string::npos);
  for (const char* pointer : {"/cells/0/methods/0/key", "/tasks/0/name", "/cells/0/methods/1/against_baseline/p_holm",
                              "/cells/0/methods/0/per_task/hate/mean", "/split", "/cells/0/methods/0/seeds/0"}) {
    const std::string message = refusal(pointer, Json::object());
    EXPECT_NE(message.find("comparison.json#" + std::string(pointer)), std::string::npos) << message;
  }
}

TEST(ComparisonRecord, TakesScoresFromFinishedRuns) {
  MethodRuns method{.key = "a", .name = "a", .runs = {}};
  for (const int seed : {0, 1}) {
    RunRecord run;
    run.seed = seed;
    run.results = Results::from_json(testing::results_json(seed, 0.6 + 0.1 * seed, 2.0));
    method.runs.push_back(run);
  }
  method.runs.emplace_back();  // not finished
  const std::vector<ComparisonRecord> records = comparisons_of_runs({method});
  ASSERT_EQ(records.size(), 1U) << "one split";
  const ComparisonRecord& record = records.front();
  ASSERT_EQ(record.tasks.size(), 2U);
  EXPECT_FALSE(record.all_rise());
  const Spread& hate = record.cells[0].methods[0].per_task.at("hate").spread;
  EXPECT_NEAR(hate.mean, 0.65, 1e-12);
  EXPECT_NEAR(hate.half_width_95, 12.7062 * 0.1 / 2, 1e-3);  // t of one degree of freedom times sd / sqrt 2
  EXPECT_EQ(record.cells[0].methods[0].seeds, (std::vector<std::string>{"0", "1"}));
  EXPECT_TRUE(comparisons_of_runs({}).empty());
}

TEST(ScoreFormat, SaysNumbersWithTheirSigns) {
  EXPECT_EQ(interval_text(0.6612, 0.0105, true), "66.12 ± 1.05");
  EXPECT_EQ(interval_text(0.6612, kMissing, true), "66.12");
  EXPECT_EQ(interval_text(kMissing, kMissing, true), "-");
  EXPECT_EQ(difference_text(0.01, 0.02, true), "+1.00 ± 2.00");
  EXPECT_EQ(difference_text(-0.01, kMissing, false), "-0.0100");
  EXPECT_EQ(difference_text(kMissing, kMissing, true), "-");
  EXPECT_EQ(p_text(0.0004), "< 0.001");
  EXPECT_EQ(p_text(kMissing), "-");
  EXPECT_EQ(count_text(1234567), "1 234 567");
  EXPECT_EQ(count_text(-1234), "-1 234");
  EXPECT_EQ(count_text(123), "123");
  EXPECT_LT(count_text(1e300).size(), 12U);
  EXPECT_EQ(share_text(0.125), "12.5 %");
}

TEST(ScoreFormat, ColumnsOfTheBudgetThatNobodyHasAreLeftOut) {
  const PlainTable table = budget_table(read_comparison(testing::comparison_json(), "comparison.json"));
  EXPECT_EQ(table.head,
            (std::vector<std::string>{"method", "steps", "examples", "seconds", "clipped steps", "passes, hate"}));
  EXPECT_EQ(table.rows.at(1), (std::vector<std::string>{"InfoMTL", "40", "12 345", "12.5", "12.5 %", "2.5"}));
}

Json search_json() {
  return Json::parse(
      R"({"format": 1, "finished": false, "methods": {"infomtl": {"best": 1, "cost_examples": 900, "trials": [
    {"id": 0, "settings": {"losses.1.weight": 0.1}, "rungs": [{"epochs": 1, "score": 0.5, "cost_examples": 100}]},
    {"id": 1, "settings": {"losses.1.weight": 0.01, "head": "gaussian"},
     "rungs": [{"epochs": 1, "score": 0.6, "cost_examples": 100}, {"epochs": 3, "score": 0.7, "cost_examples": 200}]},
    {"id": 2, "settings": {}, "rungs": [{"epochs": 1, "score": null, "cost_examples": 50}]}]}}})");
}

TEST(SearchRecord, PutsTheWinnerFirstAndSaysWhatFailed) {
  const SearchRecord search = read_search(search_json(), "search.json");
  EXPECT_FALSE(search.finished);
  const PlainTable table = trial_table(search.methods.at(0));
  EXPECT_EQ(table.head, (std::vector<std::string>{"trial", "losses.1.weight", "head", "after 1 epoch", "after 3 epochs",
                                                  "examples"}));
  EXPECT_EQ(table.rows.at(0), (std::vector<std::string>{"★ 1", "0.01", "gaussian", "0.6000", "0.7000", "300"}));
  EXPECT_EQ(table.rows.at(1).front(), "0");
  EXPECT_EQ(table.rows.at(2), (std::vector<std::string>{"2", "-", "-", "failed", "-", "50"}));
}

TEST(SearchRecord, NamesWhatIsWrong) {
  Json json = search_json();
  json["methods"]["infomtl"]["best"] = 7;
  EXPECT_NE(message_of<ConfigError>([&] { read_search(json, "search.json"); }).find("\"7\" is the id of no trial"),
            std::string::npos);
  json = search_json();
  json["format"] = 2;
  EXPECT_NE(message_of<ConfigError>([&] { read_search(json, "search.json"); }).find("search.json#/format"),
            std::string::npos);
  json = search_json();
  json["methods"]["infomtl"]["trials"][0]["rungs"][0]["epochs"] = "one";
  EXPECT_NE(message_of<ConfigError>([&] { read_search(json, "search.json"); }).find("/trials/0/rungs/0/epochs"),
            std::string::npos);
}

TEST(ConfigDifferences, GoByTheNamesOfListedThings) {
  ReportPart part;
  const auto add = [&](const std::string& key, const Json& config) {
    RunRecord run;
    run.config = config;
    part.methods.push_back({key, key, {run}});
  };
  add("infomtl",
      Json::parse(R"({"seed": 1, "name": "x", "losses": [{"name": "supervised"}, {"name": "simax", "weight": 0.1}],
                                 "head": "gaussian"})"));
  add("plain", Json::parse(R"({"seed": 2, "losses": ["supervised"], "head": "linear"})"));
  part.scores.baseline = "plain";
  const std::vector<ConfigDifference> found = config_differences(part);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].setting, "head");
  EXPECT_EQ(found[0].value, "\"gaussian\"");
  EXPECT_EQ(found[0].reference, "\"linear\"");
  EXPECT_EQ(found[1].setting, "losses/simax");
  EXPECT_EQ(found[1].reference, "not set");
  EXPECT_EQ(found[2].setting, "losses/simax/weight");
  EXPECT_EQ(found[2].value, "0.1");
}

}  // namespace
}  // namespace infomtl::report
