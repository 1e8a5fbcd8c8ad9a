#include "infomtl/core/errors.h"

#include <algorithm>
#include <cctype>

#include "infomtl/core/counted.h"
#include "infomtl/core/utf8.h"

namespace infomtl {
namespace {

// Case and the choice of '-' or '_' are the commonest slips, so they cost nothing.
std::string folded(std::string_view name) {
  std::string result(name);
  for (char& c : result) c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

// Optimal string alignment: insertion, deletion, replacement and swap of neighbours cost one each.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before_last, last);
    std::swap(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

Error::Error(std::string message) : text_(on_one_line(message)) {}

void Error::add_context(std::string_view context) { text_ = on_one_line(context) + ": " + text_; }

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
  constexpr std::size_t kLongestName = 200;  // what is longer is no slip of a name, and takes long to compare
  if (name.size() > kLongestName) return "";
  const std::string wanted = folded(name);
  std::size_t best = std::max<std::size_t>(1, name.size() / 3) + 1;
  std::string nearest;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(wanted, folded(candidate));
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates) {
  constexpr std::size_t kMostListed = 40, kLongest = 80;
  if (const std::string nearest = nearest_name(name, candidates); !nearest.empty()) {
    return "; did you mean \"" + nearest + "\"?";
  }
  if (candidates.empty()) return "";
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(candidates.size(), kMostListed); ++i) {
    shown.push_back(shortened_to(candidates[i], kLongest));
  }
  std::string list = "; known: " + joined(shown);
  if (candidates.size() > kMostListed) list += " and " + std::to_string(candidates.size() - kMostListed) + " more";
  return list;
}

}  // namespace infomtl
