#pragma once
// Run folder: where a run keeps its config, log, checkpoints and results.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "infomtl/core/json.h"
#include "infomtl/runs/results.h"

namespace infomtl {

class RunFolder {
 public:
  /// @param stop_after_epochs  ExperimentOptions': results are those after so many epochs; 0: of the whole run
  explicit RunFolder(std::filesystem::path path, std::int64_t stop_after_epochs = 0)
      : path_(std::move(path)), stop_after_epochs_(stop_after_epochs) {}

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path config() const { return path_ / "config.json"; }
  std::filesystem::path log() const { return path_ / "log.jsonl"; }
  std::filesystem::path results() const {
    return path_ /
           (stop_after_epochs_ > 0 ? "results-after-" + std::to_string(stop_after_epochs_) + ".json" : "results.json");
  }
  std::filesystem::path best() const { return path_ / "checkpoints" / "best"; }
  /// A task's own best, where the run keeps one (selection.per_task).
  std::filesystem::path best_of(const std::string& task) const { return path_ / "checkpoints" / ("best-" + task); }
  std::filesystem::path last() const { return path_ / "checkpoints" / "last"; }
  /// A copy of `last` that is kept; names sort by steps.
  std::filesystem::path kept(std::int64_t step) const;
  /// Removes such copies but the latest so many; 0: removes none.
  void keep_latest(std::int64_t count) const;
  /// The run of one task alone, where a config trains one model per task.
  std::filesystem::path single_task(const std::string& task) const { return path_ / "single" / task; }
  bool single() const { return std::filesystem::exists(path_ / "single"); }

  /// Whether configs that differ in the place of their data alone are the same (ExperimentOptions::data_folder).
  void set_data_moved(bool moved) { data_moved_ = moved; }
  /// Whether a run was begun here. A checkpoint that a killed save left half is put right first.
  bool begun() const;
  bool has_checkpoint() const;
  /// @throws UserError when the folder can't be one of a run: its place is a file, or it holds other things without the
  /// config.json of a run
  void check_place() const;
  /// @throws UserError when a run was begun here and is not to be continued
  void refuse_unfinished(bool resume) const;
  /// @throws UserError when the run that was begun here has another config, or is to have more epochs without having finished;
  /// FormatError when its config.json is gone
  void refuse_other_config(const Json& effective) const;
  /// The epochs of the finished run here, where `effective` is its config with more of them; else nothing.
  std::optional<std::int64_t> extended_from(const Json& effective) const;
  /// Puts results of so many epochs aside, as results-after-<epochs>.json: the run goes on. @throws IoError
  void set_results_aside(std::int64_t epochs) const;
  /// Makes the folder and keeps other processes from training in it until the object goes away.
  /// @throws RunBusyError while another process does, IoError
  void lock();
  /// Takes away what a killed process left half written, and puts back what it was replacing. The lock must be held.
  void remove_unfinished() const;
  /// Whether another process holds the lock; nothing is made.
  bool locked_elsewhere() const;
  /// The results of a finished run. @throws FormatError
  std::optional<Results> finished() const;

 private:
  std::string difference(Json saved, Json effective) const;
  /// The epochs of the run here, finished or not, where `effective` is its config with more of them; else nothing.
  std::optional<std::int64_t> epochs_before(const Json& effective) const;
  std::filesystem::path lock_file() const { return path_ / ".lock"; }

  std::filesystem::path path_;
  std::int64_t stop_after_epochs_;
  bool data_moved_ = false;
  std::shared_ptr<const void> lock_;
};

/// Where a run of a config file goes when nobody says: runs/<config name>-seed<seed>.
std::filesystem::path default_run_folder(const std::filesystem::path& config, std::uint64_t seed);

/// The records of log.jsonl, appended line by line.
class RunLog {
 public:
  /// Opens the log; records of steps after `last_step` (of a run broken off later than its checkpoint) are dropped.
  /// @throws IoError; FormatError for a line that is no record: the file stays as it is
  RunLog(const std::filesystem::path& file, std::int64_t last_step);
  void add(const Json& record);

 private:
  std::filesystem::path file_;
  std::ofstream out_;
};

}  // namespace infomtl
