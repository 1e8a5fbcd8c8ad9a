#include "runs/run_folder.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/core/file_lock.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_difference.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/log.h"
#include "infomtl/core/output_file.h"
#include "infomtl/runs/run_state.h"
#include "runs/moved_run.h"

namespace infomtl {

bool RunFolder::begun() const { return std::filesystem::exists(config()) || has_checkpoint(); }

bool RunFolder::has_checkpoint() const {
  if (!std::filesystem::exists(last().parent_path())) return false;
  recover_folder(last());
  recover_folder(best());
  return std::filesystem::exists(last());
}

std::filesystem::path RunFolder::kept(std::int64_t step) const {
  std::string number = std::to_string(step);
  number.insert(0, number.size() < 9 ? 9 - number.size() : 0, '0');
  return path_ / "checkpoints" / ("step-" + number);
}

void RunFolder::remove_unfinished() const {
  remove_unfinished_files(path_);
  if (!std::filesystem::exists(last().parent_path())) return;
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(last().parent_path())) {
    std::string name = entry.path().filename().string();
    for (const std::string ending : {".unfinished", ".previous"}) {
      if (!name.starts_with('.') || !name.ends_with(ending)) continue;
      folders.push_back(entry.path().parent_path() / name.substr(1, name.size() - 1 - ending.size()));
      break;
    }
  }
  for (const std::filesystem::path& folder : folders) recover_folder(folder);
}

void RunFolder::keep_latest(std::int64_t count) const {
  if (count == 0) return;
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(last().parent_path())) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("step-") && name.find_first_not_of("0123456789", 5) == std::string::npos) {
      found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  for (std::size_t i = 0; i + static_cast<std::size_t>(count) < found.size(); ++i)
    std::filesystem::remove_all(found[i]);
}

void RunFolder::check_place() const {
  std::error_code ignored;
  for (std::filesystem::path place = std::filesystem::absolute(path_); !place.empty(); place = place.parent_path()) {
    if (std::filesystem::is_directory(place, ignored)) break;
    if (std::filesystem::exists(std::filesystem::symlink_status(place, ignored))) {
      throw UserError(place.string() + ": is not a folder; choose another with --output");
    }
    if (place == place.root_path()) break;
  }
  if (!begun()) {
    for (const std::filesystem::path& file : {log(), results(), path_ / "checkpoints"}) {
      if (!std::filesystem::exists(file)) continue;
      throw UserError(path_.string() + ": holds " + file.filename().string() +
                      " but no config.json, so it is not a run of infomtl; choose another folder with --output");
    }
    return refuse_filled_folder(path_, "a run");
  }
  if (!std::filesystem::exists(config())) return;  // told by refuse_other_config()
  const Json config_there = read_json(config());
  if (config_there.is_object() && config_there.contains("data") && config_there.contains("encoder")) return;
  throw UserError(config().string() + ": is not the config of a run, so the folder is no run's; choose another with " +
                  "--output");
}

void RunFolder::refuse_unfinished(bool resume) const {
  if (resume || !begun()) return;
  throw UserError(path_.string() +
                  ": holds an unfinished run; continue it with --resume, or choose another folder with --output");
}

std::string RunFolder::difference(Json saved, Json effective) const {
  take_places_out(saved, effective, last(), data_moved_);
  return first_difference(saved, effective);
}

void RunFolder::refuse_other_config(const Json& effective) const {
  if (!begun()) return;
  const std::string name = path_.string();
  if (!std::filesystem::exists(config())) throw FormatError(name + ": has checkpoints but no config.json");
  const std::string found = difference(read_json(config()), effective);
  if (found.empty()) return;
  if (!std::filesystem::exists(results()) && epochs_before(effective)) {
    throw UserError(name + ": has no " + results().filename().string() +
                    ", so the run is unfinished, or the file is gone, and only a finished run goes on for more epochs; "
                    "finish it first, without training.epochs: infomtl train " +
                    name + " --resume");
  }
  throw UserError(name + ": holds a run of another config; they differ in " + found +
                  "; choose another folder with --output" +
                  (extended_from(effective) ? ", or go on for more epochs with --resume" : ""));
}

std::optional<std::int64_t> RunFolder::extended_from(const Json& effective) const {
  return std::filesystem::exists(results()) ? epochs_before(effective) : std::nullopt;
}

std::optional<std::int64_t> RunFolder::epochs_before(const Json& effective) const {
  if (!std::filesystem::exists(config())) return std::nullopt;
  Json saved = read_json(config()), wanted = effective;
  if (!saved.is_object()) return std::nullopt;
  const auto take_epochs = [](Json& config) {
    Json& training = config["training"];
    std::int64_t epochs = 1;
    if (training.is_object() && training.contains("epochs")) {
      const bool number = training["epochs"].is_number_integer();  // what is none cannot be gone on from
      epochs = number ? training["epochs"].get<std::int64_t>() : std::numeric_limits<std::int64_t>::max();
    }
    if (training.is_object()) training.erase("epochs");
    if (training.is_null()) training = Json::object();
    return epochs;
  };
  const std::int64_t before = take_epochs(saved), now = take_epochs(wanted);
  return now > before && difference(saved, wanted).empty() ? std::optional<std::int64_t>(before) : std::nullopt;
}

void RunFolder::set_results_aside(std::int64_t epochs) const {
  std::error_code error;
  std::filesystem::rename(results(), RunFolder(path_, epochs).results(), error);
  if (error) throw IoError(results().string() + ": cannot be put aside: " + error.message());
}

void RunFolder::lock() {
  if (lock_ != nullptr) return;
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  if (error) throw IoError(path_.string() + ": cannot be made: " + error.message());
  lock_ = infomtl::lock_file(lock_file());
  if (lock_ == nullptr) throw RunBusyError(path_.string() + ": another process is training in this folder");
}

bool RunFolder::locked_elsewhere() const { return is_locked(lock_file()); }

std::optional<Results> RunFolder::finished() const {
  if (!std::filesystem::exists(results())) return std::nullopt;
  const Json json = read_json(results());
  return with_context(results().string(), [&] { return Results::from_json(json); });
}

RunState run_state(const std::filesystem::path& folder) {
  const RunFolder run(folder);
  if (std::filesystem::exists(run.results())) return RunState::finished;
  return run.locked_elsewhere() ? RunState::busy : RunState::open;
}

std::optional<Results> finished_results(const std::filesystem::path& folder, std::int64_t stop_after_epochs) {
  return RunFolder(folder, stop_after_epochs).finished();
}

void remove_checkpoints(const std::filesystem::path& folder) {
  const RunFolder run(folder);
  if (!std::filesystem::exists(folder) || run.locked_elsewhere()) return;
  std::error_code ignored;  // other processes may do the same
  std::filesystem::remove_all(run.last().parent_path(), ignored);
  if (!run.single()) return;
  for (const auto& task : std::filesystem::directory_iterator(folder / "single", ignored)) {
    std::filesystem::remove_all(RunFolder(task.path()).last().parent_path(), ignored);
  }
}

std::filesystem::path default_run_folder(const std::filesystem::path& config, std::uint64_t seed) {
  return std::filesystem::path("runs") / (config.stem().string() + "-seed" + std::to_string(seed));
}

RunLog::RunLog(const std::filesystem::path& file, std::int64_t last_step) : file_(file) {
  if (last_step > 0 && !std::filesystem::exists(file)) {
    log::warning(file.string() + ": is gone; the new one has no record of the first " + std::to_string(last_step) +
                 " steps");
  }
  if (std::filesystem::exists(file)) {
    const std::string text = read_regular_file(file);
    std::string kept;
    std::size_t begin = 0;
    for (std::size_t number = 1; begin < text.size(); ++number) {
      const std::size_t end = text.find('\n', begin);
      const std::string line = text.substr(begin, end - begin + 1);
      const bool damaged = line.find('\0') != std::string::npos;
      if (end == std::string::npos && line.front() == '{' && !damaged) break;  // a record that was being written
      const Json record = Json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (damaged || !record.is_object() || !record.contains("step") || !record["step"].is_number_integer()) {
        throw FormatError(file.string() + ":" + std::to_string(number) +
                          ": not a record; move the file away to go on without what it holds");
      }
      if (record["step"].get<std::int64_t>() > last_step) break;
      kept += line;
      begin = end + 1;
    }
    if (kept.size() != text.size()) write_file_atomically(file, kept);
  }
  out_.open(file, std::ios::app | std::ios::binary);
  if (!out_) throw IoError(file.string() + ": cannot be opened");
}

void RunLog::add(const Json& record) {
  out_ << record.dump() << '\n' << std::flush;
  if (!out_) throw IoError(file_.string() + ": cannot be written");
}

}  // namespace infomtl
