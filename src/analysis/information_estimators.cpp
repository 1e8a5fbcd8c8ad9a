#include "analysis/information_estimators.h"

#include <cmath>

#include "infomtl/ops/information/bounds.h"
#include "infomtl/ops/information/critics.h"
#include "infomtl/ops/information/gaussian.h"

namespace infomtl::analysis {

namespace {

using Bound = std::function<Tensor(const Tensor& scores)>;
using Layers = std::vector<ops::DenseLayer>;
using Train = decltype(Estimator::train);

/// One with a critic f(x_i, y_j).
class CriticEstimator : public TrainedEstimator {
 public:
  explicit CriticEstimator(const CriticSettings& settings) : TrainedEstimator(settings) {
    const std::int64_t k = settings.dimensions, h = settings.hidden;
    if (settings.form == "concat") {
      pairs_ = add_net("pairs", {2 * k, h, h, 1});
      return;
    }
    of_x_ = add_net("of_x", {k, h, h, settings.embedding});
    of_y_ = add_net("of_y", {k, h, h, settings.embedding});
  }

 protected:
  Tensor scores(const Tensor& x, const Tensor& y) const {
    if (!pairs_.empty()) return ops::concat_scores(x, y, pairs_);
    return ops::separable_scores(ops::dense_net(of_x_, x), ops::dense_net(of_y_, y));
  }

 private:
  Layers pairs_, of_x_, of_y_;
};

/// A bound on the scores that is its own objective, or has another one with a useful gradient.
class ScoreEstimator final : public CriticEstimator {
 public:
  ScoreEstimator(const CriticSettings& settings, Bound value, Bound objective)
      : CriticEstimator(settings), value_(std::move(value)), objective_(std::move(objective)) {}
  Estimate estimate(const Tensor& x, const Tensor& y) override {
    const Tensor f = scores(x, y);
    const Tensor nats = value_(f);
    return {-(objective_ ? objective_(f) : nats), nats};
  }

 private:
  Bound value_, objective_;
};

class MineEstimator final : public CriticEstimator {
 public:
  using CriticEstimator::CriticEstimator;
  Estimate estimate(const Tensor& x, const Tensor& y) override {
    const ops::MineBound bound = ops::mine(scores(x, y), average_);
    average_ = bound.average;
    return {-bound.value, bound.value};
  }

 private:
  Tensor average_;
};

/// log a(y) is a net with one hidden layer.
class TubaEstimator final : public CriticEstimator {
 public:
  explicit TubaEstimator(const CriticSettings& settings)
      : CriticEstimator(settings), baseline_(add_net("baseline", {settings.dimensions, settings.hidden, 1})) {}
  Estimate estimate(const Tensor& x, const Tensor& y) override {
    const Tensor nats = ops::tuba(scores(x, y), ops::dense_net(baseline_, y).squeeze(1));
    return {-nats, nats};
  }

 private:
  Layers baseline_;
};

/// u(x, y) is a net with two hidden layers.
class FloEstimator final : public CriticEstimator {
 public:
  explicit FloEstimator(const CriticSettings& settings)
      : CriticEstimator(settings), u_(add_net("u", {2 * settings.dimensions, settings.hidden, settings.hidden, 1})) {}
  Estimate estimate(const Tensor& x, const Tensor& y) override {
    const Tensor nats = ops::flo(scores(x, y), ops::dense_net(u_, at::cat({x, y}, 1)).squeeze(1));
    return {-nats, nats};
  }

 private:
  Layers u_;
};

/// q(y|x) fitted by maximum likelihood; the bound reads its log densities log q(y_j|x_i).
class ConditionalEstimator final : public TrainedEstimator {
 public:
  ConditionalEstimator(const CriticSettings& settings, Bound value)
      : TrainedEstimator(settings),
        value_(std::move(value)),
        mean_(add_net("mean", {settings.dimensions, settings.hidden, settings.dimensions})),
        log_variance_(add_net("log_variance", {settings.dimensions, settings.hidden, settings.dimensions})) {}
  Estimate estimate(const Tensor& x, const Tensor& y) override {
    const Tensor m = ops::dense_net(mean_, x), s = ops::dense_net(log_variance_, x).tanh();
    const Tensor loss = ops::club_learning_loss(y, m, s);
    at::NoGradGuard no_grad;
    return {loss, value_(ops::conditional_scores(m, s, y))};
  }

 private:
  Bound value_;
  Layers mean_, log_variance_;
};

template <class Class, class... Args>
Train trains(Args... args) {
  return [=](const CriticSettings& settings) { return std::make_unique<Class>(settings, args...); };
}
Train scored(Bound value, Bound objective = {}) {
  return trains<ScoreEstimator>(std::move(value), std::move(objective));
}
Train fitted(Bound value) { return trains<ConditionalEstimator>(std::move(value)); }

/// One negative per row, the next row's y: rows are independent, so a shift is as good as a random order.
Tensor club_of_shifted(const Tensor& scores) {
  return ops::club_sample(scores.diagonal(), scores.roll(-1, 1).diagonal());
}

Tensor prior_divergence(const KnownPairs& pairs) {
  return ops::kl_standard(pairs.rho * pairs.x, at::full_like(pairs.x, std::log1p(-pairs.rho * pairs.rho)));
}

Estimator smile_with(double clip) {
  const std::string name = std::isinf(clip) ? "smile" : "smile_" + std::to_string(static_cast<int>(clip));
  const auto value = [clip](const Tensor& f) { return ops::smile(f, clip); };
  return {name, "estimate", scored(value, ops::jsd), [value](const KnownPairs& p) { return value(p.pmi); }};
}

}  // namespace

const std::vector<Estimator>& estimators() {
  static const std::vector<Estimator> all = {
      {"infonce", "lower", scored(ops::infonce), [](const KnownPairs& p) { return ops::infonce(p.pmi); }},
      {"dv", "lower", scored(ops::dv), [](const KnownPairs& p) { return ops::dv(p.pmi); }},
      {"mine", "lower", trains<MineEstimator>(), [](const KnownPairs& p) { return ops::mine(p.pmi).value; }},
      {"nwj", "lower", scored(ops::nwj), [](const KnownPairs& p) { return ops::nwj(p.pmi + 1); }},
      {"tuba", "lower", trains<TubaEstimator>(),
       [](const KnownPairs& p) { return ops::tuba(p.pmi, at::zeros({p.y.size(0)}, p.y.options())); }},
      {"jsd", "estimate", scored(ops::jsd_information, ops::jsd),
       [](const KnownPairs& p) { return ops::jsd_information(p.pmi); }},
      smile_with(1),
      smile_with(5),
      smile_with(INFINITY),
      {"flo", "lower", trains<FloEstimator>(), [](const KnownPairs& p) { return ops::flo(p.pmi, -p.pmi.diagonal()); }},
      {"club", "upper", fitted(ops::club), [](const KnownPairs& p) { return ops::club(p.conditional); }},
      {"club_sample", "upper", fitted(club_of_shifted),
       [](const KnownPairs& p) { return club_of_shifted(p.conditional); }},
      {"l1out", "upper", fitted(ops::l1out), [](const KnownPairs& p) { return ops::l1out(p.conditional); }},
      {"infonce_over_x", "lower", {}, [](const KnownPairs& p) { return ops::infonce(p.conditional.t()); }},
      {"var_ub", "upper", {}, [](const KnownPairs& p) { return ops::var_ub(prior_divergence(p)); }},
  };
  return all;
}

}  // namespace infomtl::analysis
