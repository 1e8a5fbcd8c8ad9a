#include "infomtl/metrics/clustering.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

/// Rows of each pair of groups, and of each group.
struct GroupCounts {
  std::map<std::pair<std::int64_t, std::int64_t>, double> both;
  std::map<std::int64_t, double> a, b;
};

GroupCounts counts_of_groups(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  if (a.empty() || a.size() != b.size()) {
    throw DataError("two partitions of the same rows are needed; found " + std::to_string(a.size()) + " and " +
                    std::to_string(b.size()) + " rows");
  }
  GroupCounts counts;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ++counts.both[{a[i], b[i]}];
    ++counts.a[a[i]];
    ++counts.b[b[i]];
  }
  return counts;
}

/// Pairs among n rows.
double pairs(double n) { return n * (n - 1) / 2; }

/// In nats.
double entropy(const std::map<std::int64_t, double>& counts, double rows) {
  double sum = 0;
  for (const auto& [group, count] : counts) sum -= count / rows * std::log(count / rows);
  return sum;
}

}  // namespace

double adjusted_rand_index(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  const GroupCounts counts = counts_of_groups(a, b);
  double together = 0, in_a = 0, in_b = 0;
  for (const auto& [cell, count] : counts.both) together += pairs(count);
  for (const auto& [group, count] : counts.a) in_a += pairs(count);
  for (const auto& [group, count] : counts.b) in_b += pairs(count);
  const double all = pairs(static_cast<double>(a.size()));
  const double expected = all > 0 ? in_a * in_b / all : 0, most = (in_a + in_b) / 2;
  return most == expected ? 1.0 : (together - expected) / (most - expected);
}

double normalized_mutual_information(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  const GroupCounts counts = counts_of_groups(a, b);
  if (counts.a.size() == 1 && counts.b.size() == 1) return 1.0;
  if (counts.a.size() == 1 || counts.b.size() == 1) return 0.0;
  const auto rows = static_cast<double>(a.size());
  double information = 0;
  for (const auto& [cell, count] : counts.both) {
    information += count / rows * std::log(count * rows / (counts.a.at(cell.first) * counts.b.at(cell.second)));
  }
  return std::clamp(2 * information / (entropy(counts.a, rows) + entropy(counts.b, rows)), 0.0, 1.0);
}

}  // namespace infomtl
