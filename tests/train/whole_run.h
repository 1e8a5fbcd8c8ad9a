#pragma once
// Runs of the embedded corpus that a test trains to the end: whatever method, in one regime, with one micro-batch or more.

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "infomtl/core/files.h"
#include "infomtl/core/hash.h"
#include "infomtl/data/samplers.h"
#include "infomtl/optim/sgd.h"
#include "infomtl/train/trainer.h"
#include "infomtl/train/weighting_context.h"
#include "step/small_run.h"
#include "support/one_thread.h"

namespace infomtl::testing {

/// The named tasks with up to 192 training rows each, tokenised.
inline std::shared_ptr<const TaskData> data_of(const std::vector<std::string>& tasks) {
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
inline std::shared_ptr<const TaskData> common_texts() {
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
inline double chance(const std::vector<std::string>& tasks) {
  const Json known = Json::parse(read_file(corpus().folder.path() / "ceilings.json"));
  double sum = 0;
  for (const std::string& task : tasks) sum += known.at(task).at("chance").get<double>();
  return sum / static_cast<double>(tasks.size());
}

/// A method in parts, as a config has them.
struct Method {
  Json weighting = "equal", head = "linear", losses = {"supervised"}, penalties = Json::array(),
       architecture = "shared";
  std::vector<TrainingPhase> phases = {};
  std::int64_t epochs = 14, report_every = 10;
  bool learns = true;    ///< whether so many epochs from random weights are enough to be above chance
  bool descent = false;  ///< plain descent: Adamax moves an entry alike far for a gradient that is 0 but for rounding
};

/// A model with one small layer, in training by a method. Its parameters are drawn on the CPU, whatever the device.
struct TrainedBy {
  TrainedBy(const Method& method, const std::string& regime, std::int64_t accumulate,
            const std::shared_ptr<const TaskData>& data, torch::Device device = torch::kCPU,
            Precision precision = Precision::float32) {
    const std::vector<Task>& tasks = data->dataset().tasks;
    Json shape = small_encoder_config(0.05);
    shape["num_hidden_layers"] = 1;
    const HeadFactory head = [&](const HeadContext& context) {
      return head_registry().build(Config::from_json(method.head, "head"), context);
    };
    const ArchitectureFactory architecture = [&](const ArchitectureContext& context) {
      return architecture_registry().build(Config::from_json(method.architecture, "architecture"), context);
    };
    const auto model = std::make_shared<MultiTaskModel>(
        random_encoder(shape, 5), TaskHeads{.tasks = tasks, .heads = std::vector<HeadFactory>(tasks.size(), head)},
        architecture, Pooling::mean, 9);
    const Config terms = Config::from_json({{"losses", method.losses}, {"penalties", method.penalties}}, "config");
    const auto objective = Objective::from_config(
        terms.list("losses"),
        {.tasks = tasks, .width = model->encoder().width(), .representation = model->architecture().width(), .seed = 2},
        terms.list("penalties"));
    model->set_precision(precision);
    model->to(device);
    objective->to(device);
    TrainerSettings settings;
    settings.seed = 3;
    settings.epochs = method.epochs;
    settings.report_every = method.report_every;
    settings.batching.batch_size = 16;
    settings.batching.accumulate = accumulate;
    settings.batching.regime = regime == "joint" ? Regime::joint : Regime::alternating;
    settings.optimizer = method.descent ? sgd({.learning_rate = 0.05}) : adamax({.learning_rate = 0.015});
    settings.schedule = schedules::constant();
    settings.phases = method.phases;
    if (regime == "alternating") settings.sampler = samplers::uniform();  // sizes count once: task_size looks at them
    const Json& weighting = method.weighting;
    trainer = std::make_unique<Trainer>(
        settings, model, objective, WeightingFactory([&weighting, device](const WeightingContext& known) {
          auto built = build_weighting(Config::from_json(weighting, "weighting"), known);
          built->to(device);
          return built;
        }),
        data);
    trainer->on_report([this](const StepReport& report) { records.push_back(report.to_json(false).dump()); });
  }
  void go_on(std::int64_t until) {
    while (trainer->steps_done() < until) ASSERT_TRUE(trainer->step());
  }

  std::unique_ptr<Trainer> trainer;
  std::vector<std::string> records;
};

/// Trains to the end, and once more from a checkpoint on: the score is above chance, and both ends are the same bit for bit.
/// @return how far above chance
inline double learns_and_continues(const Method& method, const std::string& regime, std::int64_t accumulate,
                                   const std::vector<std::string>& tasks, const std::shared_ptr<const TaskData>& data) {
  const TemporaryFolder folder;
  TrainedBy straight(method, regime, accumulate, data);
  const std::int64_t total = straight.trainer->total_steps();
  // After the epochs that some methods begin with, in the middle of one and of a report's window.
  const std::int64_t cut = total - total / 7 - 3;
  straight.go_on(cut);
  straight.trainer->save(folder.path() / "cut");
  straight.go_on(total);
  const double score = straight.trainer->evaluate(Split::validation).average();
  if (method.learns) {
    EXPECT_GE(score, chance(tasks) + 0.05);
  }

  TrainedBy continued(method, regime, accumulate, data);
  continued.trainer->load(folder.path() / "cut");
  continued.go_on(total);
  EXPECT_TRUE(at::equal(straight.trainer->parameters().values(), continued.trainer->parameters().values()));
  EXPECT_GE(straight.records.size(), continued.records.size());
  EXPECT_TRUE(std::equal(continued.records.rbegin(), continued.records.rend(), straight.records.rbegin()));
  straight.trainer->save(folder.path() / "a");
  continued.trainer->save(folder.path() / "b");
  for (const char* file : {"state.safetensors", "heads.safetensors", "model.safetensors"}) {
    EXPECT_EQ(sha256_of_file(folder.path() / "a" / file), sha256_of_file(folder.path() / "b" / file)) << file;
  }
  return score - chance(tasks);
}

}  // namespace infomtl::testing
