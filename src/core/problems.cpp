#include "infomtl/core/problems.h"

#include <algorithm>
#include <utility>

namespace infomtl {

void Problems::add(std::string line) {
  ++added_;
  if (std::find(lines_.begin(), lines_.end(), line) == lines_.end()) lines_.push_back(std::move(line));
}

}  // namespace infomtl
