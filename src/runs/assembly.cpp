#include "runs/assembly.h"

#include <algorithm>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/log.h"
#include "infomtl/core/random.h"
#include "infomtl/data/task_batches.h"
#include "infomtl/data/task_json.h"
#include "infomtl/metrics/metric.h"
#include "infomtl/train/checkpoint.h"
#include "infomtl/train/evaluation.h"
#include "infomtl/train/weighting_context.h"
#include "runs/run_folder.h"

namespace infomtl {

std::shared_ptr<Encoder> build_encoder(const EncoderSettings& settings, std::uint64_t seed) {
  const std::filesystem::path& folder = settings.path;
  const bool stored = std::filesystem::exists(folder / "model.safetensors") ||
                      std::filesystem::exists(folder / "model.safetensors.index.json");
  if (settings.weights != "random" && stored) return load_encoder(folder);
  if (settings.weights == "required" ||
      (settings.weights == "auto" && std::filesystem::exists(folder / "pytorch_model.bin"))) {
    throw ConfigError(folder.string() +
                      ": has no model.safetensors; convert its weights, or set encoder.weights to \"random\"");
  }
  if (settings.weights == "auto")
    log::warning(folder.string() + ": has no weights; the encoder starts from random ones");
  return random_encoder(read_json(folder / "config.json"), derive_seed(seed, "encoder"));
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

void check_metric(const Task& task) {
  with_context("task \"" + task.name + "\"",
               [&] { build_metric(Config::from_json(metric_to_json(task.metric), "metric"), metric_context(task)); });
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
  Dataset dataset = load_dataset(config.data, seed);
  for (const Task& task : dataset.tasks) check_metric(task);
  const std::shared_ptr<const Tokenizer> tokenizer = load_tokenizer(config.encoder.path);
  const auto data =
      std::make_shared<TaskData>(std::move(dataset), tokenizer, static_cast<std::size_t>(config.encoder.max_length));
  const std::vector<Task>& tasks = data->dataset().tasks;
  const TrainerSettings& trainer = config.trainer;
  RunParts parts;
  parts.batches = std::make_unique<TaskBatches>(data, trainer.batching, trainer.sampler, trainer.seed, trainer.epochs);
  parts.weighting = build_weighting(config.weighting, weighting_context(*parts.batches));

  const auto encoder = build_encoder(config.encoder, seed);
  check_encoder(config, *encoder, tokenizer.get());
  parts.model = build_model(config, encoder, tasks);
  parts.objective = Objective::from_config(config.losses, term_context(config, *parts.model, tasks), config.penalties);
  parts.objective->check(*parts.model);
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
  std::vector<Task> tasks;
  for (const Json& task : state.at("tasks")) tasks.push_back(task_from_json(task));
  loaded.model = build_model(loaded.config, load_encoder(checkpoint), tasks);
  read_checkpoint_model(checkpoint, *loaded.model);
  loaded.config.encoder.max_length = std::min(loaded.config.encoder.max_length, loaded.model->encoder().max_length());
  loaded.model->to(loaded.config.device);
  loaded.tokenizer = load_tokenizer(checkpoint);
  return loaded;
}

}  // namespace

LoadedModel load_model(const std::filesystem::path& run) {
  const RunFolder folder(run);
  if (!std::filesystem::exists(folder.best().parent_path()) && std::filesystem::exists(run / "state.json")) {
    return load_checkpoint(config_of_checkpoint(run), run);
  }
  if (!std::filesystem::exists(folder.config()))
    throw IoError(run.string() + ": not a run folder, it has no config.json");
  if (!std::filesystem::exists(folder.best().parent_path())) throw IoError(run.string() + ": has no checkpoint yet");
  recover_folder(folder.best());
  if (!std::filesystem::exists(folder.best()))
    throw IoError(run.string() +
                  ": has no best checkpoint yet; one is chosen when an epoch (of the last phase) has been scored");
  Json config = read_json(folder.config());
  if (!config.is_object()) throw FormatError(folder.config().string() + ": must be an object");
  if (!config.contains("encoder") || !config["encoder"].is_object()) {
    throw FormatError(folder.config().string() + "#/encoder: must be an object");
  }
  // What was trained lies in the checkpoint; the encoder it started from is not needed any more.
  config["encoder"]["path"] = std::filesystem::absolute(folder.best()).string();
  return load_checkpoint(Config::from_json(config, folder.config().string()), folder.best());
}

}  // namespace infomtl
