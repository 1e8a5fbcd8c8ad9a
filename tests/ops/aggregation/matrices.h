#pragma once
// The matrices and losses of the aggregation tests, made from a seed by the rules of scripts/fixtures/aggregation.py.

#include <torch/types.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/random.h"

namespace infomtl::testing {

/// Task gradients [tasks, columns] of a family: random, conflict, aligned, duplicate, zero_row, all_zero, opposite,
/// multiple, tiny, huge, unequal, extreme, dependent (more rows than columns), dependent_aligned, orthogonal.
inline torch::Tensor family_matrix(const std::string& kind, std::int64_t tasks, std::int64_t columns,
                                   std::uint64_t seed) {
  static const double kUnequal[] = {1e-3, 1.0, 1e3, 1e-1};
  static const double kExtreme[] = {1e-8, 1.0, 1e8};
  RandomStream stream(seed);
  torch::Tensor g = torch::empty({tasks, columns}, torch::kFloat64);
  auto values = g.accessor<double, 2>();
  for (std::int64_t i = 0; i < tasks; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) values[i][j] = 2.0 * stream.uniform() - 1.0;
  }
  std::vector<double> base(static_cast<std::size_t>(columns));
  for (double& value : base) value = 2.0 * stream.uniform() - 1.0;
  for (std::int64_t i = 0; i < tasks; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      const double shared = base[static_cast<std::size_t>(j)];
      double& value = values[i][j];
      if (kind == "conflict") value = 0.5 * value + (i % 2 == 0 ? shared : -shared);
      if (kind == "aligned" || kind == "dependent_aligned") value = 0.25 * value + shared;
      if (kind == "zero_row" && i == tasks / 2) value = 0.0;
      if (kind == "all_zero") value = 0.0;
      if (kind == "tiny") value *= 1e-8;
      if (kind == "huge") value *= 1e8;
      if (kind == "unequal") value *= kUnequal[i % 4];
      if (kind == "extreme") value *= kExtreme[i % 3];
      if (kind == "orthogonal") value = i == j ? static_cast<double>(i) + 1.0 : 0.0;
    }
  }
  const double factor = kind == "duplicate" ? 1.0 : kind == "opposite" ? -1.0 : kind == "multiple" ? 2.0 : 0.0;
  for (std::int64_t j = 0; factor != 0.0 && j < columns; ++j) values[tasks - 1][j] = factor * values[0][j];
  return g;
}

/// A second batch's gradients: g + noise of half its largest entry.
inline torch::Tensor second_matrix(const torch::Tensor& g, std::uint64_t seed) {
  RandomStream stream(seed + 500);
  torch::Tensor noise = torch::empty_like(g);
  auto values = noise.accessor<double, 2>();
  for (std::int64_t i = 0; i < g.size(0); ++i) {
    for (std::int64_t j = 0; j < g.size(1); ++j) values[i][j] = 2.0 * stream.uniform() - 1.0;
  }
  return g + 0.5 * noise * g.abs().max();
}

struct FamilyLosses {
  torch::Tensor first, second, third;  // [T] > 0
  torch::Tensor parameters;            // [T] in [-1, 1)
};

inline FamilyLosses family_losses(std::int64_t tasks, int scale_kind, std::uint64_t seed) {
  RandomStream stream(seed);
  const double scale = scale_kind == 1 ? 1e-6 : scale_kind == 2 ? 1e6 : 1.0;
  const auto draw = [&](bool parameter) {
    torch::Tensor row = torch::empty({tasks}, torch::kFloat64);
    for (std::int64_t t = 0; t < tasks; ++t) {
      row[t] = parameter ? 2.0 * stream.uniform() - 1.0 : (0.01 + 3.0 * stream.uniform()) * scale;
    }
    return row;
  };
  FamilyLosses losses;
  losses.first = draw(false);
  losses.second = draw(false);
  losses.third = draw(false);
  losses.parameters = draw(true);
  return losses;
}

struct Shape {
  const char* kind;
  std::int64_t tasks, columns;
};

/// Every hard family at several sizes.
inline std::vector<std::pair<std::string, torch::Tensor>> hard_matrices() {
  std::vector<std::pair<std::string, torch::Tensor>> result;
  const std::vector<std::string> kinds = {
      "random", "conflict", "aligned", "duplicate", "zero_row",  "all_zero",          "opposite",  "multiple",
      "tiny",   "huge",     "unequal", "extreme",   "dependent", "dependent_aligned", "orthogonal"};
  std::uint64_t seed = 99;
  for (const std::string& kind : kinds) {
    for (std::int64_t tasks : {1, 2, 6, 20}) {
      for (int repeat = 0; repeat < 3; ++repeat) {
        const bool dependent = kind.rfind("dependent", 0) == 0;
        const std::int64_t columns = dependent              ? std::max<std::int64_t>(1, tasks / 3)
                                     : kind == "orthogonal" ? tasks
                                                            : tasks + 4;
        result.emplace_back(kind + " T=" + std::to_string(tasks) + " seed=" + std::to_string(seed),
                            family_matrix(kind, tasks, columns, seed));
        ++seed;
      }
    }
  }
  return result;
}

inline bool all_finite(const torch::Tensor& tensor) { return torch::isfinite(tensor).all().item<bool>(); }

}  // namespace infomtl::testing
