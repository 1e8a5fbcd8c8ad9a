#include "infomtl/core/config.h"
#include "infomtl/model/head.h"
#include "model/heads/bayesian_head.h"
#include "model/heads/cnn_head.h"
#include "model/heads/feedback_head.h"
#include "model/heads/gaussian_head.h"
#include "model/heads/linear_head.h"

namespace infomtl {

HeadRegistry& head_registry() {
  static HeadRegistry registry = [] {
    HeadRegistry made("head", "linear");
    register_builtin_heads(made);
    return made;
  }();
  return registry;
}

void register_builtin_heads(HeadRegistry& registry) {
  registry.add<LinearHead>("linear", "deterministic outputs, no or one hidden layer");
  registry.add<GaussianHead>("gaussian", "mean and log-variance of a Gaussian over the outputs",
                             "Hu et al., AAAI 2025, arXiv:2503.04667", {{"gaussian", "true"}});
  registry.add<CnnHead>("cnn", "convolutions over the states of all tokens, the largest answer of each filter",
                        "Kim, EMNLP 2014, arXiv:1408.5882");
  registry.add<FeedbackHead>("feedback", "reads what the other tasks' heads said in the round before, several rounds",
                             "after Xi et al., arXiv:2404.00885");
  registry.add<BayesianHead>("bayesian", "a linear map with Gaussian weights, its own or made by the architecture",
                             "VMTL, Shen et al., NeurIPS 2021, arXiv:2111.05323", {{"gaussian", "true"}});
}

}  // namespace infomtl
