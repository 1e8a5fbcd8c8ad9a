#include "infomtl/ops/packed/gradient_segments.h"

#include <string>
#include <utility>

#include "infomtl/core/errors.h"

namespace infomtl::ops {

GradientSegments::GradientSegments(std::vector<Range> tokens, std::vector<Range> sequences,
                                   std::shared_ptr<GradientSink> sink)
    : tokens_(std::move(tokens), sink), sequences_(std::move(sequences), std::move(sink)) {
  if (tokens_.ranges().size() != sequences_.ranges().size()) {
    throw ShapeError("gradient segments: " + std::to_string(tokens_.ranges().size()) + " ranges of tokens but " +
                     std::to_string(sequences_.ranges().size()) + " of sequences");
  }
}

}  // namespace infomtl::ops
