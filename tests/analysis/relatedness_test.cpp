#include "infomtl/analysis/relatedness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "infomtl/core/errors.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

using testing::message_of;
using testing::TemporaryFolder;

using Scores = std::vector<std::pair<std::string, double>>;

Json results_of(const Scores& scores, std::uint64_t seed, bool higher_is_better = true) {
  Json json = {{"format", 1},
               {"seed", seed},
               {"selection", {{"split", "validation"}, {"monitor", "average"}, {"epoch", 0}}},
               {"tasks", Json::object()},
               {"average", Json::object()},
               {"training", Json::object()},
               {"environment", Json::object()}};
  for (const auto& [task, score] : scores) {
    json["tasks"][task] = {
        {"metric", "accuracy"}, {"higher_is_better", higher_is_better}, {"validation", score}, {"all", Json::object()}};
  }
  return json;
}

/// A finished run without checkpoints. @param what  a setting in which methods differ
void write_run(const TemporaryFolder& folder, const std::string& name, const Scores& scores, std::uint64_t seed,
               const std::string& what = "equal", const Json& more = Json::object()) {
  Json results = results_of(scores, seed);
  results.update(more);
  Json config = {{"seed", seed}, {"weighting", what}, {"data", {{"tasks", Json::array()}}}};
  for (const auto& [task, score] : scores) config["data"]["tasks"].push_back(task + ".json");
  folder.write(name + "/results.json", results.dump());
  folder.write(name + "/config.json", config.dump());
}

const RelatednessMeasure* find_measure(const Relatedness& found, const std::string& name) {
  const auto place = std::find_if(found.measures.begin(), found.measures.end(),
                                  [&](const RelatednessMeasure& measure) { return measure.name == name; });
  return place == found.measures.end() ? nullptr : &*place;
}

bool says(const Relatedness& found, const std::string& words) {
  return std::any_of(found.left_out.begin(), found.left_out.end(),
                     [&](const std::string& line) { return line.find(words) != std::string::npos; });
}

/// Three tasks: a and b help each other, c harms both.
void write_pairs(const TemporaryFolder& folder) {
  for (const std::uint64_t seed : {0, 1}) {
    const double noise = 0.01 * static_cast<double>(seed);
    const auto at = [&](const std::string& tasks) { return "grid/" + tasks + "/ew/seed-" + std::to_string(seed); };
    write_run(folder, at("a"), {{"a", 0.5 + noise}}, seed);
    write_run(folder, at("b"), {{"b", 0.6 + noise}}, seed);
    write_run(folder, at("c"), {{"c", 0.7 + noise}}, seed);
    write_run(folder, at("a+b"), {{"a", 0.55 + noise}, {"b", 0.62 + 2 * noise}}, seed);
    write_run(folder, at("a+c"), {{"a", 0.45 + noise}, {"c", 0.69 + noise}}, seed);
    write_run(folder, at("b+c"), {{"b", 0.58 + noise}, {"c", 0.66 + noise}}, seed);
  }
}

TEST(Relatedness, TransferGainIsJointMinusSingleOverTheSeedsOfBoth) {
  const TemporaryFolder folder;
  write_pairs(folder);
  const Relatedness found = relatedness({folder / "grid"});
  ASSERT_EQ(found.tasks, (std::vector<std::string>{"a", "b", "c"}));
  const RelatednessMeasure* gain = find_measure(found, "transfer gain");
  ASSERT_NE(gain, nullptr);
  EXPECT_TRUE(gain->directed);
  EXPECT_NEAR(gain->values[1][0], 0.05, 1e-12) << "of b to a";
  EXPECT_NEAR(gain->values[0][1], 0.025, 1e-12) << "of a to b";
  EXPECT_NEAR(gain->values[2][0], -0.05, 1e-12);
  EXPECT_NEAR(gain->values[1][2], -0.04, 1e-12);
  EXPECT_TRUE(std::isnan(gain->values[0][0]));
  EXPECT_NEAR(gain->half_width_95[1][0], 0, 1e-9) << "equal in both seeds";
  EXPECT_GT(gain->half_width_95[0][1], 0.01);
  ASSERT_TRUE(found.groups.has_value());
  EXPECT_EQ(found.groups->groups, (std::vector<std::vector<std::size_t>>{{0, 1}, {2}}));
  EXPECT_NEAR(found.groups->total, 0.075, 1e-12);
  EXPECT_TRUE(says(found, "covariance similarity and gradient cosine: no finished run with a checkpoint"));
  EXPECT_TRUE(says(found, "influence: no run"));
  EXPECT_TRUE(says(found, "learned weights: no run"));
  EXPECT_TRUE(says(found, "label dependence: no run"));
}

TEST(Relatedness, TakesSingleTasksOfARunOfOneModelPerTaskAndTurnsErrorsRound) {
  const TemporaryFolder folder;
  write_run(folder, "pair", {{"a", 0.55}, {"b", 0.62}}, 3);
  folder.write("pair/results.json", results_of({{"a", 0.55}, {"b", 0.62}}, 3, false).dump());
  write_run(folder, "stl", {{"a", 0.5}, {"b", 0.6}}, 3);
  folder.write("stl/results.json", results_of({{"a", 0.5}, {"b", 0.6}}, 3, false).dump());
  folder.write("stl/config.json",
               R"({"seed": 3, "name": "STL", "weighting": "equal", "data": {"tasks": ["a.json", "b.json"]}})");
  folder.write("stl/single/a/config.json", "{}");
  const Relatedness found = relatedness({folder.path()});
  const RelatednessMeasure* gain = find_measure(found, "transfer gain");
  ASSERT_NE(gain, nullptr);
  EXPECT_NEAR(gain->values[1][0], -0.05, 1e-12) << "a larger error is a loss";
  EXPECT_TRUE(std::isnan(gain->half_width_95[1][0])) << "one seed tells nothing of its spread";
  EXPECT_FALSE(says(found, "of another method"));
}

TEST(Relatedness, SaysWhichRunsAreMissing) {
  const TemporaryFolder folder;
  write_pairs(folder);
  std::filesystem::remove_all(folder / "grid/b+c");
  std::filesystem::remove_all(folder / "grid/c");
  write_run(folder, "grid/other/seed-0", {{"c", 0.7}}, 0, "pcgrad");
  folder.write("grid/broken/config.json", "{}");
  folder.write("grid/broken/log.jsonl", "");
  const Relatedness found = relatedness({folder / "grid"});
  EXPECT_TRUE(says(found, "no runs of the pairs: b + c")) << found.table();
  EXPECT_TRUE(says(found, "of another method than the pairs' are the runs of the tasks alone: c"));
  EXPECT_TRUE(says(found, "1 run below"));
  const RelatednessMeasure* gain = find_measure(found, "transfer gain");
  ASSERT_NE(gain, nullptr);
  EXPECT_TRUE(std::isnan(gain->values[1][2]));
  EXPECT_NEAR(gain->values[0][2], -0.01, 1e-12) << "the seed that both have";

  const TemporaryFolder alone;
  write_run(alone, "a", {{"a", 0.5}}, 0);
  write_run(alone, "b", {{"b", 0.5}}, 0);
  EXPECT_TRUE(says(relatedness({alone.path()}), "no pairwise runs"));
}

TEST(Relatedness, ReadsWhatRunsHaveLearnedAndTheirInfluence) {
  const TemporaryFolder folder;
  const Scores scores = {{"a", 0.5}, {"b", 0.6}, {"c", 0.7}};
  for (const std::uint64_t seed : {0, 1}) {
    const double shift = seed == 0 ? 0.1 : -0.1;
    const Json taken = {
        {"a", {{"b", 0.7 + shift}, {"c", 0.3}}}, {"b", {{"a", 0.5}, {"c", 0.5}}}, {"c", {{"a", 1}, {"b", 0}}}};
    const Json alike = {
        {"a", {{"b", 0.9}, {"c", 0.1}}}, {"b", {{"a", 0.9}, {"c", 0.2}}}, {"c", {{"a", 0.1}, {"b", 0.2}}}};
    const std::string name = "vmtl/seed-" + std::to_string(seed);
    write_run(folder, name, scores, seed, "equal",
              {{"task_weights", {{"weight_prior", taken}}}, {"task_similarity", alike}});
    const Json matrix = {{0, 1, 2}, {3, 0, 4}, {5, nullptr, 0}};
    folder.write(name + "/influence/influence.json",
                 Json{{"settings", {{"shared", "none"}, {"sharing", "hard"}, {"ridge", 0.01}}},
                      {"backend", {{"name", "explicit"}}},
                      {"task_to_task", {{"tasks", {"c", "b", "a"}}, {"matrix", matrix}}}}
                     .dump());
  }
  const Relatedness found = relatedness({folder / "vmtl/seed-0", folder / "vmtl/seed-1"});
  const RelatednessMeasure* weights = find_measure(found, "weights of weight_prior");
  ASSERT_NE(weights, nullptr);
  EXPECT_TRUE(weights->directed);
  EXPECT_NEAR(weights->values[1][0], 0.7, 1e-12) << "a takes of b";
  EXPECT_NEAR(weights->values[0][2], 1, 1e-12) << "c takes of a";
  const RelatednessMeasure* similarity = find_measure(found, "learned similarity");
  ASSERT_NE(similarity, nullptr);
  EXPECT_FALSE(similarity->directed);
  EXPECT_NEAR(similarity->values[2][1], 0.2, 1e-12);
  const RelatednessMeasure* influence = find_measure(found, "influence (MTIF)");
  ASSERT_NE(influence, nullptr);
  EXPECT_NE(influence->source.find("; shared none, ridge 0.01, backend explicit; with nothing shared, tasks cannot"),
            std::string::npos)
      << influence->source;
  EXPECT_NEAR(influence->values[2][0], -2, 1e-12) << "of c to a, harmful where positive";
  EXPECT_NEAR(influence->values[0][2], -5, 1e-12);
  EXPECT_TRUE(std::isnan(influence->values[0][1]));
  EXPECT_TRUE(says(found, "has no checkpoint")) << found.table();

  // `infomtl influence --tasks` looks at some tasks only.
  folder.write("vmtl/seed-0/influence/influence.json",
               R"({"task_to_task": {"tasks": ["c", "a"], "matrix": [[1, 2], [3, 4]]}})");
  const Relatedness some = relatedness({folder / "vmtl/seed-0"});
  const RelatednessMeasure* partial = find_measure(some, "influence (MTIF)");
  ASSERT_NE(partial, nullptr);
  EXPECT_NEAR(partial->values[0][2], -3, 1e-12);
  EXPECT_TRUE(std::isnan(partial->values[0][1]) && std::isnan(partial->values[1][0]));
  EXPECT_TRUE(says(some, "influence.json has nothing of b")) << some.table();

  folder.write("vmtl/seed-0/influence/influence.json", R"({"task_to_task": {"tasks": ["a"], "matrix": [[]]}})");
  EXPECT_NE(message_of<UserError>([&] { relatedness({folder / "vmtl"}); }).find("influence.json: task_to_task"),
            std::string::npos);
}

TEST(Relatedness, NamesTheRunsThatCannotBeLookedAt) {
  const TemporaryFolder folder;
  write_run(folder, "run/seed-0", {{"a", 0.5}, {"b", 0.6}}, 0);
  write_run(folder, "other/seed-0", {{"a", 0.5}, {"b", 0.6}}, 0, "pcgrad");
  const Relatedness found = relatedness({folder / "run", folder / "other"});
  ASSERT_EQ(found.unread.size(), 1U);
  EXPECT_NE(found.unread[0].find("run/seed-0 is not looked at: "), std::string::npos) << found.unread[0];
  EXPECT_TRUE(says(found, "has no checkpoint")) << found.table();
  EXPECT_FALSE(says(found, "no finished run with a checkpoint")) << found.table();
  EXPECT_TRUE(says(found, "1 run of other configs")) << found.table();
  EXPECT_TRUE(found.measures.empty());
}

TEST(Relatedness, KnowsWhatAnEarlierFileHasMore) {
  const TemporaryFolder folder;
  write_pairs(folder);
  write_run(folder, "grid/all/ew/seed-0", {{"a", 0.5}, {"b", 0.6}, {"c", 0.7}}, 0);
  const Relatedness found = relatedness({folder / "grid"});
  Json earlier = found.to_json();
  EXPECT_EQ(found.loss_against(earlier), "");
  earlier["measures"].push_back({{"name", "gradient cosine"}});
  const std::string lost = found.loss_against(earlier);
  EXPECT_NE(lost.find("\"gradient cosine\""), std::string::npos) << lost;
  EXPECT_NE(lost.find("has no checkpoint"), std::string::npos) << lost;
  earlier["tasks"] = {"c", "a", "b"};
  EXPECT_EQ(found.loss_against(earlier), lost) << "the same tasks in another order";
  earlier["tasks"] = {"a", "b"};
  EXPECT_EQ(found.loss_against(earlier), "") << "of other tasks";
  message_of<FormatError>([&] { found.loss_against(Json::object()); });
}

TEST(Relatedness, ComparesTheLabelsOfTasksOnCommonTexts) {
  const TemporaryFolder folder;
  write_run(folder, "run", {{"a", 0.5}, {"b", 0.6}, {"c", 0.7}}, 0);
  folder.write("rows.tsv", "text\ta\tb\none\t0\t1\ntwo\t1\t0\nthree\t0\t1\nfour\t1\t0\n");
  folder.write("other.tsv", "text\tlabel\none\t0\ntwo\t1\n");
  const auto record = [&](const std::string& name, const std::string& file, const std::string& column) {
    return Json{
        {"name", name},
        {"type", "classification"},
        {"labels", {"0", "1"}},
        {"splits",
         {{"train", {{"file", (folder / file).string()}, {"columns", {{"text", "text"}, {"label", column}}}}}}}};
  };
  const Json records =
      Json::array({record("a", "rows.tsv", "a"), record("b", "rows.tsv", "b"), record("c", "other.tsv", "label")});
  folder.write("run/config.json", Json{{"seed", 0}, {"data", {{"tasks", records}}}}.dump());
  const Relatedness found = relatedness({folder / "run"});
  const RelatednessMeasure* labels = find_measure(found, "label dependence");
  ASSERT_NE(labels, nullptr) << found.table();
  EXPECT_NEAR(labels->values[0][1], 1, 1e-12);
  EXPECT_NEAR(labels->values[1][0], 1, 1e-12);
  EXPECT_TRUE(std::isnan(labels->values[0][2]));

  std::filesystem::create_directory(folder / "moved");
  for (const char* file : {"rows.tsv", "other.tsv"}) {
    std::filesystem::rename(folder / file, folder / "moved" / file);
  }
  EXPECT_EQ(find_measure(relatedness({folder / "run"}), "label dependence"), nullptr);
  const Relatedness moved = relatedness({folder / "run"}, {.data_folder = folder / "moved"});
  ASSERT_NE(find_measure(moved, "label dependence"), nullptr) << moved.table();
  EXPECT_NEAR(find_measure(moved, "label dependence")->values[0][1], 1, 1e-12);
}

TEST(Relatedness, CorrelatesMeasuresOverTheirPairs) {
  RelatednessMeasure symmetric{.name = "s", .meaning = "", .source = "", .directed = false, .values = {}};
  symmetric.values = {{NAN, 1, 2, 3}, {1, NAN, 4, 5}, {2, 4, NAN, 6}, {3, 5, 6, NAN}};
  RelatednessMeasure directed = symmetric;
  directed.name = "d";
  directed.directed = true;
  for (std::size_t s = 0; s < 4; ++s) {
    for (std::size_t t = 0; t < 4; ++t) directed.values[s][t] *= s < t ? -1.5 : -0.5;  // means keep the order, turned
  }
  RelatednessMeasure other = directed;
  other.name = "o";
  other.values[0][1] = NAN;
  const auto found = correlations_of({symmetric, directed, other});
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].first + found[0].second, "sd");
  EXPECT_EQ(found[0].value.pairs, 6U) << "unordered where one has no direction";
  EXPECT_DOUBLE_EQ(found[0].value.rho, -1);
  EXPECT_EQ(found[1].value.pairs, 5U);
  EXPECT_EQ(found[2].value.pairs, 11U) << "ordered, without the one that is not known";
  EXPECT_DOUBLE_EQ(found[2].value.rho, 1);
}

TEST(Relatedness, IsWrittenAsTableJsonAndPicture) {
  const TemporaryFolder folder;
  write_pairs(folder);
  const Relatedness found = relatedness({folder / "grid"});
  const std::string table = found.table(), picture = found.svg();
  for (const char* words :
       {"transfer gain", "0.0500 +- 0.0000", "a + b", "left out: influence", "over all partitions"}) {
    EXPECT_NE(table.find(words), std::string::npos) << words << "\n" << table;
  }
  const Json json = found.to_json();
  EXPECT_EQ(json.at("format"), 1);
  EXPECT_EQ(json.at("measures").at(0).at("values").at(0).at(0), nullptr);
  EXPECT_EQ(json.at("groups").at("groups"), Json::array({Json::array({"a", "b"}), Json::array({"c"})}));
  EXPECT_EQ(picture.rfind("<svg", 0), 0U);
  EXPECT_NE(picture.find("transfer gain"), std::string::npos);
  EXPECT_EQ(picture.find("nan"), std::string::npos);
}

TEST(Relatedness, RefusesWhatHasNoTasksToRelate) {
  const TemporaryFolder folder;
  EXPECT_NE(message_of<UserError>([&] { relatedness({folder.path()}); }).find("holds no finished run"),
            std::string::npos);
  EXPECT_NE(message_of<UserError>([&] { relatedness({folder / "nowhere"}); }).find("no such folder"),
            std::string::npos);
  write_run(folder, "a", {{"a", 0.5}}, 0);
  EXPECT_NE(message_of<UserError>([&] { relatedness({folder.path()}); }).find("only the task \"a\""),
            std::string::npos);
}

}  // namespace
}  // namespace infomtl
