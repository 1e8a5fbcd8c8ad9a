#pragma once
// Gradient columns: which entries of the flat buffer per-task gradients are kept for, side by side in the order of the
// buffer. Of the word embeddings only the rows of the step's tokens need columns; the others are zero for every task.
//
// Letters: T tasks of the step, P shared parameters, C columns.

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "infomtl/optim/flat_parameters.h"

namespace infomtl {

class GradientColumns {
 public:
  /// All entries of `slots` (in the order of the flat buffer), but of the parameter `table` [V, ...] only the rows
  /// `ids` [R] int64, sorted and unique. Without a table all entries of all slots.
  explicit GradientColumns(const std::vector<FlatSlot>& slots, const Tensor& table = {}, Tensor ids = {});

  struct Place {
    std::int64_t begin = 0;  ///< first column
    std::int64_t count = 0;
    bool some_rows = false;  ///< columns for rows() only
  };
  /// Null for a parameter without columns. A parameter is known by where its data lie.
  const Place* find(const Tensor& parameter) const;
  const std::unordered_map<const void*, Place>& places() const { return places_; }

  std::int64_t size() const { return size_; }  ///< C
  bool complete() const { return !ids_.defined(); }
  /// `ids`, for the table that was given with them; else undefined.
  Tensor rows_of(const Tensor& parameter) const;

  /// flat += rows^T weights, at the places of the columns.
  ///
  /// @param rows [T, C]; @param weights [T], same type; @param flat  the buffer, from its first entry on
  void add_combination(const Tensor& rows, const Tensor& weights, const Tensor& flat) const;
  /// `rows` [T, C] at their places among zeros: [T, size].
  Tensor expanded(const Tensor& rows, std::int64_t size) const;

 private:
  struct Run {
    std::int64_t flat = 0, begin = 0, count = 0;
  };
  std::vector<Run> runs_;  // neighbours merged; the table is not among them
  std::unordered_map<const void*, Place> places_;
  std::int64_t size_ = 0;
  Tensor ids_;
  const void* table_ = nullptr;
  std::int64_t table_flat_ = 0, table_begin_ = 0, table_rows_ = 0, table_width_ = 0;
};

}  // namespace infomtl
