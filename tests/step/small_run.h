#pragma once
// A small model on the embedded corpus: everything a step needs, in a fraction of a second.

#include <memory>
#include <string>
#include <vector>

#include "data/corpus.h"
#include "infomtl/core/config.h"
#include "infomtl/core/random.h"
#include "infomtl/data/task_data.h"
#include "infomtl/data/training_stream.h"
#include "infomtl/losses/objective.h"
#include "infomtl/model/multi_task_model.h"
#include "infomtl/optim/flat_parameters.h"
#include "support/compare.h"

namespace infomtl::testing {

inline Json small_encoder_config(double dropout) {
  return {{"model_type", "bert"},
          {"vocab_size", corpus().tokenizer->id_limit()},
          {"hidden_size", 16},
          {"num_hidden_layers", 2},
          {"num_attention_heads", 2},
          {"intermediate_size", 32},
          {"hidden_act", "gelu"},
          {"hidden_dropout_prob", dropout},
          {"attention_probs_dropout_prob", dropout},
          {"max_position_embeddings", 128},
          {"type_vocab_size", 2},
          {"initializer_range", 0.2},
          {"layer_norm_eps", 1e-12},
          {"pad_token_id", 0}};
}

struct SmallRun {
  std::vector<Task> tasks = corpus().dataset.tasks;
  std::shared_ptr<Encoder> encoder;
  std::shared_ptr<MultiTaskModel> model;
  std::shared_ptr<Objective> objective;
  std::shared_ptr<const TaskData> data = std::make_shared<TaskData>(corpus().dataset, corpus().tokenizer, 64);

  /// @param head, losses, architecture  as in a config; @param changes  fields of the encoder's config.json in place
  /// of the small ones
  explicit SmallRun(double dropout = 0.1, const Json& head = "linear", const Json& losses = {"supervised"},
                    const Json& architecture = "shared", const Json& changes = Json::object()) {
    Json encoder_config = small_encoder_config(dropout);
    encoder_config.update(changes);
    encoder = random_encoder(encoder_config, 5);
    const HeadFactory make_head = [head](const HeadContext& context) {
      return head_registry().build(Config::from_json(head, "head"), context);
    };
    const ArchitectureFactory make_architecture = [architecture](const ArchitectureContext& context) {
      return architecture_registry().build(Config::from_json(architecture, "architecture"), context);
    };
    const TaskHeads heads{.tasks = tasks, .heads = std::vector<HeadFactory>(tasks.size(), make_head)};
    model = std::make_shared<MultiTaskModel>(encoder, heads, make_architecture, Pooling::first, 9);
    const Config config = Config::from_json({{"losses", losses}}, "config");
    objective = Objective::from_config(
        config.list("losses"),
        {.tasks = tasks, .width = encoder->width(), .representation = model->architecture().width(), .seed = 2});
  }

  FlatParameters flat() const { return FlatParameters(model->shared_parameters(), model->task_parameters()); }

  /// The micro-batches of one step.
  std::vector<StepBatch> batches(const std::string& regime, std::int64_t batch_size, std::int64_t accumulate,
                                 std::int64_t step = 0) const {
    BatchingSettings settings;
    settings.batch_size = batch_size;
    settings.regime = regime_named(regime);
    settings.accumulate = accumulate;
    TrainingStream stream(data->dataset(), data->tokens(Split::train),
                          sampler_registry().build(Config::from_json("proportional", "sampler")), settings, 11, 2, step,
                          0);
    return stream.next().micro_batches;
  }

  std::size_t task_named(const std::string& name) const {
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      if (tasks[t].name == name) return t;
    }
    throw std::runtime_error("no task " + name);
  }
};

}  // namespace infomtl::testing
