#include "losses/compression_prior.h"

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "infomtl/ops/information/bounds.h"
#include "infomtl/ops/tensor_random.h"
#include "losses/counted_items.h"
#include "losses/named_part.h"

namespace infomtl {
namespace {

using ops::LossValue;
using torch::Tensor;

/// A divergence with one number per row, summed over its K coordinates, reduced as a matrix [B, K] would be.
LossValue reduce_rows(const Tensor& per_row, const Posterior& posterior) {
  const bool sum = posterior.reduction == ops::KlReduction::sum;
  const Tensor column = per_row.unsqueeze(1);
  return ops::reduce_coordinates(sum ? column : column / static_cast<double>(posterior.mean.size(1)),
                                 posterior.reduction, posterior.classes);
}

/// N(0, I)
class StandardPrior final : public CompressionPrior {
 public:
  explicit StandardPrior(const PriorContext& /*shape*/) {}
  LossValue divergence(const Posterior& q) const override {
    return ops::reduce_coordinates(ops::kl_standard(q.mean, q.log_variance), q.reduction, q.classes);
  }
};

/// Moments per task, all 0 unless drawn: N(0, I) at the start.
class LearnedMoments : public CompressionPrior {
 protected:
  struct Moments {
    Tensor mean, log_variance;
  };
  void add(const Task& task, const Tensor& mean) {
    moments_.push_back({register_parameter(task.name + "_mean", mean),
                        register_parameter(task.name + "_log_variance", at::zeros_like(mean))});
  }
  void skip() { moments_.emplace_back(); }
  const Moments& of(const Posterior& q) const {
    if (q.task >= moments_.size()) throw StateError("timin: a prior that was built without its TermContext");
    return moments_[q.task];
  }

 private:
  std::vector<Moments> moments_;
};

/// N(m, diag e^r)
class LearnedPrior final : public LearnedMoments {
 public:
  explicit LearnedPrior(const PriorContext& shape) {
    for (const Task& task : shape.tasks) add(task, at::zeros({task.outputs()}));
  }
  LossValue divergence(const Posterior& q) const override {
    const Moments& prior = of(q);
    return ops::reduce_coordinates(ops::kl_diagonal(q.mean, q.log_variance, prior.mean, prior.log_variance),
                                   q.reduction, q.classes);
  }
};

/// sum_m w_m N(m_m, diag e^r_m), by the head's sample; means are drawn from N(0, I).
class MixturePrior final : public LearnedMoments {
 public:
  explicit MixturePrior(const PriorContext& shape) {
    for (const Task& task : shape.tasks) {
      ops::TensorRandom random(derive_seed(shape.seed, task.name));
      add(task, at::randn({shape.components, task.outputs()}, random.generator(), torch::kFloat32));
      weight_logits_.push_back(register_parameter(task.name + "_weight_logits", at::zeros({shape.components})));
    }
  }
  LossValue divergence(const Posterior& q) const override {
    const Moments& prior = of(q);
    return reduce_rows(ops::kl_mixture_sample(q.sample, q.mean, q.log_variance, prior.mean, prior.log_variance,
                                              weight_logits_.at(q.task)),
                       q);
  }

 private:
  std::vector<Tensor> weight_logits_;
};

/// N(m_y, diag e^r_y) of the item's class y
class ClassConditionalPrior final : public LearnedMoments {
 public:
  explicit ClassConditionalPrior(const PriorContext& shape) {
    for (const Task& task : shape.tasks) {
      if (is_classes(task.kind)) {
        add(task, at::zeros({task.outputs(), task.outputs()}));
      } else {
        skip();
      }
    }
  }
  LossValue divergence(const Posterior& q) const override {
    const Moments& prior = of(q);
    return ops::reduce_coordinates(
        ops::kl_class_conditional(q.mean, q.log_variance, prior.mean, prior.log_variance, q.classes), q.reduction,
        q.classes);
  }
  bool reads_classes() const override { return true; }
};

/// The mixture of the batch's other posteriors: the leave-one-out bound on I(X; Z_t). Classes are not balanced.
class LeaveOneOut final : public CompressionPrior {
 public:
  explicit LeaveOneOut(const PriorContext& /*shape*/) {}
  LossValue divergence(const Posterior& q) const override {
    LossValue value = ops::l1out_compression(q.sample, q.mean, q.log_variance);
    if (q.reduction != ops::KlReduction::sum) value.sum = value.sum / static_cast<double>(q.mean.size(1));
    return value;
  }
  std::int64_t least_items() const override { return 2; }
};

/// No prior: CLUB, an upper bound on I(X; Z_t) from the head's own p(z|x). Classes are not balanced.
class Club : public CompressionPrior {
 public:
  explicit Club(const PriorContext& /*shape*/) {}
  LossValue divergence(const Posterior& q) const override {
    const std::int64_t items = q.mean.size(0);
    const Tensor nats = information(q) * static_cast<double>(items);
    const bool sum = q.reduction == ops::KlReduction::sum;
    return over_items(sum ? nats : nats / static_cast<double>(q.mean.size(1)), items);
  }
  std::int64_t least_items() const override { return 2; }

 protected:
  virtual Tensor information(const Posterior& q) const {
    return ops::club(ops::conditional_scores(q.mean, q.log_variance, q.sample));
  }
};

/// CLUB with one negative per item, the sample of the next one: items come in random order.
class ClubSample final : public Club {
 public:
  using Club::Club;

 protected:
  Tensor information(const Posterior& q) const override {
    return ops::club_sample(ops::gaussian_log_density(q.sample, q.mean, q.log_variance),
                            ops::gaussian_log_density(q.sample.roll(-1, 0), q.mean, q.log_variance));
  }
};

using PriorList = NamedParts<CompressionPrior, const PriorContext&>;
const PriorList& priors() {
  static const PriorList list{
      {"standard", PriorList::make<StandardPrior>}, {"learned", PriorList::make<LearnedPrior>},
      {"mixture", PriorList::make<MixturePrior>},   {"class_conditional", PriorList::make<ClassConditionalPrior>},
      {"l1out", PriorList::make<LeaveOneOut>},      {"club", PriorList::make<Club>},
      {"club_sample", PriorList::make<ClubSample>}};
  return list;
}

}  // namespace

const std::vector<std::string>& prior_names() { return priors().names(); }

std::shared_ptr<CompressionPrior> make_prior(const std::string& name, const PriorContext& shape) {
  return priors().build(name, shape);
}

}  // namespace infomtl
