// Runs that live on: more epochs after the end, a start from another run, other files and all tasks at once.

#include "infomtl/core/errors.h"
#include "infomtl/core/hash.h"
#include "infomtl/core/json_file.h"
#include "infomtl/model/weights_file.h"
#include "infomtl/runs/run.h"
#include "infomtl/runs/run_encoder.h"
#include "infomtl/runs/trained_run.h"
#include "runs/corpus_runs.h"
#include "support/compare.h"
#include "support/message_of.h"

namespace infomtl {
namespace {

using testing::corpus_folder;
using testing::experiment;
using testing::message_of;
using testing::results_without_timings;
using testing::TemporaryFolder;

const std::vector<std::string> kSteady = {"schedule={\"name\": \"constant\"}", "training.report_every=1"};

std::vector<std::string> steady(const std::string& more) {
  std::vector<std::string> overrides = kSteady;
  overrides.push_back(more);
  return overrides;
}

std::string parameters_of(const std::filesystem::path& checkpoint) {
  std::string sums;
  for (const char* file : {"model.safetensors", "heads.safetensors", "state.safetensors"}) {
    sums += sha256_of_file(checkpoint / file);
  }
  return sums;
}

/// Its records but for what the run took for its end at the time.
std::vector<std::string> log_of(const std::filesystem::path& run) {
  std::vector<std::string> lines;
  for (const std::string& line : testing::records(run)) {
    Json record = Json::parse(line);
    record.erase("total_steps");
    lines.push_back(record.dump());
  }
  return lines;
}

TEST(MoreEpochs, GoOnAsIfTheyHadBeenThereFromTheStart) {
  const TemporaryFolder folder;
  experiment(folder.path() / "whole", false, steady("training.epochs=3")).fit();
  experiment(folder.path() / "two", false, steady("training.epochs=2")).fit();
  const Results shorter = Results::from_json(read_json(folder.path() / "two" / "results.json"));
  Experiment longer = experiment(folder.path() / "two", true, steady("training.epochs=3"));
  EXPECT_FALSE(longer.finished());
  longer.fit();
  for (const char* name : {"best", "last"}) {
    EXPECT_EQ(parameters_of(folder.path() / "two" / "checkpoints" / name),
              parameters_of(folder.path() / "whole" / "checkpoints" / name))
        << name;
  }
  EXPECT_EQ(results_without_timings(folder.path() / "two"), results_without_timings(folder.path() / "whole"));
  EXPECT_EQ(log_of(folder.path() / "two"), log_of(folder.path() / "whole"));
  EXPECT_EQ(read_json(folder.path() / "two" / "config.json")["training"]["epochs"], 3);
  EXPECT_EQ(read_json(folder.path() / "two" / "results-after-2.json"), shorter.to_json()) << "kept beside the new ones";
}

TEST(MoreEpochs, AreRefusedWhereTheyMeanNothing) {
  const TemporaryFolder folder;
  const std::filesystem::path run = folder.path() / "run";
  experiment(run, false, steady("training.max_steps=3")).fit();
  const auto with = [&](bool resume, std::vector<std::string> overrides) {
    return message_of<UserError>([&] { experiment(run, resume, std::move(overrides)); });
  };
  std::vector<std::string> more = steady("training.max_steps=3");
  more.emplace_back("training.epochs=9");
  EXPECT_NE(with(false, more).find("go on for more epochs with --resume"), std::string::npos);
  EXPECT_NE(with(true, more).find("training.max_steps lays out the whole run"), std::string::npos);
  std::vector<std::string> fewer = steady("training.max_steps=3");
  fewer.emplace_back("training.epochs=1");
  EXPECT_NE(with(true, fewer).find("differ in /training/epochs"), std::string::npos);
}

TEST(MoreEpochs, OfOneModelPerTaskGoOnLikewise) {
  const TemporaryFolder folder;
  const auto train = [&](const char* name, const char* epochs) {
    std::vector<std::string> overrides = steady(epochs);
    overrides.emplace_back("training.regime=single");
    overrides.emplace_back("data.max_train_rows=30");
    return Run::from_config(
               corpus_folder() / "run.json",
               {.overrides = overrides, .output = folder.path() / name, .resume = true, .more_epochs = true})
        .fit();
  };
  train("two", "training.epochs=1");
  train("two", "training.epochs=2");
  train("whole", "training.epochs=2");
  EXPECT_EQ(parameters_of(folder.path() / "two" / "single" / "topic" / "checkpoints" / "last"),
            parameters_of(folder.path() / "whole" / "single" / "topic" / "checkpoints" / "last"));
  EXPECT_EQ(results_without_timings(folder.path() / "two"), results_without_timings(folder.path() / "whole"));
}

/// A trained run, once per process.
const std::filesystem::path& first_run() {
  static const TemporaryFolder folder;
  static const std::filesystem::path run = [] {
    experiment(folder.path() / "first", false, {"encoder.pooling=mean", "encoder.max_length=40"}).fit();
    return folder.path() / "first";
  }();
  return run;
}

/// A run that starts from it and takes no step of any size.
std::filesystem::path started(const TemporaryFolder& folder, std::vector<std::string> overrides) {
  overrides.insert(overrides.end(), {"encoder.pooling=mean", "encoder.max_length=40", "training.max_steps=1",
                                     "optimizer.learning_rate=1e-300"});
  const std::filesystem::path run = folder.path() / "second";
  experiment(run, false, overrides).fit();
  return run / "checkpoints" / "last";
}

std::string start_setting() { return "start=" + Json(first_run().string()).dump(); }

bool same_tensor(const std::filesystem::path& one, const std::filesystem::path& other, const std::string& name) {
  return at::equal(WeightsReader(one).read(name), WeightsReader(other).read(name));
}

TEST(Start, TakesEncoderAndHeadsOfTheOtherRun) {
  const TemporaryFolder folder;
  const auto checkpoint = started(folder, {start_setting()});
  const auto before = first_run() / "checkpoints" / "best";
  for (const char* file : {"model.safetensors", "heads.safetensors"}) {
    const WeightsReader reader(before / file);
    for (const WeightsEntry& entry : reader.entries()) {
      EXPECT_TRUE(same_tensor(before / file, checkpoint / file, entry.name)) << entry.name;
    }
  }
  const Json config = read_json(folder.path() / "second" / "config.json");
  EXPECT_TRUE(std::filesystem::path(config["start"].get<std::string>()).is_absolute());
}

TEST(Start, TakesThePartsThatAreNamed) {
  const TemporaryFolder folder;
  const auto checkpoint =
      started(folder, {"start={\"run\": " + Json(first_run().string()).dump() + ", \"parts\": [\"encoder\"]}"});
  const auto before = first_run() / "checkpoints" / "best";
  EXPECT_EQ(sha256_of_file(before / "model.safetensors"), sha256_of_file(checkpoint / "model.safetensors"));
  EXPECT_NE(sha256_of_file(before / "heads.safetensors"), sha256_of_file(checkpoint / "heads.safetensors"));
}

TEST(Start, RefusesWhatDoesNotFit) {
  const TemporaryFolder folder;
  const auto refusal = [&](std::vector<std::string> overrides) {
    return message_of<UserError>([&] { experiment(folder.path() / "run", false, std::move(overrides)); });
  };
  EXPECT_NE(refusal({start_setting(), "head=linear", "losses=[\"supervised\"]"}).find("the run has another head"),
            std::string::npos);
  EXPECT_NE(refusal({"start={\"run\": \"x\", \"parts\": [\"encodr\"]}"}).find("did you mean \"encoder\"?"),
            std::string::npos);
  EXPECT_NE(refusal({"start=\"nowhere\""}).find("nowhere"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "run"));
}

TEST(OtherFiles, AreScoredAsTheRunsOwn) {
  TrainedRun trained = TrainedRun::load(first_run());
  const Results own = trained.evaluate("test");
  const TemporaryFolder folder;
  const auto file = folder.write(
      "more.jsonl", "{\"text\": \"we met on monday\", \"label\": 0}\n{\"text\": \"a good day\", \"label\": 1}\n");
  const Results scored = trained.evaluate_file("topic", file);
  ASSERT_EQ(scored.tasks.size(), 1U);
  EXPECT_EQ(scored.tasks[0].first, "topic");
  EXPECT_TRUE(scored.tasks[0].second.score.contains("more.jsonl"));
  EXPECT_EQ(scored.tasks[0].second.classes.at("more.jsonl").support(0), 1);
  EXPECT_FALSE(own.tasks[0].second.classes.at("test").confusion.empty());
  EXPECT_NE(own.class_tables().find("precision"), std::string::npos);
  EXPECT_THROW(trained.evaluate_file("topik", file), UnknownNameError);
  folder.write("empty.jsonl", "{\"text\": \"x\", \"label\": \"no such label\"}\n");
  EXPECT_NE(
      message_of<DataError>([&] { trained.evaluate_file("topic", folder / "empty.jsonl"); }).find("empty.jsonl:1"),
      std::string::npos);
}

TEST(AllTasks, ArePredictedAsEachAlone) {
  TrainedRun trained = TrainedRun::load(first_run());
  const std::vector<std::pair<std::string, std::string>> texts = {{"we met on monday", "who came"},
                                                                  {"a good day", "when"}};
  const std::vector<Json> all = trained.predict_all(texts);
  ASSERT_EQ(all.size(), 2U);
  for (const Task& task : trained.tasks()) {
    const std::vector<Json> alone = trained.predict(task.name, texts);
    for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(all[i].at(task.name), alone[i]) << task.name;
  }
  EXPECT_EQ(all[0]["spans"]["words"], Json({"we", "met", "on", "monday"}));
  EXPECT_EQ(all[0]["spans"]["labels"].size(), 4U);
}

TEST(RunEncoder, KnowsHowTheRunReadTexts) {
  const RunEncoder place = run_encoder(first_run());
  EXPECT_EQ(place.folder, first_run() / "checkpoints" / "best");
  EXPECT_EQ(place.pooling, "mean");
  EXPECT_EQ(place.max_length, 40);
  EXPECT_EQ(run_encoder(first_run() / "checkpoints" / "last").pooling, "mean");
  const RunEncoder other = run_encoder(corpus_folder() / "encoder");
  EXPECT_EQ(other.pooling, "");
  EXPECT_EQ(other.max_length, 0);
}

}  // namespace
}  // namespace infomtl
