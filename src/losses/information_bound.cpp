#include "losses/information_bound.h"

#include <ATen/ATen.h>

#include "infomtl/ops/information/bounds.h"
#include "losses/counted_items.h"
#include "losses/named_part.h"
#include "losses/small_net.h"
#include "losses/step_average.h"

namespace infomtl {
namespace {

using ops::LossValue;
using torch::Tensor;

class InfoNce final : public InformationBound {
 public:
  explicit InfoNce(const BoundShape& /*shape*/) {}
  LossValue loss(const PairedRows& rows) override {
    return rows.critic->info_nce(rows.x, rows.y, rows.temperature, rows.symmetric, rows.positive, rows.ignored);
  }
  std::int64_t least_rows() const override { return 1; }
  bool contrasts() const override { return true; }
};

/// A bound that is a number: what is maximised.
class ScalarBound : public InformationBound {
 public:
  LossValue loss(const PairedRows& rows) final {
    const std::int64_t count = rows.x.size(0);
    const Tensor scores = rows.critic->scores(rows.x, rows.y, rows.temperature);
    return over_items(information(scores, rows) * -static_cast<double>(count), count);
  }

 protected:
  virtual Tensor information(const Tensor& scores, const PairedRows& rows) = 0;
};

/// A function of the scores alone.
template <Tensor (*function)(const Tensor&)>
class PlainBound final : public ScalarBound {
 public:
  explicit PlainBound(const BoundShape& /*shape*/) {}

 protected:
  Tensor information(const Tensor& scores, const PairedRows& /*rows*/) override { return function(scores); }
};

/// The moving average is a task's own: tasks differ in what e^F is on average.
class Mine final : public ScalarBound {
 public:
  explicit Mine(const BoundShape& shape) : momentum_(shape.momentum) {
    average_ = register_module("average", std::make_shared<StepAverage>(std::max<std::size_t>(1, shape.tasks), 1, 1.0));
  }

 protected:
  Tensor information(const Tensor& scores, const PairedRows& rows) override {
    const ops::MineBound bound = ops::mine(scores, average_->before(rows.task, rows.step).squeeze(0), momentum_);
    if (rows.records) average_->record(rows.task, rows.step, bound.average);
    return bound.value;
  }

 private:
  double momentum_;
  std::shared_ptr<StepAverage> average_;
};

class Smile final : public ScalarBound {
 public:
  explicit Smile(const BoundShape& shape) : clip_(shape.clip) {}

 protected:
  Tensor information(const Tensor& scores, const PairedRows& /*rows*/) override {
    return ops::smile_objective(scores, clip_);
  }

 private:
  double clip_;
};

/// log a(y) is a net with one hidden layer.
class Tuba final : public ScalarBound {
 public:
  explicit Tuba(const BoundShape& shape)
      : baseline_(add_layers(*this, "baseline", {shape.inputs, shape.width, 1}, shape.seed)) {}

 protected:
  Tensor information(const Tensor& scores, const PairedRows& rows) override {
    return ops::tuba(scores, ops::dense_net(baseline_, rows.y.to(scores.scalar_type())).squeeze(1));
  }

 private:
  std::vector<ops::DenseLayer> baseline_;
};

/// u(x, y) is a net with one hidden layer on the pair.
class Flo final : public ScalarBound {
 public:
  explicit Flo(const BoundShape& shape) : u_(add_layers(*this, "u", {2 * shape.inputs, shape.width, 1}, shape.seed)) {}

 protected:
  Tensor information(const Tensor& scores, const PairedRows& rows) override {
    return ops::flo(scores, ops::dense_net(u_, at::cat({rows.x, rows.y}, 1).to(scores.scalar_type())).squeeze(1));
  }

 private:
  std::vector<ops::DenseLayer> u_;
};

using BoundList = NamedParts<InformationBound, const BoundShape&>;
const BoundList& bounds() {
  static const BoundList list{{"infonce", BoundList::make<InfoNce>}, {"dv", BoundList::make<PlainBound<ops::dv>>},
                              {"mine", BoundList::make<Mine>},       {"nwj", BoundList::make<PlainBound<ops::nwj>>},
                              {"tuba", BoundList::make<Tuba>},       {"jsd", BoundList::make<PlainBound<ops::jsd>>},
                              {"smile", BoundList::make<Smile>},     {"flo", BoundList::make<Flo>}};
  return list;
}

}  // namespace

const std::vector<std::string>& bound_names() { return bounds().names(); }

std::shared_ptr<InformationBound> make_bound(const std::string& name, const BoundShape& shape) {
  return bounds().build(name, shape);
}

}  // namespace infomtl
