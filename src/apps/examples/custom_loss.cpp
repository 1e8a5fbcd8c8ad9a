// A loss of one's own, in one's own file: the focal loss, used by name from a config. custom_loss CONFIG OUTPUT

#include <infomtl/infomtl.h>

#include <cstdio>

namespace {

/// sum_i -(1 - p_i)^gamma log p_i, p_i the probability of row i's label (Lin et al. 2017, Eq. 4).
class Focal final : public infomtl::LossTerm {
 public:
  struct Settings {
    double gamma = 2.0;
    void fields(infomtl::FieldVisitor& f) { f.field("gamma", gamma, "focusing exponent", infomtl::at_least(0)); }
  };
  explicit Focal(Settings settings) : settings_(settings) {}

  bool applies_to(const infomtl::Task& task) const override { return task.kind == infomtl::TaskKind::classification; }
  infomtl::LossValue compute(infomtl::TaskStep& step) override {
    // 0 for a row whose label is unknown, which evaluation may have.
    const auto minus_log_p = at::cross_entropy_loss(step.prediction().output, step.labels(), {}, at::Reduction::None);
    const auto sum = ((1 - (-minus_log_p).exp()).pow(settings_.gamma) * minus_log_p).sum();
    return {sum, torch::full({}, static_cast<double>(step.labels().size(0)), sum.options().requires_grad(false))};
  }

 private:
  Settings settings_;
};

INFOMTL_REGISTER_LOSS("my_focal", Focal, "focal loss (Lin et al. 2017)")

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fputs("usage: custom_loss CONFIG OUTPUT\n", stderr);
    return 2;
  }
  const std::string losses = R"(losses=[{"name": "my_focal", "gamma": 1.5}, {"name": "supervised"}])";
  auto run = infomtl::Experiment::from_config(argv[1], {.overrides = {losses}, .output = argv[2]});
  std::fputs(run.fit().table().c_str(), stdout);
  return 0;
} catch (const infomtl::Error& error) {
  std::fprintf(stderr, "custom_loss: %s\n", error.what());
  return error.exit_status();
}
