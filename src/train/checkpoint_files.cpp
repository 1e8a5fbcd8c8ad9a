#include "train/checkpoint_files.h"

#include <nlohmann/json.hpp>

namespace infomtl {

std::map<std::string, std::int64_t> fewer_updates(const Json& state) {
  return state.contains(kFewerUpdates) ? state.at(kFewerUpdates).get<std::map<std::string, std::int64_t>>()
                                       : std::map<std::string, std::int64_t>();
}

}  // namespace infomtl
