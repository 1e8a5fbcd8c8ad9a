#include "infomtl/core/problems.h"

#include <utility>

namespace infomtl {

void Problems::add(std::string line) {
  ++added_;
  if (known_.insert(line).second) lines_.push_back(std::move(line));
}

}  // namespace infomtl
