#include "infomtl/data/batch_source.h"

#include "infomtl/core/errors.h"

namespace infomtl {

StepBatch BatchSource::independent_batch(std::int64_t /*step*/, std::uint64_t /*index*/) {
  throw StateError("this source of batches has no second batch for a step, which the weighting asks for");
}

BatchReader BatchSource::evaluation(Split /*split*/, std::int64_t /*batch_size*/) {
  return [] { return std::nullopt; };
}

}  // namespace infomtl
