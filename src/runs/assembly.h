#pragma once
// Assembly: the parts of a run, built as its config says; and the model of a run folder, read back.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "infomtl/data/task_data.h"
#include "infomtl/losses/objective.h"
#include "infomtl/model/multi_task_model.h"
#include "infomtl/text/tokenizer.h"
#include "infomtl/weighting/gradient_weighting.h"
#include "runs/run_config.h"
#include "runs/run_folder.h"

namespace infomtl {

/// The encoder of a model folder, with its weights, or drawn from the seed where it has none (or is told to).
/// @throws ConfigError, FormatError, IoError
std::shared_ptr<Encoder> build_encoder(const EncoderSettings& settings, std::uint64_t seed);

/// Architecture and heads as the config's "architecture" and "head" say, in the run's precision. @throws ConfigError
std::shared_ptr<MultiTaskModel> build_model(const RunConfig& config, std::shared_ptr<Encoder> encoder,
                                            const std::vector<Task>& tasks);

/// @throws ConfigError for a metric of the task that is unknown or can't score its kind
void check_metrics(const Task& task);

/// @param tokenizer  null: not compared with the encoder's table
/// @throws ConfigError where texts may be longer than the encoder's positions; FormatError where ids don't fit its table
void check_encoder(const RunConfig& config, const Encoder& encoder, const Tokenizer* tokenizer);
/// The types that the tokenizer gives a text or pair must be rows of the encoder's table. @throws FormatError
void check_token_types(const RunConfig& config, const Tokenizer& tokenizer, const Encoder& encoder,
                       const std::vector<Task>& tasks);

/// What loss terms are built with.
TermContext term_context(const RunConfig& config, const MultiTaskModel& model, const std::vector<Task>& tasks);

/// A task whose labels no term reads is a slip, unless training.unsupervised_tasks names it; of one that no term is for at all
/// Objective::check() tells. Problems are the config's. @throws ConfigError
void check_labels_read(const RunConfig& config, const Objective& objective, const std::vector<Task>& tasks);

/// What a trainer is made of.
struct RunParts {
  std::shared_ptr<MultiTaskModel> model;
  std::shared_ptr<Objective> objective;
  std::shared_ptr<GradientWeighting> weighting;
  std::unique_ptr<BatchSource> batches;
};
/// Loads data and encoder and builds the rest. @throws ConfigError, DataError, FormatError, IoError
RunParts load_parts(const RunConfig& config);

/// One trained model with the tasks it knows.
struct LoadedModel {
  RunConfig config;
  std::shared_ptr<MultiTaskModel> model;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::int64_t epoch = -1;  ///< that the best checkpoint was chosen after
};
/// One of a run's checkpoints; or, where that is the run's own folder, the model that a program has saved there by
/// Trainer::save, with texts of at most 128 tokens, where its parts are built-in ones.
/// @param data_root  in place of the config's data.root; empty: that
/// @throws IoError, FormatError, ConfigError; UserError where there is no root to replace
LoadedModel load_model(const RunFolder& run, const std::filesystem::path& checkpoint,
                       const std::filesystem::path& data_root = {});

}  // namespace infomtl
