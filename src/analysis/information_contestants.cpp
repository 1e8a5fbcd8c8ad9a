#include "analysis/information_contestants.h"

#include <cmath>
#include <memory>

#include "infomtl/ops/information/bounds.h"
#include "infomtl/ops/information/gaussian.h"

namespace infomtl::analysis {

namespace {

using Settings = InformationBenchmarkSettings;
using Try = std::function<Attempt(const Tensor& x, const Tensor& y)>;
using Scores = std::function<Tensor(const Tensor& x, const Tensor& y)>;
using Bound = std::function<Tensor(const Tensor& scores)>;

/// f(x_i, y_j) of a trained critic.
Scores score_critic(const Settings& settings, Draws& draws, std::vector<Tensor>& parameters) {
  const std::int64_t k = settings.dimensions, h = settings.hidden;
  if (settings.critic == "concat") {
    const Perceptron pairs({2 * k, h, h, 1}, draws);
    pairs.add_to(parameters);
    return [pairs](const Tensor& x, const Tensor& y) { return ops::concat_scores(x, y, pairs.layers()); };
  }
  const Perceptron of_x({k, h, h, settings.embedding}, draws), of_y({k, h, h, settings.embedding}, draws);
  of_x.add_to(parameters);
  of_y.add_to(parameters);
  return [of_x, of_y](const Tensor& x, const Tensor& y) { return ops::separable_scores(of_x(x), of_y(y)); };
}

/// A bound that is its own objective, or has another one with a useful gradient.
auto scored(Bound value, Bound objective = {}) {
  return [=](const Settings& settings, Draws& draws, std::vector<Tensor>& parameters) -> Try {
    const Scores scores = score_critic(settings, draws, parameters);
    return [=](const Tensor& x, const Tensor& y) -> Attempt {
      const Tensor f = scores(x, y);
      const Tensor nats = value(f);
      return {-(objective ? objective(f) : nats), nats};
    };
  };
}

Try mine_critic(const Settings& settings, Draws& draws, std::vector<Tensor>& parameters) {
  const Scores scores = score_critic(settings, draws, parameters);
  const auto average = std::make_shared<Tensor>();
  return [=](const Tensor& x, const Tensor& y) -> Attempt {
    const ops::MineBound bound = ops::mine(scores(x, y), *average);
    *average = bound.average;
    return {-bound.value, bound.value};
  };
}

Try tuba_critic(const Settings& settings, Draws& draws, std::vector<Tensor>& parameters) {
  const Scores scores = score_critic(settings, draws, parameters);
  const Perceptron baseline({settings.dimensions, settings.hidden, 1}, draws);
  baseline.add_to(parameters);
  return [=](const Tensor& x, const Tensor& y) -> Attempt {
    const Tensor nats = ops::tuba(scores(x, y), baseline(y).squeeze(1));
    return {-nats, nats};
  };
}

Try flo_critic(const Settings& settings, Draws& draws, std::vector<Tensor>& parameters) {
  const Scores scores = score_critic(settings, draws, parameters);
  const Perceptron second({2 * settings.dimensions, settings.hidden, settings.hidden, 1}, draws);
  second.add_to(parameters);
  return [=](const Tensor& x, const Tensor& y) -> Attempt {
    const Tensor nats = ops::flo(scores(x, y), second(at::cat({x, y}, 1)).squeeze(1));
    return {-nats, nats};
  };
}

/// q(y|x) fitted by maximum likelihood; the bound reads its log densities log q(y_j|x_i).
auto fitted(Bound value) {
  return [=](const Settings& settings, Draws& draws, std::vector<Tensor>& parameters) -> Try {
    const std::int64_t k = settings.dimensions, h = settings.hidden;
    const Perceptron mean({k, h, k}, draws), log_variance({k, h, k}, draws);
    mean.add_to(parameters);
    log_variance.add_to(parameters);
    return [=](const Tensor& x, const Tensor& y) -> Attempt {
      const Tensor m = mean(x), s = log_variance(x).tanh();
      const Tensor loss = ops::club_learning_loss(y, m, s);
      at::NoGradGuard no_grad;
      return {loss, value(ops::conditional_scores(m, s, y))};
    };
  };
}

/// One negative a row, the next row's y: rows are independent, so a shift is as good as a random order.
Tensor club_of_shifted(const Tensor& scores) {
  return ops::club_sample(scores.diagonal(), scores.roll(-1, 1).diagonal());
}

Tensor prior_divergence(const KnownPairs& pairs) {
  return ops::kl_standard(pairs.rho * pairs.x, at::full_like(pairs.x, std::log1p(-pairs.rho * pairs.rho)));
}

Contestant smile_with(double clip) {
  const std::string name = std::isinf(clip) ? "smile" : "smile_" + std::to_string(static_cast<int>(clip));
  const auto value = [clip](const Tensor& f) { return ops::smile(f, clip); };
  return {name, "estimate", scored(value, ops::jsd), [value](const KnownPairs& p) { return value(p.pmi); }};
}

}  // namespace

const std::vector<Contestant>& contestants() {
  static const std::vector<Contestant> all = {
      {"infonce", "lower", scored(ops::infonce), [](const KnownPairs& p) { return ops::infonce(p.pmi); }},
      {"dv", "lower", scored(ops::dv), [](const KnownPairs& p) { return ops::dv(p.pmi); }},
      {"mine", "lower", mine_critic, [](const KnownPairs& p) { return ops::mine(p.pmi).value; }},
      {"nwj", "lower", scored(ops::nwj), [](const KnownPairs& p) { return ops::nwj(p.pmi + 1); }},
      {"tuba", "lower", tuba_critic,
       [](const KnownPairs& p) { return ops::tuba(p.pmi, at::zeros({p.y.size(0)}, p.y.options())); }},
      {"jsd", "estimate", scored(ops::jsd_information, ops::jsd),
       [](const KnownPairs& p) { return ops::jsd_information(p.pmi); }},
      smile_with(1),
      smile_with(5),
      smile_with(INFINITY),
      {"flo", "lower", flo_critic, [](const KnownPairs& p) { return ops::flo(p.pmi, -p.pmi.diagonal()); }},
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
