#include "text/byte_trie.h"

#include <algorithm>
#include <cstddef>

namespace infomtl::text {
namespace {

// A run of sorted keys that share their first `depth` bytes, waiting to be laid out below `node`.
struct Pending {
  std::int32_t node;
  std::size_t first, last, depth;
};

}  // namespace

ByteTrie::ByteTrie(std::vector<std::pair<std::string_view, std::int32_t>> keys) : nodes_(512) {
  std::stable_sort(keys.begin(), keys.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<bool> taken(512);
  taken[0] = true;
  nodes_[0].parent = 0;  // base 0 would make byte 0 of the root its own child; bases start at 1
  nodes_[0].base = 1;
  std::size_t first_free = 1;
  std::vector<Pending> stack{{0, 0, keys.size(), 0}};
  std::vector<std::pair<unsigned char, std::pair<std::size_t, std::size_t>>> children;
  while (!stack.empty()) {
    const Pending run = stack.back();
    stack.pop_back();
    children.clear();
    for (std::size_t i = run.first; i < run.last; ++i) {
      if (keys[i].first.size() == run.depth) {
        if (run.depth > 0) nodes_[static_cast<std::size_t>(run.node)].value = keys[i].second;
        continue;
      }
      const auto byte = static_cast<unsigned char>(keys[i].first[run.depth]);
      if (children.empty() || children.back().first != byte) children.push_back({byte, {i, i}});
      children.back().second.second = i + 1;
    }
    if (children.empty()) {
      // A leaf points at itself minus nothing it owns: any base whose children belong to others will do.
      nodes_[static_cast<std::size_t>(run.node)].base = 1;
      continue;
    }
    while (taken[first_free]) {
      if (++first_free + 512 > taken.size()) taken.resize(taken.size() * 2), nodes_.resize(taken.size());
    }
    // First fit from the first free cell on; a crowded stretch is left behind for good, which keeps building linear.
    std::size_t cell = std::max<std::size_t>(first_free, children.front().first + std::size_t{1});
    std::size_t base = 0;
    std::size_t tried = 0, full = 0;
    const std::size_t start = cell;
    for (;; ++cell) {
      if (cell + 512 > taken.size()) taken.resize(taken.size() * 2), nodes_.resize(taken.size());
      ++tried;
      if (taken[cell]) {
        ++full;
        continue;
      }
      base = cell - children.front().first;
      const bool fits =
          std::none_of(children.begin(), children.end(), [&](const auto& child) { return taken[base + child.first]; });
      if (fits) break;
    }
    if (tried > 64 && full * 20 >= tried * 19) first_free = std::max(first_free, start + tried - 1);
    nodes_[static_cast<std::size_t>(run.node)].base = static_cast<std::int32_t>(base);
    for (const auto& [byte, range] : children) {
      const std::size_t next = base + byte;
      taken[next] = true;
      nodes_[next].parent = run.node;
      stack.push_back({static_cast<std::int32_t>(next), range.first, range.second, run.depth + 1});
    }
  }
  std::size_t largest = 1;
  for (const Node& node : nodes_) largest = std::max(largest, static_cast<std::size_t>(node.base));
  nodes_.resize(largest + 257);
  nodes_.shrink_to_fit();
}

std::int32_t ByteTrie::walk(std::int32_t node, std::string_view bytes) const {
  for (const char byte : bytes) {
    node = child(node, static_cast<unsigned char>(byte));
    if (node < 0) break;
  }
  return node;
}

std::int32_t ByteTrie::find(std::string_view key) const {
  const std::int32_t node = walk(root(), key);
  return node < 0 ? -1 : value(node);
}

}  // namespace infomtl::text
