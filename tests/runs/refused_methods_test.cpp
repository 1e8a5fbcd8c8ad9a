// Methods that do not go together: what training refuses before it writes anything, `check` refuses too; what it takes, `check`
// passes.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/data/synthetic/synthetic_corpus.h"
#include "infomtl/runs/config_check.h"
#include "infomtl/runs/run.h"
#include "runs/run_config.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

const fs::path& method_folder() {
  static const testing::TemporaryFolder folder;
  static const bool written = [] {
    write_synthetic_corpus(folder.path(), {.rows = 60, .seed = 5});
    const fs::path tasks = folder.path() / "tasks";
    Json topic = Json::parse(read_file(tasks / "topic.json"));
    topic["name"] = "again";
    std::ofstream(tasks / "again.json") << topic.dump();
    // The same texts with one label throughout.
    topic["name"] = "constant";
    topic["splits"]["train"]["label"] = "../constant.txt";
    const std::string labels = read_file(folder.path() / "topic" / "train_labels.txt");
    const std::string first = labels.substr(0, labels.find('\n') + 1);
    std::ofstream constant(folder.path() / "constant.txt");
    for (const char c : labels) {
      if (c == '\n') constant << first;
    }
    std::ofstream(tasks / "constant.json") << topic.dump();
    return true;
  }();
  (void)written;
  return folder.path();
}

/// A config with the plain loss, and these keys.
fs::path method_config(const Json& keys) {
  Json config = {{"extends", "corpus.json"}, {"device", "cpu"}, {"losses", {"supervised"}}};
  config.update(keys);
  const fs::path file = method_folder() / "method.json";
  std::ofstream(file) << config.dump();
  return file;
}

struct RefusedMethod {
  std::string said;
  Json keys;
};

std::vector<RefusedMethod> refused_methods() {
  const Json generated = {{"name", "bayesian"}, {"weights", "generated"}};
  const Json amortized = {{"name", "variational"}, {"width", 16}, {"amortized", true}};
  const auto tasks = [](const std::vector<std::string>& names) {
    Json files = Json::array();
    for (const std::string& name : names) files.push_back("tasks/" + name + ".json");
    return Json{{"tasks", files}};
  };
  const Json dgr = Json::array({"dgr"});
  return {
      {"its weights are to be generated", {{"head", generated}}},
      {"no head takes them", {{"architecture", amortized}}},
      {"read what heads said", {{"head", "feedback"}, {"penalties", dgr}}},
      {"generates the weights", {{"head", generated}, {"architecture", amortized}, {"penalties", dgr}}},
      {"same texts", {{"data", tasks({"topic", "polarity"})}, {"weighting", "svd_reweighting"}}},
      {"\"spans\" labels words", {{"data", tasks({"topic", "spans"})}, {"weighting", "svd_reweighting"}}},
      {"rank 99", {{"data", tasks({"topic", "again"})}, {"weighting", {{"name", "svd_reweighting"}, {"rank", 99}}}}},
      {"\"constant\" has one label only", {{"data", tasks({"topic", "constant"})}, {"weighting", "svd_reweighting"}}},
      {"trained alone",
       {{"data", tasks({"topic", "again"})}, {"weighting", "svd_reweighting"}, {"training", {{"regime", "single"}}}}},
      {"both the loss of task", {{"losses", {"supervised", {{"name", "supervised"}, {"label_smoothing", 0.1}}}}}},
      {"is there twice", {{"penalties", {"dgr", {{"name", "dgr"}, {"dummies", 2}}}}}},
      {"negative", {{"penalties", Json::array({{{"name", "dgr"}, {"weight", -0.1}}})}}},
      {"is a penalty", {{"losses", {"supervised", "dgr"}}}},
  };
}

TEST(RefusedMethods, AreRefusedByCheckAndByTrainingBeforeItWrites) {
  const testing::TemporaryFolder folder;
  for (const RefusedMethod& method : refused_methods()) {
    SCOPED_TRACE(method.said);
    const fs::path config = method_config(method.keys);
    const std::vector<std::string> problems = check_config(config).data.problems;
    ASSERT_EQ(problems.size(), 1U) << (problems.empty() ? "" : problems.back());
    EXPECT_NE(problems.front().find(method.said), std::string::npos) << problems.front();
    try {
      Run::from_config(config, {.output = folder.path() / "run"});
      ADD_FAILURE() << "training does not refuse it";
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_status(), 2);
      EXPECT_NE(std::string(error.what()).find(method.said), std::string::npos) << error.what();
    }
    EXPECT_FALSE(fs::exists(folder.path() / "run"));
  }
}

TEST(RefusedMethods, WhatGoesTogetherPasses) {
  const Json feedback = {{"name", "feedback"}, {"rounds", 2}};
  const Json convergence = {"supervised", {{"name", "feedback_convergence"}, {"weight", 0.1}}};
  for (const Json& keys :
       {Json{{"head", feedback}, {"losses", convergence}, {"training", {{"regime", "single"}}}},
        Json{{"head", {{"name", "feedback"}, {"layers", 0}}}, {"losses", convergence}},
        Json{{"penalties", Json::array({{{"name", "dgr"}, {"tasks", {"topic"}}}})},
             {"training", {{"regime", "single"}}}},
        Json{{"data", {{"tasks", {"tasks/topic.json", "tasks/again.json"}}}}, {"weighting", "svd_reweighting"}}}) {
    const std::vector<std::string> problems = check_config(method_config(keys)).data.problems;
    EXPECT_TRUE(problems.empty()) << keys << problems.front();
  }
}

TEST(RefusedMethods, ATermThatLeavesATaskOutIsNoted) {
  const Json keys = {{"architecture", {{"name", "variational"}, {"width", 16}}},
                     {"losses", {"supervised", {{"name", "representation_prior"}, {"weight", 1e-7}}}}};
  const ConfigReport report = check_config(method_config(keys));
  const bool noted = std::any_of(report.data.notes.begin(), report.data.notes.end(), [](const std::string& line) {
    return line.find("\"representation_prior\" leaves out spans") != std::string::npos;
  });
  EXPECT_TRUE(report.data.problems.empty());
  EXPECT_TRUE(noted) << report.text();
}

TEST(MemoryEstimate, IsToldBesideProblemsThatLeaveItKnown) {
  const auto told = [](const Json& keys, const std::vector<std::string>& overrides) {
    const ConfigReport report = check_config(method_config(keys), overrides);
    EXPECT_FALSE(report.data.problems.empty());
    return std::count_if(report.data.notes.begin(), report.data.notes.end(),
                         [](const std::string& line) { return line.starts_with("memory at the peak"); });
  };
  EXPECT_EQ(told(Json::object(), {"training.epoch=3"}), 1);
  EXPECT_EQ(told(Json::object(), {"head=lineer"}), 0) << "another head, other parameters";
  EXPECT_EQ(told(Json::object(), {"encoder.path=nowhere"}), 0);
}

TEST(OptionsWithoutEffect, AreNotedByCheckWithWhatSwitchesThemOff) {
  const auto penalty = [](const Json& dgr) { return Json{{"penalties", Json::array({dgr})}}; };
  const auto loss = [](const Json& term) { return Json{{"losses", Json::array({"supervised", term})}}; };
  const Json gaussian = {{"head", {{"name", "gaussian"}, {"dropout_variance", true}}}};
  const std::vector<std::pair<std::vector<std::string>, Json>> cases = {
      {{"penalties/0/epsilon", "\"form\""}, penalty({{"name", "dgr"}, {"epsilon", 0.01}})},
      {{}, penalty({{"name", "dgr"}, {"form", "finite_difference"}, {"epsilon", 0.01}})},
      {{"losses/1/clip", "\"bound\""}, loss({{"name", "simax"}, {"weight", 0.1}, {"clip", 3}})},
      {{"losses/1/critic_width", "\"critic\""}, loss({{"name", "simax"}, {"weight", 0.1}, {"critic_width", 8}})},
      {{}, loss({{"name", "simax"}, {"weight", 0.1}, {"critic", "separable"}, {"critic_width", 8}})},
      {{"losses/1/step_size", "\"steps\""}, loss({{"name", "adversarial"}, {"step_size", 0.1}})},
      {{"losses/0/beta", "\"class_weights\""}, {{"losses", Json::array({{{"name", "supervised"}, {"beta", 0.9}}})}}},
      {{"head/activation", "\"hidden\""}, {{"head", {{"name", "linear"}, {"activation", "tanh"}}}}},
      {{"head/dropout_variance", "\"dropout\""}, gaussian},
      {{"architecture/standardize_means", "\"amortized\""},
       {{"architecture", {{"name", "variational"}, {"width", 16}, {"standardize_means", false}}}}},
      {{"weighting/concentration", "\"distribution\""}, {{"weighting", {{"name", "rlw"}, {"concentration", 2}}}}},
      {{"optimizer/nesterov", "\"momentum\""}, {{"optimizer", {{"name", "sgd"}, {"nesterov", true}}}}},
  };
  for (const auto& [said, keys] : cases) {
    const ConfigReport report = check_config(method_config(keys));
    EXPECT_TRUE(report.data.problems.empty()) << keys << report.text();
    std::vector<std::string> notes;
    for (const std::string& line : report.data.notes) {
      if (line.find("has no effect") != std::string::npos) notes.push_back(line);
    }
    ASSERT_EQ(notes.size(), said.empty() ? 0U : 1U) << keys << report.text();
    for (const std::string& word : said) EXPECT_NE(notes.front().find(word), std::string::npos) << notes.front();
  }
}

TEST(RefusedMethods, AMessageWithoutAPlaceGetsThatOfTheFieldThatItBeginsWith) {
  const Config config = Config::from_text(R"({"training": {"selection": {"monitor": "hat"}}, "losses": []})", "t.json");
  EXPECT_EQ(place_of_message(config, "training.selection.monitor: no task \"hat\""),
            "t.json#/training/selection/monitor");
  EXPECT_EQ(place_of_message(config, "training.selection.split: no task has rows"), "t.json#/training/selection");
  EXPECT_EQ(place_of_message(config, "losses: no weighted term is for task \"hate\""), "t.json#/losses");
  EXPECT_EQ(place_of_message(config, "the weighting is not defined in this regime"), "t.json");
  const auto named = [&](const std::string& message) {
    try {
      naming_config(config, [&] { throw ConfigError(message); });
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(named("losses: none"), "t.json#/losses: losses: none");
  EXPECT_EQ(named("other.json#/losses: none"), "other.json#/losses: none");
}

TEST(RefusedMethods, AMetricIsNamedByItsPlaceInTheRecord) {
  const fs::path tasks = method_folder() / "tasks";
  Json topic = Json::parse(read_file(tasks / "topic.json"));
  topic["extra_metrics"] = {"acuracy"};
  std::ofstream(tasks / "misspelt.json") << topic.dump();
  const ConfigReport report = check_config(method_config({{"data", {{"tasks", {"tasks/misspelt.json"}}}}}));
  ASSERT_FALSE(report.data.problems.empty());
  const std::string all = report.text();
  EXPECT_NE(all.find("misspelt.json#/extra_metrics/0: unknown metric \"acuracy\""), std::string::npos) << all;
}

}  // namespace
}  // namespace infomtl
