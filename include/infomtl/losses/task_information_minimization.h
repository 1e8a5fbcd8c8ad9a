#pragma once
// TIMin: compresses a task's output representation, KL of the gaussian head's posterior to a prior in output space,
// N(0, I) in the paper (Hu et al., AAAI 2025, arXiv 2503.04667, equation of the TIMin loss).

#include <memory>
#include <string>

#include "infomtl/core/export.h"
#include "infomtl/losses/loss_term.h"

namespace infomtl {

class CompressionPrior;

/// KL( N(mu, diag e^s) || prior ), for N(0, I)
///   1/2 (mu^2 + e^s - 1 - s)
/// for each coordinate, reduced over coordinates and rows by
///   spc   mean over coordinates, mean over the rows of a class, sum over the classes present (Hu et al., AAAI 2024, in
///         their code); labels that are not a single class (values, label sets) take `mean`
///   mean  mean over coordinates and rows
///   sum   sum over coordinates, mean over rows
/// Training only. Priors, one per task; their parameters get their gradient from here alone and are saved:
///   standard           N(0, I) (VIB, Alemi et al. 2017)
///   learned            N(m, diag e^r), starts as N(0, I)
///   mixture            `components` learned Gaussians with learned weights, by one sample of the head: may be negative
///                      (after VampPrior, Tomczak & Welling 2018)
///   class_conditional  N(m_y, diag e^r_y) of the row's class y (CEB, Fischer 2020): I(X;Z|Y); tasks of classes only;
///                      rows of an unknown class are not counted
///   l1out              the other posteriors of the batch: an upper bound on I(X;Z_t) (Poole et al. 2019)
///   club, club_sample  no prior: the upper bound mean_i log p(z_i|x_i) - mean_ij log p(z_j|x_i) on I(X;Z_t) by all
///                      pairs of the batch, or by one other sample per row (Cheng et al. 2020)
/// The last three read `spc` as `mean`; a batch of one row counts 0.
class INFOMTL_API TaskInformationMinimization final : public LossTerm {
 public:
  struct INFOMTL_API Settings {
    std::string reduction = "spc";   ///< or "mean", "sum"
    std::string prior = "standard";  ///< what the posterior is compressed to, see above
    std::int64_t components = 8;     ///< mixture: Gaussians per task
    double learning_rate = 1e-2;     ///< peak, of a prior that learns; 0: the optimiser's
    void fields(FieldVisitor& f);
  };
  TaskInformationMinimization() : TaskInformationMinimization(Settings{}) {}
  /// @param context the tasks, for priors that learn
  explicit TaskInformationMinimization(Settings settings, const TermContext& context = {});

  Needs needs() const override { return {.gaussian_head = true}; }
  bool applies_to(const Task& task) const override;
  bool in_evaluation() const override { return false; }
  bool compares_rows() const override;
  std::vector<ParameterGroup> parameter_groups() const override { return own_rate("*", settings_.learning_rate); }
  std::int64_t count(const TaskBatch& rows) const override;
  bool reads_labels() const override { return settings_.prior == "class_conditional"; }
  LossValue compute(TaskStep& step) override;

 private:
  Settings settings_;
  std::shared_ptr<CompressionPrior> prior_;
};

}  // namespace infomtl
