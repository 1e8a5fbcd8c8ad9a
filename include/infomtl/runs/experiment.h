#pragma once
// Experiment: a config made real, one model over all of its tasks. Configs of one model per task ("single") are for Run,
// which makes an experiment of each.
//
//   auto run = Experiment::from_config("tweets.json", {.overrides = {"training.epochs=3"}});
//   run.on_report([](const StepReport& r) { ... });
//   Results results = run.fit();
//   std::puts(results.table().c_str());

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/runs/results.h"
#include "infomtl/train/trainer.h"

namespace infomtl {

class ReadDatasets;

struct ExperimentOptions {
  std::vector<std::string> overrides = {};  ///< "losses.1.weight=0.3"
  std::optional<std::uint64_t> seed = {};   ///< wins over the config's
  std::filesystem::path output = {};        ///< the run folder; empty: runs/<config name>-seed<seed>
  bool resume = false;                      ///< continue from checkpoints/last
  /// Together with `resume`: a finished run goes on where the config asks for more training.epochs and differs in nothing else.
  bool more_epochs = false;
  /// Where the data lie now, in place of the config's data.root; of a run that goes on and has no root, in place of the folder
  /// that all its paths of data have in common. Another place is no other config. A run that goes on still refuses other
  /// training rows
  std::filesystem::path data_folder = {};
  bool progress = false;  ///< on stderr: a line per epoch, between them a bar on a terminal, else a line per minute
  /// What the best checkpoint is scored on after training; score_split() adds another split later.
  std::vector<std::string> scored_splits = {"validation", "test"};
  /// Ends after so many epochs of the run, with results of their own (results-after-3.json) and a run that goes on from
  /// there as if it had not ended; 0: to the end.
  std::int64_t stop_after_epochs = 0;
  /// Other tasks of the same config are trained by experiments of their own: an option without effect on this one's tasks
  /// is then no mistake.
  bool one_of_several = false;
  /// Where data are kept that several runs read; null: each reads its own.
  std::shared_ptr<ReadDatasets> datasets = {};
};

class INFOMTL_API Experiment {
 public:
  /// Reads and checks the whole config, then loads data and encoder; nothing is written. Where the run folder holds a
  /// finished run of this config, nothing is loaded. @throws ConfigError, DataError, FormatError, IoError; UserError when the folder holds
  /// an unfinished run and `resume` is not set, or a run of another config; RunBusyError when another process trains in it
  static Experiment from_config(const std::filesystem::path& config, ExperimentOptions options = {});
  /// The same from a config at hand (`options.overrides` are not looked at).
  static Experiment from_config(const Config& config, ExperimentOptions options = {});
  Experiment(Experiment&&) noexcept;
  ~Experiment();

  void on_report(std::function<void(const StepReport&)> listener);
  /// After each epoch, once it was scored.
  void on_epoch(std::function<void(std::int64_t epoch, const Evaluation& validation, bool best)> listener);
  /// Trains to the end (or until `stop`, after saving `last`), writes the run folder, scores the best checkpoint on
  /// options.scored_splits. A finished run is not written over: its results are returned. A run that stops after
  /// options.stop_after_epochs is finished in this sense.
  /// @return without tasks when it was stopped
  Results fit(const std::atomic<bool>* stop = nullptr);
  bool finished() const;
  /// @throws StateError for a finished run
  Trainer& trainer();
  const std::filesystem::path& folder() const;

 private:
  struct Implementation;
  explicit Experiment(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace infomtl
