#include "infomtl/losses/adversarial.h"
#include "infomtl/losses/batch_entropy.h"
#include "infomtl/losses/bottleneck.h"
#include "infomtl/losses/expected_supervised.h"
#include "infomtl/losses/feedback_convergence.h"
#include "infomtl/losses/focal.h"
#include "infomtl/losses/gate_entropy.h"
#include "infomtl/losses/information.h"
#include "infomtl/losses/r_drop.h"
#include "infomtl/losses/register_loss.h"
#include "infomtl/losses/shared_information_maximization.h"
#include "infomtl/losses/supervised.h"
#include "infomtl/losses/supervised_contrastive.h"
#include "infomtl/losses/task_information_minimization.h"
#include "infomtl/losses/task_priors.h"

namespace infomtl {
namespace {

/// What PyTorch, Keras and papers call them.
const NameHints& losses_elsewhere() {
  static const NameHints kNames = {{"cross_entropy", "supervised"},
                                   {"crossentropy", "supervised"},
                                   {"cross_entropy_loss", "supervised"},
                                   {"CrossEntropyLoss", "supervised"},
                                   {"ce", "supervised"},
                                   {"nll", "supervised"},
                                   {"nll_loss", "supervised"},
                                   {"bce", "supervised"},
                                   {"bce_with_logits", "supervised"},
                                   {"binary_cross_entropy", "supervised"},
                                   {"binary_cross_entropy_with_logits", "supervised"},
                                   {"BCEWithLogitsLoss", "supervised"},
                                   {"mse", "supervised"},
                                   {"mse_loss", "supervised"},
                                   {"MSELoss", "supervised"},
                                   {"label_smoothing", "supervised"},
                                   {"focal_loss", "focal"},
                                   {"supcon", "supervised_contrastive"},
                                   {"SupConLoss", "supervised_contrastive"},
                                   {"infonce", "simax"},
                                   {"info_nce", "simax"},
                                   {"simcse", "simax"},
                                   {"contrastive", "simax"},
                                   {"information_bottleneck", "timin"},
                                   {"rdrop", "r_drop"},
                                   {"fgm", "adversarial"},
                                   {"pgd", "adversarial"}};
  return kNames;
}

}  // namespace

void register_builtin_losses(LossRegistry& registry) {
  register_loss<Supervised>(registry, "supervised",
                            "the task's own loss: cross-entropy, binary cross-entropy or squared error",
                            "label smoothing: Szegedy et al., CVPR 2016");
  register_loss<SharedInformationMaximization>(
      registry, "simax", "shared-information maximisation: InfoNCE, or another bound, between two dropout views",
      "Hu et al., AAAI 2025; van den Oord et al. 2018");
  register_loss<TaskInformationMinimization>(
      registry, "timin",
      "task-specific information minimisation: KL of the gaussian head to a prior, N(0, I) in the paper",
      "Hu et al., AAAI 2025; Alemi et al., ICLR 2017");
  register_loss<Bottleneck>(registry, "bottleneck",
                            "KL of a stochastic architecture's code to its prior (architectures vib, additive_noise)",
                            "MT-VIB, Qian et al., arXiv:2007.00339; de Freitas et al., IJCNN 2022");
  register_loss<ExpectedSupervised>(registry, "expected_supervised",
                                    "the supervised loss averaged over samples of representation and head",
                                    "VMTL, Shen et al., NeurIPS 2021, arXiv:2111.05323");
  register_loss<RepresentationPrior>(
      registry, "representation_prior",
      "KL of a row's code to what the other tasks' posteriors make of inputs that resemble it",
      "VMTL, Shen et al., NeurIPS 2021, arXiv:2111.05323");
  register_loss<WeightPrior>(registry, "weight_prior",
                             "KL of the Gaussian weights of a task's head to those of the other tasks' heads",
                             "VMTL, Shen et al., NeurIPS 2021, arXiv:2111.05323");
  register_loss<GateEntropy>(registry, "gate_entropy", "entropy of sparse gates (architecture dselect_k)",
                             "Hazimeh et al., NeurIPS 2021");
  register_loss<FocalLoss>(registry, "focal", "cross-entropy that looks away from rows already predicted well",
                           "Lin et al., ICCV 2017");
  register_loss<FeedbackConvergence>(registry, "feedback_convergence",
                                     "heads that read each other over rounds should settle (head feedback)",
                                     "after Xi et al., arXiv:2404.00885");
  register_loss<BatchEntropy>(registry, "batch_entropy", "keeps a batch's predictions spread over the classes",
                              "SPC, Hu et al., AAAI 2024");
  registry.add_alias("spc", "batch_entropy");
  register_loss<RDrop>(registry, "r_drop", "symmetric KL between the predictions of two dropout views",
                       "Liang et al., NeurIPS 2021");
  register_loss<SupervisedContrastive>(registry, "supervised_contrastive",
                                       "brings rows of one label together in the shared representation",
                                       "Khosla et al., NeurIPS 2020");
  register_loss<Adversarial>(registry, "adversarial", "supervised loss under an attack on the input embeddings",
                             "Miyato et al., ICLR 2017 (FGM); Madry et al., ICLR 2018 (PGD)");
  register_loss<AdversarialParameters>(registry, "adversarial_parameters",
                                       "supervised loss under an attack on parameters, restored afterwards",
                                       "CIFM, Hu et al., ACL 2024");
  register_loss<Information>(registry, "information",
                             "no loss: bounds on I(X;Z_t) of a gaussian head in nats, in the log",
                             "Poole et al., ICML 2019; van den Oord et al. 2018");
  registry.add_hints(losses_elsewhere());
}

LossRegistry& loss_registry() {
  static LossRegistry registry = [] {
    LossRegistry built("loss");
    register_builtin_losses(built);
    return built;
  }();
  return registry;
}

}  // namespace infomtl
