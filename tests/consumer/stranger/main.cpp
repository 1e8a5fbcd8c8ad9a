// A program outside the project: adds a loss of its own and prints every name that the library knows.

#include <infomtl/infomtl.h>
#include <infomtl/optim/optimizer.h>
#include <infomtl/optim/schedule.h>

#include <cstdio>

namespace {

/// A loss of the stranger's own, registered from this file.
class Stillness final : public infomtl::LossTerm {
 public:
  using Settings = infomtl::NoSettings;
  explicit Stillness(const Settings&) {}
  infomtl::LossValue compute(infomtl::TaskStep& step) override {
    const torch::Tensor output = step.prediction().output;
    return {output.square().sum(), torch::full({}, static_cast<double>(output.size(0)))};
  }
};
INFOMTL_REGISTER_LOSS("stillness", Stillness, "the square of the outputs")

template <class Registry>
bool print_names(const Registry& registry, const char* expected) {
  std::printf("%s:", registry.kind().c_str());
  for (const std::string& name : registry.names()) std::printf(" %s", name.c_str());
  std::printf("\n");
  return registry.contains(expected);
}

}  // namespace

int main() {
  bool complete = print_names(infomtl::loss_registry(), "simax");
  complete &= print_names(infomtl::loss_registry(), "stillness");
  complete &= print_names(infomtl::weighting_registry(), "pcgrad");
  complete &= print_names(infomtl::metric_registry(), "macro_f1");
  complete &= print_names(infomtl::head_registry(), "gaussian");
  complete &= print_names(infomtl::architecture_registry(), "shared");
  complete &= print_names(infomtl::encoder_registry(), "bert");
  complete &= print_names(infomtl::optimizer_registry(), "adamax");
  complete &= print_names(infomtl::schedule_registry(), "warmup_constant");
  try {
    infomtl::loss_registry().build(infomtl::Config::from_text(R"({"name": "simx"})", "stranger"), {});
  } catch (const infomtl::Error& error) {
    std::printf("%s\n", error.what());
    return complete ? 0 : 1;
  }
  return 1;
}
