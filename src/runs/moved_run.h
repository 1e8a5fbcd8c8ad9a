#pragma once
// Moved run: the config of a run whose data or model folder lie elsewhere now.

#include <filesystem>

#include "infomtl/core/config.h"
#include "infomtl/core/json.h"

namespace infomtl {

/// A config with the data in `folder`, where one is given: as data.root, or, of a run that goes on and has none, as the JSON
/// form of run_paths.h has it. @param goes_on  the config is that of a run that was begun
Config with_data_in(const Config& config, const std::filesystem::path& folder, bool goes_on);

/// Takes the places out of two configs of a run that has moved, so that what is left tells whether they ask for the same: of
/// the data, and of the encoder's folder where both have the tokenizer of the run's checkpoint or are gone. What the saved
/// config still finds where it was has not moved, and is left.
/// @param checkpoint  where the run has its last one, if any @param data_moved  they have, whatever is left there
void take_places_out(Json& saved, Json& effective, const std::filesystem::path& checkpoint, bool data_moved);

/// Refuses a model folder that is not the one that the checkpoint was trained from: its tokenizer's files, or a value of its
/// config.json (a dropout, say). @throws UserError, naming the first difference
void refuse_other_model_folder(const std::filesystem::path& folder, const std::filesystem::path& checkpoint);

}  // namespace infomtl
