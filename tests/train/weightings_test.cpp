// Every registered weighting in a training run of the embedded corpus, in each regime it is defined in, with one
// micro-batch per step and with two: it learns, and a continued run is the same run bit for bit.

#include <algorithm>
#include <ostream>

#include "infomtl/core/files.h"
#include "infomtl/core/hash.h"
#include "infomtl/data/samplers.h"
#include "infomtl/train/trainer.h"
#include "step/small_run.h"
#include "support/one_thread.h"

namespace infomtl {
namespace {

using testing::corpus;

// As many tasks as every weighting's defaults need.
const std::vector<std::string> kTasks = {"topic", "polarity", "emotion", "certainty"};

struct Corner {
  std::string name, regime;
  std::int64_t accumulate = 1;
  friend std::ostream& operator<<(std::ostream& out, const Corner& corner) {
    return out << corner.name << ", " << corner.regime << ", " << corner.accumulate << " micro-batches";
  }
};

std::vector<Corner> corners() {
  std::vector<Corner> all;
  for (const RegistryEntry& entry : weighting_registry().entries()) {
    for (const RegistryTrait& trait : entry.traits) {
      if (trait.name != "regimes") continue;
      for (const Json& regime : Json::parse(trait.value)) {
        for (const std::int64_t accumulate : {1, 2}) all.push_back({entry.name, regime, accumulate});
      }
    }
  }
  return all;
}

/// The named tasks with up to 192 training rows each, tokenised.
std::shared_ptr<const TaskData> data_of(const std::vector<std::string>& tasks) {
  static std::map<std::vector<std::string>, std::shared_ptr<const TaskData>> known;
  auto& data = known[tasks];
  if (data != nullptr) return data;
  Json files = Json::array();
  for (const std::string& task : tasks) {
    files.push_back((corpus().folder.path() / "tasks" / (task + ".json")).string());
  }
  const Json config = {{"tasks", files}, {"max_train_rows", 192}};
  data = std::make_shared<TaskData>(load_dataset(Config::from_json(config), 0), corpus().tokenizer, 64);
  return data;
}

/// Four copies of one task: weightings of common inputs take tasks that label the same texts.
std::shared_ptr<const TaskData> common_texts() {
  static const std::shared_ptr<const TaskData> data = [] {
    Dataset dataset = data_of({"topic"})->dataset();
    for (int copy = 2; copy <= 4; ++copy) {
      dataset.tasks.push_back(dataset.tasks[0]);
      dataset.tasks.back().name += std::to_string(copy);
    }
    for (SplitData& split : dataset.splits) {
      const TaskRows rows = split.tasks[0];
      split.tasks.assign(4, rows);
    }
    return std::make_shared<const TaskData>(std::move(dataset), corpus().tokenizer, 64);
  }();
  return data;
}

/// Score of always saying the commonest thing, averaged over the tasks.
double chance(const std::vector<std::string>& tasks) {
  const Json known = Json::parse(read_file(corpus().folder.path() / "ceilings.json"));
  double sum = 0;
  for (const std::string& task : tasks) sum += known.at(task).at("chance").get<double>();
  return sum / static_cast<double>(tasks.size());
}

struct TrainedBy {
  explicit TrainedBy(const Corner& corner, const std::shared_ptr<const TaskData>& data) {
    const std::vector<Task>& tasks = data->dataset().tasks;
    const bool joint = corner.regime == "joint";
    Json shape = testing::small_encoder_config(0.05);
    shape["num_hidden_layers"] = 1;
    const auto encoder = random_encoder(shape, 5);
    const auto sharing = architecture_registry().build(
        Config::from_json("shared"),
        {.width = encoder->width(), .layers = encoder->layer_count(), .tasks = tasks, .seed = 1});
    std::vector<std::shared_ptr<Head>> heads;
    WeightingContext known;
    known.regime = joint ? Regime::joint : Regime::alternating;
    for (const Task& task : tasks) {
      const HeadContext head{.width = encoder->width(), .task = &task, .seed = derive_seed(9, task.name)};
      heads.push_back(head_registry().build(Config::from_json("linear"), head));
      known.names.push_back(task.name);
      known.train_rows.push_back(task.train_rows);
    }
    const auto model = std::make_shared<MultiTaskModel>(encoder, sharing, heads, tasks, Pooling::mean);
    const Config losses = Config::from_json({{"losses", {"supervised"}}});
    const auto objective = Objective::from_config(
        losses.list("losses"),
        {.tasks = tasks, .width = encoder->width(), .representation = encoder->width(), .seed = 2});
    Json weighting = {{"name", corner.name}};
    if (corner.name == "smoothed") weighting["inner"] = "uncertainty";

    TrainerSettings settings;
    settings.seed = 3;
    settings.epochs = 14;
    settings.batching.batch_size = 16;
    settings.batching.accumulate = corner.accumulate;
    settings.optimizer = adamax({.learning_rate = 0.015});
    settings.schedule = schedules::constant();
    settings.batching.regime = known.regime;
    if (corner.regime == "alternating")
      settings.sampler = samplers::uniform();  // sizes count once: task_size looks at them
    trainer = std::make_unique<Trainer>(settings, model, objective,
                                        build_weighting(Config::from_json(weighting), known), data);
    trainer->on_report([this](const StepReport& report) { records.push_back(report.to_json(false).dump()); });
  }
  void go_on(std::int64_t until) {
    while (trainer->steps_done() < until) ASSERT_TRUE(trainer->step());
  }

  std::unique_ptr<Trainer> trainer;
  std::vector<std::string> records;
};

class WeightingInARun : public ::testing::TestWithParam<Corner> {};
INSTANTIATE_TEST_SUITE_P(Corners, WeightingInARun, ::testing::ValuesIn(corners()), [](const auto& each) {
  return each.param.name + "_" + each.param.regime + "_" + std::to_string(each.param.accumulate);
});

TEST_P(WeightingInARun, LearnsAndContinuesBitForBit) {
  // Alone, a task is trained as one of a list of one, by a model of its own.
  const bool alone = GetParam().regime == "single", common = !alone && GetParam().name == "svd_reweighting";
  const auto tasks = alone || common ? std::vector<std::string>{"topic"} : kTasks;
  const auto data = common ? common_texts() : data_of(tasks);
  const testing::TemporaryFolder folder;
  TrainedBy straight(GetParam(), data);
  const std::int64_t total = straight.trainer->total_steps();
  // After the epochs that some methods begin with, in the middle of one and of a report's window.
  const std::int64_t cut = total - total / 7 - 3;
  straight.go_on(cut);
  straight.trainer->save(folder.path() / "cut");
  straight.go_on(total);
  const double score = straight.trainer->evaluate(Split::validation).average();
  EXPECT_GE(score, chance(tasks) + 0.05);
  RecordProperty("above_chance", std::to_string(score - chance(tasks)));

  TrainedBy continued(GetParam(), data);
  continued.trainer->load(folder.path() / "cut");
  continued.go_on(total);
  EXPECT_TRUE(at::equal(straight.trainer->parameters().values(), continued.trainer->parameters().values()));
  ASSERT_GE(straight.records.size(), continued.records.size());
  EXPECT_TRUE(std::equal(continued.records.begin(), continued.records.end(),
                         straight.records.end() - std::ssize(continued.records)));
  straight.trainer->save(folder.path() / "a");
  continued.trainer->save(folder.path() / "b");
  for (const char* file : {"state.safetensors", "heads.safetensors", "model.safetensors"}) {
    EXPECT_EQ(sha256_of_file(folder.path() / "a" / file), sha256_of_file(folder.path() / "b" / file)) << file;
  }
}

}  // namespace
}  // namespace infomtl
