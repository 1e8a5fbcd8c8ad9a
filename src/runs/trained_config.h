#pragma once
// Trained config: what a checkpoint keeps of its run's config, so that one that was changed afterwards is not taken for it.

#include <filesystem>

#include "infomtl/core/json.h"

namespace infomtl {

/// What of a run's config decides what its model computes and how it goes on. Left out are words for readers; where data,
/// encoder and the run that it starts from lie, and which tasks the data are (a checkpoint has the tasks, and the fingerprint of
/// what it was trained on); the device, what is told, saved and measured meanwhile; and training.epochs, of which a finished
/// run may get more.
/// @param config  as RunConfig::effective()
Json trained_config(const Json& config);

/// Refuses to read a checkpoint by another config than it was trained with. One that was saved by hand or by an earlier version
/// has none of its own, and passes.
/// @param config  the run's, with its file's name in `file` @param state  the checkpoint's, of read_checkpoint_state()
/// @throws UserError naming the field and both values
void refuse_changed_config(const Json& config, const std::filesystem::path& file, const Json& state,
                           const std::filesystem::path& checkpoint);

}  // namespace infomtl
