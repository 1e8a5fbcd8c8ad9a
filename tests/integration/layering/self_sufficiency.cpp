#include <algorithm>
#include <regex>
#include <set>

#include "layering.h"

namespace {

/// Names, as a regular expression, and the headers any one of which provides them.
struct Provided {
  std::string names;
  std::vector<std::string> headers;
};
const std::vector<Provided> kProvided = {
    {R"(\bstd::(string|to_string)\b)", {"string"}},
    {R"(\bstd::string_view\b)", {"string_view"}},
    {R"(\bstd::vector\b)", {"vector"}},
    {R"(\bstd::array\b)", {"array"}},
    {R"(\bstd::span\b)", {"span"}},
    {R"(\bstd::(map|multimap)\b)", {"map"}},
    {R"(\bstd::set\b)", {"set"}},
    {R"(\bstd::unordered_map\b)", {"unordered_map"}},
    {R"(\bstd::unordered_set\b)", {"unordered_set"}},
    {R"(\bstd::deque\b)", {"deque"}},
    {R"(\bstd::function\b)", {"functional"}},
    {R"(\bstd::(optional|nullopt)\b)", {"optional"}},
    {R"(\bstd::variant\b)", {"variant"}},
    {R"(\bstd::(shared_ptr|unique_ptr|weak_ptr|make_shared|make_unique)\b)", {"memory"}},
    {R"(\bstd::filesystem::)", {"filesystem"}},
    {R"(\bstd::chrono::)", {"chrono"}},
    {R"(\bstd::atomic\b)", {"atomic"}},
    {R"(\bstd::(mutex|lock_guard|unique_lock)\b)", {"mutex"}},
    {R"(\bstd::thread\b)", {"thread"}},
    {R"(\bstd::(u?int(8|16|32|64)_t)\b)", {"cstdint", "torch/", "ATen/"}},
    {R"(\bstd::numeric_limits\b)", {"limits"}},
    {R"(\bstd::(runtime_error|logic_error|invalid_argument)\b)", {"stdexcept", "exception"}},
    {R"(\bstd::source_location\b)", {"source_location"}},
    {R"(\b(torch::nn::|register_module\b|register_parameter\b))", {"torch/nn/module.h", "torch/nn.h", "torch/torch.h"}},
    {R"(\btorch::autograd::)", {"torch/autograd.h", "torch/nn/module.h", "torch/torch.h"}},
    {R"(\b(torch::|at::|c10::))", {"torch/", "ATen/", "c10/"}},
};

/// The text without comments and string literals, both of which may speak of anything.
std::string code_of(const std::string& text) {
  static const std::regex noise(R"re("(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)re");
  return std::regex_replace(text, noise, " ");
}

void gather_outside_headers(const SourceTree& tree, const std::string& file, std::set<std::string>& seen,
                            std::set<std::string>& outside) {
  if (!seen.insert(file).second) return;
  for (const Include& include : tree.at(file).includes) {
    const std::string target = resolve_include(tree, file, include.target);
    if (target.empty()) {
      outside.insert(include.target);
    } else {
      gather_outside_headers(tree, target, seen, outside);
    }
  }
}

}  // namespace

std::vector<std::string> self_sufficiency_violations(const SourceTree& tree) {
  std::vector<std::string> found;
  for (const auto& [file, source] : tree) {
    if (!file.starts_with("include/")) continue;
    std::set<std::string> seen, outside;
    gather_outside_headers(tree, file, seen, outside);
    const std::string code = code_of(source.text);
    for (const Provided& provided : kProvided) {
      std::smatch use;
      if (!std::regex_search(code, use, std::regex(provided.names))) continue;
      const bool included = std::ranges::any_of(provided.headers, [&](const std::string& header) {
        return std::ranges::any_of(outside, [&](const std::string& name) {
          return header.ends_with('/') ? name.starts_with(header) : name == header;
        });
      });
      if (!included) found.push_back(file + ": uses " + use.str() + " without <" + provided.headers.front() + ">");
    }
  }
  return found;
}
