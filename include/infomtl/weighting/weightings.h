#pragma once
// Weightings: the built-in ones, from code. Each returns a factory; a trainer makes the weighting once it knows tasks and
// regime. Settings are checked as a config's are (ConfigError); `infomtl list weightings` names the papers.
//
//   Trainer trainer(settings, model, objective, weightings::cagrad({.c = 0.4}), data);
//   Trainer other(settings, model, objective, weightings::smoothed(weightings::uncertainty()), data);
//
// "joint": compares the tasks of one step, so it needs Regime::joint. Letters: T tasks.
//
// What a method solves for T tasks it solves on the host. Of a step on a GPU those that read losses copy these [T] there,
// those that read products the Gram matrix [T, T], and wait for that one copy; famo, imtl, db_mtl and forum wait twice, moco,
// gradnorm and auto_lambda three times. equal, constant, task_size, svd_reweighting, dwa and rlw need nothing of the step,
// uncertainty, imtl_l, graddrop and trimmed_mean compute on the GPU: these do not wait.

#include <cstdint>
#include <string>

#include "infomtl/core/export.h"
#include "infomtl/core/settings.h"
#include "infomtl/ops/aggregation/tracking.h"
#include "infomtl/weighting/gradient_weighting.h"

namespace infomtl::weightings {

// Fields of several: `head_gradient` says what heads get, "plain" the gradient of their own loss, "weighted" that times
// its weight. `gradient` says whose gradients are compared, those of the shared "parameters" or of the "representation"
// summed over rows: cheaper, but with different inputs per task no bound on the parameters' conflict.

struct INFOMTL_API EqualSettings {
  std::string reduction = "sum";  ///< weight 1, or "mean": 1/T
  void fields(FieldVisitor& f);
};
struct INFOMTL_API ConstantSettings {
  NamedNumbers weights = {};  ///< by the order of the tasks or their names, >= 0; a task that is not named has 1
  void fields(FieldVisitor& f);
};
struct INFOMTL_API SvdReweightingSettings {
  std::int64_t rank = 0;  ///< directions that count, at most the columns of labels; 0: T
  void fields(FieldVisitor& f);
};
struct INFOMTL_API ScaleInvariantSettings {
  double epsilon = 1e-8;  ///< added to a loss before the logarithm, > 0
  void fields(FieldVisitor& f);
};
// `learning_rate` is the peak rate of what a method learns by gradients of its own, 0 the optimiser's: at the encoder's
// rate a scale would move by a few hundredths in a whole run.

struct INFOMTL_API UncertaintySettings {
  double initial_log_variance = -0.5;  ///< s at the start: -0.5 in LibMTL, 0 in TorchJD
  std::string form = "regression";     ///< weight e^{-s}/2, or "classification": e^{-s}
  double learning_rate = 1e-2;
  void fields(FieldVisitor& f);
};
struct INFOMTL_API DwaSettings {
  double temperature = 2.0;  ///< softness of the weights, > 0
  void fields(FieldVisitor& f);
};
struct INFOMTL_API ImtlLSettings {
  double initial_log_scale = 0;  ///< s at the start
  double learning_rate = 1e-2;
  void fields(FieldVisitor& f);
};
struct INFOMTL_API RlwSettings {
  std::string distribution = "normal";  ///< softmax of normals, or "dirichlet"
  double concentration = 1.0;           ///< of the Dirichlet distribution, > 0
  void fields(FieldVisitor& f);
};
struct INFOMTL_API StchSettings {
  double mu = 1.0;                 ///< smoothness, > 0: to 0 it becomes the worst task alone
  std::int64_t warmup_epochs = 4;  ///< epochs before the one that gives the nadir
  void fields(FieldVisitor& f);
};
struct INFOMTL_API FamoSettings {
  double learning_rate = 0.025;  ///< of the logits, > 0
  double weight_decay = 1e-3;    ///< of the logits
  double minimum = 0;            ///< lower bound of every loss
  void fields(FieldVisitor& f);
};
struct INFOMTL_API SmoothedSettings {
  double memory = 0.9;  ///< share of the previous weights, in [0, 1]
  void fields(FieldVisitor& f);
};
struct INFOMTL_API GradNormSettings {
  double alpha = 1.5;  ///< strength of the pull towards a common training rate, >= 0
  double learning_rate = 1e-2;
  std::string head_gradient = "plain", gradient = "parameters";
  void fields(FieldVisitor& f);
};
struct INFOMTL_API MgdaSettings {
  std::string head_gradient = "plain", gradient = "parameters";
  std::string normalizer = "none";  ///< divisor of each gradient: "none", "l2" (its norm), "loss", "loss+" (both)
  void fields(FieldVisitor& f);
};
struct INFOMTL_API PcGradSettings {
  std::string head_gradient = "plain";
  void fields(FieldVisitor& f);
};
struct INFOMTL_API GradVacSettings {
  std::string head_gradient = "plain";
  double beta = 0.5;  ///< weight of the new cosine in the moving average, in [0, 1]
  void fields(FieldVisitor& f);
};
struct INFOMTL_API GradDropSettings {
  double leak = 0;                      ///< share of a dropped entry that passes, in [0, 1]
  std::string gradient = "parameters";  ///< what is masked
  void fields(FieldVisitor& f);
};
struct INFOMTL_API ImtlSettings {
  bool scale_losses = true;  ///< IMTL-L before IMTL-G; false: IMTL-G alone
  double learning_rate = 1e-2;
  std::string gradient = "parameters";
  void fields(FieldVisitor& f);
};
struct INFOMTL_API CaGradSettings {
  std::string head_gradient = "plain";
  double c = 0.5;            ///< radius of the ball in norms of the mean gradient, >= 0
  std::int64_t rescale = 1;  ///< 0: none, 1: divide by 1 + c^2, 2: divide by 1 + c
  void fields(FieldVisitor& f);
};
struct INFOMTL_API NashMtlSettings {
  std::string head_gradient = "weighted";
  double max_norm = 1.0;          ///< norm the shared direction is shortened to; 0: none
  std::int64_t update_every = 1;  ///< steps between two solutions
  void fields(FieldVisitor& f);
};
struct INFOMTL_API MocoSettings {
  ops::MocoOptions options = {};
  void fields(FieldVisitor& f);
};
struct INFOMTL_API AlignedMtlSettings {
  std::string head_gradient = "plain", gradient = "parameters";
  std::string scale = "min";  ///< which eigenvalue all are brought to: "min", "median", "mean"
  void fields(FieldVisitor& f);
};
struct INFOMTL_API UpGradSettings {
  std::string head_gradient = "plain";
  double ridge = 1e-4;      ///< added to the diagonal of K / trace K, >= 0
  double norm_epsilon = 0;  ///< a trace of K below it counts as zero (TorchJD: 1e-4)
  void fields(FieldVisitor& f);
};
struct INFOMTL_API DualProjSettings {
  std::string head_gradient = "plain";
  double ridge = 1e-4;      ///< added to the diagonal of K / trace K, >= 0
  double norm_epsilon = 0;  ///< a trace of K below it counts as zero (TorchJD: 1e-4)
  void fields(FieldVisitor& f);
};
struct INFOMTL_API FairGradSettings {
  std::string head_gradient = "weighted";
  double alpha = 1.0;  ///< fairness, > 0: 1 is the Nash solution, large approaches max-min
  void fields(FieldVisitor& f);
};
struct INFOMTL_API DbMtlSettings {
  ops::DbMtlOptions options = {};
  void fields(FieldVisitor& f);
};
struct INFOMTL_API ExcessMtlSettings {
  ops::ExcessOptions options = {};
  std::string head_gradient = "weighted";
  void fields(FieldVisitor& f);
};
struct INFOMTL_API SdmGradSettings {
  ops::SdmGradOptions options = {};
  std::string head_gradient = "plain";
  void fields(FieldVisitor& f);
};
struct INFOMTL_API ModoSettings {
  ops::ModoOptions options = {};
  std::string head_gradient = "plain";
  void fields(FieldVisitor& f);
};
struct INFOMTL_API ConflictFreeSettings {
  std::string head_gradient = "plain";
  void fields(FieldVisitor& f);
};
struct INFOMTL_API KrumSettings {
  std::string head_gradient = "plain";
  std::int64_t byzantine = 1;  ///< rows that may be anything; T >= byzantine + 3
  std::int64_t selected = 1;   ///< rows that are averaged, <= T
  void fields(FieldVisitor& f);
};
struct INFOMTL_API TrimmedMeanSettings {
  std::int64_t trim = 1;  ///< values dropped at each end; T > 2 trim
  void fields(FieldVisitor& f);
};
struct INFOMTL_API AutoLambdaSettings {
  double inner_learning_rate = 1e-3;    ///< of the virtual step
  std::string meta_optimizer = "adam";  ///< of the task weights, or "sgd"
  double meta_learning_rate = 1e-3;     ///< likewise; 1e-3 in LibMTL
  double initial_weight = 1.0;          ///< of every task
  void fields(FieldVisitor& f);
};
struct INFOMTL_API MomlSettings {
  double inner_learning_rate = 0.1;     ///< of the virtual step of the shared parameters
  std::string meta_optimizer = "adam";  ///< of the logits of the weights, or "sgd"
  double meta_learning_rate = 1e-3;     ///< likewise; 1e-3 in LibMTL
  std::string inner_batch = "own";      ///< rows of the virtual step, or "trained": those that the step trains on
  void fields(FieldVisitor& f);
};
struct INFOMTL_API ForumSettings {
  double phi = 0.1;                     ///< how fast the constraint must fall
  std::int64_t inner_steps = 5;         ///< descent steps that approximate the lower optimum
  double inner_learning_rate = 0.1;     ///< of those steps
  std::string meta_optimizer = "adam";  ///< of the logits of the lower weights, or "sgd"
  double meta_learning_rate = 1e-3;     ///< likewise; 1e-3 in LibMTL
  void fields(FieldVisitor& f);
};

/// Every task counts the same (EW).
INFOMTL_API WeightingFactory equal(EqualSettings settings = {});
/// Weights given by hand, as they are: their sum is not normalised.
INFOMTL_API WeightingFactory constant(ConstantSettings settings = {});
/// The share of training examples (TW); refused where the sampler takes tasks by their size already.
INFOMTL_API WeightingFactory task_size();
/// How much of a task's labels lies in the directions that all tasks share, seen once before the first step; for tasks that
/// label the same texts. Columns of labels are standardised, and a task with one label only is refused.
INFOMTL_API WeightingFactory svd_reweighting(SvdReweightingSettings settings = {});
/// Sum of log losses (SI).
INFOMTL_API WeightingFactory scale_invariant(ScaleInvariantSettings settings = {});
/// Homoscedastic uncertainty as learned weights (UW).
INFOMTL_API WeightingFactory uncertainty(UncertaintySettings settings = {});
/// Geometric mean of the losses (GLS); joint.
INFOMTL_API WeightingFactory geometric();
/// Dynamic weight average: slow tasks count more.
INFOMTL_API WeightingFactory dwa(DwaSettings settings = {});
/// Learned scales that bring all losses to one.
INFOMTL_API WeightingFactory imtl_l(ImtlLSettings settings = {});
/// Random loss weighting.
INFOMTL_API WeightingFactory rlw(RlwSettings settings = {});
/// Smooth Tchebycheff scalarisation; joint.
INFOMTL_API WeightingFactory stch(StchSettings settings = {});
/// All log losses fall alike; joint.
INFOMTL_API WeightingFactory famo(FamoSettings settings = {});
/// Moving average of another weighting's weights (CR-MOGM); where it gives heads weights of their own, these are
/// averaged on their own. One that gives a direction is refused at the first step.
INFOMTL_API WeightingFactory smoothed(WeightingFactory inner, SmoothedSettings settings = {});
/// Gradient norms brought to training rates; joint.
INFOMTL_API WeightingFactory gradnorm(GradNormSettings settings = {});
/// Min-norm point of the gradients' hull; joint.
INFOMTL_API WeightingFactory mgda(MgdaSettings settings = {});
/// Projects conflicting gradients; joint.
INFOMTL_API WeightingFactory pcgrad(PcGradSettings settings = {});
/// Lifts gradient cosines to a moving target; joint.
INFOMTL_API WeightingFactory gradvac(GradVacSettings settings = {});
/// Gradient sign dropout; joint.
INFOMTL_API WeightingFactory graddrop(GradDropSettings settings = {});
/// Scaled losses, equal projections (IMTL-G + L); joint.
INFOMTL_API WeightingFactory imtl(ImtlSettings settings = {});
/// Conflict-averse gradient descent; joint.
INFOMTL_API WeightingFactory cagrad(CaGradSettings settings = {});
/// Nash bargaining of the tasks; joint.
INFOMTL_API WeightingFactory nash_mtl(NashMtlSettings settings = {});
/// Gradient correction by tracked gradients; joint.
INFOMTL_API WeightingFactory moco(MocoSettings settings = {});
/// Aligns principal components of the gradients; joint.
INFOMTL_API WeightingFactory aligned_mtl(AlignedMtlSettings settings = {});
/// Every gradient projected onto the cone where no task is hurt, then averaged; joint.
INFOMTL_API WeightingFactory upgrad(UpGradSettings settings = {});
/// The mean gradient projected onto that cone (GEM); joint.
INFOMTL_API WeightingFactory dualproj(DualProjSettings settings = {});
/// Alpha-fair task weights; joint.
INFOMTL_API WeightingFactory fairgrad(FairGradSettings settings = {});
/// Log losses and equal gradient norms; joint.
INFOMTL_API WeightingFactory db_mtl(DbMtlSettings settings = {});
/// Weights by estimated excess risk; joint.
INFOMTL_API WeightingFactory excess_mtl(ExcessMtlSettings settings = {});
/// Direction-oriented descent, three batches per step; joint.
INFOMTL_API WeightingFactory sdmgrad(SdmGradSettings settings = {});
/// Double sampling, three batches per step; joint.
INFOMTL_API WeightingFactory modo(ModoSettings settings = {});
/// ConFIG: equal cosines with every task; joint.
INFOMTL_API WeightingFactory conflict_free(ConflictFreeSettings settings = {});
/// Multi-Krum, by plain distances as in TorchJD (the paper squares them); joint.
INFOMTL_API WeightingFactory krum(KrumSettings settings = {});
/// Entrywise mean without extremes; joint.
INFOMTL_API WeightingFactory trimmed_mean(TrimmedMeanSettings settings = {});
/// Weights learned through a virtual step on another batch; joint.
INFOMTL_API WeightingFactory auto_lambda(AutoLambdaSettings settings = {});
/// Multi-objective meta learning of the weights; joint.
INFOMTL_API WeightingFactory moml(MomlSettings settings = {});
/// First-order value-function form of bilevel weighting; joint.
INFOMTL_API WeightingFactory forum(ForumSettings settings = {});

}  // namespace infomtl::weightings
