// Runs that somebody has changed since: what a checkpoint was trained with is what it is read with.

#include <gtest/gtest.h>

#include "infomtl/core/errors.h"
#include "infomtl/core/hash.h"
#include "infomtl/core/json_file.h"
#include "infomtl/runs/run_encoder.h"
#include "infomtl/runs/seeds.h"
#include "infomtl/runs/trained_run.h"
#include "runs/corpus_runs.h"
#include "support/message_of.h"

namespace infomtl {
namespace {

using testing::corpus_folder;
using testing::experiment;
using testing::message_of;
using testing::TemporaryFolder;

/// A finished run of one epoch, trained once per process.
const std::filesystem::path& finished_run() {
  static const TemporaryFolder folder;
  static const std::filesystem::path run = [] {
    experiment(folder / "run", false, {"training.epochs=1"}).fit();
    return folder / "run";
  }();
  return run;
}

/// A copy that a test may change.
class ChangedRun {
 public:
  ChangedRun() { std::filesystem::copy(finished_run(), path(), std::filesystem::copy_options::recursive); }
  std::filesystem::path path() const { return folder_ / "run"; }
  std::filesystem::path config() const { return path() / "config.json"; }

  template <class Change>
  void change_config(const Change& change) const {
    Json json = read_json(config());
    change(json);
    std::ofstream(config()) << json.dump(2);
  }
  /// With a sum that fits, as whoever knows the format may write it.
  template <class Change>
  void change_state(const char* checkpoint, const Change& change) const {
    const std::filesystem::path file = path() / "checkpoints" / checkpoint / "state.json";
    Json json = read_json(file);
    json.erase("sha256");
    change(json);
    json["sha256"] = sha256_of_text(json.dump());
    std::ofstream(file) << json.dump(1);
  }
  /// What the run's own config says when it is to go on.
  std::string resumed(std::vector<std::string> overrides) const {
    return message_of<UserError>([&] {
      Experiment::from_config(config(),
                              {.overrides = overrides, .output = path(), .resume = true, .more_epochs = true});
    });
  }

 private:
  TemporaryFolder folder_;
};

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(ChangedRun, AConfigThatWasChangedIsRefusedWithBothValues) {
  struct Change {
    const char* path;
    Json value;
    const char* was;
  };
  for (const Change& change :
       {Change{"/encoder/pooling", "mean", "\"first\""}, Change{"/encoder/max_length", 17, ""}, Change{"/seed", 8, "0"},
        Change{"/head", {{"name", "gaussian"}, {"dropout", 0.7}}, ""}, Change{"/losses/1/weight", 0.5, "0.1"},
        Change{"/optimizer/learning_rate", 1.0, "0.01"}}) {
    const ChangedRun run;
    run.change_config([&](Json& json) { json[Json::json_pointer(change.path)] = change.value; });
    const std::string evaluated = message_of<UserError>([&] { TrainedRun::load(run.path()); });
    EXPECT_TRUE(holds(evaluated, run.config().string() + "#" + change.path + ": ")) << evaluated;
    EXPECT_TRUE(holds(evaluated, "was trained with " + std::string(change.was))) << evaluated;
    const std::string encoded = message_of<UserError>([&] { run_encoder(run.path()); });
    EXPECT_EQ(encoded, evaluated);
    const std::string resumed = run.resumed({"training.epochs=2"});
    EXPECT_TRUE(holds(resumed, std::string("config.json#") + change.path + ": ")) << resumed;
    EXPECT_TRUE(holds(resumed, "checkpoints/last was trained with")) << resumed;
  }
}

TEST(ChangedRun, WhatDecidesNothingOfTheModelMayChange) {
  const ChangedRun run;
  const Json before = TrainedRun::load(run.path()).evaluate("validation").to_json()["tasks"];
  run.change_config([](Json& json) {
    json["name"] = "another name";
    json["device"] = "auto";
    json["training"]["evaluation_batch_size"] = 7;
    json["training"]["keep"] = 2;
    json["training"]["epochs"] = 9;
    json["encoder"]["path"] = "/gone";
    json["evaluation"]["representation"] = true;
  });
  EXPECT_EQ(TrainedRun::load(run.path()).evaluate("validation").to_json()["tasks"].size(), before.size());
}

TEST(ChangedRun, CheckpointsOfEarlierVersionsHaveNoConfigAndAreRead) {
  const ChangedRun run;
  run.change_state("best", [](Json& state) { ASSERT_EQ(state.erase("config"), 1U); });
  EXPECT_NO_THROW(TrainedRun::load(run.path()).predict("topic", {{"we met on monday", ""}}));
}

TEST(ChangedRun, AChangedByteOfItsEncoderIsFoundBeforeItEmbeds) {
  for (const char* const name : {"model.safetensors", "vocab.txt"}) {
    const ChangedRun run;
    const std::filesystem::path best = run.path() / "checkpoints" / "best", file = best / name;
    EXPECT_NO_THROW(run_encoder(best));
    std::string bytes = read_file(file);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    std::ofstream(file, std::ios::binary) << bytes;
    const std::string expected = file.string() + ": is not what was saved (checksum differs)";
    EXPECT_EQ(message_of<FormatError>([&] { run_encoder(best); }), expected);
    EXPECT_EQ(message_of<FormatError>([&] { run_encoder(run.path()); }), expected);
    const TemporaryFolder output;
    EXPECT_EQ(message_of<FormatError>(
                  [&] { experiment(output / "run", false, {"encoder.path=" + Json(best.string()).dump()}); }),
              expected);
    // A copy without its run and without the state is a model folder like any other.
    std::filesystem::copy(best, output / "saved");
    EXPECT_EQ(message_of<FormatError>([&] { run_encoder(output / "saved"); }),
              (output / "saved" / name).string() + ": is not what was saved (checksum differs)");
    for (const char* const ours : {"state.json", "heads.safetensors", "state.safetensors"}) {
      std::filesystem::remove(output / "saved" / ours);
    }
    EXPECT_NO_THROW(run_encoder(output / "saved"));
  }
}

TEST(ChangedRun, MoreStepsThanTheRunHasAreRefused) {
  for (const auto& [key, value] :
       {std::pair("steps", Json(1000000000000000000)), std::pair("epoch", Json(1000000000000)),
        std::pair("steps", Json(-1)), std::pair("rows", Json::array())}) {
    const ChangedRun run;
    run.change_state("last", [&, k = key, v = value](Json& state) { state["progress"][k] = v; });
    const std::string message = run.resumed({"training.epochs=2"});
    EXPECT_TRUE(holds(message, (run.path() / "checkpoints" / "last" / "state.json").string())) << message;
  }
}

TEST(ChangedRun, WithoutItsResultsItSaysThatTheyAreGone) {
  const ChangedRun run;
  std::filesystem::remove(run.path() / "results.json");
  const std::string message = run.resumed({"training.epochs=2"});
  EXPECT_TRUE(holds(message, "has no results.json")) << message;
  EXPECT_FALSE(holds(message, "another config")) << message;
  const Results again = Experiment::from_config(run.config(), {.output = run.path(), .resume = true}).fit();
  EXPECT_EQ(again.tasks.size(), 6U);
  EXPECT_TRUE(std::filesystem::exists(run.path() / "results.json"));
}

TEST(OtherFolders, ARunIsNotMixedWithWhatLiesThere) {
  const TemporaryFolder folder;
  folder.write("notes/thesis.tex", "mine");
  const std::string notes = message_of<UserError>([&] { experiment(folder / "notes"); });
  EXPECT_TRUE(holds(notes, "holds other things than a run (thesis.tex)")) << notes;
  // A model folder has a config.json, too.
  std::filesystem::copy(corpus_folder() / "encoder", folder / "model");
  const std::string model = message_of<UserError>([&] { experiment(folder / "model"); });
  EXPECT_TRUE(holds(model, "is not the config of a run")) << model;
  const std::string run =
      message_of<UserError>([&] { run_seeds(finished_run() / "config.json", {1}, {.output = finished_run()}); });
  EXPECT_TRUE(holds(run, "holds other things than runs of several seeds")) << run;
  EXPECT_FALSE(std::filesystem::exists(finished_run() / "seed-1"));
  // What only begins there counts as empty.
  folder.write("begun/.lock", "");
  EXPECT_NO_THROW(experiment(folder / "begun"));
}

}  // namespace
}  // namespace infomtl
