#pragma once
// Tokens and ids, both ways.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace infomtl::text {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

class Vocabulary {
 public:
  /// Ids a file may use: far above any real vocabulary, low enough that a broken file cannot exhaust the memory.
  static constexpr std::int64_t kIdLimit = std::int64_t{1} << 22;

  /// A token named twice keeps the later id, as a JSON object does. @throws FormatError for an id outside [0, kIdLimit)
  /// and for NUL bytes in a row, which a damaged file has in place of tokens
  void add(std::string_view token, std::int64_t id);
  std::int32_t find(std::string_view token) const;  ///< -1 when unknown
  const std::string* token(std::int64_t id) const;  ///< nullptr when unknown
  std::size_t size() const { return ids_.size(); }
  std::size_t id_limit() const { return tokens_.size(); }
  /// Every (token, id); the views live as long as the vocabulary.
  std::vector<std::pair<std::string_view, std::int32_t>> entries() const;

 private:
  std::unordered_map<std::string, std::int32_t, TextHash, std::equal_to<>> ids_;
  std::vector<const std::string*> tokens_;
};

}  // namespace infomtl::text
