#include "text/vocabulary.h"

#include <algorithm>

#include "infomtl/core/errors.h"
#include "infomtl/core/utf8.h"

namespace infomtl::text {

void Vocabulary::add(std::string_view token, std::int64_t id) {
  if (id < 0 || id >= kIdLimit) {
    throw FormatError("token \"" + shortened_to(printable(token), 80) + "\" has the id " + std::to_string(id) +
                      "; ids go from 0 to " + std::to_string(kIdLimit - 1));
  }
  if (find_nul_bytes(token) != std::string_view::npos) {
    throw FormatError("the token of the id " + std::to_string(id) +
                      " holds NUL bytes; the file is damaged, fetch it again");
  }
  const auto [entry, fresh] = ids_.try_emplace(std::string(token), static_cast<std::int32_t>(id));
  if (!fresh) {
    const auto before = static_cast<std::size_t>(entry->second);
    if (tokens_[before] == &entry->first) tokens_[before] = nullptr;
    entry->second = static_cast<std::int32_t>(id);
  }
  if (tokens_.size() <= static_cast<std::size_t>(id)) tokens_.resize(static_cast<std::size_t>(id) + 1);
  tokens_[static_cast<std::size_t>(id)] = &entry->first;
}

std::int32_t Vocabulary::find(std::string_view token) const {
  const auto found = ids_.find(token);
  return found == ids_.end() ? -1 : found->second;
}

const std::string* Vocabulary::token(std::int64_t id) const {
  return id < 0 || id >= static_cast<std::int64_t>(tokens_.size()) ? nullptr : tokens_[static_cast<std::size_t>(id)];
}

std::vector<std::pair<std::string_view, std::int32_t>> Vocabulary::entries() const {
  std::vector<std::pair<std::string_view, std::int32_t>> result(ids_.begin(), ids_.end());
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return result;
}

}  // namespace infomtl::text
