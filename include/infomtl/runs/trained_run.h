#pragma once
// Trained run: a run folder read back for evaluation and prediction.
//
//   auto trained = TrainedRun::load("runs/tweets-seed0");
//   std::puts(trained.evaluate("test").table().c_str());
//   trained.predict("hate", {{"have a nice day", ""}});

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/task_kind.h"
#include "infomtl/data/task.h"
#include "infomtl/runs/prediction_samples.h"
#include "infomtl/runs/results.h"
#include "infomtl/step/embedding_covariance.h"
#include "infomtl/step/embedding_noise.h"
#include "infomtl/step/gradient_cosine.h"

namespace infomtl {

class Config;

/// What a run's model makes of one task's rows of a split, in the order of its examples; on the CPU.
struct TaskOutputs {
  std::string name;
  TaskKind kind = TaskKind::classification;
  torch::Tensor shared;                                ///< [B, H] float32 the encoder's pooled outputs
  torch::Tensor output;                                ///< [B, C] float32 of the head, of tagging [W, C]
  torch::Tensor labels;                                ///< as TaskBatch::labels
  std::optional<EmbeddingCovariance> embeddings = {};  ///< where the architecture changes word embeddings
  std::vector<std::int32_t> numbers = {};              ///< of the rows in the task's files, as TaskRows::numbers
};

class INFOMTL_API TrainedRun {
 public:
  /// @param run  a run folder: its best checkpoint answers, and for a task that has a best of its own (selection.per_task)
  /// that one; or one of the run's checkpoints
  /// @param data_root  in place of the config's data.root, where the data have moved; empty: that
  /// @throws IoError, FormatError, ConfigError; UserError for a folder of several runs, naming them
  static TrainedRun load(const std::filesystem::path& run, const std::filesystem::path& data_root = {});
  /// The model that a config starts training from; one, whatever its regime. @throws as Experiment::from_config
  static TrainedRun at_start(const Config& config);
  TrainedRun(TrainedRun&&) noexcept;
  ~TrainedRun();

  /// Scores every task that has rows in the split. @throws what reading the data throws
  Results evaluate(const std::string& split);
  /// The same under noise on the word embeddings; the split is then called "<split> <noise.name()>".
  Results evaluate(const std::string& split, const EmbeddingNoise& noise);
  /// Scores one task on a file of one's own, read as the task's record reads its files (data/dataset.h: load_file); the
  /// split is then called by the file's name. @throws UnknownNameError; what reading the file throws
  Results evaluate_file(const std::string& task, const std::filesystem::path& file);
  /// Of every task that has rows in the split. @throws what reading the data throws
  std::vector<TaskOutputs> outputs(const std::string& split);
  /// SHA-256, in hex, of what outputs(split) follows from: weights, settings of the encoder, texts and labels.
  std::string fingerprint(const std::string& split);
  /// Of the tasks' gradients in the parameters that all tasks train, in the order of tasks(). @throws StateError where the
  /// tasks share no encoder; what reading the data throws
  /// @param drawing  called before each draw with its number, from 1
  std::vector<torch::Tensor> gradient_cosines(const GradientCosineSettings& settings,
                                              const std::function<void(std::int64_t)>& drawing = {});
  const std::vector<Task>& tasks() const;
  /// Whether all tasks read one encoder; in a run of single-task models each has its own.
  bool shares_encoder() const;
  /// One JSON object per text: {"label", "scores"}, {"labels", "scores"} for multi-label, {"value"}, or, for tagging,
  /// {"words": [...], "labels": [...]} with one label per word (of the text split at blanks). Scores are probabilities, by label;
  /// multi-label keeps those above one half. texts: {text, text_pair}; text_pair is read by pair tasks only.
  ///
  /// With samples, scores and values are means over samples of representation and head (dropout is off), labels follow from
  /// them, and "deviations", by label, or "deviation" of a value, are the standard deviations; of tagging "scores" and
  /// "deviations" are arrays, of the label given to each word.
  /// @throws UnknownNameError for an unknown task; DataError naming the text; UserError for samples of a model that is not
  /// random, or fewer than two
  std::vector<Json> predict(const std::string& task, const std::vector<std::pair<std::string, std::string>>& texts,
                            const PredictionSamples& samples = {});
  /// The same for every task, {"hate": {"label", "scores"}, "slots": {"words", "labels"}} per text; tasks that read a text
  /// alike share a pass of the encoder. Pair tasks read text_pair.
  std::vector<Json> predict_all(const std::vector<std::pair<std::string, std::string>>& texts);

 private:
  struct Implementation;
  explicit TrainedRun(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

/// Scores a split that a finished run was not scored on, from its best checkpoint, and enters it in its results.json.
/// A run that has the split is left as it is. @return all of its results
/// @throws IoError where the run is not finished; RunBusyError while another process is at it; as TrainedRun
INFOMTL_API Results score_split(const std::filesystem::path& run, const std::string& split);
/// The results of a finished run, scored on those of `splits` that they lack.
INFOMTL_API Results with_splits(const std::filesystem::path& run, Results results,
                                const std::vector<std::string>& splits);

}  // namespace infomtl
