#pragma once
// What a test asks of markup.

#include <cstddef>
#include <string>
#include <vector>

namespace infomtl::testing {

inline std::size_t occurrences(const std::string& text, const std::string& wanted) {
  std::size_t count = 0;
  for (std::size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + wanted.size())) ++count;
  return count;
}

/// What is wrong with the nesting of the elements, or "" when every one that opens closes in order. Comments and the
/// doctype are passed over; `void` elements of HTML need no end.
inline std::string nesting_fault(const std::string& html) {
  std::vector<std::string> open;
  for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const std::size_t end = html.find('>', at);
    if (end == std::string::npos) return "a tag without an end";
    const std::string inside = html.substr(at + 1, end - at - 1);
    if (inside.starts_with('!') || inside.ends_with('/')) continue;
    const std::string name = inside.substr(0, inside.find_first_of(" \n"));
    if (name == "meta" || name == "link") continue;
    if (!name.starts_with('/')) {
      open.push_back(name);
      continue;
    }
    if (open.empty() || open.back() != name.substr(1)) return "</" + name.substr(1) + "> closes nothing that is open";
    open.pop_back();
  }
  return open.empty() ? "" : "<" + open.back() + "> stays open";
}

}  // namespace infomtl::testing
