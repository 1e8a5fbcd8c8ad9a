#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/runs/results.h"
#include "infomtl/runs/summary.h"
#include "infomtl/runs/text_table.h"
#include "runs/training_progress.h"
#include "support/compare.h"

namespace infomtl {
namespace {

Results run(std::uint64_t seed, double hate, double stars) {
  Results results;
  results.seed = seed;
  results.selection_split = "validation";
  results.selection_monitor = "average";
  results.selected_epoch = 3;
  TaskResult first;
  first.metric = "macro_f1";
  first.score = {{"validation", hate + 0.1}, {"test", hate}};
  first.all = {{"test", {{"accuracy", 0.55}}}};
  TaskResult second;
  second.metric = "mean_squared_error";
  second.higher_is_better = false;
  second.score = {{"validation", std::nan("")}, {"test", stars}};
  results.tasks = {{"hate", first}, {"stars", second}};
  results.average_tasks();
  results.training = {{"steps", 590}};
  results.environment = {{"device", "cpu"}};
  return results;
}

TEST(StepReport, RecordNamesTasksTermsAndWeights) {
  StepReport report;
  report.step = 10;
  report.losses["hate"]["supervised"] = {.raw = 0.5, .weighted = 0.25, .count = 32};
  report.weights["hate"] = 2;
  report.tokens_per_second = 1000;
  const Json record = report.to_json();
  EXPECT_EQ(record["kind"], "step");
  EXPECT_EQ(record["epoch"], 1) << "files count epochs from 1";
  EXPECT_EQ(record["loss/hate/supervised/raw"], 0.5);
  EXPECT_EQ(record["loss/hate/supervised/weighted"], 0.25);
  EXPECT_EQ(record["loss/hate/supervised/count"], 32.0);
  EXPECT_EQ(record["weights/hate"], 2.0);
  EXPECT_EQ(record["tokens_per_second"], 1000.0);
  EXPECT_FALSE(report.to_json(false).contains("tokens_per_second"));
  EXPECT_FALSE(report.to_json(false).contains("examples_per_second"));
}

TEST(Results, SurviveTheirFile) {
  const Results results = run(7, 0.5, 2.25);
  const Json json = Json::parse(results.to_json().dump());
  EXPECT_EQ(json["format"], 1);
  EXPECT_EQ(json["tasks"]["hate"]["test"], 0.5);
  EXPECT_EQ(json["tasks"]["hate"]["all"]["test"]["accuracy"], 0.55);
  EXPECT_EQ(json["selection"]["epoch"], 4) << "files count epochs from 1";
  EXPECT_TRUE(json["tasks"]["stars"]["validation"].is_null());
  const Results read = Results::from_json(json);
  EXPECT_EQ(read.to_json().dump(), json.dump());
  EXPECT_EQ(read.seed, 7U);
  EXPECT_FALSE(read.tasks[1].second.higher_is_better);
  EXPECT_TRUE(std::isnan(read.tasks[1].second.score.at("validation")));
  EXPECT_FALSE(json.contains("task_similarity")) << "nothing learned, nothing told";
  Results alike = results;
  alike.task_similarity = {{"hate", {{"hate", 1.0}, {"stars", 0.25}}}, {"stars", {{"hate", 0.25}, {"stars", 1.0}}}};
  EXPECT_EQ(Results::from_json(alike.to_json()).task_similarity["hate"]["stars"], 0.25);
  EXPECT_FALSE(json.contains("task_weights"));
  alike.task_weights = {{"weight_prior", {{"hate", {{"stars", 1.0}}}, {"stars", {{"hate", 0.75}}}}}};
  EXPECT_EQ(Results::from_json(alike.to_json()).task_weights["weight_prior"]["stars"]["hate"], 0.75);
  EXPECT_FALSE(json.contains("loss_weights"));
  alike.loss_weights = {{"hate", 1.25}, {"stars", 0.75}};
  EXPECT_EQ(Results::from_json(alike.to_json()).loss_weights["stars"], 0.75);
}

TEST(Results, OfTasksOnTheSameTextsHaveTheirSentenceAccuracy) {
  Results results = run(0, 0.5, 2.25);
  EXPECT_FALSE(results.to_json().contains("joint"));
  results.joint["hate+irony"] = {{"test", 0.375}};
  const Json json = Json::parse(results.to_json().dump());
  EXPECT_EQ(json["joint"], (Json{{"hate+irony", {{"sentence_accuracy", {{"test", 0.375}}}}}}));
  EXPECT_EQ(Results::from_json(json).to_json().dump(), json.dump());
  EXPECT_NE(results.table().find("average                             0.6000  1.3750\n"
                                 "hate+irony  sentence_accuracy            -   37.50\n"),
            std::string::npos)
      << results.table();
  Results more = run(0, 0.5, 2.25);
  more.joint["hate+irony"] = {{"train", 0.5}};
  results.add_splits(more);
  EXPECT_EQ(results.joint["hate+irony"], (std::map<std::string, double>{{"test", 0.375}, {"train", 0.5}}));
}

TEST(Results, TellAScoreOrThatThereIsNone) {
  Results results = run(0, 0.5, 2.25);
  results.joint["hate+irony"] = {{"test", 0.375}};
  EXPECT_EQ(results.score_of("hate", "test"), 0.5);
  EXPECT_EQ(results.joint_of("hate+irony", "test"), 0.375);
  for (const double none : {results.score_of("hate", "train"), results.score_of("irony", "test"),
                            results.joint_of("hate", "test"), results.joint_of("hate+irony", "train")}) {
    EXPECT_TRUE(std::isnan(none));
  }
}

TEST(Results, AverageLeavesOutSplitsATaskDoesNotHave) {
  const Results results = run(0, 0.5, 2.0);
  EXPECT_DOUBLE_EQ(results.average.at("test"), 1.25);
  EXPECT_DOUBLE_EQ(results.average.at("validation"), 0.6);
}

TEST(Results, BrokenFilesAreFormatErrors) {
  Json json = run(0, 0.5, 2.0).to_json();
  json["format"] = 2;
  EXPECT_THROW(Results::from_json(json), FormatError);
  EXPECT_THROW(Results::from_json(Json::object()), FormatError);
  EXPECT_THROW(Results::from_json(Json::array()), FormatError);
  json = run(0, 0.5, 2.0).to_json();
  json["tasks"]["hate"]["test"] = "good";
  EXPECT_THROW(Results::from_json(json), FormatError);
}

TEST(Results, TableShowsPercentAndPlainErrors) {
  EXPECT_EQ(run(0, 0.5, 2.25).table(),
            "task     metric              validation    test\n"
            "-----------------------------------------------\n"
            "hate     macro_f1                 60.00   50.00\n"
            "stars    mean_squared_error           -  2.2500\n"
            "-----------------------------------------------\n"
            "average                          0.6000  1.3750\n"
            "the average on validation is over 1 of 2 tasks; without a score: stars\n");
}

TEST(Results, TableShowsTheSplitThatIsAskedFor) {
  const std::string test = run(0, 0.5, 2.25).table("test");
  EXPECT_EQ(test.find("validation"), std::string::npos) << test;
  EXPECT_EQ(test.find("without a score"), std::string::npos) << test;
  Results noisy = run(0, 0.5, 2.25);
  for (auto& [name, task] : noisy.tasks) task.score["test random 0.1"] = 0.25;
  EXPECT_NE(noisy.table("test").find("test random 0.1"), std::string::npos) << noisy.table("test");
  const std::string train = run(0, 0.5, 2.25).table("train");
  EXPECT_NE(train.find("no task has train scores; these are others\n"), std::string::npos) << train;
  EXPECT_NE(train.find("validation"), std::string::npos) << train;
}

TEST(Summary, NamesTheTasksThatItsAveragesLack) {
  const Summary summary{{run(0, 0.5, 2.0), run(1, 0.6, 2.0)}};
  EXPECT_NE(summary.table().find("the average on validation is over 1 of 2 tasks; without a score: stars\n"),
            std::string::npos)
      << summary.table();
  EXPECT_EQ(summary.table("test").find("without a score"), std::string::npos);
}

TEST(Summary, MeanDeviationAndEachSeed) {
  const Summary summary{{run(0, 0.5, 2.0), run(1, 0.6, 2.0), run(2, 0.7, 2.0)}};
  const Json json = summary.to_json();
  EXPECT_EQ(json["seeds"], (Json{0, 1, 2}));
  const Json& test = json["tasks"]["hate"]["test"];
  EXPECT_TRUE(testing::close(test["mean"].get<double>(), 0.6, 1e-12));
  EXPECT_TRUE(testing::close(test["deviation"].get<double>(), 0.1, 1e-12));
  EXPECT_EQ(test["per_seed"].size(), 3U);
  EXPECT_NE(summary.table().find("60.00 +- 10.00"), std::string::npos) << summary.table();
}

TEST(Summary, HasTheSentenceAccuracyOfItsRuns) {
  Summary summary{{run(0, 0.5, 2.0), run(1, 0.6, 2.0)}};
  EXPECT_FALSE(summary.to_json().contains("joint"));
  for (std::size_t i = 0; i < 2; ++i)
    summary.runs[i].joint["hate+irony"] = {{"test", 0.3 + 0.2 * static_cast<double>(i)}};
  const Json test = summary.to_json()["joint"]["hate+irony"]["sentence_accuracy"]["test"];
  EXPECT_TRUE(testing::close(test["mean"].get<double>(), 0.4, 1e-12));
  EXPECT_NE(summary.table().find("40.00 +- 14.14\n"), std::string::npos) << summary.table();
}

TEST(Summary, ComparisonPairsSeedsAndGivesDeltaP) {
  const Summary ours{{run(0, 0.55, 1.0), run(1, 0.66, 1.0), run(5, 0.9, 1.0)}};
  const Summary base{{run(1, 0.60, 2.0), run(0, 0.50, 2.0)}};
  const std::string table = ours.compare(base, "infomtl", "equal");
  // hate: +10 %; stars: an error that halves is +50 %; over the two shared seeds.
  EXPECT_NE(table.find("delta_p +30.00 % over 2 paired seeds, test split"), std::string::npos) << table;
  EXPECT_NE(table.find("+5.50 +- 0.71  0.058"), std::string::npos) << table;  // scipy.stats.ttest_rel: 0.0577
  EXPECT_THROW(ours.compare({{run(9, 0.5, 1.0)}}, "a", "b"), UserError);
  Summary other = base;
  for (Results& results : other.runs) results.tasks[1].first = "planets";
  EXPECT_THROW(ours.compare(other, "a", "b"), UserError);
}

TEST(TextTable, WiderThanTheTerminalComesInBlocks) {
  TextTable table({"method", "pairs", "cola", "average"}, 1);
  table.add({"EW", "2", "+0.00", "1.25"});
  table.rule();
  table.add({"InfoMTL", "2", "-3.125", "0.50"});
  const std::string whole =
      "method   pairs    cola  average\n"
      "-------------------------------\n"
      "EW           2   +0.00     1.25\n"
      "-------------------------------\n"
      "InfoMTL      2  -3.125     0.50\n";
  EXPECT_EQ(table.text(), whole);
  EXPECT_EQ(table.text(31), whole);
  EXPECT_EQ(table.text(30),
            "method   pairs    cola\n"
            "----------------------\n"
            "EW           2   +0.00\n"
            "----------------------\n"
            "InfoMTL      2  -3.125\n"
            "\n"
            "method   average\n"
            "----------------\n"
            "EW          1.25\n"
            "----------------\n"
            "InfoMTL     0.50\n");
}

TEST(TextTable, OfOneColumnOrNoneStaysWhole) {
  TextTable one({"task"}, 1);
  one.add({"hate"});
  EXPECT_EQ(one.text(2), "task\n----\nhate\n");
  EXPECT_EQ(TextTable({}, 0).text(10), "\n");
}

TEST(TrainingProgress, LinesShowPlaceLossesAndTimeLeft) {
  StepReport report;
  report.step = 120;
  report.epoch = 1;
  report.total_steps = 480;
  report.examples_per_second = 310.4;
  report.losses["hate"]["supervised"].raw = 0.5;
  report.losses["irony"]["supervised"].raw = 0.7;
  report.losses["irony"]["simax"].raw = 2.9;
  EXPECT_EQ(progress_line(report, 3725, 200),
            "step 120 of 480 [======>                 ]  epoch 2  1:02:05  simax 2.9000  supervised 0.6000  310 ex/s");
  EXPECT_EQ(progress_line(report, 5, 20, 0), "step 120 of 480") << "a part without room is left out, not cut";
  EXPECT_EQ(progress_line(report, 42, 59, 0, "best 65.12 (epoch 1)"),
            "step 120 of 480  epoch 2  0:42  best 65.12 (epoch 1)");
  EXPECT_EQ(progress_line(report, -1, 30, 0), "step 120 of 480  epoch 2") << "how long it takes is not known yet";
  EXPECT_EQ(progress_line(report, 42, 200, 0, "best 65.12 (epoch 1)"),
            "step 120 of 480  epoch 2  0:42  best 65.12 (epoch 1)  simax 2.9000  supervised 0.6000  310 ex/s");
  std::vector<Task> tasks(2);
  tasks[0].name = "hate";
  tasks[1].name = "stars";
  const Evaluation scores{.scores = {0.5, 0.25}, .higher_is_better = {true, true}, .losses = {0.5, 0.75}, .all = {}};
  EXPECT_EQ(epoch_line(1, 4, "validation", scores, tasks, true),
            "epoch 2 of 4: validation average 37.50 (the best so far), hate 50.00, stars 25.00; loss 0.6250");
  Evaluation partly = scores;
  partly.scores[1] = std::nan("");
  EXPECT_EQ(epoch_line(1, 4, "validation", partly, tasks, false),
            "epoch 2 of 4: validation average -, hate 50.00, stars -; loss 0.6250")
      << "a score that is not a number";
  partly.losses[1] = std::nan("");
  partly.seen = {true, false};
  EXPECT_EQ(epoch_line(1, 4, "validation", partly, tasks, false),
            "epoch 2 of 4: validation average 50.00, hate 50.00; loss 0.5000")
      << "a task without rows";
  EXPECT_EQ(epoch_line(1, 4, "validation", {}, tasks, true), "epoch 2 of 4");
}

}  // namespace
}  // namespace infomtl
