#include "infomtl/metrics/clustering.h"

#include <map>
#include <string>
#include <utility>

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

/// Pairs among n rows.
double pairs(double n) { return n * (n - 1) / 2; }

}  // namespace

double adjusted_rand_index(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  if (a.empty() || a.size() != b.size()) {
    throw DataError("two partitions of the same rows are needed; found " + std::to_string(a.size()) + " and " +
                    std::to_string(b.size()) + " rows");
  }
  std::map<std::pair<std::int64_t, std::int64_t>, double> cells;
  std::map<std::int64_t, double> of_a, of_b;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ++cells[{a[i], b[i]}];
    ++of_a[a[i]];
    ++of_b[b[i]];
  }
  double together = 0, in_a = 0, in_b = 0;
  for (const auto& [cell, count] : cells) together += pairs(count);
  for (const auto& [group, count] : of_a) in_a += pairs(count);
  for (const auto& [group, count] : of_b) in_b += pairs(count);
  const double all = pairs(static_cast<double>(a.size()));
  const double expected = all > 0 ? in_a * in_b / all : 0, most = (in_a + in_b) / 2;
  return most == expected ? 1.0 : (together - expected) / (most - expected);
}

}  // namespace infomtl
