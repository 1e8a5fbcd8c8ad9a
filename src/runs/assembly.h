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
/// One of a run's checkpoints. @param data_root  in place of the config's data.root; empty: that
/// @throws IoError, FormatError, ConfigError; UserError where there is no root to replace
LoadedModel load_model(const RunFolder& run, const std::filesystem::path& checkpoint,
                       const std::filesystem::path& data_root = {});

}  // namespace infomtl
