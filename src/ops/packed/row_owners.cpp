#include "infomtl/ops/packed/row_owners.h"

#include <string>
#include <utility>

#include "infomtl/core/errors.h"

namespace infomtl::ops {

RowOwners::RowOwners(std::vector<RowRange> ranges, std::shared_ptr<GradientSink> sink) : sink_(std::move(sink)) {
  if (sink_ == nullptr) throw StateError("row owners without a gradient sink");
  std::int64_t next = 0;
  for (const RowRange& range : ranges) {
    if (range.begin != next || range.end < range.begin) {
      throw ShapeError("row owners: the tasks' ranges do not follow one another at row " + std::to_string(next));
    }
    next = range.end;
  }
  ranges_ = std::make_shared<const std::vector<RowRange>>(std::move(ranges));
}

torch::Tensor RowOwners::weighted(const torch::Tensor& x, const torch::Tensor& weights) const {
  torch::Tensor result = torch::empty_like(x);
  for (std::size_t t = 0; t < ranges_->size(); ++t) {
    const std::int64_t begin = (*ranges_)[t].begin, count = (*ranges_)[t].end - begin;
    if (count == 0) continue;
    torch::Tensor rows = result.narrow(0, begin, count);
    torch::mul_out(rows, x.narrow(0, begin, count), weights[static_cast<std::int64_t>(t)].to(x.scalar_type()));
  }
  return result;
}

}  // namespace infomtl::ops
