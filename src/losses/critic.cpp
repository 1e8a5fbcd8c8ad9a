#include "losses/critic.h"

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "infomtl/ops/information/critics.h"
#include "infomtl/ops/tensor_random.h"
#include "losses/named_part.h"
#include "losses/small_net.h"

namespace infomtl {
namespace {

using torch::Tensor;

/// cos(x, y)
class CosineCritic final : public Critic {
 public:
  explicit CosineCritic(const CriticContext& /*shape*/) {}
  Tensor scores(const Tensor& x, const Tensor& y, double temperature) const override {
    return ops::cosine_scores(x, y, temperature);
  }
  ops::LossValue info_nce(const Tensor& x, const Tensor& y, double temperature, bool symmetric, const Tensor& positive,
                          const ops::IgnoredPairs& ignored) const override {
    return ops::info_nce(x, y, {.temperature = temperature, .symmetric = symmetric}, positive, ignored);
  }
};

/// u(x) . v(y), both nets with one hidden layer
class SeparableCritic final : public Critic {
 public:
  explicit SeparableCritic(const CriticContext& shape)
      : u_(add_layers(*this, "u", {shape.inputs, shape.width, shape.width}, shape.seed)),
        v_(add_layers(*this, "v", {shape.inputs, shape.width, shape.width}, shape.seed)) {}
  Tensor scores(const Tensor& x, const Tensor& y, double temperature) const override {
    return ops::separable_scores(ops::dense_net(u_, x), ops::dense_net(v_, y)) / temperature;
  }

 private:
  std::vector<ops::DenseLayer> u_, v_;
};

/// x^T W y, W drawn so that rows of norm sqrt(H) score about 1 at the start
class BilinearCritic final : public Critic {
 public:
  explicit BilinearCritic(const CriticContext& shape) {
    if (shape.inputs < 1) throw StateError("a critic without inputs: the term was built without its TermContext");
    ops::TensorRandom random(derive_seed(shape.seed, "weight"));
    const auto inputs = static_cast<double>(shape.inputs);
    weight_ = register_parameter("weight",
                                 at::randn({shape.inputs, shape.inputs}, random.generator(), torch::kFloat32) / inputs);
  }
  Tensor scores(const Tensor& x, const Tensor& y, double temperature) const override {
    return ops::bilinear_scores(x, weight_, y) / temperature;
  }

 private:
  Tensor weight_;
};

/// a net with one hidden layer on every pair [x, y]
class ConcatCritic final : public Critic {
 public:
  explicit ConcatCritic(const CriticContext& shape)
      : layers_(add_layers(*this, "pair", {2 * shape.inputs, shape.width, 1}, shape.seed)) {}
  Tensor scores(const Tensor& x, const Tensor& y, double temperature) const override {
    return ops::concat_scores(x, y, layers_) / temperature;
  }

 private:
  std::vector<ops::DenseLayer> layers_;
};

using CriticList = NamedParts<Critic, const CriticContext&>;
const CriticList& critics() {
  static const CriticList list{{"cosine", CriticList::make<CosineCritic>},
                               {"separable", CriticList::make<SeparableCritic>},
                               {"bilinear", CriticList::make<BilinearCritic>},
                               {"concat", CriticList::make<ConcatCritic>}};
  return list;
}

}  // namespace

const std::vector<std::string>& critic_names() { return critics().names(); }

std::shared_ptr<Critic> make_critic(const std::string& name, const CriticContext& shape) {
  return critics().build(name, shape);
}

}  // namespace infomtl
