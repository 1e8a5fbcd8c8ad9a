// Parity with TorchJD, and with references written from the equations, in float64. Fixtures:
// tests/fixtures/aggregation/*.json by scripts/fixtures/aggregation.py (versions and seed inside). Directions are
// compared, since equal rows leave weights free. Where a peer differs, something that is neither of the two decides;
// the summary each test prints counts how often.

#include <fstream>
#include <functional>
#include <map>

#include "infomtl/core/config.h"
#include "infomtl/core/json.h"
#include "infomtl/ops/aggregation/balance.h"
#include "infomtl/ops/aggregation/bilevel.h"
#include "infomtl/ops/aggregation/conflict.h"
#include "infomtl/ops/aggregation/loss_weights.h"
#include "infomtl/ops/aggregation/min_norm.h"
#include "infomtl/ops/aggregation/robust.h"
#include "infomtl/ops/aggregation/tracking.h"
#include "ops/aggregation/matrices.h"
#include "support/compare.h"
#include "support/fixture_folder.h"

namespace infomtl::testing {
namespace {

using namespace ops;
using torch::Tensor;

constexpr double kParity = 1e-6;
constexpr double kOptimal = 1e-8;
constexpr double kRounding = 1e-16;

Json fixture(const std::string& name) {
  std::ifstream file(infomtl::testing::fixture_folder() + "/aggregation/" + name + ".json");
  if (!file) throw std::runtime_error("no fixture " + name);
  return Json::parse(file);
}

Tensor vector_of(const Json& values) { return torch::tensor(values.get<std::vector<double>>(), torch::kFloat64); }

struct Case {
  explicit Case(const Json& json)
      : kind(json["kind"]),
        seed(json["seed"]),
        g(family_matrix(kind, json["tasks"], json["columns"], seed)),
        k(gram(g)),
        second(gram(second_matrix(g, seed))),
        cross(cross_gram(g, second_matrix(g, seed))) {}
  std::size_t tasks() const { return static_cast<std::size_t>(g.size(0)); }
  RandomStream draws() const { return RandomStream(seed + 700); }
  std::string kind;
  std::uint64_t seed;
  Tensor g, k, second, cross;
};

/// The orders GradVac's peer draws: a permutation of the others for each task.
Orders orders_of_others(std::size_t tasks, RandomStream& stream) {
  Orders orders(tasks);
  for (std::size_t i = 0; i < tasks; ++i) {
    for (std::size_t position : stream.permutation(tasks - 1))
      orders[i].push_back(position < i ? position : position + 1);
  }
  return orders;
}

/// max |a - b| over the larger of the two; `floor` is the size below which both count as 0.
double relative_difference(const Tensor& a, const Tensor& b, double floor = 0.0) {
  const double size = std::max({a.abs().max().item<double>(), b.abs().max().item<double>(), floor});
  return size > 0.0 ? (a - b).abs().max().item<double>() / size : 0.0;
}

/// Of directions, where cancellation of long rows to 1e-9 of their size counts as 0, and where the weights are of size
/// 1
/// (`unit_weights`), whatever is below 1e-12 of the rows.
double direction_difference(const Case& c, const Tensor& a, const Tensor& b, bool unit_weights) {
  const double summed = combine(c.g.abs(), a.abs()).max().item<double>();
  const double row = unit_weights ? c.g.abs().max().item<double>() : 0.0;
  return relative_difference(combine(c.g, a), combine(c.g, b), std::max(1e-9 * summed, 1e-12 * row));
}

/// K w = w^(-1/alpha) has no solution: 0 lies in the hull of the nonzero rows.
bool unsolvable(const Case& c) {
  const Tensor rows = c.g.index({c.k.diagonal() > 0});
  if (rows.size(0) == 0) return true;
  const MinNorm nearest = min_norm(gram(rows));
  return nearest.residual <= 1e-14 &&
         combine(rows, nearest.weights).norm().item<double>() <= 1e-7 * rows.norm().item<double>();
}

// ---- how far from optimal weights are, from the definitions alone; infinity where they are not a candidate
// ------------------

double hull_gap(const Case& c, const Tensor& w) {
  if ((w < -1e-12).any().item<bool>() || std::abs(w.sum().item<double>() - 1.0) > 1e-9) return INFINITY;
  const Tensor slopes = c.k.matmul(w);
  const double trace = c.k.trace().item<double>();
  return trace > 0.0 ? (w.dot(slopes) - slopes.min()).item<double>() / trace : 0.0;
}

/// max |w^(1/alpha) (K w) - 1|, less what rounding of the sum K w leaves open where its terms cancel.
double bargaining_error(const Case& c, const Tensor& w, double alpha) {
  const Tensor rows = c.k.diagonal() > 0;
  const Tensor power = w.pow(1.0 / alpha);
  const Tensor open = 1e-15 * power * c.k.abs().matmul(w.abs());
  const Tensor error =
      ((power * c.k.matmul(w) - 1.0).abs() - open).clamp_min(0).masked_select(rows).nan_to_num(INFINITY);
  return error.numel() > 0 ? error.max().item<double>() : 0.0;
}

double cagrad_gap(const Case& c, const Tensor& weights, double radius_factor) {
  const Tensor k = c.k / c.k.trace();
  const Tensor uniform = torch::full_like(weights, 1.0 / static_cast<double>(c.tasks()));
  const Tensor added = weights - uniform;
  const double radius = radius_factor * k.mean().sqrt().item<double>();
  const double outside = std::max(0.0, added.dot(k.matmul(added)).clamp_min(0).sqrt().item<double>() - radius);
  const double value = k.matmul(weights).min().item<double>();
  double bound =
      INFINITY;  // the dual at the weights' own point of the simplex, at the vertices, and at the least-norm point
  const auto dual = [&](const Tensor& w) {
    return (w.dot(k.matmul(uniform)) + radius * w.dot(k.matmul(w)).clamp_min(0).sqrt()).item<double>();
  };
  bound = std::min(bound, dual(min_norm(c.k).weights));
  const Tensor positive = added.clamp_min(0);
  if (positive.sum().item<double>() > 0) bound = std::min(bound, dual(positive / positive.sum()));
  return std::max(0.0, bound - value) + outside;
}

struct Method {
  std::function<Tensor(const Case&)> weights;
  std::function<double(const Case&, const Tensor&)> residual;  // empty: no optimum to be far from
  std::function<bool(const Case&)> undefined = {};             // the method's equation has no solution here
};

std::map<std::string, Method> gram_methods() {
  std::map<std::string, Method> methods;
  methods["mean"] = {[](const Case& c) { return equal_weights(c.g.size(0)); }, {}};
  methods["sum"] = {[](const Case& c) { return equal_weights(c.g.size(0), Combination::kSum); }, {}};
  methods["random"] = {[](const Case& c) {
                         RandomStream stream = c.draws();
                         return rlw_normal(c.g.size(0), stream);
                       },
                       {}};
  methods["mgda"] = {[](const Case& c) { return min_norm(c.k).weights; }, hull_gap};
  methods["pcgrad"] = {[](const Case& c) {
                         RandomStream stream = c.draws();
                         return pcgrad(c.k, random_orders(c.tasks(), stream));
                       },
                       {}};
  methods["gradvac"] = {[](const Case& c) {
                          RandomStream stream = c.draws();
                          Tensor targets;
                          gradvac(c.k, orders_of_others(c.tasks(), stream), targets, {0.5, 1e-8});
                          return gradvac(c.second, orders_of_others(c.tasks(), stream), targets, {0.5, 1e-8});
                        },
                        {}};
  methods["imtl_g"] = {[](const Case& c) { return imtl_g(c.k).weights; }, {}};
  methods["cagrad_0.4"] = {[](const Case& c) { return cagrad(c.k, 0.4, Rescale::kNone).weights; },
                           [](const Case& c, const Tensor& w) { return cagrad_gap(c, w, 0.4); }};
  methods["nash_mtl"] = {[](const Case& c) { return nash_mtl(c.k).weights; },
                         [](const Case& c, const Tensor& w) { return bargaining_error(c, w, 1.0); }, unsolvable};
  for (const double alpha : {1.0, 2.0}) {
    methods["fairgrad_" + std::to_string(static_cast<int>(alpha))] = {
        [alpha](const Case& c) { return fairgrad(c.k, alpha).weights; },
        [alpha](const Case& c, const Tensor& w) { return bargaining_error(c, w, alpha); }, unsolvable};
  }
  methods["aligned_min"] = {[](const Case& c) { return aligned_mtl(c.k, {AlignedScale::kMin, {}, 0.0}).weights; }, {}};
  methods["aligned_median"] = {[](const Case& c) {
                                 return aligned_mtl(c.k, {AlignedScale::kMedian, {}, 0.0}).weights;
                               },
                               {}};
  methods["aligned_mean"] = {[](const Case& c) {
                               return aligned_mtl(c.k, {AlignedScale::kMean, {}, 0.0}).weights;
                             },
                             {}};
  methods["upgrad"] = {[](const Case& c) { return upgrad(c.k, {1e-4, 1e-4, {}}).weights; }, {}};
  methods["dualproj"] = {[](const Case& c) { return dualproj(c.k, {1e-4, 1e-4, {}}).weights; }, {}};
  methods["modo"] = {[](const Case& c) {
                       Tensor state;
                       modo(c.cross, state, {0.1, 0.1});
                       return modo(c.cross, state, {0.1, 0.1});
                     },
                     {}};
  methods["sdmgrad"] = {[](const Case& c) {
                          Tensor state;
                          SdmGradOptions options;
                          options.learning_rate = 10.0;
                          sdmgrad(c.cross, state, options);
                          return sdmgrad(c.cross, state, options);
                        },
                        {}};
  methods["cr_mogm"] = {[](const Case& c) {
                          const Tensor first = smoothed({}, upgrad(c.k, {1e-4, 1e-4, {}}).weights, 0.9);
                          return smoothed(first, upgrad(c.second, {1e-4, 1e-4, {}}).weights, 0.9);
                        },
                        {}};
  methods["krum"] = {[](const Case& c) { return c.tasks() >= 4 ? krum(c.k, 1, 2) : krum(c.k, 0, 1); }, {}};
  return methods;
}

/// What a comparison found, per method, for the summary.
struct Tally {
  int cases = 0, equal = 0, judged = 0, exact = 0, undefined = 0, unstable = 0, failed = 0;
  double worst = 0.0, worst_residual = 0.0, peer_residual = 0.0;
};

void print(const std::map<std::string, Tally>& tallies) {
  for (const auto& [name, t] : tallies) {
    std::printf("%-18s %2d cases: %2d within 1e-6 (worst %.0e)", name.c_str(), t.cases, t.equal, t.worst);
    if (t.judged)
      std::printf(", %d decided by the residual (ours <= %.0e, theirs up to %.0e)", t.judged, t.worst_residual,
                  t.peer_residual);
    if (t.exact) std::printf(", %d by 60-digit arithmetic", t.exact);
    if (t.undefined) std::printf(", %d without any solution", t.undefined);
    if (t.unstable) std::printf(", %d where rounding moves the peer as far", t.unstable);
    if (t.failed) std::printf(", peer failed in %d", t.failed);
    std::printf("\n");
  }
}

/// Equal to TorchJD to 1e-6, or in this order: the equation has no solution there; 60-digit arithmetic says who is
/// right; a change of the input by rounding moves the peer itself as far; the distance from optimality decides.
TEST(AggregationGolden, GramMethodsEqualTorchJd) {
  const Json data = fixture("gram");
  const auto methods = gram_methods();
  std::map<std::string, Tally> tallies;
  for (const Json& json : data["cases"]) {
    const Case c(json);
    for (const auto& [name, result] : json["results"].items()) {
      SCOPED_TRACE(name + " " + c.kind + " T=" + std::to_string(c.tasks()) + " seed " + std::to_string(c.seed));
      ASSERT_TRUE(methods.contains(name));
      const Method& method = methods.at(name);
      Tally& tally = tallies[name];
      ++tally.cases;
      const Tensor ours = method.weights(c);
      ASSERT_TRUE(all_finite(ours)) << ours;
      const bool solved = result.contains("value");
      const Tensor theirs = solved ? vector_of(result["value"]) : Tensor();
      const double difference = solved ? direction_difference(c, ours, theirs, !method.residual) : INFINITY;
      tally.failed += !solved;
      if (difference <= kParity) {
        ++tally.equal;
        tally.worst = std::max(tally.worst, difference);
      } else if (method.undefined && method.undefined(c)) {
        ++tally.undefined;
      } else if (result.contains("exact")) {
        ++tally.exact;
        const Tensor exact = vector_of(result["exact"]);
        EXPECT_LE(direction_difference(c, ours, exact, false), kOptimal) << "ours " << ours << "\nexact " << exact;
        EXPECT_GT(direction_difference(c, theirs, exact, false), kParity / 2);
      } else if (result.contains("moved_by_rounding")) {
        ++tally.unstable;
        EXPECT_LE(difference, 10.0 * result["moved_by_rounding"].get<double>());
      } else {
        ++tally.judged;
        if (!method.residual) {
          ADD_FAILURE() << "differs by " << difference << "\nours " << ours << "\ntheirs " << result;
          continue;
        }
        const double residual = method.residual(c, ours);
        const double peer_residual = solved ? method.residual(c, theirs) : INFINITY;
        tally.worst_residual = std::max(tally.worst_residual, residual);
        if (solved) tally.peer_residual = std::max(tally.peer_residual, peer_residual);
        EXPECT_LE(residual, kOptimal) << "ours " << ours << "\ntheirs " << result << " with residual " << peer_residual;
        EXPECT_TRUE(peer_residual > residual || residual <= kRounding)
            << residual << " beside theirs " << peer_residual;
      }
    }
  }
  print(tallies);
  for (const auto& [name, tally] : tallies) EXPECT_GE(tally.cases, 40) << name;
  EXPECT_EQ(tallies.size(), methods.size());
}

TEST(AggregationGolden, JacobianMethodsEqualTorchJd) {
  const Json data = fixture("jacobian");
  std::map<std::string, Tally> tallies;
  for (const Json& json : data["cases"]) {
    const Case c(json);
    for (const auto& [name, result] : json["results"].items()) {
      SCOPED_TRACE(name + " " + c.kind + " T=" + std::to_string(c.tasks()) + " seed " + std::to_string(c.seed));
      RandomStream stream = c.draws();
      Tensor ours;
      if (name == "config") ours = combine(c.g, conflict_free(c.k).weights);
      if (name == "trimmed_mean") ours = trimmed_mean(c.g, 1);
      if (name == "graddrop") ours = graddrop(c.g, uniform_sample(c.g.size(1), stream));
      if (name == "graddrop_leak") {
        GradDropOptions options;
        options.leak = 0.5 / torch::arange(1, c.g.size(0) + 1, torch::kFloat64);
        ours = graddrop(c.g, uniform_sample(c.g.size(1), stream), options);
      }
      if (name == "excess_mtl") {
        ExcessState state;
        const ExcessOptions options{0.5, 1, 1e-7};
        excess_mtl(c.g, state, options);
        excess_mtl(0.7 * c.g, state, options);
        ours = excess_mtl(1.3 * c.g, state, options) / static_cast<double>(c.tasks());
      }
      ASSERT_TRUE(ours.defined() && all_finite(ours));
      Tally& tally = tallies[name];
      ++tally.cases;
      ASSERT_TRUE(result.contains("value")) << result;
      const double difference = relative_difference(ours, vector_of(result["value"]));
      EXPECT_LE(difference, kParity) << "ours " << ours << "\ntheirs " << result;
      tally.equal += difference <= kParity;
      tally.worst = std::max(tally.worst, difference);
    }
  }
  print(tallies);
  for (const auto& [name, tally] : tallies) EXPECT_GE(tally.cases, 40) << name;
  EXPECT_EQ(tallies.size(), 5U);
}

Tensor flat(const LossWeights& w) {
  std::vector<Tensor> parts = {torch::full({1}, w.objective, torch::kFloat64), w.weights};
  if (w.parameter_gradient.defined()) parts.push_back(w.parameter_gradient);
  return torch::cat(parts);
}

TEST(AggregationGolden, LossWeightingsEqualTorchJd) {
  const Json data = fixture("losses");
  std::map<std::string, Tally> tallies;
  for (const Json& json : data["cases"]) {
    const std::int64_t tasks = json["tasks"];
    const std::uint64_t seed = json["seed"];
    const FamilyLosses l = family_losses(tasks, json["scale"], seed);
    for (const auto& [name, result] : json["results"].items()) {
      SCOPED_TRACE(name + " T=" + std::to_string(tasks) + " seed " + std::to_string(seed));
      Tensor ours;
      const auto weighted = [&](const Tensor& w) { return torch::cat({w.dot(l.first).reshape(1), w}); };
      RandomStream stream(seed + 700);
      if (name == "uncertainty") ours = flat(uncertainty(l.first, l.parameters));
      if (name == "imtl_l") ours = flat(imtl_l(l.first, l.parameters));
      if (name == "geometric") ours = flat(geometric(l.first));
      if (name == "dwa") ours = weighted(dwa(tasks, l.second, l.third));
      if (name == "rlw") ours = weighted(rlw_normal(tasks, stream));
      if (name == "famo")
        ours = torch::cat({flat(famo(l.first, l.parameters)), famo_logit_gradient(l.parameters, l.first, l.second)});
      if (name == "smooth_tchebycheff") {
        ours =
            flat(smooth_tchebycheff(l.first, 0.1 * l.first.mean().item<double>(), l.parameters.abs(), 0.5 * l.second));
      }
      ASSERT_TRUE(ours.defined() && all_finite(ours));
      ASSERT_TRUE(result.contains("value")) << result;
      const Tensor theirs = vector_of(result["value"]);
      ASSERT_EQ(ours.sizes(), theirs.sizes());
      Tally& tally = tallies[name];
      ++tally.cases;
      // Objective and gradients differ in scale by up to 1e6: each entry on its own.
      const double difference = ((ours - theirs).abs() / theirs.abs().clamp_min(1e-6)).max().item<double>();
      EXPECT_LE(difference, kParity) << ours << theirs;
      tally.equal += difference <= kParity;
      tally.worst = std::max(tally.worst, difference);
    }
  }
  print(tallies);
  for (const auto& [name, tally] : tallies) EXPECT_GE(tally.cases, 40) << name;
  EXPECT_EQ(tallies.size(), 7U);
}

TEST(AggregationGolden, OthersEqualReferencesFromTheirEquations) {
  const Json data = fixture("equations");
  std::map<std::string, Tally> tallies;
  for (const Json& json : data["cases"]) {
    const Case c(json);
    const FamilyLosses l = family_losses(c.g.size(0), 0, c.seed + 300);
    for (const auto& [name, result] : json["results"].items()) {
      SCOPED_TRACE(name + " " + c.kind + " T=" + std::to_string(c.tasks()) + " seed " + std::to_string(c.seed));
      Tensor ours;
      if (name == "moco") {
        MocoState state;
        MocoOptions options;
        options.rho = 0.2;
        for (const double factor : {1.0, -0.5, 0.25}) ours = moco(factor * c.g, l.first, state, options);
      }
      if (name == "db_mtl") {
        DbMtlState state;
        DbMtlOptions options;
        options.decay = 0.5;
        for (const double factor : {1.0, -0.5, 0.25}) ours = db_mtl(factor * c.g, l.first, state, options);
      }
      if (name == "gradnorm") {
        const GradNorm found = gradnorm(l.second, l.first, l.third, l.parameters);
        ours = torch::cat({found.weights, found.parameter_gradient});
      }
      if (name == "stch") ours = stch(l.first, l.second, 0.7).weights;
      if (name == "moml_rows") {
        // One upper task at a time: its min-norm point is the row over its length.
        const Tensor cross = c.cross;
        std::vector<Tensor> rows;
        for (std::int64_t t = 0; t < cross.size(0); ++t) {
          const Tensor alone = cross[t].unsqueeze(0).expand({cross.size(0), cross.size(0)});
          rows.push_back(moml(alone, l.parameters, 0.1, Normalizer::kNone).gradient);
        }
        ours = torch::cat(rows);
      }
      ASSERT_TRUE(ours.defined() && all_finite(ours));
      // Opposite rows cancel: their sum counts as 0 below 1e-9 of what was summed.
      const double floor = name == "moco" || name == "db_mtl" ? 1e-9 * c.g.abs().max().item<double>() : 0.0;
      const double difference = relative_difference(ours, vector_of(result["value"]), floor);
      EXPECT_LE(difference, name == "gradnorm" ? 1e-7 : kParity);
      Tally& tally = tallies[name];
      ++tally.cases;
      tally.equal += difference <= kParity;
      tally.worst = std::max(tally.worst, difference);
    }
  }
  print(tallies);
  EXPECT_EQ(tallies.size(), 5U);
}

}  // namespace
}  // namespace infomtl::testing
