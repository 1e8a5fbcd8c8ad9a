#include "model/architectures/builtin.h"

namespace infomtl::architectures {

void AlignmentSettings::fields(FieldVisitor& f) {
  f.choice("site", site, {"token_embedding", "pooled"},
           "what is mapped: every word embedding (the paper), or the encoder's output (cheap, not the paper's method)");
  f.field("learning_rate", learning_rate, "peak rate of the maps; 0: the optimiser's", at_least(0));
}

/// Covariance alignment: task t's inputs X_t are mapped to X_t R_t before the shared module, so that the covariances of
/// tasks line up. The parameter is R_t - I, zero at first: training then begins at hard sharing bit for bit, and weight
/// decay draws R_t to the identity. The paper fits R_t and the heads with the shared module at rest: give such a run
/// phases. Initialisation and schedule are our reading of the paper.
class Alignment final : public Architecture {
 public:
  using Settings = AlignmentSettings;
  Alignment(const Settings& settings, const ArchitectureContext& context)
      : settings_(settings), width_(context.width), on_words_(settings.site == "token_embedding") {
    const std::int64_t size = on_words_ ? context.embedding_width : context.width;
    const auto group = register_module("maps", std::make_shared<torch::nn::Module>("maps"));
    for (std::size_t t = 0; t < context.tasks.size(); ++t) {
      maps_.push_back(group->register_parameter(std::to_string(t), at::zeros({size, size})));
    }
  }

  TaskRepresentation forward(std::size_t task, const SharedRows& rows, ops::TensorRandom*) override {
    Tensor value = on_words_ ? rows.pooled : at::addmm(rows.pooled, rows.pooled, maps_.at(task));
    return {.value = std::move(value), .mean = {}, .log_variance = {}, .prior_log_variance = {}};
  }
  bool changes_embeddings() const override { return on_words_; }
  Tensor embedding_offset(std::size_t task, const Tensor& word_embeddings) override {
    return on_words_ ? word_embeddings.mm(maps_.at(task)) : Tensor();
  }
  std::int64_t width() const override { return width_; }
  std::vector<ParameterGroup> parameter_groups() const override { return own_rate("maps.*", settings_.learning_rate); }

 private:
  Settings settings_;
  std::int64_t width_;
  bool on_words_;
  std::vector<Tensor> maps_;  // R_t - I
};

ArchitectureFactory alignment(AlignmentSettings settings) {
  return made_by<Alignment>("alignment", std::move(settings));
}

void register_alignment(ArchitectureRegistry& registry) {
  registry.add<Alignment>("alignment", "a square map per task before the shared encoder, the identity at first",
                          "covariance alignment, Wu, Zhang, Re, ICLR 2020, arXiv:2005.00944");
}

}  // namespace infomtl::architectures
