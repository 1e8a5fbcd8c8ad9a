#include "infomtl/study/search.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/data/synthetic/synthetic_corpus.h"
#include "infomtl/runs/run.h"
#include "infomtl/study/comparison.h"
#include "study/search_winners.h"
#include "support/compare.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

TEST(SearchOverlay, SaysWhatExtendsNeedsToMeanTheSame) {
  const Json base = Json::parse(
      R"({"head": {"name": "linear", "dropout": 0.1}, "losses": ["supervised", {"name": "simax", "weight": 1}],
          "optimizer": {"name": "adamax", "learning_rate": 1}, "seed": 0})");
  const auto overlay = [&](const std::vector<std::string>& overrides) {
    return overlay_of(base, Config::from_json(base).overridden(overrides).json()).dump();
  };
  EXPECT_EQ(overlay({}), "{}");
  EXPECT_EQ(overlay({"optimizer.learning_rate=2"}), R"({"optimizer":{"learning_rate":2}})");
  EXPECT_EQ(overlay({"losses.1.weight=2"}), R"({"losses":["supervised",{"name":"simax","weight":2}]})")
      << "an array is replaced whole";
  EXPECT_EQ(overlay({"head.name=gaussian"}), R"({"head":{"name":"gaussian","dropout":0.1}})")
      << "so is an object of another name";
  EXPECT_EQ(overlay({"training.epochs=2"}), R"({"training":{"epochs":2}})");
}

class SearchRuns : public ::testing::Test {
 protected:
  SearchRuns() {
    write_synthetic_corpus(folder_.path(), {.rows = 60, .seed = 5});
    write("experiment.json", {{"extends", "corpus.json"},
                              {"device", "cpu"},
                              {"optimizer", {{"name", "adamax"}, {"learning_rate", 1e-3}}},
                              {"training", {{"epochs", 2}}}});
    write("plain.json", {{"losses", {"supervised"}}, {"head", "linear"}});
    write("informed.json", {{"losses", {"supervised", {{"name", "timin"}, {"weight", 0.01}}}}, {"head", "gaussian"}});
    plan_ = {{"experiment", "experiment.json"},
             {"methods", {"plain.json", {{"file", "informed.json"}, {"space", {{"losses.1.weight", {0.01, 0.1}}}}}}},
             {"space", {{"optimizer.learning_rate", {{"log_uniform", {1e-4, 1e-2}}}}}},
             {"algorithm", {{"name", "successive_halving"}, {"eta", 2}}},
             {"budget", 3},
             {"seeds", {100, 101}}};
  }

  void write(const std::string& name, const Json& json) { std::ofstream(folder_.path() / name) << json.dump(2); }
  Search run(std::vector<std::string> overrides = {}) {
    write("plan.json", plan_);
    return run_search(folder_.path() / "plan.json", {.overrides = std::move(overrides), .output = output()});
  }
  std::string refusal(std::vector<std::string> overrides = {}) {
    try {
      run(std::move(overrides));
    } catch (const UserError& error) {
      EXPECT_FALSE(std::filesystem::exists(output())) << "nothing is trained before every trial is checked";
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      return error.what();
    }
    return "accepted";
  }
  std::filesystem::path output() const { return folder_.path() / "runs"; }
  std::filesystem::path trial(const std::string& method, std::size_t id, int seed) const {
    return output() / method / ("trial-" + std::to_string(id)) / ("seed-" + std::to_string(seed));
  }

  testing::TemporaryFolder folder_;
  Json plan_;
};

TEST_F(SearchRuns, TrainsEachMethodAlikeAndWritesTheWinners) {
  const Search search = run();
  ASSERT_TRUE(search.finished);
  ASSERT_EQ(search.methods.size(), 2U);
  for (const SearchedMethod& method : search.methods) {
    ASSERT_EQ(method.trials.size(), 3U);
    std::vector<std::int64_t> lengths;
    for (const SearchTrial& one : method.trials) lengths.push_back(one.rungs.back().epochs);
    std::sort(lengths.begin(), lengths.end());
    EXPECT_EQ(lengths, (std::vector<std::int64_t>{1, 1, 2})) << method.name;
    EXPECT_EQ(method.cost_examples, search.methods[0].cost_examples) << method.name;
    EXPECT_NEAR(method.cost_share, 4.0 / 6, 1e-12) << "four of six epochs under either seed";
    ASSERT_TRUE(method.best);
    const SearchTrial& best = method.trials[*method.best];
    ASSERT_EQ(best.rungs.size(), 2U);
    EXPECT_EQ(best.rungs[0].cost_examples, best.rungs[1].cost_examples) << "each an epoch";

    // Test is nowhere, and who was left behind keeps no checkpoint.
    for (std::size_t id = 0; id < 3; ++id) {
      const auto results = trial(method.name, id, 100) / "results-after-1.json";
      EXPECT_EQ(read_file(results).find("\"test\""), std::string::npos);
      EXPECT_EQ(read_file(trial(method.name, id, 100) / "log.jsonl").find("test"), std::string::npos);
      EXPECT_FALSE(std::filesystem::exists(trial(method.name, id, 100) / "results.json"));
      EXPECT_EQ(std::filesystem::exists(trial(method.name, id, 101) / "checkpoints"), id == *method.best);
    }

    // The winner's file means the winning trial, and its run, stopped at a rung and gone on, is the whole run bit for bit.
    const Json both = {{"extends", {"experiment.json", "runs/best/" + method.name + ".json"}}};
    infomtl::Run whole = infomtl::Run::from_config(Config::from_text(both.dump(), "both", folder_.path()),
                                                   {.seed = 100, .output = folder_.path() / ("whole-" + method.name)});
    infomtl::Run other = infomtl::Run::from_config(Config::from_text(both.dump(), "both", folder_.path()),
                                                   {.seed = 101, .output = folder_.path() / ("other-" + method.name)});
    EXPECT_EQ((whole.fit().average.at("validation") + other.fit().average.at("validation")) / 2, best.rungs[1].score);
    EXPECT_EQ(read_file(whole.folder() / "checkpoints/last/model.safetensors"),
              read_file(trial(method.name, *method.best, 100) / "checkpoints/last/model.safetensors"));
    EXPECT_EQ(read_file(whole.folder() / "checkpoints/last/state.safetensors"),
              read_file(trial(method.name, *method.best, 100) / "checkpoints/last/state.safetensors"));
  }
  EXPECT_NE(search.table().find("3 trials of up to 2 epochs"), std::string::npos) << search.table();
  EXPECT_EQ(read_file(output() / "table.txt"), search.table());
  EXPECT_TRUE(search.progress().starts_with("plain: 3 of 3 trials scored, ")) << search.progress();
  const Json json = read_json(output() / "search.json");
  EXPECT_EQ(json["methods"]["informed"]["trials"][1]["settings"].size(), 2U);
  EXPECT_EQ(json["methods"]["plain"]["best"], *search.methods[0].best);

  // The same again trains nothing; the winners may have been edited.
  const auto best = output() / "best" / "plain.json";
  write_file_atomically(best, read_file(best) + "\n// mine\n");
  EXPECT_EQ(run().to_json().dump(), search.to_json().dump());
  EXPECT_NE(read_file(best).find("// mine"), std::string::npos);
  EXPECT_NE(read_file(best).find("under the seeds 100, 101"), std::string::npos) << read_file(best);

  // Confirmed under fresh seeds only.
  const auto confirm = output() / "best" / "comparison.json";
  const ExperimentOptions there{.overrides = {"training.max_steps=1"}, .output = folder_.path() / "confirmed"};
  try {
    run_comparison(confirm, {.seeds = {7, 101}}, there);
    FAIL() << "a seed of the search was taken";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("comparison.json#/refused_seeds: seed 101"), std::string::npos)
        << error.what();
  }
  EXPECT_EQ(run_comparison(confirm, {.seeds = {7}}, there).methods.size(), 2U);

  // Another search has no place here.
  plan_["seeds"] = {100, 102};
  EXPECT_THROW(run(), UserError);
}

TEST_F(SearchRuns, FailedTrialsAreTheWorstAndTheRestGoesOn) {
  plan_["methods"] = {"plain.json"};
  plan_["space"] = {{"optimizer.learning_rate", {1e30, 1e-3}}};
  plan_["algorithm"] = "grid";
  plan_.erase("budget");
  const Search search = run({"optimizer.name=sgd", "training.clip_norm=0"});
  ASSERT_TRUE(search.finished);
  EXPECT_TRUE(std::isnan(search.methods[0].trials[0].rungs.at(0).score));
  EXPECT_EQ(search.methods[0].best, 1U);
  EXPECT_NE(search.table().find("failed"), std::string::npos);
  const Search again = run({"optimizer.name=sgd", "training.clip_norm=0"});
  EXPECT_EQ(again.to_json().dump(), search.to_json().dump());
}

TEST_F(SearchRuns, TheWinnersKeepTheirNamesAndBaselines) {
  const Json rates = {{"optimizer.learning_rate", {1e-3, 2e-3}}};
  plan_["space"] = rates;
  plan_["algorithm"] = "grid";
  plan_.erase("budget");
  plan_["seeds"] = {100};
  plan_["methods"] = {
      "plain.json", {{"file", "plain.json"}, {"name", "again"}}, {{"file", "informed.json"}, {"baseline", "again"}}};
  ASSERT_TRUE(run({"training.epochs=1"}).finished);
  const Comparison confirmed = run_comparison(output() / "best" / "comparison.json", {.seeds = {7}},
                                              {.overrides = {"training.epochs=1"}, .output = folder_.path() / "seven"});
  ASSERT_EQ(confirmed.methods.size(), 3U);
  EXPECT_EQ(confirmed.methods[1].name, "again") << "two of one file are told apart";
  EXPECT_EQ(confirmed.methods[1].baseline, "plain") << "the first, where nothing is said";
  EXPECT_EQ(confirmed.methods[2].baseline, "again");
  plan_["methods"][2]["baseline"] = "other";
  EXPECT_THROW(run(), ConfigError);
}

TEST_F(SearchRuns, OneModelPerTaskAndMoreSeedsLater) {
  plan_["methods"] = {{{"file", "plain.json"}, {"name", "alone"}, {"set", {{"training.regime", "single"}}}}};
  plan_["algorithm"] = {{"eta", 2}, {"seeds_per_rung", {1, 2}}};
  plan_["budget"] = 2;
  const Search search = run();
  ASSERT_TRUE(search.finished);
  const SearchedMethod& alone = search.methods.at(0);
  const SearchTrial& best = alone.trials[*alone.best];
  ASSERT_EQ(best.rungs.size(), 2U);
  EXPECT_EQ(best.rungs[1].cost_examples, 3 * best.rungs[0].cost_examples)
      << "the second epoch under the first seed, both under the second";
  EXPECT_FALSE(std::filesystem::exists(trial("alone", 1 - *alone.best, 101)));
  EXPECT_FALSE(std::filesystem::exists(trial("alone", 1 - *alone.best, 100) / "single" / "topic" / "checkpoints"));
  EXPECT_TRUE(std::filesystem::exists(trial("alone", *alone.best, 100) / "single" / "topic" / "checkpoints"));
}

TEST_F(SearchRuns, WhatIsSearchedOrScoredIsNotSetForAll) {
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_TRUE(has(refusal({"optimizer.learning_rate=0.1"}), "is searched for \"plain\""));
  EXPECT_TRUE(has(refusal({"optimizer={\"name\": \"sgd\"}"}), "is searched for \"plain\""));
  EXPECT_TRUE(has(refusal({"losses.1.weight=1"}), "is searched for \"informed\""));
  EXPECT_TRUE(has(refusal({"seed=9"}), "--set seed=9"));
  for (const char* const field : {"data.train_fraction", "data.max_validation_rows", "training.selection.monitor"}) {
    plan_["space"] = {{field, {1, 2}}};
    EXPECT_TRUE(has(refusal(), "on the same rows")) << field;
  }
}

TEST_F(SearchRuns, MistakesNameFileAndField) {
  const Json sound = plan_;
  const auto refused = [&](const std::string& text) {
    const std::string found = refusal();
    EXPECT_NE(found.find(text), std::string::npos) << found << "\nlacks\n" << text;
    plan_ = sound;
  };
  plan_["space"] = {{"optimizer.lerning_rate", {1e-4}}};
  plan_["budget"] = 1;
  refused("did you mean \"learning_rate\"");
  plan_["space"] = {{"optimizer.lerning_rate", {1e-4, 2e-4, 3e-4}}};
  refused("plan.json#/methods/0, trial 0 (optimizer.lerning_rate=");
  plan_["space"] = {{"losses.4.weight", {1, 2, 3}}};
  refused("plan.json#/methods/0, trial 0");
  plan_["space"] = Json::object();
  refused("plan.json#/space: names no field for \"plain\"");
  plan_.erase("space");
  refused("plan.json#/space");
  plan_["algorithm"] = "grid";
  plan_["space"] = {{"optimizer.learning_rate", {1e-4, 2e-4, 3e-4}}};
  refused("\"informed\" has 6 trials, \"plain\" 3; give them equally many, or set \"unequal_budgets\": true");
  plan_["algorithm"] = "grid";
  refused("plan.json#/methods/0: \"optimizer.learning_rate\" is a range");
  plan_["methods"] = {"plain.json"};
  plan_["algorithm"] = "grid";
  plan_["space"] = {{"optimizer.learning_rate", {1e-4, 2e-4}}};
  refused("plan.json#/budget: is 3, but the grid has 2 trials");
  plan_["space"] = {{"optimizer.learning_rate", {1e-4}}};
  refused("plan.json#/methods/0: the space has 1 combinations, fewer than the 3");
  plan_["space"]["optimizer.learning_rate"] = {-1, 1e-4, 1e-3};
  refused("learning_rate");
  plan_["space"]["training.epochs"] = {2, 3};
  refused("the trials of a method train equally long");
  plan_["methods"][1]["set"] = {{"training.epochs", 3}};
  refused("plan.json#/methods/1: training.epochs is 3, for \"plain\" 2");
  plan_["algorithm"] = {{"name", "grid"}, {"eta", 2}};
  refused("plan.json#/algorithm/eta: unknown key");
  plan_["algorithm"] = {{"smallest_budget", 5}};
  refused("smallest_budget of 5");
  plan_["algorithm"] = {{"seeds_per_rung", {2, 1}}};
  refused("plan.json#/algorithm/seeds_per_rung/1: fewer");
  plan_["algorithm"] = "asha";
  refused("plan.json#/algorithm");
  plan_["budget"] = 0;
  refused("plan.json#/budget");
  plan_.erase("budget");
  refused("plan.json#/budget: missing");
  plan_["seeds"] = {100, 100};
  refused("plan.json#/seeds: seed 100 is given twice");
  plan_["seeds"] = Json::array();
  refused("plan.json#/seeds");
  plan_["methods"] = {"plain.json", "plain.json"};
  refused("plan.json#/methods/1: \"plain\" is given twice");
  plan_["methods"] = {{{"file", "plain.json"}, {"name", "best"}}};
  refused("plan.json#/methods/0: \"best\"");
  plan_["methods"] = {"missing.json"};
  refused("missing.json");
  plan_["trials"] = 3;
  refused("plan.json#/trials: unknown key");
  plan_["methods"] = {{{"file", "plain.json"}, {"spaces", 3}}};
  refused("plan.json#/methods/0/spaces: unknown key; did you mean \"space\"?");
  plan_["methods"] = {"plain.json"};
  plan_["space"] = {{"optimizer", {{{"name", "adamax"}}, {{"name", "adamax"}, {"weight_decay", 0.1}}, "adamw"}}};
  refused("can't take away what stands at /optimizer");
}

TEST_F(SearchRuns, AreNotMixedWithWhatLiesThere) {
  std::filesystem::create_directories(output());
  std::ofstream(output() / "comparison.json") << "{}";
  const std::string found = testing::message_of<UserError>([&] { run(); });
  EXPECT_NE(found.find("holds other things than a search (comparison.json)"), std::string::npos) << found;
  EXPECT_FALSE(std::filesystem::exists(output() / "plan.json"));
}

}  // namespace
}  // namespace infomtl
