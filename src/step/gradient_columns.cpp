#include "step/gradient_columns.h"

namespace infomtl {

GradientColumns::GradientColumns(const std::vector<FlatSlot>& slots, const Tensor& table, Tensor ids) {
  for (const FlatSlot& slot : slots) {
    const bool some_rows = table.defined() && slot.parameter.is_same(table);
    Place place{size_, slot.end - slot.begin, some_rows};
    if (some_rows) {
      table_ = table.const_data_ptr();
      table_rows_ = table.size(0);
      table_width_ = table.numel() / table_rows_;
      table_flat_ = slot.begin;
      table_begin_ = size_;
      ids_ = std::move(ids);
      place.count = ids_.numel() * table_width_;
    } else if (!runs_.empty() && runs_.back().flat + runs_.back().count == slot.begin &&
               runs_.back().begin + runs_.back().count == size_) {
      runs_.back().count += place.count;
    } else {
      runs_.push_back({slot.begin, size_, place.count});
    }
    places_[slot.parameter.const_data_ptr()] = place;
    size_ += place.count;
  }
}

const GradientColumns::Place* GradientColumns::find(const Tensor& parameter) const {
  const auto found = places_.find(parameter.const_data_ptr());
  return found == places_.end() ? nullptr : &found->second;
}

Tensor GradientColumns::rows_of(const Tensor& parameter) const {
  return ids_.defined() && parameter.const_data_ptr() == table_ ? ids_ : Tensor();
}

void GradientColumns::add_combination(const Tensor& rows, const Tensor& weights, const Tensor& flat) const {
  for (const Run& run : runs_) {
    flat.narrow(0, run.flat, run.count).addmv_(rows.narrow(1, run.begin, run.count).t(), weights);
  }
  if (complete()) return;
  const Tensor table = flat.narrow(0, table_flat_, table_rows_ * table_width_).view({table_rows_, table_width_});
  const Tensor sum = rows.narrow(1, table_begin_, ids_.numel() * table_width_).t().mv(weights);
  table.index_add_(0, ids_, sum.view({-1, table_width_}));
}

Tensor GradientColumns::expanded(const Tensor& rows, std::int64_t size) const {
  Tensor result = torch::zeros({rows.size(0), size}, rows.options());
  for (const Run& run : runs_) {
    result.narrow(1, run.flat, run.count).copy_(rows.narrow(1, run.begin, run.count));
  }
  if (complete()) return result;
  result.narrow(1, table_flat_, table_rows_ * table_width_)
      .unflatten(1, {table_rows_, table_width_})
      .index_copy_(1, ids_, rows.narrow(1, table_begin_, ids_.numel() * table_width_).unflatten(1, {-1, table_width_}));
  return result;
}

}  // namespace infomtl
