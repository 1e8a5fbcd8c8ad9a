#pragma once
// Model folder notes: what the folder of a run's encoder holds, and which of it the run takes.

#include <string>
#include <utility>
#include <vector>

#include "runs/run_config.h"

namespace infomtl {

/// Encoder, weights, tokenizer and pooling, each with the file that says so. Adds a note where the folder means another
/// pooling than the config. @throws IoError, FormatError
std::vector<std::pair<std::string, std::string>> describe_model_folder(const RunConfig& run,
                                                                       std::vector<std::string>& notes);

}  // namespace infomtl
