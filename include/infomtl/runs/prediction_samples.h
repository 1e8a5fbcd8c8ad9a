#pragma once
// Prediction samples: how often a model whose representation or head is random is asked, for how sure it is.

#include <cstdint>

namespace infomtl {

struct PredictionSamples {
  std::int64_t count = 0;  ///< per text, 2 or more; 0: one answer by the means
  std::uint64_t seed = 0;  ///< an answer is a function of it and the text
};

}  // namespace infomtl
