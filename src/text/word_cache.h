#pragma once
// The tokens of words seen before, per thread and tokenizer: a fixed table whose slots are overwritten, never grown.

#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

namespace infomtl::text {

/// A token of a cached word, its bytes counted from the start of the word.
struct CachedToken {
  std::int32_t id;
  std::uint8_t begin, end;
};

class WordCache {
 public:
  static constexpr std::size_t kMaxBytes = 28, kMaxTokens = 8;
  struct Slot {
    std::uint8_t size = 0xFF;  ///< bytes of the word; 0xFF: empty
    std::uint8_t count = 0;    ///< tokens
    std::uint8_t extra[2];     ///< for the owner
    char word[kMaxBytes];
    CachedToken tokens[kMaxTokens];

    bool holds(std::string_view other) const { return size == other.size() && std::string_view(word, size) == other; }
    void remember(std::string_view other) {
      size = static_cast<std::uint8_t>(other.size());
      other.copy(word, other.size());
    }
  };

  /// The slot of a word of at most kMaxBytes; it may hold another one. @param owner who asks: words of others are
  /// forgotten
  Slot& slot(std::uint64_t owner, std::string_view word) {
    if (owner_ != owner) {
      slots_.assign(kSlots, {});
      owner_ = owner;
    }
    std::uint64_t hash = 0xCBF29CE484222325u;
    for (const char byte : word) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3u;
    return slots_[(hash ^ hash >> 29) % kSlots];
  }

  /// A number no other caller has had.
  static std::uint64_t new_owner() {
    static std::atomic<std::uint64_t> next{1};
    return next++;
  }

 private:
  static constexpr std::size_t kSlots = 8192;
  std::uint64_t owner_ = 0;
  std::vector<Slot> slots_;
};

}  // namespace infomtl::text
