// Trains what a config says and prints the table: minimal_train CONFIG OUTPUT

#include <infomtl/infomtl.h>

#include <cstdio>

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fputs("usage: minimal_train CONFIG OUTPUT\n", stderr);
    return 2;
  }
  auto run = infomtl::Experiment::from_config(argv[1], {.output = argv[2]});
  run.on_report([](const infomtl::StepReport& report) {
    std::printf("step %lld of %lld, gradient norm %.3f\n", static_cast<long long>(report.step),
                static_cast<long long>(report.total_steps), report.gradient_norm);
  });
  const infomtl::Results results = run.fit();
  std::fputs(results.table().c_str(), stdout);
  return 0;
} catch (const infomtl::Error& error) {
  std::fprintf(stderr, "minimal_train: %s\n", error.what());
  return error.exit_status();
}
