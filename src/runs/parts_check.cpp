#include "runs/parts_check.h"

#include <algorithm>
#include <set>
#include <utility>

#include "infomtl/losses/supervised.h"
#include "infomtl/train/checkpoint.h"
#include "infomtl/train/trainer.h"
#include "infomtl/train/weighting_context.h"
#include "infomtl/weighting/weightings.h"
#include "runs/assembly.h"

namespace infomtl {
namespace {

/// Batches that are never drawn: the tasks and rows that the trainer's checks ask for.
class UndrawnBatches final : public BatchSource {
 public:
  /// @param assume_rows  tasks whose rows could not be read have some: that they can't is told already
  UndrawnBatches(const RunConfig& run, std::vector<Task> tasks, const DatasetReport& data, bool assume_rows)
      : tasks_(std::move(tasks)), data_(data), assume_rows_(assume_rows) {
    constexpr std::int64_t kPlenty = 1000000;  // no phase is too long, no share of it too short
    steps_ = data.steps_per_epoch > 0 ? data.steps_per_epoch : kPlenty;
    regime_ = run.trainer.batching.regime;
    by_size_ = run.trainer.sampler == nullptr || run.trainer.sampler->by_size();
  }

  const std::vector<Task>& tasks() const override { return tasks_; }
  std::int64_t steps_per_epoch() const override { return steps_; }
  TrainingStep step(std::int64_t) override { throw StateError("these batches are only counted"); }
  Regime regime() const override { return regime_; }
  bool sampled_by_size() const override { return by_size_; }
  std::int64_t rows(Split split, std::size_t task) const override {
    for (const SplitReport& one : data_.splits) {
      if (one.split == split && one.task == tasks_.at(task).name) return one.rows;
    }
    return assume_rows_ ? 1 : 0;
  }

 private:
  std::vector<Task> tasks_;
  const DatasetReport& data_;
  bool assume_rows_;
  std::int64_t steps_ = 0;
  Regime regime_ = Regime::alternating;
  bool by_size_ = false;
};

/// The tasks as they are known; where their records could not be read, stand-ins of the names that the config uses.
std::vector<Task> known_tasks(const RunConfig& run, const DatasetReport& data) {
  std::vector<Task> tasks = data.tasks;
  if (tasks.empty()) {
    std::set<std::string> names;
    for (const std::vector<Config>* terms : {&run.losses, &run.penalties}) {
      for (const Config& term : *terms) {
        if (!term.is_object() || !term.json().contains("tasks") || !term.json().at("tasks").is_array()) continue;
        for (const Json& name : term.json().at("tasks")) {
          if (name.is_string()) names.insert(name.get<std::string>());
        }
      }
    }
    const std::string& monitor = run.trainer.selection.monitor;
    if (monitor != "average" && monitor != "loss" && monitor != "last") names.insert(monitor);
    if (names.empty()) names.insert("task");
    for (const std::string& name : names) {
      tasks.push_back({.name = name, .type = "classification", .labels = {"0", "1"}, .metric = {.name = "accuracy"}});
    }
  }
  for (Task& task : tasks) task.train_rows = std::max<std::int64_t>(task.train_rows, 1);
  return tasks;
}

/// As wide and deep as a base model, with next to nothing in it: what is built on it fits a real one.
std::shared_ptr<Encoder> stand_in_encoder() {
  return random_encoder({{"model_type", "bert"},
                         {"hidden_size", 768},
                         {"num_hidden_layers", 12},
                         {"num_attention_heads", 12},
                         {"intermediate_size", 8},
                         {"vocab_size", 16},
                         {"max_position_embeddings", 16},
                         {"type_vocab_size", 2}},
                        0);
}

class PartsCheck {
 public:
  PartsCheck(const RunConfig& run, const DatasetReport& data, bool one_model, Problems& problems)
      : run_(run),
        data_(data),
        problems_(problems),
        one_model_(one_model),
        assume_rows_(!problems.empty()),
        tasks_(known_tasks(run, data)) {}

  void check(const Tokenizer* tokenizer) {
    for (const Task& task : tasks_) guard([&] { check_metrics(task); });
    UndrawnBatches batches(run_, tasks_, data_, assume_rows_);
    const WeightingContext context = weighting_context(batches);
    if (!guard([&] { weighting_ = build_weighting(run_.weighting, context); })) {
      guard([&] { weighting_registry().build(run_.weighting, context); });  // its options, all the same
    }
    build_encoder_and_model(tokenizer);
    check_start();
    const std::size_t before = problems_.added();
    guard(
        [&] { objective_ = Objective::from_config(run_.losses, term_context(run_, *model_, tasks_), run_.penalties); });
    const bool terms_whole =
        objective_ != nullptr && problems_.added() == before && is_list("losses", false) && is_list("penalties", true);
    if (terms_whole && weighting_ != nullptr && as_configured_ && own_encoder_ && all_read()) {
      guard([&] { memory_ = memory_estimate(run_, *model_, data_); });
    }
    if (weighting_ == nullptr) weighting_ = equal();
    if (objective_ != nullptr) check_objective(terms_whole);
    if (as_configured_) check_settings(terms_whole && problems_.added() == before);
  }

  const std::optional<MemoryEstimate>& memory() const { return memory_; }

 private:
  /// Problems::guard() that names the config of a mistake that names no place.
  template <class Body>
  bool guard(Body&& body) {
    return problems_.guard([&] { naming_config(run_.config, std::forward<Body>(body)); });
  }
  /// Else the config's own reader has told what it is.
  bool is_list(const char* key, bool optional) const {
    const Json& config = run_.config.json();
    const auto found = config.find(key);
    return found == config.end() || (optional && found->is_null()) ? optional : found->is_array();
  }
  bool all_read() const { return data_.problems.empty() && !data_.tasks.empty() && data_.every_task_read(); }

  /// Whether there is a run to start from, and its parts fit, where those of this run are known.
  void check_start() {
    if (run_.start.run.empty()) return;
    guard([&] {
      if (one_model_ && as_configured_ && own_encoder_ && all_read()) {
        start_from(run_.start, *model_);
      } else {
        start_checkpoint(run_.start);
      }
    });
  }

  /// @param whole  whether all terms of the config are there; else nothing is said of what they lack together
  void check_objective(bool whole) {
    if (as_configured_) objective_->check_terms(*model_, &problems_);
    objective_->check_doubles(tasks_, &problems_);
    if (whole) guard([&] { objective_->check_coverage(tasks_); });
    if (!all_read()) return;
    objective_->check_options(tasks_, &problems_);
    if (whole) guard([&] { check_labels_read(run_, *objective_, tasks_); });
  }

  void build_encoder_and_model(const Tokenizer* tokenizer) {
    const std::filesystem::path& path = run_.encoder.path;
    const bool folder = !path.empty() && std::filesystem::exists(path / "config.json");
    if (folder) {
      guard([&] {
        verify_model_folder(path);
        encoder_ = build_encoder(run_.encoder, run_.trainer.seed);
        check_encoder(run_, *encoder_, tokenizer);
        if (tokenizer != nullptr) check_token_types(run_, *tokenizer, *encoder_, tasks_);
      });
    }
    own_encoder_ = encoder_ != nullptr;
    if (encoder_ == nullptr) encoder_ = stand_in_encoder();
    RunConfig known = run_;
    const auto default_of = [](const auto& registry) { return Config::from_json({{"name", registry.default_name()}}); };
    as_configured_ = guard([&] { architecture_registry().name_in(run_.architecture); });
    if (!as_configured_) known.architecture = default_of(architecture_registry());
    if (!guard([&] { head_registry().name_in(run_.head); })) {
      as_configured_ = false;
      known.head = default_of(head_registry());
    }
    if (guard([&] { model_ = build_model(known, encoder_, tasks_); })) return;
    as_configured_ = false;
    known.architecture = default_of(architecture_registry());
    known.head = default_of(head_registry());
    model_ = build_model(known, encoder_, tasks_);
  }

  static std::shared_ptr<GradientWeighting> equal() {
    return weighting_registry().build(Config::from_json({{"name", "equal"}}), {});
  }

  /// Builds a trainer of these settings; groups and phases leave what they freeze frozen, so that is undone before.
  void try_trainer(const TrainerSettings& settings, const std::shared_ptr<Objective>& objective) {
    guard([&] {
      for (const torch::nn::Module* part :
           {static_cast<torch::nn::Module*>(model_.get()), static_cast<torch::nn::Module*>(weighting_.get())}) {
        for (const Tensor& parameter : part->parameters()) parameter.set_requires_grad(true);
      }
      Trainer(settings, model_, objective, WeightingFactory(weighting_),
              std::make_unique<UndrawnBatches>(run_, tasks_, data_, assume_rows_));
    });
  }

  /// Each group and each frozen selector by itself, then all together; the rest of the settings under the plain loss.
  /// @param terms_fit  whether the config's terms could be built and fit the model; else nothing is said of what they own
  void check_settings(bool terms_fit) {
    const auto plain = std::make_shared<Objective>();
    plain->add(1.0, std::make_shared<Supervised>());
    const std::shared_ptr<Objective> objective = terms_fit ? objective_ : plain;
    const auto known = [&](const std::string& selector) {
      return terms_fit || (selector != "terms" && !selector.starts_with("objective."));
    };
    TrainerSettings rest = run_.trainer;
    rest.groups.clear();
    rest.phases.clear();
    try_trainer(rest, plain);
    rest.layer_decay = 1;
    rest.selection.monitor = "last";
    rest.selection.per_task = false;
    rest.batching.accumulate = 1;
    const std::size_t before = problems_.added();
    for (const ParameterGroup& group : run_.trainer.groups) {
      TrainerSettings one = rest;
      one.groups = {group};
      if (known(group.match)) try_trainer(one, objective);
    }
    for (const TrainingPhase& phase : run_.trainer.phases) {
      for (const std::string& selector : phase.freeze) {
        TrainerSettings one = rest;
        one.phases = {phase};
        one.phases.front().freeze = {selector};
        one.phases.front().steps = 0;
        one.phases.front().share = 0;
        one.phases.front().epochs = one.epochs = 1;
        one.max_steps = 0;
        if (known(selector)) try_trainer(one, objective);
      }
    }
    if (terms_fit && problems_.added() == before) try_trainer(run_.trainer, objective_);
  }

  const RunConfig& run_;
  const DatasetReport& data_;
  Problems& problems_;
  bool one_model_, assume_rows_;
  std::vector<Task> tasks_;
  std::shared_ptr<GradientWeighting> weighting_;
  std::shared_ptr<Encoder> encoder_;
  std::shared_ptr<MultiTaskModel> model_;
  std::shared_ptr<Objective> objective_;
  bool as_configured_ = false, own_encoder_ = false;
  std::optional<MemoryEstimate> memory_;
};

}  // namespace

std::optional<MemoryEstimate> check_parts(const RunConfig& run, const DatasetReport& data, const Tokenizer* tokenizer,
                                          bool one_model, Problems& problems) {
  PartsCheck check(run, data, one_model, problems);
  check.check(tokenizer);
  return check.memory();
}

}  // namespace infomtl
