#include "infomtl/ops/packed/gradient_segments.h"

#include <string>
#include <utility>

#include "infomtl/core/errors.h"

namespace infomtl::ops {
namespace {

void check_partition(const std::vector<GradientSegments::Range>& ranges, const char* what) {
  std::int64_t next = 0;
  for (const auto& range : ranges) {
    if (range.begin != next || range.end < range.begin) {
      throw ShapeError(std::string("gradient segments: ranges of ") + what + " do not follow one another at row " +
                       std::to_string(next));
    }
    next = range.end;
  }
}
std::int64_t rows_of(const std::vector<GradientSegments::Range>& ranges) {
  return ranges.empty() ? 0 : ranges.back().end;
}

}  // namespace

GradientSegments::GradientSegments(std::vector<Range> tokens, std::vector<Range> sequences,
                                   std::shared_ptr<GradientSink> sink)
    : tokens_(std::move(tokens)), sequences_(std::move(sequences)), sink_(std::move(sink)) {
  check_partition(tokens_, "tokens");
  check_partition(sequences_, "sequences");
  if (tokens_.size() != sequences_.size()) {
    throw ShapeError("gradient segments: " + std::to_string(tokens_.size()) + " ranges of tokens but " +
                     std::to_string(sequences_.size()) + " of sequences");
  }
  if (sink_ == nullptr) throw StateError("gradient segments without a sink");
}

const std::vector<GradientSegments::Range>& GradientSegments::ranges_of(std::int64_t rows) const {
  if (rows == rows_of(tokens_)) return tokens_;
  if (rows == rows_of(sequences_)) return sequences_;
  throw ShapeError("gradient segments: a matrix of " + std::to_string(rows) + " rows, but there are " +
                   std::to_string(rows_of(tokens_)) + " tokens and " + std::to_string(rows_of(sequences_)) +
                   " sequences");
}

torch::Tensor GradientSegments::weighted(const torch::Tensor& x, const torch::Tensor& weights) const {
  const std::vector<Range>& ranges = ranges_of(x.size(0));
  torch::Tensor result = torch::empty_like(x);
  for (std::size_t t = 0; t < ranges.size(); ++t) {
    const std::int64_t begin = ranges[t].begin, count = ranges[t].end - begin;
    if (count == 0) continue;
    torch::Tensor rows = result.narrow(0, begin, count);
    torch::mul_out(rows, x.narrow(0, begin, count), weights[static_cast<std::int64_t>(t)].to(x.scalar_type()));
  }
  return result;
}

std::vector<GradientSegments::Range> GradientSegments::ranges_of(std::int64_t rows, const torch::Tensor& taken) const {
  const std::vector<Range>& ranges = ranges_of(rows);
  if (taken.size(0) == 1) return {{0, rows}};
  return ranges;
}

}  // namespace infomtl::ops
