#pragma once
// Embedding noise: how a model's predictions bear noise on its word embeddings (InfoMTL, arXiv 2503.04667, robustness).
//
//   ForwardPass pass({.model = &model, .training = false}, batch);
//   const auto noisy = with_embedding_noise(pass, k, {.kind = "adversarial", .strength = 0.1});
//   Tensor output = noisy->prediction().output;      // [B, C]

#include <cstdint>
#include <memory>
#include <string>

#include "infomtl/core/export.h"
#include "infomtl/core/settings.h"
#include "infomtl/step/forward_pass.h"

namespace infomtl {

struct INFOMTL_API EmbeddingNoise {
  /// "random": in a Gaussian direction, a function of seed, task and example; "adversarial": in the direction in which
  /// the supervised loss of the text rises fastest (fast gradient method, Miyato et al., ICLR 2017).
  std::string kind = "random";
  /// Euclidean length of a text's noise over all its tokens, in lengths of its word embeddings taken together; >= 0.
  double strength = 0.1;
  std::uint64_t seed = 0;  ///< of random noise

  void fields(FieldVisitor& f);  ///< "kind" and "strength"
  /// "random 0.1": what scores under it are called.
  std::string name() const;
};

/// The k-th task's rows through the model once more, with noise on their word embeddings.
/// @param pass  in evaluation mode
INFOMTL_API std::shared_ptr<TaskStep> with_embedding_noise(ForwardPass& pass, std::size_t k,
                                                           const EmbeddingNoise& noise);

}  // namespace infomtl
