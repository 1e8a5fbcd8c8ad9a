// Runs read back: which checkpoint answers, and what a folder on the command line means.

#include "infomtl/runs/trained_run.h"

#include <algorithm>
#include <set>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/hash.h"
#include "infomtl/core/json_file.h"
#include "infomtl/model/multi_task_model.h"
#include "losses/tiny_encoder.h"
#include "runs/corpus_runs.h"
#include "runs/sampled_prediction.h"
#include "support/message_of.h"

namespace infomtl {
namespace {

using testing::experiment;
using testing::message_of;

/// A run that keeps each task's own best, trained once per process.
const std::filesystem::path& run_per_task() {
  static const testing::TemporaryFolder folder;
  static const std::filesystem::path run = [] {
    const std::filesystem::path place = folder.path() / "run";
    experiment(place, false, {"training.selection.per_task=true", "training.evaluate_every={\"epochs\": 0.25}"}).fit();
    return place;
  }();
  return run;
}

TEST(TrainedRun, EachTaskIsScoredByItsOwnBestCheckpoint) {
  const std::filesystem::path& run = run_per_task();
  const Results results = Results::from_json(read_json(run / "results.json"));
  ASSERT_EQ(results.selected_tasks.size(), 6U);
  EXPECT_GT(results.selected_step, 0);
  std::set<std::int64_t> steps;
  for (const auto& [task, at] : results.selected_tasks) {
    const Json state = read_json(run / "checkpoints" / ("best-" + task) / "state.json");
    EXPECT_EQ(state["progress"]["steps"], at.step) << task;
    steps.insert(at.step);
  }
  EXPECT_GT(steps.size(), 1U) << "tasks that all have one best step test nothing";

  const Results again = TrainedRun::load(run).evaluate("validation");
  ASSERT_EQ(again.tasks.size(), 6U);
  for (std::size_t t = 0; t < 6; ++t) {
    EXPECT_EQ(again.tasks[t].first, results.tasks[t].first);
    EXPECT_DOUBLE_EQ(again.tasks[t].second.score.at("validation"), results.tasks[t].second.score.at("validation"));
  }
  const Results at_one = TrainedRun::load(run / "checkpoints" / "best").evaluate("validation");
  EXPECT_GE(again.average.at("validation"), at_one.average.at("validation"));
}

TEST(TrainedRun, ATasksOwnBestCheckpointThatIsGoneIsNoSilentMatter) {
  const testing::TemporaryFolder folder;
  const std::filesystem::path run = folder.path() / "run";
  std::filesystem::copy(run_per_task(), run, std::filesystem::copy_options::recursive);
  const Results results = Results::from_json(read_json(run / "results.json"));
  const auto other = std::find_if(results.selected_tasks.begin(), results.selected_tasks.end(),
                                  [&](const auto& chosen) { return chosen.second.step != results.selected_step; });
  ASSERT_NE(other, results.selected_tasks.end());
  std::filesystem::remove_all(run / "checkpoints" / ("best-" + other->first));
  const std::string message = message_of<UserError>([&] { TrainedRun::load(run); });
  EXPECT_NE(message.find("the own best checkpoint of task \"" + other->first + "\""), std::string::npos) << message;
  TrainedRun::load(run / "checkpoints" / "best");
}

// Whoever writes a state by hand may give it a fitting sum.
TEST(TrainedRun, AStateThatSaysNothingOfTasksIsRefused) {
  const testing::TemporaryFolder folder;
  std::filesystem::copy(run_per_task() / "checkpoints" / "last", folder / "saved",
                        std::filesystem::copy_options::recursive);
  const std::filesystem::path file = folder / "saved" / "state.json";
  const auto message_with = [&](const char* key, const Json& value) {
    Json state = read_json(file), changed = state;
    changed[key] = value;
    changed.erase("sha256");
    changed["sha256"] = sha256_of_text(changed.dump());
    std::ofstream(file) << changed.dump(2);
    const std::string message = message_of<FormatError>([&] { TrainedRun::load(folder / "saved"); });
    std::ofstream(file) << state.dump(2);
    return message;
  };
  EXPECT_EQ(message_with("tasks", Json::array()), file.string() + ": names no task");
  EXPECT_EQ(message_with("tasks", 7).find(file.string() + ": "), 0U);
  EXPECT_EQ(message_with("progress", 7).find(file.string() + ": "), 0U);
}

TEST(TrainedRun, AnyCheckpointOfARunAnswers) {
  const std::filesystem::path checkpoints = run_per_task() / "checkpoints";
  const Json last = TrainedRun::load(checkpoints / "last" / "").predict("topic", {{"we met on monday", ""}})[0];
  EXPECT_TRUE(last.contains("label")) << last.dump();
  EXPECT_NE(message_of<UserError>([&] { TrainedRun::load(checkpoints); }).find("the checkpoints of a run; give "),
            std::string::npos);
}

TEST(TrainedRun, FoldersOfSeveralRunsNameThem) {
  const testing::TemporaryFolder folder;
  const auto make = [&](const char* name) {
    std::filesystem::create_directories(folder.path() / name / "checkpoints");
    folder.write(std::string(name) + "/config.json", "{}");
  };
  make("seeds/seed-0");
  make("seeds/seed-1");
  EXPECT_NE(message_of<UserError>([&] {
              TrainedRun::load(folder.path() / "seeds");
            }).find("holds 2 runs; give one of them: "),
            std::string::npos);
  EXPECT_NE(message_of<UserError>([&] { TrainedRun::load(folder.path() / "seeds"); }).find("seeds/seed-0"),
            std::string::npos);
  EXPECT_THROW(TrainedRun::load(folder.path() / "nothing"), IoError);
}

TEST(TrainedRun, ACheckpointWithoutItsRunAnswersLikeAModelSavedByHand) {
  const testing::TemporaryFolder folder;
  std::filesystem::copy(run_per_task() / "checkpoints" / "last", folder.path() / "saved");
  const std::vector<std::pair<std::string, std::string>> texts = {{"we met on monday", ""}};
  EXPECT_EQ(TrainedRun::load(folder.path() / "saved").predict("topic", texts),
            TrainedRun::load(run_per_task() / "checkpoints" / "last").predict("topic", texts));
}

TEST(PredictionSamples, OfHeadsThatReadTokenStatesAreRefused) {
  Task task;
  task.name = "topic";
  task.labels = {"no", "yes"};
  const auto check = [&](const char* head) {
    const HeadFactory make = [head](const HeadContext& context) {
      return head_registry().build(Config::from_json(head, "head"), context);
    };
    const MultiTaskModel model(testing::tiny_encoder(), TaskHeads{.tasks = {task}, .heads = {make}},
                               [](const ArchitectureContext& context) {
                                 const Json vib = {{"name", "vib"}, {"width", 8}};
                                 return architecture_registry().build(Config::from_json(vib, "architecture"), context);
                               });
    check_samples(model, 0, {.count = 5});
  };
  EXPECT_NO_THROW(check("linear"));
  const std::string text = message_of<UserError>([&] { check("cnn"); });
  EXPECT_NE(text.find("head of task \"topic\" reads the states of all tokens and cannot be sampled"), std::string::npos)
      << text;
}

}  // namespace
}  // namespace infomtl
