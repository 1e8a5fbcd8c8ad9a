#include "infomtl/analysis/influence_run.h"

#include <ATen/ATen.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <utility>

#include "analysis/influence_tasks.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/file_lock.h"
#include "infomtl/core/files.h"
#include "infomtl/core/hash.h"
#include "infomtl/core/log.h"
#include "infomtl/model/weights_file.h"
#include "infomtl/runs/trained_run.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFingerprint = "fingerprint";

/// Tensors of one stage in a file that knows what they follow from.
class StageFile {
 public:
  StageFile(fs::path file, std::string fingerprint) : file_(std::move(file)), fingerprint_(std::move(fingerprint)) {}

  std::optional<WeightsReader> read() const {
    if (!fs::exists(file_)) return std::nullopt;
    try {
      WeightsReader reader(file_);
      const auto found = reader.metadata().find(kFingerprint);
      if (found != reader.metadata().end() && found->second == fingerprint_) return reader;
      log::info(file_.string() + ": of other settings or data; it is made anew");
    } catch (const FormatError& error) {
      log::warning(std::string(error.what()) + "; it is made anew");
    }
    return std::nullopt;
  }
  void write(const NamedTensors& tensors) const {
    fs::create_directories(file_.parent_path());
    const fs::path unfinished = file_.string() + ".unfinished";
    write_weights(unfinished, tensors, {{kFingerprint, fingerprint_}});
    fs::rename(unfinished, file_);
  }

 private:
  fs::path file_;
  std::string fingerprint_;
};

/// Rows of classes that the task does not know have no loss.
void drop_unknown_labels(TaskKind kind, Tensor& features, Tensor& labels, std::vector<std::int32_t>* numbers) {
  if (kind != TaskKind::classification) return;
  const Tensor known = (labels != kUnknownLabel).nonzero().squeeze(1);
  if (known.size(0) == labels.size(0)) return;
  features = features.index_select(0, known);
  labels = labels.index_select(0, known);
  if (numbers == nullptr) return;
  std::vector<std::int32_t> kept;
  for (std::int64_t i = 0; i < known.size(0); ++i) {
    kept.push_back((*numbers)[static_cast<std::size_t>(known[i].item<std::int64_t>())]);
  }
  *numbers = std::move(kept);
}

/// The tasks with whatever rows the run has; those of tags without.
std::vector<InfluenceTask> encoded_tasks(TrainedRun& run, const InfluenceHooks& hooks) {
  std::vector<InfluenceTask> tasks;
  for (const Task& task : run.tasks()) {
    InfluenceTask empty{.name = task.name, .kind = task.kind, .outputs = task.outputs()};
    empty.features = empty.validation_features = at::zeros({0, 1});
    empty.labels = empty.validation_labels = at::zeros({0});
    tasks.push_back(std::move(empty));
  }
  for (const char* split : {"train", "validation"}) {
    if (hooks.stop != nullptr && *hooks.stop) throw InfluenceStopped();
    if (hooks.progress) hooks.progress("features of the " + std::string(split) + " split");
    for (TaskOutputs& outputs : run.outputs(split)) {
      const auto found = std::find_if(tasks.begin(), tasks.end(),
                                      [&](const InfluenceTask& task) { return task.name == outputs.name; });
      if (found == tasks.end() || found->kind == TaskKind::tagging) continue;
      const bool training = std::string_view(split) == "train";
      Tensor& features = training ? found->features : found->validation_features;
      Tensor& labels = training ? found->labels : found->validation_labels;
      features = outputs.shared;
      labels = outputs.labels;
      if (training) found->numbers = outputs.numbers;
      drop_unknown_labels(found->kind, features, labels, training ? &found->numbers : nullptr);
    }
  }
  return tasks;
}

/// The same, read back where they were written before.
std::vector<InfluenceTask> tasks_of(TrainedRun& run, const StageFile& file, const InfluenceHooks& hooks) {
  const auto name = [](std::size_t task, const char* part) { return std::to_string(task) + "." + part; };
  if (const auto kept = file.read()) {
    std::vector<InfluenceTask> tasks;
    for (const Task& task : run.tasks()) {
      const std::size_t t = tasks.size();
      const Tensor numbers = kept->read(name(t, "numbers"));
      const auto* first = numbers.const_data_ptr<std::int32_t>();
      tasks.push_back({.name = task.name,
                       .kind = task.kind,
                       .outputs = task.outputs(),
                       .features = kept->read(name(t, "features")),
                       .labels = kept->read(name(t, "labels")),
                       .numbers = {first, first + numbers.numel()},
                       .validation_features = kept->read(name(t, "validation_features")),
                       .validation_labels = kept->read(name(t, "validation_labels"))});
    }
    return tasks;
  }
  std::vector<InfluenceTask> tasks = encoded_tasks(run, hooks);
  NamedTensors tensors;
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    tensors.emplace_back(name(t, "features"), tasks[t].features);
    tensors.emplace_back(name(t, "labels"), tasks[t].labels);
    tensors.emplace_back(name(t, "numbers"), torch::tensor(tasks[t].numbers, torch::kInt32));
    tensors.emplace_back(name(t, "validation_features"), tasks[t].validation_features);
    tensors.emplace_back(name(t, "validation_labels"), tasks[t].validation_labels);
  }
  file.write(tensors);
  return tasks;
}

/// Those that were asked for, in the order of the run.
std::vector<InfluenceTask> chosen_tasks(std::vector<InfluenceTask> tasks, const std::vector<std::string>& wanted) {
  std::vector<std::string> known;
  for (const InfluenceTask& task : tasks) known.push_back(task.name);
  for (const std::string& name : wanted) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw UnknownNameError("no task \"" + name + "\" in this run" + did_you_mean(name, known));
    }
  }
  std::erase_if(tasks, [&](const InfluenceTask& task) {
    return !wanted.empty() && std::find(wanted.begin(), wanted.end(), task.name) == wanted.end();
  });
  return tasks;
}

/// What can be told of a request without looking at a row. @throws UserError
void refuse_tasks(const std::vector<Task>& tasks, const InfluenceRequest& request) {
  std::vector<InfluenceTask> named;
  for (const Task& task : tasks) {
    named.push_back({.name = task.name, .kind = task.kind, .outputs = task.outputs()});
  }
  named = chosen_tasks(std::move(named), request.settings.tasks);
  refuse_kinds(named, request.settings);
  const bool classes = std::any_of(named.begin(), named.end(),
                                   [](const InfluenceTask& task) { return task.kind == TaskKind::classification; });
  if (request.mislabel > 0 && !classes) throw UserError(kNoClassesToChange);
  std::vector<std::string> names;
  for (const InfluenceTask& task : named) names.push_back(task.name);
  if (request.target.empty() || std::find(names.begin(), names.end(), request.target) != names.end()) return;
  throw UnknownNameError("influence: no task \"" + request.target + "\"" + did_you_mean(request.target, names));
}

/// Settings that the heads follow from.
Json training_settings(const InfluenceSettings& settings) {
  const Json all = to_json(settings);
  Json kept = Json::object();
  for (const char* key : {"tasks", "shared", "sharing", "penalty", "ridge", "tolerance", "iterations", "seed"}) {
    kept[key] = all.at(key);
  }
  return kept;
}

/// What is found belongs to the run, not to one of its checkpoints.
void refuse_checkpoint(const fs::path& given) {
  const fs::path whole = fs::absolute(given / "").lexically_normal().parent_path();  // without a slash at its end
  const fs::path run = whole.parent_path().parent_path();
  if (whole.parent_path().filename() != "checkpoints" || !fs::exists(run / "config.json")) return;
  throw UserError(given.string() + ": is a checkpoint; give its run: " + fs::proximate(run).string());
}

/// Keeps a second process from the folder. @throws UserError where one is there
std::shared_ptr<const void> locked(const fs::path& run, const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw IoError(folder.string() + ": cannot be made: " + error.message());
  std::shared_ptr<const void> lock = lock_file(folder / ".lock");
  if (lock == nullptr) throw UserError(run.string() + ": another process computes influence in this folder");
  return lock;
}

std::int64_t largest_memory() {
  rusage usage{};
  return getrusage(RUSAGE_SELF, &usage) == 0 ? static_cast<std::int64_t>(usage.ru_maxrss) * 1024 : 0;
}

/// What is found in the run, with its stages and files in the folder.
InfluenceReport report_in(const fs::path& folder, TrainedRun& trained, const InfluenceRequest& request,
                          const InfluenceHooks& hooks) {
  const auto begin = std::chrono::steady_clock::now();
  const std::string of_features = sha256_of_text(trained.fingerprint("train") + trained.fingerprint("validation"));
  const std::vector<InfluenceTask> tasks = chosen_tasks(
      tasks_of(trained, StageFile(folder / "features.safetensors", of_features), hooks), request.settings.tasks);
  const double feature_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

  const std::string of_training = sha256_of_text(of_features + training_settings(request.settings).dump());
  const std::string of_inverse = sha256_of_text(of_features + to_json(request.settings).dump());
  const auto file_of = [&](const std::string& stage) {
    return StageFile(folder / (stage + ".safetensors"), stage == "inverse" ? of_inverse : of_training);
  };
  InfluenceHooks with_files = hooks;
  with_files.kept = [&](const std::string& stage) -> std::optional<Tensor> {
    const auto reader = file_of(stage).read();
    return reader ? std::optional<Tensor>(reader->read(stage)) : std::nullopt;
  };
  with_files.keep = [&](const std::string& stage, const Tensor& value) { file_of(stage).write({{stage, value}}); };

  InfluenceReport report{.settings = request.settings, .result = influence_of(tasks, request.settings, with_files)};
  std::error_code ignored;
  fs::remove(folder / "begun.safetensors", ignored);
  report.result.seconds.insert(report.result.seconds.begin(), {"features", feature_seconds});
  if (request.leave_one_out > 0) {
    report.leave_one_out = leave_one_out(tasks, request.settings, report.result, request.leave_one_out, hooks);
  }
  if (request.subsets > 0) {
    report.subsets = request.subsets;
    report.subset_scores = subset_scores(tasks, request.settings, report.result, request.subsets, with_files);
  }
  if (request.mislabel > 0) {
    report.mislabelled = request.mislabel;
    report.mislabel_scores = mislabel_scores(tasks, request.settings, request.mislabel, hooks);
  }
  report.peak_memory_bytes = largest_memory();
  write_file_atomically(folder / "rows.csv", report.csv());
  write_file_atomically(folder / "influence.json", report.json().dump(2) + "\n");
  return report;
}

}  // namespace

InfluenceReport influence_of_run(const fs::path& run, const InfluenceRequest& request, const InfluenceHooks& hooks) {
  const at::NoGradGuard no_grad;
  shared_settings(request.settings);  // a mistake is told before anything is encoded
  check_fields(request.settings, "influence");
  refuse_checkpoint(run);
  TrainedRun trained = TrainedRun::load(run, request.data_folder);
  if (!trained.shares_encoder()) {
    throw UserError(run.string() + ": has one model per task; influence needs tasks that read one encoder");
  }
  refuse_tasks(trained.tasks(), request);
  const fs::path folder = run / "influence";
  const bool is_new = !fs::exists(folder);
  const std::shared_ptr<const void> lock = locked(run, folder);
  try {
    return report_in(folder, trained, request, hooks);
  } catch (const IoError&) {  // what was computed may be gone on with
    throw;
  } catch (const UserError&) {
    std::error_code ignored;
    if (is_new) fs::remove_all(folder, ignored);
    throw;
  }
}

}  // namespace infomtl
