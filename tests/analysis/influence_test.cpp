#include "infomtl/analysis/influence.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "analysis/influence_cases.h"
#include "infomtl/analysis/influence_report.h"
#include "infomtl/analysis/influence_selection.h"
#include "infomtl/core/errors.h"
#include "support/compare.h"
#include "support/message_of.h"

namespace infomtl {
namespace {

using testing::close;
using testing::influence_tasks;
using testing::message_of;
using torch::Tensor;

InfluenceSettings common_heads() {
  InfluenceSettings settings;
  settings.shared = "common";
  settings.ridge = 0.02;
  return settings;
}

TEST(InfluenceOf, RowsAddUpToTheTaskToTaskSums) {
  const InfluenceResult found = influence_of(influence_tasks(), common_heads());
  ASSERT_EQ(found.rows.size(), 3U);
  EXPECT_EQ(found.rows[1].sizes(), (std::vector<std::int64_t>{32, 3}));
  EXPECT_TRUE(close(found.sums[2], found.rows[2].sum(0), 1e-14));
  EXPECT_TRUE(found.point.reached);
  EXPECT_EQ(found.backend.name, "explicit");
  EXPECT_EQ(found.shared_parameters, 14);
  EXPECT_EQ(found.parameters, 4 * 14);
  EXPECT_GT(found.sums.abs().min().item<double>(), 0);
}

TEST(InfluenceOf, BackendsAndCurvaturesAgreeOnConvexHeads) {
  InfluenceSettings settings = common_heads();
  const Tensor expected = influence_of(influence_tasks(), settings).rows[0];
  settings.backend = "cg";
  settings.cg_tolerance = 1e-10;
  settings.curvature = "gauss_newton";
  EXPECT_TRUE(close(influence_of(influence_tasks(), settings).rows[0], expected, 0, 1e-6));
}

TEST(InfluenceOf, ConjugateGradientsMeetTheExplicitHessianOfAnAdapter) {
  InfluenceSettings settings = common_heads();
  settings.shared = "adapter:3";
  const InfluenceResult expected = influence_of(influence_tasks(), settings);
  settings.backend = "cg";
  settings.cg_tolerance = 1e-10;
  const InfluenceResult found = influence_of(influence_tasks(), settings);
  EXPECT_EQ(expected.backend.name, "explicit");
  EXPECT_TRUE(close(found.rows[0], expected.rows[0], 0, 1e-5));
  ASSERT_EQ(found.notes.size(), 1U);
  EXPECT_NE(found.notes[0].find("iterations"), std::string::npos) << found.notes[0];
}

TEST(InfluenceSettings, AnAdapterTakesItsHessianWithADamping) {
  InfluenceSettings settings;
  settings.ridge = 0.05;
  EXPECT_EQ(inverse_settings(settings).curvature, ops::Curvature::hessian);
  EXPECT_DOUBLE_EQ(inverse_settings(settings).damping, 0.0005);
  settings.backend = "ekfac";
  EXPECT_EQ(inverse_settings(settings).curvature, ops::Curvature::gauss_newton);
  EXPECT_EQ(inverse_settings(settings).damping, 0);
  EXPECT_EQ(inverse_settings(common_heads()).damping, 0);
}

TEST(InfluenceOf, SoftSharingAndAdaptersReachOtherTasks) {
  for (const auto& [shared, sharing] : {std::pair{"none", "soft"}, {"adapter:3", "hard"}, {"adapter:3", "soft"}}) {
    InfluenceSettings settings = common_heads();
    settings.shared = shared;
    settings.sharing = sharing;
    const InfluenceResult found = influence_of(influence_tasks(), settings);
    EXPECT_GT(found.sums.abs().min().item<double>(), 1e-12) << shared << " " << sharing;
  }
  InfluenceSettings settings = common_heads();
  settings.shared = "none";
  const InfluenceResult alone = influence_of(influence_tasks(), settings);
  EXPECT_EQ(alone.sums[0][1].item<double>(), 0);
  EXPECT_NE(alone.sums[0][0].item<double>(), 0);
}

TEST(InfluenceOf, OtherKindsOfLabelsHaveInfluences) {
  std::vector<InfluenceTask> tasks = influence_tasks();
  tasks[1].kind = TaskKind::regression;
  tasks[1].outputs = 1;
  tasks[1].labels = tasks[1].features.select(1, 0).contiguous();
  tasks[1].validation_labels = tasks[1].validation_features.select(1, 0).contiguous();
  tasks[2].kind = TaskKind::multi_label;
  tasks[2].outputs = 3;
  tasks[2].labels = (tasks[2].features.narrow(1, 0, 3) > 0.3).to(torch::kFloat32);
  tasks[2].validation_labels = (tasks[2].validation_features.narrow(1, 0, 3) > 0.3).to(torch::kFloat32);
  InfluenceSettings settings = common_heads();
  settings.shared = "adapter:4";
  const InfluenceResult found = influence_of(tasks, settings);
  EXPECT_TRUE(at::isfinite(found.sums).all().item<bool>());
  EXPECT_GT(found.rows[1].abs().max().item<double>(), 0);
}

TEST(InfluenceOf, FinishedStagesAreNotComputedAgain) {
  std::map<std::string, Tensor> kept;
  InfluenceHooks hooks;
  hooks.kept = [&](const std::string& stage) {
    return kept.contains(stage) ? std::optional<Tensor>(kept[stage]) : std::nullopt;
  };
  hooks.keep = [&](const std::string& stage, const Tensor& value) { kept[stage] = value; };
  const InfluenceResult first = influence_of(influence_tasks(), common_heads(), hooks);
  ASSERT_TRUE(kept.contains("parameters"));
  ASSERT_TRUE(kept.contains("inverse"));
  EXPECT_FALSE(first.kept);
  EXPECT_LT(first.residual, 1e-6);
  kept["inverse"] = 2 * kept["inverse"];
  const InfluenceResult second = influence_of(influence_tasks(), common_heads(), hooks);
  EXPECT_EQ(second.point.iterations, 0);
  EXPECT_TRUE(second.point.reached);
  EXPECT_TRUE(close(second.rows[0], 2 * first.rows[0], 1e-14));
  EXPECT_TRUE(second.kept);
  EXPECT_EQ(second.backend.name, "explicit") << "not auto";
  EXPECT_EQ(second.backend.reason, first.backend.reason);
  EXPECT_NEAR(second.residual, 1, 1e-6) << "of twice the solution";
}

TEST(InfluenceOf, WarningsTellOfUntrainedHeadsAndOfFarProductsEveryTime) {
  std::map<std::string, Tensor> kept;
  InfluenceHooks hooks;
  hooks.kept = [&](const std::string& stage) {
    return kept.contains(stage) ? std::optional<Tensor>(kept[stage]) : std::nullopt;
  };
  hooks.keep = [&](const std::string& stage, const Tensor& value) { kept[stage] = value; };
  InfluenceSettings settings = common_heads();
  settings.iterations = 1;
  settings.backend = "lissa";
  settings.lissa_depth = 1;
  for (int call = 0; call < 2; ++call) {
    const InfluenceResult found = influence_of(influence_tasks(), settings, hooks);
    ASSERT_EQ(found.warnings.size(), 2U) << call;
    EXPECT_NE(found.warnings[0].find("not at a stationary point"), std::string::npos) << found.warnings[0];
    EXPECT_NE(found.warnings[1].find("lissa: the relative residual"), std::string::npos) << found.warnings[1];
  }
  EXPECT_TRUE(influence_of(influence_tasks(), common_heads()).warnings.empty());
}

TEST(InfluenceOf, StopsWhenItIsTold) {
  const std::atomic<bool> stop = true;
  InfluenceHooks hooks;
  hooks.stop = &stop;
  EXPECT_THROW(influence_of(influence_tasks(), common_heads(), hooks), InfluenceStopped);
}

TEST(InfluenceOf, UglyTasksAreToldInOneLine) {
  const auto told = [](const std::function<void(std::vector<InfluenceTask>&, InfluenceSettings&)>& spoil) {
    std::vector<InfluenceTask> tasks = influence_tasks();
    InfluenceSettings settings = common_heads();
    spoil(tasks, settings);
    return message_of<UserError>([&] { influence_of(tasks, settings); });
  };
  const auto holds = [](const std::string& text, const char* words) {
    EXPECT_NE(text.find(words), std::string::npos) << text;
  };
  holds(told([](auto& tasks, auto&) { tasks[1].labels.zero_(); }), "\"irony\": all 32 training rows have one class");
  holds(told([](auto& tasks, auto&) { tasks[1].kind = TaskKind::tagging; }), "labels words");
  const std::string all = told([](auto& tasks, auto&) {
    tasks[0].kind = TaskKind::tagging;
    tasks[2].labels.zero_();
  });
  holds(all, "\"hate\": labels words");
  holds(all, "\"anger\": all 48 training rows have one class");
  holds(all, "--tasks irony");
  holds(told([](auto& tasks, auto&) { tasks[1].validation_features = torch::zeros({0, 6}); }), "validation");
  holds(told([](auto& tasks, auto&) { tasks[1] = testing::influence_task("irony", 2, 32, 3); }), "adapter");
  holds(told([](auto&, auto& settings) { settings.ridge = 0; }), "ridge");
  holds(told([](auto&, auto& settings) { settings.ridge = 0; }), "task \"hate\"");
  holds(told([](auto&, auto& settings) { settings.shared = "lora:8"; }), "encoder itself stays frozen");
  holds(told([](auto&, auto& settings) { settings.shared = "adapter:0"; }), "adapter:32");
  holds(told([](auto&, auto& settings) { settings.sharing = "soft"; }), "hard sharing");
  holds(told([](auto&, auto& settings) { settings.ridge = -1; }), "ridge");
  holds(told([](auto&, auto& settings) { settings.backend = "cgg"; }), "cg");
}

TEST(InfluenceOf, NotesTellOfRepeatedRowsAndOfLossesWithoutAGradient) {
  std::vector<InfluenceTask> tasks = influence_tasks();
  tasks[0].features[3].copy_(tasks[0].features[2]);
  tasks[0].labels[3] = tasks[0].labels[2];
  const InfluenceResult found = influence_of(tasks, common_heads());
  ASSERT_EQ(found.notes.size(), 1U);
  EXPECT_NE(found.notes[0].find("1 of 40 training rows repeat"), std::string::npos) << found.notes[0];
  EXPECT_TRUE(close(found.rows[0][3], found.rows[0][2], 1e-15)) << "equal rows have equal influence";

  // A regression whose values are all met: no loss, no gradient, no influence.
  InfluenceTask flat = testing::influence_task("flat", 4);
  flat.kind = TaskKind::regression;
  flat.outputs = 1;
  flat.labels = torch::zeros({40});
  flat.validation_labels = torch::zeros({30});
  InfluenceSettings settings = common_heads();
  settings.shared = "none";
  const InfluenceResult nothing = influence_of({flat}, settings);
  ASSERT_EQ(nothing.notes.size(), 1U);
  EXPECT_NE(nothing.notes[0].find("no gradient"), std::string::npos) << nothing.notes[0];
  EXPECT_EQ(nothing.sums.abs().max().item<double>(), 0);
}

TEST(InfluenceReport, HasTheMatrixTheRowsAndTheSettings) {
  InfluenceReport report{.settings = common_heads(), .result = influence_of(influence_tasks(), common_heads())};
  report.leave_one_out = LeaveOneOutCheck{
      .rows = 6, .pearson = torch::full({3, 3}, 0.5, torch::kFloat64), .within = 0.5, .between = double{NAN}};
  const Json json = report.json();
  EXPECT_EQ(json["task_to_task"]["tasks"], (Json{"hate", "irony", "anger"}));
  EXPECT_DOUBLE_EQ(json["task_to_task"]["matrix"][2][0].get<double>(), report.result.sums[2][0].item<double>());
  EXPECT_EQ(json["settings"]["shared"], "common");
  EXPECT_EQ(json["backend"]["curvature"], "hessian");
  EXPECT_EQ(json["checks"]["leave_one_out"]["rows"], 6);
  EXPECT_TRUE(json["checks"]["leave_one_out"]["between"].is_null());
  const std::string csv = report.csv();
  EXPECT_TRUE(csv.starts_with("task,row,hate,irony,anger\nhate,101,")) << csv.substr(0, 60);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 40 + 32 + 48);
  const std::string table = report.table(2);
  EXPECT_NE(table.find("most harmful"), std::string::npos) << table;
  EXPECT_NE(table.find("Pearson"), std::string::npos) << table;
}

TEST(InfluenceReport, TellsWhatIsKeptAndWhichTasksHaveNoFlippedLabels) {
  InfluenceReport report{.settings = common_heads(), .result = influence_of(influence_tasks(), common_heads())};
  report.result.kept = true;
  report.mislabelled = 0.001;
  report.mislabel_scores = {{.task = "hate", .flipped = 0, .auc = double{NAN}}, {.task = "anger", .flipped = 1}};
  const std::string table = report.table();
  EXPECT_NE(table.find("backend explicit (the largest block"), std::string::npos) << table;
  EXPECT_NE(table.find("kept from an earlier call)"), std::string::npos) << table;
  EXPECT_NE(table.find("hate: no label is flipped, 0.001 of 40 rows"), std::string::npos) << table;
  EXPECT_NE(table.find("left out: irony; labels are flipped where each row has one class"), std::string::npos) << table;
  const Json json = report.json();
  EXPECT_EQ(json["backend"]["name"], "explicit");
  EXPECT_EQ(json["backend"]["kept_from_an_earlier_call"], true);
  EXPECT_LT(json["backend"]["relative_residual"].get<double>(), 1e-6);
}

InfluenceResult four_rows() {
  InfluenceResult result;
  result.tasks = {"a", "b"};
  result.numbers = {{11, 12, 13, 14}, {1, 2}};
  result.rows = {torch::tensor({{0.1, 0.0}, {-0.4, 0.9}, {0.3, 0.0}, {0.2, -0.5}}, torch::kFloat64),
                 torch::tensor({{0.0, 0.1}, {0.0, 0.2}}, torch::kFloat64)};
  return result;
}

TEST(InfluenceSelection, TakesTheMostHarmfulShareOfEveryTask) {
  const InfluenceResult result = four_rows();
  EXPECT_EQ(harmful_rows(result, 0.5), (ChosenRows{{"a", {12, 13}}, {"b", {2}}}));
  EXPECT_EQ(harmful_rows(result, 0.5, "a"), (ChosenRows{{"a", {13, 14}}, {"b", {}}})) << "0 is not harmful";
  EXPECT_EQ(short_of_share(result, harmful_rows(result, 0.5), 0.5), "");
  const std::string fewer = short_of_share(result, harmful_rows(result, 0.5, "a"), 0.5);
  EXPECT_NE(fewer.find("(b: 0 of 1 row); tasks that share nothing (--shared none)"), std::string::npos) << fewer;
  EXPECT_EQ(harmful_rows(result, 0.99, "a")[0].second, (std::vector<std::int32_t>{11, 13, 14})) << "three are harmful";
  message_of<UnknownNameError>([&] { harmful_rows(result, 0.5, "c"); });
  message_of<UserError>([&] { harmful_rows(result, 1.0); });
}

TEST(InfluenceSelection, RefusesWhereNoRowIsHarmful) {
  InfluenceResult result = four_rows();
  for (torch::Tensor& rows : result.rows) rows = -rows.abs();
  const std::string alone = message_of<UserError>([&] { harmful_rows(result, 0.5, "a"); });
  EXPECT_NE(alone.find("no row is harmful to task \"a\""), std::string::npos) << alone;
  EXPECT_NE(alone.find("--shared none"), std::string::npos) << alone;
  result.shared_parameters = 3;
  EXPECT_EQ(message_of<UserError>([&] { harmful_rows(result, 0.5); }).find("--shared none"), std::string::npos);
}

TEST(InfluenceSelection, KeepsWhatTheRunLeftOutBefore) {
  const ChosenRows rows = {{"a", {3, 9}}, {"b", {}}};
  const Json config = {{"data", {{"leave_out", {{"rows", {{"a", {5, 3}}, {"c", {2}}}}}}}}};
  EXPECT_EQ(with_rows_left_out_before(rows, config), (ChosenRows{{"a", {3, 5, 9}}, {"b", {}}, {"c", {2}}}));
  EXPECT_EQ(with_rows_left_out_before(rows, {{"data", Json::object()}}), rows);
  EXPECT_EQ(with_rows_left_out_before(rows, {{"data", {{"leave_out", nullptr}}}}), rows);
  message_of<FormatError>([&] { with_rows_left_out_before(rows, {{"data", {{"leave_out", Json::object()}}}}); });
}

TEST(InfluenceSelection, ChanceTakesAsManyRows) {
  const InfluenceResult result = influence_of(influence_tasks(), common_heads());
  const ChosenRows worst = harmful_rows(result, 0.25), chance = random_rows(result, 0.25, 1);
  ASSERT_EQ(chance.size(), 3U);
  for (std::size_t t = 0; t < 3; ++t) EXPECT_EQ(chance[t].second.size(), worst[t].second.size());
  EXPECT_EQ(chance, random_rows(result, 0.25, 1));
  EXPECT_NE(chance, random_rows(result, 0.25, 2));
}

TEST(InfluenceSelection, FilesHoldNamesAndNumbers) {
  const Json json = Json::parse(leave_out_file({{"a", {3, 5}}}, "two rows"));
  EXPECT_EQ(json, (Json{{"about", "two rows"}, {"rows", {{"a", {3, 5}}}}}));
}

}  // namespace
}  // namespace infomtl
