#include "runs/assembly.h"

#include <algorithm>

#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/log.h"
#include "infomtl/core/random.h"
#include "infomtl/data/task_batches.h"
#include "infomtl/data/task_json.h"
#include "infomtl/metrics/metric.h"
#include "infomtl/model/weights_file.h"
#include "infomtl/runs/run_paths.h"
#include "infomtl/train/checkpoint.h"
#include "infomtl/train/evaluation.h"
#include "infomtl/train/weighting_context.h"
#include "runs/trained_config.h"

namespace infomtl {

std::shared_ptr<Encoder> build_encoder(const EncoderSettings& settings, std::uint64_t seed) {
  const std::filesystem::path& folder = settings.path;
  if (settings.weights != "random") {
    const bool stored = with_context("encoder.weights", [&] { return find_weights(folder).has_value(); });
    if (stored) return load_encoder(folder);
    if (settings.weights == "required") {
      throw ConfigError(folder.string() +
                        ": has no model.safetensors; give its weights, or set encoder.weights to \"random\"");
    }
    log::warning(folder.string() + ": has no weights; the encoder starts from random ones");
  }
  return random_encoder_of_folder(folder, derive_seed(seed, "encoder"));
}

std::shared_ptr<MultiTaskModel> build_model(const RunConfig& config, std::shared_ptr<Encoder> encoder,
                                            const std::vector<Task>& tasks) {
  const HeadFactory head = [chosen = config.head](const HeadContext& context) {
    const std::shared_ptr<Head> made = head_registry().build(chosen, context);
    made->set_made_as(chosen.named().json().dump());
    return made;
  };
  const ArchitectureFactory architecture = [&](const ArchitectureContext& context) {
    const std::shared_ptr<Architecture> made = architecture_registry().build(config.architecture, context);
    made->set_made_as(config.architecture.named().json().dump());
    return made;
  };
  const TaskHeads heads{.tasks = tasks, .heads = std::vector<HeadFactory>(tasks.size(), head)};
  auto model = std::make_shared<MultiTaskModel>(std::move(encoder), heads, architecture,
                                                pooling_named(config.encoder.pooling), config.trainer.seed);
  model->set_precision(config.precision);
  return model;
}

void check_token_types(const RunConfig& config, const Tokenizer& tokenizer, const Encoder& encoder,
                       const std::vector<Task>& tasks) {
  if (encoder.type_count() < 2) return;
  const bool pairs = std::any_of(tasks.begin(), tasks.end(), [](const Task& task) { return task.pair; });
  const Encoding probe = pairs ? tokenizer.encode_pair("a", "a") : tokenizer.encode("a");
  for (const auto type : probe.type_ids) {
    if (static_cast<std::int64_t>(type) < encoder.type_count()) continue;
    throw FormatError(config.encoder.path.string() + ": its tokenizer gives tokens the type " + std::to_string(type) +
                      ", but the encoder's table has " + std::to_string(encoder.type_count()) + " rows");
  }
}

void check_labels_read(const RunConfig& config, const Objective& objective, const std::vector<Task>& tasks) {
  const std::vector<std::string>& meant = config.unsupervised_tasks;
  const Config training = config.config.object_or_empty("training");
  if (training.json().value("unsupervised_tasks", Json::array()).size() != meant.size()) return;  // which is told
  std::vector<std::string> known;
  for (const Task& task : tasks) known.push_back(task.name);
  for (const std::string& name : meant) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    training.part([&] { training.fail("unsupervised_tasks", "no task \"" + name + "\"" + did_you_mean(name, known)); });
  }
  std::vector<std::string> unread = objective.tasks_without_labels(tasks);
  const std::vector<std::string> bare = objective.tasks_without_terms(tasks);  // which Objective::check() tells
  std::erase_if(unread, [&](const std::string& name) {
    return std::find(meant.begin(), meant.end(), name) != meant.end() ||
           std::find(bare.begin(), bare.end(), name) != bare.end();
  });
  if (unread.empty()) return;
  std::vector<std::string> all = meant;
  all.insert(all.end(), unread.begin(), unread.end());
  config.config.part([&] {
    config.config.fail("losses", "no term reads the labels of " + named(unread, "task") +
                                     "; add one (\"supervised\" is for every task), or say that this is meant: "
                                     "\"training\": {\"unsupervised_tasks\": " +
                                     Json(all).dump() + "}");
  });
}

void check_metrics(const Task& task) {
  const auto check = [&](const MetricChoice& metric, const std::string& key) {
    const std::string where = metric.where.empty() ? "task \"" + task.name + "\": " + key : metric.where;
    build_metric(Config::from_json(metric_to_json(metric), where), metric_context(task));
  };
  check(task.metric, "metric");
  for (const MetricChoice& extra : task.extra_metrics) check(extra, "extra_metrics");
}

void check_encoder(const RunConfig& config, const Encoder& encoder, const Tokenizer* tokenizer) {
  if (config.encoder.max_length > encoder.max_length()) {
    config.config.object("encoder").fail("max_length", std::to_string(config.encoder.max_length) +
                                                           " tokens, but the encoder has " +
                                                           std::to_string(encoder.max_length()) + " positions");
  }
  if (tokenizer == nullptr) return;
  if (const std::size_t ids = tokenizer->id_limit(); static_cast<std::int64_t>(ids) > encoder.vocab_size()) {
    throw FormatError(config.encoder.path.string() + ": its tokenizer has ids up to " + std::to_string(ids - 1) +
                      ", but the encoder's table has " + std::to_string(encoder.vocab_size()) + " rows");
  }
}

TermContext term_context(const RunConfig& config, const MultiTaskModel& model, const std::vector<Task>& tasks) {
  return {.tasks = tasks,
          .width = model.encoder().width(),
          .representation = model.architecture().width(),
          .seed = derive_seed(config.trainer.seed, "losses")};
}

RunParts load_parts(const RunConfig& config) {
  const std::uint64_t seed = config.trainer.seed;
  verify_model_folder(config.encoder.path);
  Dataset dataset =
      config.datasets != nullptr ? config.datasets->load(config.data, seed) : load_dataset(config.data, seed);
  for (const Task& task : dataset.tasks) check_metrics(task);
  const std::shared_ptr<const Tokenizer> tokenizer = load_tokenizer(config.encoder.path);
  const auto data =
      std::make_shared<TaskData>(std::move(dataset), tokenizer, static_cast<std::size_t>(config.encoder.max_length));
  const std::vector<Task>& tasks = data->dataset().tasks;
  const TrainerSettings& trainer = config.trainer;
  RunParts parts;
  parts.batches = std::make_unique<TaskBatches>(data, trainer.batching, trainer.sampler, trainer.seed, trainer.epochs);
  naming_config(config.config,
                [&] { parts.weighting = build_weighting(config.weighting, weighting_context(*parts.batches)); });
  const auto encoder = build_encoder(config.encoder, seed);
  check_encoder(config, *encoder, tokenizer.get());
  check_token_types(config, *tokenizer, *encoder, tasks);
  naming_config(config.config, [&] {
    parts.model = build_model(config, encoder, tasks);
    parts.objective =
        Objective::from_config(config.losses, term_context(config, *parts.model, tasks), config.penalties);
    parts.objective->check(*parts.model);
    if (!config.one_of_several) parts.objective->check_options(tasks);
  });
  check_labels_read(config, *parts.objective, tasks);
  parts.model->to(config.device);
  parts.objective->to(config.device);
  parts.weighting->to(config.device);
  return parts;
}

namespace {

/// What a model that a program of one's own has saved (Trainer::save) says of itself, as a config.
Config config_of_checkpoint(const std::filesystem::path& checkpoint) {
  const Json state = verify_checkpoint(checkpoint);
  const auto made = state.find("model");
  if (made == state.end()) {
    throw UserError(
        checkpoint.string() +
        ": its architecture or heads were made by the program that saved it, and are known there only; read "
        "it there with read_checkpoint_model()");
  }
  return Config::from_json(
      {{"encoder", {{"path", std::filesystem::absolute(checkpoint).string()}, {"pooling", made->at("pooling")}}},
       {"architecture", made->at("architecture")},
       {"head", made->at("head")},
       {"data", {{"tasks", Json::array()}}},
       {"losses", {"supervised"}}},
      (checkpoint / "state.json").string());
}

LoadedModel load_checkpoint(const Config& config, const std::filesystem::path& checkpoint) {
  LoadedModel loaded{.config = RunConfig::read(config), .model = {}, .tokenizer = {}};
  const Json state = verify_checkpoint(checkpoint);
  loaded.epoch = state.at("progress").value("best_epoch", std::int64_t{-1});
  loaded.model = build_model(loaded.config, load_encoder(checkpoint), tasks_of_state(state, checkpoint));
  read_checkpoint_model(checkpoint, *loaded.model);
  loaded.config.encoder.max_length = std::min(loaded.config.encoder.max_length, loaded.model->encoder().max_length());
  loaded.model->to(loaded.config.device);
  loaded.tokenizer = load_tokenizer(checkpoint);
  return loaded;
}

LoadedModel load_known_model(const RunFolder& run, const std::filesystem::path& checkpoint,
                             const std::filesystem::path& data_root) {
  if (run.path() == checkpoint) return load_checkpoint(config_of_checkpoint(checkpoint), checkpoint);  // saved by hand
  Json config = read_json(run.config());
  if (!config.is_object()) throw FormatError(run.config().string() + ": must be an object");
  if (!config.contains("encoder") || !config["encoder"].is_object()) {
    throw FormatError(run.config().string() + "#/encoder: must be an object");
  }
  refuse_changed_config(config, run.config(), read_checkpoint_state(checkpoint), checkpoint);
  // What was trained lies in the checkpoint; the encoder it started from is not needed any more.
  config["encoder"]["path"] = std::filesystem::absolute(checkpoint).string();
  if (!data_root.empty()) config = with_context(run.path().string(), [&] { return with_data_in(config, data_root); });
  return load_checkpoint(Config::from_json(config, run.config().string()), checkpoint);
}

}  // namespace

LoadedModel load_model(const RunFolder& run, const std::filesystem::path& checkpoint,
                       const std::filesystem::path& data_root) {
  try {
    return load_known_model(run, checkpoint, data_root);
  } catch (const UnknownNameError& error) {  // the run was trained with that name
    throw UnknownNameError(std::string(error.what()) + "; if a plugin has it, load that with --plugin FILE.so");
  }
}

}  // namespace infomtl
