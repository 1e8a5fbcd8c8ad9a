#pragma once
// Experiment: a config made real. Everything the program does, as one object.
//
//   auto run = Experiment::from_config("tweets.json", {.overrides = {"training.epochs=3"}});
//   run.on_report([](const StepReport& r) { ... });
//   Results results = run.fit();
//   std::puts(results.table().c_str());
//   auto trained = TrainedRun::load(run.folder());
//   trained.predict("hate", {{"have a nice day", ""}});

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/runs/results.h"
#include "infomtl/train/trainer.h"

namespace infomtl {

struct ExperimentOptions {
  std::vector<std::string> overrides = {};  ///< "losses.1.weight=0.3"
  std::optional<std::uint64_t> seed = {};   ///< wins over the config's
  std::filesystem::path output = {};        ///< the run folder; empty: runs/<config name>-seed<seed>
  bool resume = false;                      ///< continue from checkpoints/last
  bool progress = false;                    ///< a progress bar on stderr when it is a terminal
};

class INFOMTL_API Experiment {
 public:
  /// Reads and checks the whole config, then loads data and encoder; nothing is written. A run folder that holds a
  /// finished run loads nothing. @throws ConfigError, DataError, FormatError, IoError; UserError when the folder holds
  /// an unfinished run and `resume` is not set, or a run of another config
  static Experiment from_config(const std::filesystem::path& config, ExperimentOptions options = {});
  /// The same from a config at hand (`options.overrides` are not looked at).
  static Experiment from_config(const Config& config, ExperimentOptions options = {});
  Experiment(Experiment&&) noexcept;
  ~Experiment();

  void on_report(std::function<void(const StepReport&)> listener);
  /// After each epoch, once it was scored.
  void on_epoch(std::function<void(std::int64_t epoch, const Evaluation& validation, bool best)> listener);
  /// Trains to the end (or until `stop`, after saving `last`), writes the run folder, scores the best checkpoint on
  /// validation and test. A finished run is not written over: its results are returned.
  /// @return without tasks when it was stopped
  Results fit(const std::atomic<bool>* stop = nullptr);
  bool finished() const;
  /// @throws StateError for a finished run, and in the regime "single", which has a trainer a task
  Trainer& trainer();
  const std::filesystem::path& folder() const;

 private:
  struct Implementation;
  explicit Experiment(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

/// A trained run read back for evaluation and prediction.
class INFOMTL_API TrainedRun {
 public:
  /// @param run a run folder; its best checkpoint is loaded @throws IoError, FormatError, ConfigError
  static TrainedRun load(const std::filesystem::path& run);
  TrainedRun(TrainedRun&&) noexcept;
  ~TrainedRun();

  /// Scores every task that has rows in the split. @throws what reading the data throws
  Results evaluate(const std::string& split);
  const std::vector<Task>& tasks() const;
  /// One JSON object a text: {"label", "scores"}, {"labels", "scores"} for multi-label, {"value"}, or {"labels": [...]}
  /// a word (of the text split at blanks) for tagging. Scores are probabilities, by label; multi-label keeps those
  /// above one half. texts: {text, text_pair}; text_pair is read by pair tasks only.
  /// @throws UnknownNameError for an unknown task; DataError naming the text
  std::vector<Json> predict(const std::string& task, const std::vector<std::pair<std::string, std::string>>& texts);

 private:
  struct Implementation;
  explicit TrainedRun(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

/// Trains one config under several seeds, one folder seed-<n> below `output` (empty: runs/<config name>); writes
/// summary.json. Finished seeds are kept, broken-off ones continue. Ends early when `stop` is set.
INFOMTL_API Summary run_seeds(const std::filesystem::path& config, const std::vector<std::uint64_t>& seeds,
                              const ExperimentOptions& options, const std::atomic<bool>* stop = nullptr);

}  // namespace infomtl
