#pragma once
// Checkpoint: a folder that Hugging Face reads as the encoder and that a run continues from.
//
//   config.json, model.safetensors, tokenizer files   the encoder, as AutoModel.from_pretrained wants it
//   heads.safetensors                                 architecture.*, heads.<task>.*: parameters and buffers
//   state.safetensors                                 objective.*, weighting.*, weighting_state.*, optimizer.*
//   state.json                                        format, versions, progress, the run's config, sha256 of every other file
//                                                     and its own
//
// It is written beside its place and renamed; it is verified completely, bit by bit, before anything in memory is changed.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/losses/objective.h"
#include "infomtl/model/multi_task_model.h"
#include "infomtl/optim/flat_parameters.h"
#include "infomtl/optim/optimizer.h"
#include "infomtl/weighting/gradient_weighting.h"

namespace infomtl {

inline constexpr int kCheckpointFormat = 2;

/// What a checkpoint holds, by reference.
struct CheckpointParts {
  const MultiTaskModel* model = nullptr;
  const Objective* objective = nullptr;
  GradientWeighting* weighting = nullptr;
  Optimizer* optimizer = nullptr;
  std::filesystem::path tokenizer = {};  ///< folder whose tokenizer files are copied; empty for none
  const Json* config = nullptr;  ///< what the run was configured as, kept as "config" of state.json; null: nothing
};

/// @throws IoError
INFOMTL_API void write_checkpoint(const std::filesystem::path& folder, const CheckpointParts& parts,
                                  const Json& progress);

/// Restores everything but the tokenizer. @return the progress that was saved
/// @throws IoError, FormatError naming the file and what is wrong with it; nothing has changed then, unless a file that was
/// whole a moment before can no longer be read
INFOMTL_API Json read_checkpoint(const std::filesystem::path& folder, const CheckpointParts& parts);

/// Restores the model alone, for evaluation and prediction. @throws the same
INFOMTL_API void read_checkpoint_model(const std::filesystem::path& folder, const MultiTaskModel& model);

/// Restores what the loss terms alone learned and remember. @throws the same
INFOMTL_API void read_checkpoint_objective(const std::filesystem::path& folder, const Objective& objective);

/// The same checkpoint in a second place, replacing what is there. Files are hard links where the file system can; a
/// checkpoint's files are never written again. @throws IoError
INFOMTL_API void copy_checkpoint(const std::filesystem::path& from, const std::filesystem::path& to);

/// Reads state.json and verifies its format number, its own checksum and what every reader counts on: a progress, and at
/// least one task. The other files are not looked at. @throws IoError, FormatError
INFOMTL_API Json read_checkpoint_state(const std::filesystem::path& folder);

/// The tasks that such a state names. @param folder  of the checkpoint @throws FormatError
INFOMTL_API std::vector<Task> tasks_of_state(const Json& state, const std::filesystem::path& folder);

/// read_checkpoint_state() and the checksum of every file. Files that a tokenizer would be read from and that the state does
/// not list are refused, too. @throws IoError, FormatError
INFOMTL_API Json verify_checkpoint(const std::filesystem::path& folder);

/// The same of what Hugging Face reads: of the encoder and its tokenizer, not of heads and training.
INFOMTL_API Json verify_checkpoint_encoder(const std::filesystem::path& folder);

/// Whether a folder is a checkpoint, and no model folder of another program: its files have checksums to verify.
INFOMTL_API bool is_checkpoint(const std::filesystem::path& folder);

/// verify_checkpoint_encoder() of a model folder that is a checkpoint; any other passes. @throws IoError, FormatError
INFOMTL_API void verify_model_folder(const std::filesystem::path& folder);

}  // namespace infomtl
