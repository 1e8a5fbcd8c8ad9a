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
    return head_registry().build(chosen, context);
  };
  const ArchitectureFactory architecture = [&](const ArchitectureContext& context) {
    return architecture_registry().build(config.architecture, context);
  };
  const TaskHeads heads{.tasks = tasks, .heads = std::vector<HeadFactory>(tasks.size(), head)};
  auto model = std::make_shared<MultiTaskModel>(std::move(encoder), heads, architecture,
                                                pooling_named(config.encoder.pooling), config.trainer.seed);
  model->set_precision(config.precision);
  return model;
}

namespace {

/// A task whose labels nothing reads is a slip, unless the config says that it is meant.
void check_labels_read(const RunConfig& config, const std::vector<std::string>& unread,
                       const std::vector<Task>& tasks) {
  std::vector<std::string> known;
  for (const Task& task : tasks) known.push_back(task.name);
  for (const std::string& name : config.unsupervised_tasks) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    config.config.object("training").fail("unsupervised_tasks", "no task \"" + name + "\"" + did_you_mean(name, known));
  }
  for (const std::string& name : unread) {
    const std::vector<std::string>& meant = config.unsupervised_tasks;
    if (std::find(meant.begin(), meant.end(), name) != meant.end()) continue;
    throw ConfigError(config.config.where("losses") + ": no term reads the labels of task \"" + name +
                      "\"; add one (\"supervised\" is for every task), or say that this is meant: \"training\": "
                      "{\"unsupervised_tasks\": [\"" +
                      name + "\"]}");
  }
}

}  // namespace

RunParts load_parts(const RunConfig& config) {
  const std::uint64_t seed = config.trainer.seed;
  Dataset dataset = load_dataset(config.data, seed);
  for (const Task& task : dataset.tasks) {
    with_context("task \"" + task.name + "\"",
                 [&] { build_metric(Config::from_json(metric_to_json(task.metric), "metric"), metric_context(task)); });
  }
  std::shared_ptr<const Tokenizer> tokenizer = load_tokenizer(config.encoder.path);
  const std::size_t ids = tokenizer->id_limit();
  const auto data = std::make_shared<TaskData>(std::move(dataset), std::move(tokenizer),
                                               static_cast<std::size_t>(config.encoder.max_length));
  const std::vector<Task>& tasks = data->dataset().tasks;
  const TrainerSettings& trainer = config.trainer;
  RunParts parts;
  parts.batches = std::make_unique<TaskBatches>(data, trainer.batching, trainer.sampler, trainer.seed, trainer.epochs);
  parts.weighting = build_weighting(config.weighting, weighting_context(*parts.batches));

  const auto encoder = build_encoder(config.encoder, seed);
  if (config.encoder.max_length > encoder->max_length()) {
    config.config.object("encoder").fail("max_length", std::to_string(config.encoder.max_length) +
                                                           " tokens, but the encoder has " +
                                                           std::to_string(encoder->max_length()) + " positions");
  }
  if (static_cast<std::int64_t>(ids) > encoder->vocab_size()) {
    throw FormatError(config.encoder.path.string() + ": its tokenizer has ids up to " + std::to_string(ids - 1) +
                      ", but the encoder's table has " + std::to_string(encoder->vocab_size()) + " rows");
  }
  parts.model = build_model(config, encoder, tasks);
  const TermContext context{.tasks = tasks,
                            .width = encoder->width(),
                            .representation = parts.model->architecture().width(),
                            .seed = derive_seed(seed, "losses")};
  parts.objective = Objective::from_config(config.losses, context, config.penalties);
  parts.objective->check(*parts.model);
  if (!config.one_of_several) parts.objective->check_options(tasks);
  check_labels_read(config, parts.objective->tasks_without_labels(tasks), tasks);
  parts.model->to(config.device);
  parts.objective->to(config.device);
  parts.weighting->to(config.device);
  return parts;
}

namespace {

void replace_root(Json& config, const std::filesystem::path& root, const std::filesystem::path& run) {
  if (root.empty()) return;
  if (!config.contains("data") || !config["data"].contains("root")) {
    throw UserError(run.string() +
                    ": its config has no data.root that another could replace; its records name whole paths");
  }
  config["data"]["root"] = std::filesystem::absolute(root).string();
}

}  // namespace

LoadedModel load_model(const RunFolder& run, const std::filesystem::path& checkpoint,
                       const std::filesystem::path& data_root) {
  Json config = read_json(run.config());
  if (!config.is_object()) throw FormatError(run.config().string() + ": must be an object");
  if (!config.contains("encoder") || !config["encoder"].is_object()) {
    throw FormatError(run.config().string() + "#/encoder: must be an object");
  }
  // What was trained lies in the checkpoint; the encoder it started from is not needed any more.
  config["encoder"]["path"] = std::filesystem::absolute(checkpoint).string();
  replace_root(config, data_root, run.path());
  LoadedModel loaded{
      .config = RunConfig::read(Config::from_json(config, run.config().string())), .model = {}, .tokenizer = {}};
  const Json state = verify_checkpoint(checkpoint);
  loaded.epoch = state.at("progress").value("best_epoch", std::int64_t{-1});
  std::vector<Task> tasks;
  for (const Json& task : state.at("tasks")) tasks.push_back(task_from_json(task));
  loaded.model = build_model(loaded.config, load_encoder(checkpoint), tasks);
  read_checkpoint_model(checkpoint, *loaded.model);
  loaded.model->to(loaded.config.device);
  loaded.tokenizer = load_tokenizer(checkpoint);
  return loaded;
}

}  // namespace infomtl
