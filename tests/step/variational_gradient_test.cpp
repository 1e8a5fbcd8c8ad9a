// Variational multi-task learning: the gradient of a whole step, priors included, against central differences.
#include "step/directional_derivative.h"

namespace infomtl {
namespace {

TEST(VariationalGradient, IsThatOfCentralDifferencesThroughTheEncoder) {
  for (const bool amortized : {false, true}) {
    SCOPED_TRACE(amortized);
    const Json losses = {{{"name", "expected_supervised"}, {"samples", 3}},
                         {{"name", "representation_prior"}, {"weight", 0.01}, {"prior", "standard"}},
                         {{"name", "weight_prior"}, {"weight", 0.001}, {"prior", "standard"}}};
    // Priors made of other tasks are detached: what a task's weights do to the priors of others is part of the value, but not
    // of the gradient. Against N(0, I) both agree; tests/losses/task_priors_test.cpp has the others.
    const testing::SmallRun run(0.1, {{"name", "bayesian"}, {"weights", amortized ? "generated" : "own"}}, losses,
                                {{"name", "variational"}, {"width", 8}, {"amortized", amortized}});
    run.model->to(torch::kFloat64);
    run.objective->to(torch::kFloat64);
    FlatParameters flat = run.flat();
    testing::expect_directional_derivatives(run, flat, run.batches("joint", 5, 1));
  }
}

}  // namespace
}  // namespace infomtl
