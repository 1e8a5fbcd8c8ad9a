#include "infomtl/runs/experiment.h"

#include <fstream>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/hash.h"
#include "infomtl/runs/run.h"
#include "infomtl/runs/seeds.h"
#include "infomtl/runs/trained_run.h"
#include "runs/corpus_runs.h"
#include "support/compare.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

using testing::corpus_folder;
using testing::experiment;
using testing::records;
using testing::results_without_timings;

TEST(Experiment, WritesTheRunFolder) {
  const testing::TemporaryFolder folder;
  const auto run = folder.path() / "run";
  Experiment fresh = experiment(run);
  EXPECT_FALSE(std::filesystem::exists(run)) << "nothing is written before training starts";
  EXPECT_FALSE(fresh.finished());
  std::size_t reports = 0;
  fresh.on_report([&](const StepReport& report) {
    ++reports;
    EXPECT_FALSE(report.losses.empty());
  });
  const Results results = fresh.fit();
  EXPECT_TRUE(fresh.finished());
  EXPECT_GT(reports, 2U);
  ASSERT_EQ(results.tasks.size(), 6U);
  for (const auto& [name, task] : results.tasks) {
    EXPECT_TRUE(task.score.contains("validation") && task.score.contains("test")) << name;
  }
  for (const char* name :
       {"config.json", "log.jsonl", "results.json", "checkpoints/best/model.safetensors", "checkpoints/best/vocab.txt",
        "checkpoints/best/config.json", "checkpoints/best/heads.safetensors", "checkpoints/last/state.safetensors"}) {
    EXPECT_TRUE(std::filesystem::exists(run / name)) << name;
  }
  bool events = false;
  for (const auto& entry : std::filesystem::directory_iterator(run)) {
    events = events || entry.path().filename().string().starts_with("events.out.tfevents.");
  }
  EXPECT_TRUE(events);
  const auto saved = run / "checkpoints";
  EXPECT_EQ(read_file(saved / "best/state.json") == read_file(saved / "last/state.json"),
            std::filesystem::equivalent(saved / "best/model.safetensors", saved / "last/model.safetensors"))
      << "one checkpoint is written once";
  const Json json = Json::parse(read_file(run / "results.json"));
  EXPECT_EQ(json["format"], 1);
  EXPECT_GT(json["training"]["tokens_per_second"].get<double>(), 0);
  EXPECT_GT(json["training"]["peak_memory_bytes"].get<double>(), 1e6);
  EXPECT_EQ(json["environment"]["device"], "cpu");
  EXPECT_TRUE(Json::parse(read_file(run / "config.json"))["encoder"]["path"].get<std::string>().starts_with("/"));

  // A finished run is read, not run again.
  const auto before = std::filesystem::last_write_time(run / "results.json");
  Experiment again = experiment(run);
  EXPECT_TRUE(again.finished());
  EXPECT_EQ(again.fit().to_json().dump(), results.to_json().dump());
  EXPECT_EQ(std::filesystem::last_write_time(run / "results.json"), before);
  EXPECT_THROW(again.trainer(), StateError);

  // Read back, it scores the same and predicts.
  TrainedRun trained = TrainedRun::load(run);
  const Results scored = trained.evaluate("test");
  for (std::size_t t = 0; t < results.tasks.size(); ++t) {
    EXPECT_DOUBLE_EQ(scored.tasks[t].second.score.at("test"), results.tasks[t].second.score.at("test"));
  }
  EXPECT_THROW(trained.evaluate("tests"), ConfigError);
  EXPECT_THROW(trained.predict("topik", {{"a", ""}}), UnknownNameError);
  for (const Task& task : trained.tasks()) {
    const std::vector<Json> answers = trained.predict(task.name, {{"we met on monday", "who came"}, {"", ""}});
    ASSERT_EQ(answers.size(), 2U);
    if (task.kind == TaskKind::regression) {
      EXPECT_TRUE(answers[0]["value"].is_number());
    } else if (task.kind == TaskKind::tagging) {
      EXPECT_EQ(answers[0]["labels"].size(), 4U);
      EXPECT_EQ(answers[1]["labels"].size(), 0U);
    } else {
      EXPECT_EQ(answers[0]["scores"].size(), task.labels.size());
      double sum = 0;
      for (const auto& [label, score] : answers[0]["scores"].items()) sum += score.get<double>();
      EXPECT_TRUE(testing::close(sum, 1.0, 1e-5));
      EXPECT_TRUE(answers[0]["scores"].contains(answers[0]["label"].get<std::string>()));
    }
  }
  EXPECT_THROW(trained.predict("topic", {{"good", ""}, {"\xff", ""}}), DataError);
}

TEST(Experiment, ABrokenOffRunContinuesBitForBit) {
  const testing::TemporaryFolder folder;
  const auto straight = folder.path() / "straight", broken = folder.path() / "broken";
  experiment(straight).fit();
  const std::vector<std::string> expected = records(straight);
  const auto total = static_cast<std::int64_t>(Json::parse(expected.back())["step"]);
  ASSERT_GT(total, 12);

  // Stopped twice: in the first epoch between two reports' windows, and in the second.
  for (const std::int64_t stop_at : {total / 3, total - 4}) {
    std::atomic<bool> stop = false;
    Experiment run = experiment(broken, true);
    run.on_report([&](const StepReport& report) { stop = stop || report.step >= stop_at; });
    EXPECT_TRUE(run.fit(&stop).tasks.empty());
    EXPECT_FALSE(run.finished());
    EXPECT_TRUE(std::filesystem::exists(broken / "checkpoints/last/state.json"));
    EXPECT_FALSE(std::filesystem::exists(broken / "results.json"));
  }
  EXPECT_THROW(experiment(broken), UserError) << "an unfinished run is not written over";
  EXPECT_THROW(experiment(broken, true, {"training.epochs=3"}), UserError) << "nor continued with another config";
  {  // What a run wrote after its last checkpoint before it was killed.
    std::ofstream log(broken / "log.jsonl", std::ios::app);
    log << R"({"step":100000,"epoch":9})"
        << "\n"
        << R"({"step":1000)";
  }
  experiment(broken, true).fit();
  EXPECT_EQ(records(broken), expected);
  EXPECT_EQ(results_without_timings(broken).dump(), results_without_timings(straight).dump());
  for (const char* name : {"model.safetensors", "heads.safetensors", "state.safetensors"}) {
    for (const char* which : {"best", "last"}) {
      EXPECT_EQ(sha256_of_file(broken / "checkpoints" / which / name),
                sha256_of_file(straight / "checkpoints" / which / name))
          << which << " " << name;
    }
  }
}

// A search stops a run at an epoch, looks at its validation scores, and may go on with it.
TEST(Experiment, ARunThatEndsAfterAnEpochGoesOnBitForBit) {
  const testing::TemporaryFolder folder;
  const auto straight = folder.path() / "straight", halted = folder.path() / "halted";
  const Results whole = experiment(straight).fit();
  const auto after = [&](std::int64_t epochs) {
    return Experiment::from_config(
        corpus_folder() / "run.json",
        {.output = halted, .resume = true, .scored_splits = {"validation"}, .stop_after_epochs = epochs});
  };
  Results first;
  {
    Experiment run = after(1);
    first = run.fit();
    EXPECT_TRUE(run.finished());
    EXPECT_EQ(run.trainer().total_steps(), whole.training.at("planned_steps")) << "the schedule is the whole run's";
  }
  EXPECT_EQ(first.selected_epoch, 0);
  EXPECT_EQ(first.splits(), (std::vector<std::string>{"validation"}));
  EXPECT_EQ(2 * first.training.at("examples").get<std::int64_t>(), whole.training.at("examples").get<std::int64_t>());
  EXPECT_FALSE(std::filesystem::exists(halted / "results.json"));
  EXPECT_EQ(after(1).fit().to_json().dump(), first.to_json().dump()) << "read, not trained again";

  // Killed between training and its results: scored from the checkpoint, the same.
  std::filesystem::remove(halted / "results-after-1.json");
  EXPECT_EQ(after(1).fit().average.at("validation"), first.average.at("validation"));

  // To the last epoch, still without test; then to the end.
  EXPECT_EQ(after(2).fit().average.at("validation"), whole.average.at("validation"));
  EXPECT_FALSE(std::filesystem::exists(halted / "results.json"));
  experiment(halted, true).fit();
  EXPECT_EQ(records(halted), records(straight));
  EXPECT_EQ(results_without_timings(halted).dump(), results_without_timings(straight).dump());
  for (const char* name : {"model.safetensors", "heads.safetensors", "state.safetensors"}) {
    for (const char* which : {"best", "last"}) {
      EXPECT_EQ(sha256_of_file(halted / "checkpoints" / which / name),
                sha256_of_file(straight / "checkpoints" / which / name))
          << which << " " << name;
    }
  }
}

// What a run saves is a function of its config's text: nothing needs to be loaded to know it.
TEST(Experiment, AFinishedRunIsReadWithoutItsData) {
  const testing::TemporaryFolder folder;
  const auto corpus = folder.path() / "corpus", run = folder.path() / "run";
  std::filesystem::copy(corpus_folder(), corpus, std::filesystem::copy_options::recursive);
  const auto opened = [&](std::vector<std::string> overrides) {
    overrides.emplace_back("training.max_steps=2");
    return Experiment::from_config(corpus / "run.json", {.overrides = overrides, .output = run, .resume = true});
  };
  const Results results = opened({}).fit();
  ASSERT_EQ(results.tasks.size(), 6U);
  const auto texts = corpus / "topic" / "train_text.txt";
  std::filesystem::remove(texts);
  EXPECT_EQ(opened({}).fit().to_json().dump(), results.to_json().dump());
  const auto refuses = [&](const std::string& expected) {
    try {
      opened({"training.batch_size=24"});
      ADD_FAILURE() << "no error, where " << expected << " was looked for";
    } catch (const UserError& error) {
      EXPECT_NE(std::string(error.what()).find(expected), std::string::npos) << error.what();
    }
  };
  refuses("differ in /training/batch_size");
  std::filesystem::remove(run / "results.json");
  refuses("differ in /training/batch_size");  // told before the data, which are not there, are read
}

TEST(Experiment, GoesOnOnlyFromAWholeRunOverTheSameData) {
  const testing::TemporaryFolder folder;
  const auto corpus = folder.path() / "corpus", run = folder.path() / "run";
  std::filesystem::copy(corpus_folder(), corpus, std::filesystem::copy_options::recursive);
  const auto resumed = [&] {
    return Experiment::from_config(corpus / "run.json", ExperimentOptions{.output = run, .resume = true});
  };
  {
    std::atomic<bool> stop = false;
    Experiment first = resumed();
    first.on_epoch([&](std::int64_t, const Evaluation&, bool) { stop = true; });
    EXPECT_TRUE(first.fit(&stop).tasks.empty());
  }
  const auto refuses = [&](const std::string& reason) {
    try {
      resumed();
      ADD_FAILURE() << "no error, where " << reason << " was looked for";
    } catch (const UserError& error) {
      EXPECT_NE(std::string(error.what()).find(reason), std::string::npos) << error.what();
    }
  };
  const auto texts = corpus / "topic" / "train_text.txt";
  const std::string as_trained = read_file(texts);
  write_file_atomically(texts, "x" + as_trained);
  refuses("texts or labels have changed");
  write_file_atomically(texts, as_trained);
  for (const char* file : {"last/state.json", "best/heads.safetensors"}) {
    const auto place = run / "checkpoints" / file;
    const std::string whole = read_file(place);
    std::filesystem::remove(place);
    refuses(file);
    write_file_atomically(place, whole);
  }
  EXPECT_FALSE(resumed().fit().tasks.empty());
}

TEST(Experiment, SeedsHaveFoldersAndASummary) {
  const testing::TemporaryFolder folder;
  ExperimentOptions options;
  options.output = folder.path() / "seeds";
  options.overrides = {"training.epochs=1"};
  const Summary summary = run_seeds(corpus_folder() / "run.json", {1, 2}, options);
  ASSERT_EQ(summary.runs.size(), 2U);
  EXPECT_NE(summary.runs[0].to_json()["tasks"].dump(), summary.runs[1].to_json()["tasks"].dump());
  const Json json = Json::parse(read_file(options.output / "summary.json"));
  EXPECT_EQ(json["seeds"], (Json{1, 2}));
  EXPECT_EQ(Json::parse(read_file(options.output / "seed-2" / "config.json"))["seed"], 2);
  const auto before = std::filesystem::last_write_time(options.output / "seed-1" / "results.json");
  EXPECT_EQ(run_seeds(corpus_folder() / "run.json", {1, 2}, options).to_json().dump(), summary.to_json().dump());
  EXPECT_EQ(std::filesystem::last_write_time(options.output / "seed-1" / "results.json"), before);
}

TEST(Run, SingleTrainsOneModelPerTask) {
  const testing::TemporaryFolder folder;
  const std::vector<std::string> overrides = {"training.regime=single", "training.epochs=1"};
  EXPECT_THROW(experiment(folder.path() / "run", false, overrides), ConfigError) << "an experiment is one model";
  const ExperimentOptions options{.overrides = overrides, .output = folder.path() / "run", .resume = true};
  infomtl::Run run = infomtl::Run::from_config(corpus_folder() / "run.json", options);
  EXPECT_EQ(run.experiment(), nullptr);
  const Results results = run.fit();
  ASSERT_EQ(results.tasks.size(), 6U);
  EXPECT_TRUE(results.average.contains("test"));
  const Json saved = Json::parse(read_file(folder.path() / "run" / "config.json"));
  EXPECT_EQ(saved["training"]["regime"], "single");
  const Json one = Json::parse(read_file(folder.path() / "run" / "single" / "topic" / "config.json"));
  EXPECT_EQ(one["training"]["regime"], "alternating");
  EXPECT_EQ(one["data"]["tasks"].size(), 1U);
  infomtl::Run again = infomtl::Run::from_config(corpus_folder() / "run.json", options);
  EXPECT_TRUE(again.finished());
  EXPECT_EQ(again.fit().to_json().dump(), results.to_json().dump());
  TrainedRun trained = TrainedRun::load(folder.path() / "run");
  EXPECT_EQ(trained.tasks().size(), 6U);
  EXPECT_DOUBLE_EQ(trained.evaluate("test").average.at("test"), results.average.at("test"));
  EXPECT_EQ(trained.predict("spans", {{"one two", ""}})[0]["labels"].size(), 2U);
}

TEST(Experiment, EveryMistakeInAConfigIsAnErrorAndWritesNothing) {
  const testing::TemporaryFolder folder;
  const std::vector<std::pair<std::string, std::string>> mistakes = {
      {"trainning.epochs=1", "did you mean \"training\"?"},
      {"training.epoch=1", "did you mean \"epochs\"?"},
      {"training.epochs=\"two\"", "epochs"},
      {"training.selection.split=test", "test"},
      {"training.selection.monitor=topik", "did you mean \"topic\"?"},
      {"training.regime=jointly", "joint"},
      {"training.sampler=proportionl", "did you mean \"proportional\"?"},
      {"encoder.poolin=mean", "did you mean \"pooling\"?"},
      {"encoder.max_length=1000", "128 positions"},
      {"encoder.path=nowhere", "nowhere"},
      {"encoder.weights=required", "model.safetensors"},
      {"head=linear", "gaussian"},
      {"head=gausian", "did you mean \"gaussian\"?"},
      {"architecture=sharde", "did you mean \"shared\"?"},
      {"losses.1.name=simaks", "did you mean \"simax\"?"},
      {"losses.1.temprature=2", "did you mean \"temperature\"?"},
      {"losses.1.tasks=[\"topik\"]", "did you mean \"topic\"?"},
      {"losses.0.tasks=[\"topic\"]", "no term reads the labels of tasks \"polarity\", \"emotion\""},
      {"training.unsupervised_tasks=[\"topik\"]", "did you mean \"topic\"?"},
      {"losses.0.weight=-1", "negative"},
      {"training.evaluate_every={\"minutes\": 3}", "minutes: unknown key"},
      {"weighting=pcgrad", "joint"},
      {"weighting=pcgrat", "did you mean \"pcgrad\"?"},
      {"optimizer.name=adamix", "did you mean \"adamax\"?"},
      {"optimizer.learning_rate=-1", "learning_rate"},
      {"schedule=liner", "did you mean \"linear\"?"},
      {"precision=float8", "float32"},
      {"device=cudaa", "did you mean \"cuda\"?"},
      {"data.taskss=[]", "did you mean \"tasks\"?"},
      {"seed=-1", "seed"},
  };
  for (const auto& [override, expected] : mistakes) {
    try {
      experiment(folder.path() / "run", false, {override});
      FAIL() << override << ": no error";
    } catch (const UserError& error) {
      const std::string text = error.what();
      EXPECT_NE(text.find(expected), std::string::npos) << override << ": " << text;
      EXPECT_EQ(text.find('\n'), std::string::npos) << text;
      EXPECT_EQ(error.exit_status(), 2);
    }
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "run")) << override;
  }
}

TEST(Experiment, ResultsHaveTheWeightsThatAWeightingFoundBeforeTheFirstStep) {
  Json again = Json::parse(read_file(corpus_folder() / "tasks" / "topic.json"));
  again["name"] = "again";
  std::ofstream(corpus_folder() / "tasks" / "again.json") << again.dump();
  const Json tasks = {(corpus_folder() / "tasks" / "topic.json").string(),
                      (corpus_folder() / "tasks" / "again.json").string()};
  const testing::TemporaryFolder folder;
  const auto fit = [&](const std::string& name, std::int64_t epochs) {
    ExperimentOptions options;
    options.output = folder.path() / name;
    options.resume = true;
    options.stop_after_epochs = epochs;
    options.overrides = {"data.tasks=" + tasks.dump(), "weighting=svd_reweighting"};
    return Experiment::from_config(corpus_folder() / "run.json", options).fit();
  };
  const Json found = fit("whole", 0).loss_weights;
  ASSERT_EQ(found.size(), 2U) << found;
  EXPECT_TRUE(testing::close(found["topic"].get<double>(), 1.0, 1e-6)) << "the same labels, so the same weight";
  EXPECT_EQ(Json::parse(read_file(folder.path() / "whole" / "results.json"))["loss_weights"], found);
  fit("halted", 1);
  EXPECT_EQ(fit("halted", 0).loss_weights, found) << "a run that goes on has them from its checkpoint";
}

TEST(Experiment, ACpuBuildAskedForCudaSaysHowToGetIt) {
  const testing::TemporaryFolder folder;
  try {
    experiment(folder.path() / "run", false, {"device=cuda"});
    GTEST_SKIP() << "this build has CUDA";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("INFOMTL_CUDA"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace infomtl
