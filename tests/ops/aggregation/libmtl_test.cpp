// Parity with LibMTL's own code, in float64: tests/fixtures/aggregation/libmtl.json by scripts/fixtures/libmtl.py
// (versions and seed inside). Directions are compared. Where LibMTL fails or differs, the reason is checked here, case
// by case.

#include <cstdio>
#include <map>

#include "infomtl/ops/aggregation/balance.h"
#include "infomtl/ops/aggregation/conflict.h"
#include "infomtl/ops/aggregation/loss_weights.h"
#include "infomtl/ops/aggregation/min_norm.h"
#include "infomtl/ops/aggregation/tracking.h"
#include "ops/aggregation/matrices.h"
#include "support/fixture.h"

namespace infomtl::testing {
namespace {

using namespace ops;
using torch::Tensor;

constexpr double kParity = 1e-6;

struct Case {
  explicit Case(const Json& json)
      : kind(json["kind"]),
        seed(json["seed"]),
        g(family_matrix(kind, json["tasks"], json["columns"], seed)),
        k(gram(g)),
        losses(family_losses(g.size(0), 0, seed + 300)) {}
  std::string kind;
  std::uint64_t seed;
  Tensor g, k;
  FamilyLosses losses;
};

/// max |a - b| over the larger of the two; sizes below `floor` count as 0.
double difference(const Tensor& a, const Tensor& b, double floor) {
  const double size = std::max({a.abs().max().item<double>(), b.abs().max().item<double>(), floor});
  return size > 0 ? ((a - b).abs().max() / size).nan_to_num(INFINITY).item<double>() : 0.0;
}

Normalizer normalizer_of(const std::string& name) {
  return name == "mgda_none"   ? Normalizer::kNone
         : name == "mgda_l2"   ? Normalizer::kL2
         : name == "mgda_loss" ? Normalizer::kLoss
                               : Normalizer::kLossL2;
}

struct Found {
  Tensor weights, direction, parameter;  ///< weights or a direction; the gradient of the method's own parameter
  double residual = 0;                   ///< of a solver
};

Found ours(const std::string& name, const Case& c) {
  const FamilyLosses& l = c.losses;
  if (name == "equal") return {equal_weights(c.g.size(0), Combination::kSum), {}, {}};
  if (name == "geometric") return {geometric(l.first).weights, {}, {}};
  if (name == "dwa") return {dwa(c.g.size(0), l.second, l.third), {}, {}};
  if (name == "stch") return {stch(l.first, l.second, 0.7).weights, {}, {}};
  if (name == "uncertainty") {
    const LossWeights w = uncertainty(l.first, l.parameters);
    return {w.weights, {}, w.parameter_gradient};
  }
  if (name == "gradnorm") {
    const GradNorm w = gradnorm(c.k.diagonal().sqrt(), l.first, l.third, l.parameters);
    return {w.weights, {}, w.parameter_gradient};
  }
  if (name == "imtl") {
    const Tensor scale = l.parameters.exp();
    const Solution found = imtl_g(c.k * scale.unsqueeze(0) * scale.unsqueeze(1));
    return {found.weights * scale, {}, {}, found.residual};
  }
  if (name == "pcgrad") {
    RandomStream stream(c.seed + 700);
    return {pcgrad(c.k, random_orders(static_cast<std::size_t>(c.g.size(0)), stream)), {}, {}};
  }
  if (name == "moco") {
    MocoState state;
    Tensor direction;
    MocoOptions options;
    options.rho = 0.2;
    for (const double factor : {1.0, -0.5, 0.25}) direction = moco(factor * c.g, l.first, state, options);
    return {{}, direction, {}};
  }
  if (name == "db_mtl") {
    DbMtlState state;
    state.average = torch::zeros_like(c.g);  // LibMTL's first step averages with zeros
    Tensor direction;
    DbMtlOptions options;
    options.decay = 0.5;
    for (const double factor : {1.0, -0.5, 0.25}) direction = db_mtl(factor * c.g, l.first, state, options);
    // LibMTL adds 1e-8 to the norms that it divides by, which tells for gradients of that size.
    const Tensor norms = state.average.norm(2, 1);
    return {{}, direction, combine(state.average, norms.max() / (norms + 1e-8))};
  }
  const MinNorm found = min_norm(c.k, normalizers(normalizer_of(name), c.k, l.first));
  return {found.weights, {}, {}, found.residual};
}

/// LibMTL's IMTL-G inverts D U^T, the differences of the gradients times those of the unit gradients: singular to
/// rounding where rows depend on each other.
bool has_no_inverse(const Case& c) {
  const Tensor rows = c.g * c.losses.parameters.exp().unsqueeze(1), unit = rows / rows.norm(2, 1).unsqueeze(1);
  const std::int64_t others = rows.size(0) - 1;
  const Tensor d = rows[0] - rows.narrow(0, 1, others), u = unit[0] - unit.narrow(0, 1, others);
  const Tensor values = at::linalg_svdvals(d.matmul(u.t()));
  return !(values.min().item<double>() > 1e-10 * values.max().item<double>());
}

/// PCGrad as LibMTL runs it: a gradient also meets itself, which tells where what is left of it points the other way.
Tensor pcgrad_with_itself(const Case& c) {
  RandomStream stream(c.seed + 700);
  Tensor sum = torch::zeros_like(c.g[0]);
  const Orders orders = random_orders(static_cast<std::size_t>(c.g.size(0)), stream);
  for (std::size_t i = 0; i < orders.size(); ++i) {
    Tensor rest = c.g[static_cast<std::int64_t>(i)];
    for (const std::size_t j : orders[i]) {
      const Tensor other = c.g[static_cast<std::int64_t>(j)];
      const double product = rest.dot(other).item<double>();
      if (product < 0) rest = rest - product / other.square().sum() * other;
    }
    sum = sum + rest;
  }
  return sum;
}

struct Tally {
  int cases = 0, equal = 0, explained = 0, failed = 0;
  double worst = 0;
};

TEST(AggregationGolden, MethodsEqualLibMtl) {
  const Json fixture = read_fixture("aggregation/libmtl.json");
  std::map<std::string, Tally> tallies;
  for (const Json& json : fixture["cases"]) {
    const Case c(json);
    for (const auto& [name, result] : json["results"].items()) {
      SCOPED_TRACE(name + " " + c.kind + " T=" + std::to_string(c.g.size(0)) + " seed " + std::to_string(c.seed));
      const Found found = ours(name, c);
      const Tensor direction = found.weights.defined() ? combine(c.g, found.weights) : found.direction;
      ASSERT_TRUE(all_finite(direction));
      Tally& tally = tallies[name];
      ++tally.cases;
      if (result.contains("failure")) {
        ++tally.failed;
        EXPECT_LE(found.residual, 1e-8);
        continue;
      }
      const Tensor value = float64_tensor(result["value"]), theirs = value.slice(0, 0, c.g.size(1));
      // Where long rows cancel to 1e-9 of their sum, the rest counts as 0.
      const double summed = found.weights.defined() ? combine(c.g.abs(), found.weights.abs()).max().item<double>()
                                                    : c.g.abs().max().item<double>();
      double worst = difference(direction, theirs, 1e-9 * summed);
      if (value.size(0) > c.g.size(1)) {
        worst = std::max(worst, difference(found.parameter, value.slice(0, c.g.size(1)), 0));
      }
      if (worst <= kParity) {
        ++tally.equal;
        tally.worst = std::max(tally.worst, worst);
        continue;
      }
      ++tally.explained;
      if (name == "db_mtl") {
        EXPECT_LE(difference(found.parameter, theirs, 1e-9 * summed), kParity);
      } else if (name == "imtl") {
        // ... or no direction but 0 has equal projections.
        EXPECT_TRUE(has_no_inverse(c) || theirs.norm().item<double>() <= 1e-9 * summed) << theirs;
      } else if (name == "pcgrad") {
        EXPECT_LE(difference(pcgrad_with_itself(c), theirs, 1e-9 * summed), kParity);
      } else if (name.starts_with("mgda")) {  // theirs is not the shortest vector: ours is shorter, and closes its gap
        EXPECT_LE(found.residual, 1e-8);
        EXPECT_LT(direction.norm().item<double>(), theirs.norm().item<double>());
      } else {
        ADD_FAILURE() << "differs by " << worst << "\nours " << direction << "\ntheirs " << theirs;
      }
    }
  }
  for (const auto& [name, tally] : tallies) {
    std::printf("%-12s %2d cases: %2d within 1e-6 (worst %.0e), %2d explained, LibMTL failed in %d\n", name.c_str(),
                tally.cases, tally.equal, tally.worst, tally.explained, tally.failed);
    EXPECT_GE(tally.cases, 40) << name;
  }
  EXPECT_EQ(tallies.size(), 14U);
}

}  // namespace
}  // namespace infomtl::testing
