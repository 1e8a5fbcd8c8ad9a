#include "infomtl/study/comparison.h"

#include <cmath>
#include <fstream>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/utf8.h"
#include "infomtl/metrics/power.h"
#include "support/compare.h"

namespace infomtl {
namespace {

/// A run that was scored on the split "test".
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
  results.training = {
      {"steps", 590}, {"examples", 5900}, {"seconds", 2.0}, {"passes", {{"first", 1.5}, {"second", 3}}}};
  return results;
}

Comparison comparison_of(std::vector<Results> plain, std::vector<Results> better) {
  Comparison comparison;
  comparison.split = "test";
  comparison.methods = {{"plain", "EW", "plain"}, {"better", "InfoMTL", "plain"}};
  ComparisonTable table;
  table.runs = {std::move(plain), std::move(better)};
  comparison.tables = {table};
  comparison.compute();
  return comparison;
}

/// Five seeds of two methods; the second one's lead in the averages is 0.01, 0.02, 0.03, 0.04, 0.00.
Comparison five_pairs() {
  std::vector<Results> plain, better;
  for (int seed = 0; seed < 5; ++seed) {
    plain.push_back(run_of(static_cast<std::uint64_t>(seed), 0.5, 0.8));
    better.push_back(run_of(static_cast<std::uint64_t>(seed), 0.5 + 0.02 * ((seed + 1) % 5), 0.8));
  }
  return comparison_of(plain, better);
}

Json cell(const Comparison& comparison) { return Json::parse(comparison.to_json().dump())["cells"][0]; }
bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Comparison, PairsEachMethodWithTheBaseline) {
  const Comparison comparison = comparison_of({run_of(0, 0.5, 0.8), run_of(1, 0.6, 0.8)},
                                              {run_of(1, 0.7, 0.8), run_of(0, 0.62, 0.8), run_of(7, 0.1, 0.1)});
  const Json better = cell(comparison)["methods"][1]["against_baseline"];
  EXPECT_EQ(better["paired_seeds"], 2);  // seed 7 has no partner
  EXPECT_NEAR(better["difference"].get<double>(), (0.05 + 0.06) / 2, 1e-12);
  EXPECT_NEAR(better["deviation"].get<double>(), 0.01 / std::sqrt(2.0), 1e-12);
  EXPECT_NEAR(better["half_width_95"].get<double>(), student_t_quantile(0.975, 1) * 0.005, 1e-12);
  EXPECT_EQ(better["wins"], 2);
  EXPECT_NEAR(better["per_task"]["first"]["difference"].get<double>(), 0.11, 1e-12);
  EXPECT_EQ(better["per_task"]["second"]["wins"], 0);
  // Task "first": (0.66 - 0.55) / 0.55 = 20 %; task "second": 0.
  EXPECT_NEAR(better["delta_p_percent"].get<double>(), 10.0, 1e-9);
  EXPECT_TRUE(better["p"].is_null()) << "two pairs are too few for a test";
  EXPECT_TRUE(holds(comparison.table(), "+5.50 +- 6.35  -     +10.00")) << comparison.table();
  EXPECT_TRUE(holds(comparison.table(), "not given below 4 pairs")) << comparison.table();
  const std::string narrow = comparison.table("text", 60);
  for (std::size_t begin = 0; begin < narrow.size();) {
    const std::size_t end = narrow.find('\n', begin);
    EXPECT_LE(display_width(narrow.substr(begin, end - begin)), 60U) << narrow;
    begin = end + 1;
  }
}

TEST(Comparison, ShowsIntervalsAndNotDeviations) {
  const Comparison comparison = five_pairs();
  // The mean of 50, 52, 54, 56, 58 is 54; deviation 3.16, half width 2.776 * 3.16 / sqrt(5) = 3.93.
  const std::string table = comparison.table();
  EXPECT_TRUE(holds(table, "54.00 +- 3.93")) << table;
  EXPECT_TRUE(holds(table, "half width of its 95 % interval")) << table;
  EXPECT_TRUE(holds(table, "+4.00 +- 3.93 (4)")) << table;  // first task, four seeds of five
  const Json scores = cell(comparison)["methods"][1]["per_task"]["first"];
  EXPECT_NEAR(scores["deviation"].get<double>(), std::sqrt(0.001), 1e-12);
  EXPECT_NEAR(scores["half_width_95"].get<double>(), 0.0392649, 1e-7);
  EXPECT_EQ(scores["values"].size(), 5U);
}

TEST(Comparison, OneSeedHasNoDeviation) {
  const Comparison comparison = comparison_of({run_of(0, 0.5, 0.8)}, {run_of(0, 0.6, 0.8)});
  const std::string table = comparison.table();
  EXPECT_TRUE(holds(table, "50.00 +- -")) << table;
  EXPECT_TRUE(holds(table, "+5.00 +- -")) << table;
  EXPECT_FALSE(holds(table, "+- 0.00")) << table;
  EXPECT_TRUE(cell(comparison)["methods"][0]["average"]["deviation"].is_null());
  EXPECT_TRUE(cell(comparison)["power"].is_null());
}

TEST(Comparison, AdjustsTheTestsOfAllTables) {
  Comparison comparison = five_pairs();
  const double alone = comparison.tables[0].scores[1].against_baseline->p;
  EXPECT_NEAR(alone, 0.047421, 1e-6);  // scipy.stats.ttest_1samp([1, 2, 3, 4, 0], 0)
  EXPECT_DOUBLE_EQ(comparison.tables[0].scores[1].against_baseline->p_holm, alone);
  comparison.tables.push_back(comparison.tables[0]);
  comparison.compute();
  for (const ComparisonTable& table : comparison.tables) {
    EXPECT_DOUBLE_EQ(table.scores[1].against_baseline->p_holm, 2 * alone);
  }
  EXPECT_TRUE(holds(comparison.table(), "over the 2 tests of this comparison")) << comparison.table();
}

TEST(Comparison, SaysWhatItCanSee) {
  const Comparison comparison = five_pairs();
  const Json power = cell(comparison)["power"];
  EXPECT_EQ(power["pairs"], 5);
  EXPECT_NEAR(power["deviation"].get<double>(), std::sqrt(0.00025), 1e-12);
  EXPECT_NEAR(power["detectable_difference"].get<double>(), detectable_effect(5) * std::sqrt(0.00025), 1e-12);
  EXPECT_TRUE(holds(comparison.table(),
                    "With 5 pairs and the deviation seen, this table can see differences of 2.66 "
                    "points with 80 % power"))
      << comparison.table();
}

TEST(Comparison, ABaselineNearZeroHasNoRelativeGain) {
  for (const double base : {0.0, 0.004}) {
    const Comparison comparison =
        comparison_of({run_of(0, base, 0.8), run_of(1, base, 0.8)}, {run_of(0, 0.7, 0.8), run_of(1, 0.6, 0.8)});
    EXPECT_TRUE(cell(comparison)["methods"][1]["against_baseline"]["delta_p_percent"].is_null()) << base;
    EXPECT_TRUE(holds(comparison.table(), "near zero")) << comparison.table();
  }
  const Comparison good = comparison_of({run_of(0, 0.02, 0.8)}, {run_of(0, 0.03, 0.8)});
  EXPECT_NEAR(good.tables[0].scores[1].against_baseline->delta_p_percent, 25, 1e-9);
  EXPECT_FALSE(holds(good.table(), "near zero"));
}

TEST(Comparison, EveryAverageIsOverTheSameTasks) {
  std::vector<Results> plain = {run_of(0, 0.5, 0.8), run_of(1, 0.6, 0.8)}, better = {run_of(0, 0.7, 0.9)};
  better[0].tasks[1].second.score.clear();
  better[0].average_tasks();
  const Comparison comparison = comparison_of(plain, better);
  EXPECT_EQ(comparison.left_out_tasks, (std::vector<std::string>{"second"}));
  ASSERT_EQ(comparison.tasks.size(), 1U);
  EXPECT_NEAR(comparison.tables[0].scores[0].average.spread.mean, 0.55, 1e-12);
  EXPECT_NEAR(comparison.tables[0].scores[1].against_baseline->difference, 0.2, 1e-12);
  EXPECT_TRUE(holds(comparison.table(), "some run has no test score of them: second")) << comparison.table();
  EXPECT_EQ(cell(comparison)["methods"][0]["per_task"].size(), 1U);
}

TEST(Comparison, ScoresOfTwoDirectionsHaveNoAverage) {
  Comparison comparison = five_pairs();
  for (auto& runs : comparison.tables[0].runs) {
    for (Results& run : runs) run.tasks[0].second.higher_is_better = false;
  }
  comparison.compute();
  const MethodScores& better = comparison.tables[0].scores[1];
  EXPECT_TRUE(std::isnan(better.average.spread.mean));
  ASSERT_TRUE(better.against_baseline);
  EXPECT_TRUE(std::isnan(better.against_baseline->p));
  EXPECT_NEAR(better.against_baseline->per_task[0].difference, 0.04, 1e-12);
  EXPECT_EQ(better.against_baseline->per_task[0].wins, 0U) << "a higher error is worse";
  EXPECT_FALSE(std::isnan(better.against_baseline->delta_p_percent)) << "a relative gain knows directions";
  EXPECT_TRUE(holds(comparison.table(), "No averages: higher scores are better in some")) << comparison.table();
  EXPECT_TRUE(cell(comparison)["power"].is_null());
}

TEST(Comparison, TablesMayBeOfOtherTasks) {
  Comparison comparison = five_pairs();
  comparison.tables.push_back(comparison.tables[0]);
  for (auto& runs : comparison.tables[1].runs) {
    for (Results& run : runs) run.tasks.erase(run.tasks.begin());
  }
  comparison.tables[1].axes = {{"data.tasks", "second alone"}};
  comparison.compute();
  ASSERT_EQ(comparison.tasks.size(), 2U);
  EXPECT_TRUE(comparison.left_out_tasks.empty());
  EXPECT_NEAR(comparison.tables[0].scores[0].average.spread.mean, 0.65, 1e-12);
  EXPECT_NEAR(comparison.tables[1].scores[0].average.spread.mean, 0.8, 1e-12);
  EXPECT_NEAR(comparison.tables[1].scores[1].against_baseline->delta_p_percent, 0, 1e-12);
  EXPECT_TRUE(std::isnan(comparison.tables[1].scores[1].against_baseline->per_task[0].difference));
  EXPECT_FALSE(holds(comparison.table("text", comparison.tables[1]), "first")) << comparison.table();
  EXPECT_FALSE(holds(comparison.table("csv", comparison.tables[1]), "first"));
  EXPECT_TRUE(holds(comparison.table("text", comparison.tables[0]), "first"));
}

TEST(Comparison, RepresentationsHaveATableWhereRunsTellOfThem) {
  Comparison comparison = five_pairs();
  EXPECT_FALSE(holds(comparison.table(), "Representations"));
  for (Results& run : comparison.tables[0].runs[1]) {
    run.representation["test"] = {
        {"first", {{"uniformity", -2.0}, {"mean_cosine", 0.5}, {"adjusted_rand_index", nullptr}}},
        {"second", {{"uniformity", -1.0}, {"mean_cosine", 0.7}, {"adjusted_rand_index", 0.25}}}};
  }
  comparison.compute();
  EXPECT_TRUE(std::isnan(comparison.tables[0].scores[0].uniformity.spread.mean));
  EXPECT_NEAR(comparison.tables[0].scores[1].uniformity.spread.mean, -1.5, 1e-12);
  EXPECT_NEAR(comparison.tables[0].scores[1].rand_index.spread.mean, 0.25, 1e-12) << "of the task that has one";
  EXPECT_TRUE(holds(comparison.table(), "Representations, test split")) << comparison.table();
  EXPECT_TRUE(holds(comparison.table(), "-1.500 +- 0.000")) << comparison.table();
  EXPECT_TRUE(holds(comparison.table("csv"), "representation,mean_cosine,5,"));
  EXPECT_FALSE(cell(comparison)["methods"][0].contains("representation"));
  EXPECT_NEAR(cell(comparison)["methods"][1]["representation"]["mean_cosine"]["mean"].get<double>(), 0.6, 1e-12);
}

TEST(Comparison, BaselinesMayDiffer) {
  Comparison comparison = five_pairs();
  comparison.methods = {{"plain", "EW", "plain"}, {"joint", "EW joint", "joint"}, {"pcgrad", "PCGrad", "joint"}};
  auto& runs = comparison.tables[0].runs;
  runs.push_back(runs[1]);
  runs[2][0] = run_of(0, 0.7, 0.8);
  comparison.compute();
  const auto& scores = comparison.tables[0].scores;
  EXPECT_FALSE(scores[0].against_baseline || scores[1].against_baseline);
  EXPECT_NEAR(scores[2].against_baseline->difference, 0.018, 1e-12) << "one of five seeds, 0.59 + 0.09 better";
  EXPECT_TRUE(cell(comparison)["methods"][1]["baseline"].is_null());
  EXPECT_EQ(cell(comparison)["methods"][2]["baseline"], "joint");
  EXPECT_TRUE(holds(comparison.table(), "paired with EW joint")) << comparison.table();
}

TEST(Comparison, RowsSayWhatTheyCost) {
  const Comparison comparison = five_pairs();
  const Json budget = cell(comparison)["methods"][0]["budget"];
  EXPECT_EQ(budget["steps"], 590.0);
  EXPECT_EQ(budget["passes"]["second"], 3.0);
  EXPECT_TRUE(budget["encoded_sequences"].is_null()) << "runs of before do not say";
  EXPECT_TRUE(holds(comparison.table(), "EW         590      5900  1.5 to 3.0               -      2.0          -"))
      << comparison.table();
}

TEST(Comparison, SentenceAccuracyHasAColumnAndNoPartInAverages) {
  Comparison comparison = five_pairs();
  const double average = comparison.tables[0].scores[1].average.spread.mean;
  for (std::size_t m = 0; m < 2; ++m) {
    for (std::size_t seed = 0; seed < 5; ++seed) {
      comparison.tables[0].runs[m][seed].joint["first+second"] = {
          {"test", 0.4 + 0.02 * static_cast<double>(m * ((seed + 1) % 5))}, {"validation", 0.9}};
    }
  }
  comparison.tables[0].runs[0][0].joint["first+third"] = {{"validation", 0.9}};
  comparison.compute();
  EXPECT_EQ(comparison.joint, (std::vector<std::string>{"first+second"})) << "of the split alone";
  EXPECT_DOUBLE_EQ(comparison.tables[0].scores[1].average.spread.mean, average);
  const Json better = cell(comparison)["methods"][1];
  EXPECT_NEAR(better["joint"]["first+second"]["mean"].get<double>(), 0.44, 1e-12);
  EXPECT_NEAR(better["joint"]["first+second"]["deviation"].get<double>(), std::sqrt(0.001), 1e-12);
  EXPECT_NEAR(better["against_baseline"]["joint"]["first+second"]["difference"].get<double>(), 0.04, 1e-12);
  EXPECT_EQ(better["against_baseline"]["joint"]["first+second"]["wins"], 4);
  EXPECT_EQ(comparison.to_json()["joint"], (Json{"first+second"}));
  const std::string table = comparison.table();
  EXPECT_TRUE(holds(table, "delta_p %   first+second\n")) << table;
  EXPECT_TRUE(holds(table, "44.00 +- 3.93\n")) << table;
  EXPECT_TRUE(holds(table, "+4.00 +- 3.93 (4)\n")) << table;
  EXPECT_TRUE(holds(table, "first+second: sentence accuracy")) << table;
  EXPECT_TRUE(holds(comparison.table("csv"), "plain,EW,first+second,sentence_accuracy,5,0.4,0,0,,"))
      << comparison.table("csv");
  // A method without such tasks, one model per task, has none.
  for (Results& run : comparison.tables[0].runs[0]) run.joint.clear();
  comparison.compute();
  EXPECT_TRUE(cell(comparison)["methods"][0]["joint"]["first+second"]["mean"].is_null());
  EXPECT_TRUE(cell(comparison)["methods"][1]["against_baseline"]["joint"]["first+second"]["difference"].is_null());
  EXPECT_FALSE(holds(comparison.table(), "nan")) << comparison.table();
}

TEST(Comparison, TablesComeInSeveralFormats) {
  Comparison comparison = five_pairs();
  comparison.methods[1].name = "Info_MTL | 50%";
  EXPECT_TRUE(holds(comparison.table("markdown"), "| Info_MTL \\| 50% | 5 | 54.00 ± 3.93 |"))
      << comparison.table("markdown");
  EXPECT_TRUE(holds(comparison.table("markdown"), "|---|---:|---:|"));
  EXPECT_TRUE(holds(comparison.table("latex"), "Info\\_MTL | 50\\% & 5 & 54.00 $\\pm$ 3.93 &"))
      << comparison.table("latex");
  EXPECT_TRUE(holds(comparison.table("latex"), "$+$2.00 $\\pm$ 1.96"));
  const std::string csv = comparison.table("csv");
  EXPECT_TRUE(csv.starts_with("method,name,task,metric,seeds,mean,deviation,")) << csv;
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 7) << "a line per method and task or average, and the head";
  EXPECT_TRUE(holds(csv, "\nplain,EW,second,accuracy,5,0.8,0,0,,,,,,,,,590,5900,,2,\n")) << csv;
  EXPECT_THROW(comparison.table("html"), UserError);
}

TEST(Comparison, AxesHaveAnOverview) {
  Comparison comparison = five_pairs();
  comparison.tables.push_back(comparison.tables[0]);
  for (int i = 0; i < 2; ++i) {
    comparison.tables[static_cast<std::size_t>(i)].axes = {{"data.train_fraction", 0.2 * (i + 1)}};
    comparison.tables[static_cast<std::size_t>(i)].folder = "data.train_fraction=" + std::to_string(i);
  }
  comparison.tables[1].runs[1].clear();
  comparison.compute();
  const std::string table = comparison.table();
  EXPECT_TRUE(
      table.starts_with("Averages, test split\n"
                        "data.train_fraction             EW        InfoMTL\n"
                        "-------------------------------------------------\n"
                        "0.2                  65.00 +- 0.00  67.00 +- 1.96\n"
                        "0.4                  65.00 +- 0.00              -\n"))
      << table;
  EXPECT_TRUE(holds(table, "Scores, test split, data.train_fraction = 0.4")) << table;
  EXPECT_FALSE(holds(comparison.table("text", comparison.tables[0]), "0.4"));
  EXPECT_TRUE(comparison.table("csv").starts_with("data.train_fraction,method,")) << comparison.table("csv");
  const Json json = comparison.to_json();
  EXPECT_EQ(json["format"], 2);
  EXPECT_EQ(json["cells"][1]["axes"]["data.train_fraction"], 0.4);
  EXPECT_EQ(json["cells"][1]["folder"], "data.train_fraction=1");
}

TEST(Comparison, NotesFitATerminal) {
  const std::string table = five_pairs().table();
  for (std::size_t begin = 0, end = 0; (end = table.find('\n', begin)) != std::string::npos; begin = end + 1) {
    EXPECT_LE(end - begin, 110U) << table.substr(begin, end - begin);
  }
}

TEST(Comparison, WithoutRunsThereIsNoTable) {
  EXPECT_EQ(comparison_of({}, {}).table(), "no runs\n");
  EXPECT_TRUE(
      Json::parse(comparison_of({}, {}).to_json().dump())["cells"][0]["methods"][0]["average"]["mean"].is_null());
}

}  // namespace
}  // namespace infomtl
