#pragma once
// SIMax: keeps information about the input in the shared representation, by a contrastive bound on I(X;Z) between two
// dropout views of the same sequences (Hu et al., AAAI 2025, arXiv 2503.04667, equation of the SIMax loss).

#include <memory>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/losses/loss_term.h"
#include "infomtl/ops/information/contrastive.h"

namespace infomtl {

class Critic;
class InformationBound;

///   sum_i -log( exp(cos(z_i, z'_i)/tau) / sum_j exp(cos(z_i, z'_j)/tau) )
///
/// with z and z' the two views [B, H] of the encoder's pooled output. Gradients flow through both views, none reaches a
/// head. Per row it is at least log(1 + (B-1) e^{-2/tau}). Training only: in evaluation both views are equal.
///
/// With another `bound` the loss is minus that bound on I(Z;Z') <= I(X;Z), in nats (bounds.h): the sum is -B times it; a
/// batch of one row has no pair and counts 0. With another `critic` f the scores are f(z_i, z'_j) / tau. What critic and
/// bound learn or remember is saved with the run.
///
/// InfoNCE of cosines takes memory linear in the rows of a step, whatever their number (contrastive.h); other critics and
/// bounds hold the scores of all pairs, 4 bytes each, several times.
class INFOMTL_API SharedInformationMaximization final : public LossTerm {
 public:
  struct INFOMTL_API Settings {
    double temperature = 1.0;    ///< tau > 0; the paper takes 1 for RoBERTa, 0.1 for BERT
    bool symmetric = false;      ///< infonce: mean of both directions, else view 0 against view 1 only
    std::string scope = "task";  ///< infonce: negatives from the task's rows, or from all tasks' ("batch")
    std::string repeats =
        "negatives";                ///< infonce: rows of equal tokens contrast each other, or are left out ("ignored")
    std::string bound = "infonce";  ///< what is maximised: one of bounds.h
    std::string critic = "cosine";  ///< or "separable", "bilinear", "concat", which learn
    std::int64_t critic_width = 128;  ///< hidden layers and embeddings of what critic and bound learn
    double learning_rate = 5e-4;      ///< peak, of what critic and bound learn; 0: the optimiser's
    double momentum = 0.9;            ///< mine: share of the old value in the moving average (Belghazi et al. 2018)
    double clip = 5.0;                ///< smile: scores of negatives are clamped to +-clip (Song & Ermon 2020)
    void fields(FieldVisitor& f);
  };
  SharedInformationMaximization() : SharedInformationMaximization(Settings{}) {}
  /// @param context the encoder's width for what is learned, and the tasks
  /// @throws ConfigError for options that the bound does not know
  explicit SharedInformationMaximization(Settings settings, const TermContext& context = {});

  Needs needs() const override { return {.views = 2, .other_tasks = settings_.scope == "batch"}; }
  bool in_evaluation() const override { return false; }
  bool compares_rows() const override { return true; }
  std::vector<ParameterGroup> parameter_groups() const override { return own_rate("*", settings_.learning_rate); }
  std::int64_t count(const TaskBatch& rows) const override;
  bool reads_labels() const override { return false; }
  LossValue compute(TaskStep& step) override;

 private:
  /// Which keys have the tokens of which row; none where repeats are negatives or texts unknown.
  ops::IgnoredPairs same_text(const Tensor& texts, const std::vector<Tensor>& keys) const;

  Settings settings_;
  std::shared_ptr<Critic> critic_;
  std::shared_ptr<InformationBound> bound_;
};

}  // namespace infomtl
