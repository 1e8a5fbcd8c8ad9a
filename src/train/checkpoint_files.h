#pragma once
// Checkpoint files: their names, and keys of state.json, which lists them with their checksums.

#include <cstdint>
#include <map>
#include <string>

#include "infomtl/core/json.h"

namespace infomtl {

inline constexpr const char* kCheckpointState = "state.json";
inline constexpr const char* kCheckpointStateTensors = "state.safetensors";
inline constexpr const char* kCheckpointHeads = "heads.safetensors";
inline constexpr const char* kFewerUpdates =
    "optimizer_fewer_updates";                      ///< in the state, where there are any: name -> updates
inline constexpr const char* kStateSum = "sha256";  ///< in the state: that of the rest of it

/// What parameters that rested for a time were updated. @throws Json::exception
std::map<std::string, std::int64_t> fewer_updates(const Json& state);

}  // namespace infomtl
