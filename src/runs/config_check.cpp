#include "infomtl/runs/config_check.h"

#include <algorithm>
#include <map>
#include <optional>

#include "infomtl/core/config.h"
#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/log.h"
#include "infomtl/data/read_datasets.h"
#include "infomtl/runs/run.h"
#include "runs/assembly.h"
#include "runs/memory_estimate.h"
#include "runs/model_folder_notes.h"
#include "runs/parts_check.h"
#include "runs/run_config.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

void add_note_once(std::vector<std::string>& notes, const std::string& line) {
  if (std::find(notes.begin(), notes.end(), line) == notes.end()) notes.push_back(line);
}

/// What a split lacks for what the config will do with it.
void note_missing_splits(const DatasetReport& data, const RunConfig& run, std::vector<std::string>& notes) {
  if (!data.every_task_read()) return;
  for (const Split split : {Split::validation, Split::test}) {
    const std::string name(split_name(split));
    std::vector<std::string> without;
    std::size_t with = 0;
    for (const Task& task : data.tasks) {
      const bool has = std::any_of(data.splits.begin(), data.splits.end(),
                                   [&](const SplitReport& one) { return one.task == task.name && one.split == split; });
      with += has ? 1 : 0;
      if (!has) without.push_back(task.name);
    }
    if (without.empty()) continue;
    const bool selects = run.trainer.selection.split == name && run.trainer.selection.monitor != "last";
    std::string line = "no " + name + " rows: " + joined(without) + "; ";
    if (with == 0) {
      line += "nothing is scored on " + name + ", and \"infomtl evaluate --split " + name + "\" has nothing to score";
    } else {
      line += "averages on " + name + " are over the other " + std::to_string(with) + (with == 1 ? " task" : " tasks");
      if (selects) line += ", and so is what chooses the best epoch";
    }
    add_note_once(notes, line);
  }
}

}  // namespace

struct ConfigChecker::Implementation {
  std::shared_ptr<Problems> problems;
  std::optional<ConfigReport> first;
  std::vector<std::string> notes;
  MemoryEstimate memory;  ///< the largest of the runs checked
  std::shared_ptr<ReadDatasets> datasets = std::make_shared<ReadDatasets>();
  std::map<std::string, DatasetReport> reports;  ///< on data, by what they are read from and how
  log::EachOnce once;                            ///< what reading warns of

  const DatasetReport& data_of(const RunConfig& run, const Tokenizer* tokenizer) {
    const BatchingSettings& batching = run.trainer.batching;
    std::string key = run.data.effective(data_path_fields(run.data)).dump();
    for (const std::string& part :
         {run.encoder.path.string(), std::to_string(run.encoder.max_length), std::to_string(run.trainer.seed),
          std::to_string(batching.batch_size), batching.joint_batch_size, batching.joint_epoch,
          std::string(name_of(batching.regime))}) {
      key += '\n' + part;
    }
    const auto known = reports.find(key);
    if (known != reports.end()) return known->second;
    const auto length = static_cast<std::size_t>(run.encoder.max_length);
    return reports.emplace(key, check_dataset(*datasets, run.data, run.trainer.seed, tokenizer, length, batching))
        .first->second;
  }

  /// Builds the run as training would. @return what stopped that, "" for nothing
  std::string dry_run(const Config& config, const RunConfig& read, const DatasetReport& data) {
    try {
      const Config strict = config.overridden({});
      strict.collect(nullptr);
      Run run = Run::from_config(
          strict, {.output = ".infomtl-check-writes-nothing-here", .progress = false, .datasets = datasets});
      if (run.experiment() == nullptr) return "";
      const Trainer& trainer = run.experiment()->trainer();
      MemoryEstimate needed = memory_estimate(read, trainer.model(), data);
      if (needed.bytes > memory.bytes) memory = std::move(needed);
      for (const std::string& line : trainer.objective().left_out(trainer.model().tasks())) add_note_once(notes, line);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }

  void check(const Config& given) {
    ConfigReport report;
    const auto switched_off = std::make_shared<Problems>();
    given.collect_notes(switched_off);
    Config config = given;
    bool one_model = true;
    problems->guard([&] {
      const RunPlan plan = RunPlan::of(given);
      config = plan.config;
      one_model = !plan.single;
    });
    std::optional<RunConfig> run;
    problems->guard([&] { run.emplace(RunConfig::read(config)); });
    if (!run) return;
    std::shared_ptr<const Tokenizer> tokenizer;
    const bool folder =
        !run->encoder.path.empty() && fs::exists(run->encoder.path / "config.json");  // else that is told already
    if (folder) {
      problems->guard([&] { tokenizer = load_tokenizer(run->encoder.path); });
      std::vector<std::string> told;
      problems->guard([&] { report.model = describe_model_folder(*run, told); });
      for (const std::string& line : told) add_note_once(notes, line);
    }
    if (config.json().contains("data") && config.json().at("data").is_object()) {
      problems->guard([&] { report.data = data_of(*run, tokenizer.get()); });
    }
    for (const std::string& problem : report.data.problems) problems->add(problem);
    for (const std::string& line : report.data.notes) add_note_once(notes, line);
    if (report.data.problems.empty()) note_missing_splits(report.data, *run, notes);

    std::string failure;
    if (problems->empty()) failure = dry_run(given, *run, report.data);
    if (!failure.empty() || !problems->empty()) {
      std::optional<MemoryEstimate> needed = check_parts(*run, report.data, tokenizer.get(), one_model, *problems);
      if (needed && one_model && needed->bytes > memory.bytes) memory = std::move(*needed);
    }
    if (!failure.empty() && problems->empty()) problems->add(failure);
    for (const std::string& line : switched_off->all()) add_note_once(notes, line);
    if (!first) first = std::move(report);
  }
};

ConfigChecker::ConfigChecker(std::shared_ptr<Problems> problems) : implementation_(std::make_unique<Implementation>()) {
  implementation_->problems = std::move(problems);
}
ConfigChecker::~ConfigChecker() = default;

bool ConfigChecker::check(const Config& config) {
  const std::size_t before = implementation_->problems->all().size();
  implementation_->check(config);
  return implementation_->problems->all().size() == before;
}

ReadDatasets& ConfigChecker::datasets() { return *implementation_->datasets; }

ConfigReport ConfigChecker::report() const {
  ConfigReport report = implementation_->first.value_or(ConfigReport{});
  report.data.problems = implementation_->problems->all();
  report.data.notes = implementation_->notes;
  if (!implementation_->memory.text.empty()) report.data.notes.push_back(implementation_->memory.text);
  return report;
}

ConfigReport check_config(const fs::path& file, const std::vector<std::string>& overrides) {
  const auto problems = std::make_shared<Problems>();
  ConfigChecker checker(problems);
  problems->guard([&] { checker.check(Config::from_file(file, overrides, problems)); });
  return checker.report();
}

std::string ConfigReport::text(bool examples) const {
  std::string result;
  for (const auto& [what, found] : model) {
    constexpr std::size_t kWidth = 11;
    result += what + std::string(what.size() < kWidth ? kWidth - what.size() : 1, ' ') + found + "\n";
  }
  if (!model.empty()) result += "\n";
  return result + data.text(examples);
}

Json ConfigReport::json() const {
  Json json = data.json();
  json["model"] = Json::object();
  for (const auto& [what, found] : model) json["model"][what] = found;
  return json;
}

}  // namespace infomtl
