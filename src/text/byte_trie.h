#pragma once
// A double-array trie over bytes: one array access a byte (Aoe 1989). Keys may hold any byte; values are >= 0.

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace infomtl::text {

class ByteTrie {
 public:
  struct Node {
    std::int32_t base = 0;  ///< child for byte b is nodes_[base + b] when that one's parent is this node
    std::int32_t parent = -1;
    std::int32_t value = -1;  ///< -1: no key ends here
  };

  ByteTrie() : nodes_(257) {}
  /// Keys may come in any order; of equal keys the last one counts. The empty key is left out.
  explicit ByteTrie(std::vector<std::pair<std::string_view, std::int32_t>> keys);

  static constexpr std::int32_t root() { return 0; }
  /// The child of `node` under `byte`, or -1.
  std::int32_t child(std::int32_t node, unsigned char byte) const {
    const std::int32_t next = nodes_[static_cast<std::size_t>(node)].base + byte;
    return nodes_[static_cast<std::size_t>(next)].parent == node ? next : -1;
  }
  std::int32_t value(std::int32_t node) const { return nodes_[static_cast<std::size_t>(node)].value; }
  /// Node reached by `bytes` from `node`, or -1.
  std::int32_t walk(std::int32_t node, std::string_view bytes) const;
  /// Value of a key, -1 when there is none.
  std::int32_t find(std::string_view key) const;

 private:
  std::vector<Node> nodes_;  // always 256 entries longer than the largest base, so that child() needs no bound check
};

}  // namespace infomtl::text
