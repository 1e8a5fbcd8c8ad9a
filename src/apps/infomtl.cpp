// The program: reads the command line, calls one command, turns errors into one line and an exit status.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "command_line.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/log.h"
#include "infomtl/core/utf8.h"

namespace {

using namespace infomtl::commands;

void describe(CLI::App& app, CommandLine& line) {
  app.description(
      "Multi-task training for natural-language understanding: InfoMTL and the methods it is compared with.");
  app.footer(
      "Examples:\n  infomtl train configs/quickstart.json --seed 0 --output runs/first\n"
      "  infomtl list losses\n  infomtl train --help");
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", version());
  app.add_option("--log-level", line.log_level, "debug, info, warning, error or off")->capture_default_str();
  app.add_option("--threads", line.threads,
                 "threads of tensor operations (default: OMP_NUM_THREADS, else the physical cores it may use)")
      ->check(CLI::Range(1, 4096));
  app.add_option("--plugin", line.plugins, "load losses, metrics, ... from a plugin (repeatable)")
      ->type_name("FILE.so");

  add_training_commands(app, line);
  add_model_commands(app, line);
  add_analysis_commands(app, line);

  CLI::App* list = add_command(app, line, "list", "names, options with defaults, papers", "infomtl list losses --json",
                               line.list, &infomtl::commands::list);
  list->add_option("what", line.list.what,
                   "losses, penalties, weightings, architectures, heads, encoders, optimizers, schedules, samplers or "
                   "metrics; or a part of a name or of its paper, as vmtl (default: everything)");
  list->add_flag("--json", line.list.json, "print as JSON");

  CLI::App* synthesize =
      add_command(app, line, "synthesize", "write the embedded multi-task corpus", "infomtl synthesize corpus --seed 0",
                  line.synthesize, &infomtl::commands::synthesize);
  synthesize
      ->add_option("folder", line.synthesize.folder,
                   "where to: a new or an empty folder, or an earlier corpus, which is replaced")
      ->required();
  synthesize->add_option("--seed", line.synthesize.seed, "seed of the corpus")
      ->check(seed_numbers())
      ->capture_default_str();
  synthesize->add_option("--rows", line.synthesize.rows, "training rows of the largest task (default: 2000)")
      ->check(CLI::Range(20, 1 << 24));
}

/// One line: a message that holds line ends would hide its tail from tools that read lines.
int report(const std::string& message, int status) {
  std::fprintf(stderr, "infomtl: %s\n", infomtl::on_one_line(message).c_str());
  return status;
}

/// What is wrong with a first word that is not a command, with the nearest one; "" for any other.
std::string explain_command(const CLI::App& app, int argc, char** argv) {
  std::vector<std::string> commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(command->get_name());
  }
  const std::string first = argc > 1 ? argv[1] : "";
  if (!first.empty() && !first.starts_with('-') &&
      std::find(commands.begin(), commands.end(), first) == commands.end()) {
    return "unknown command \"" + first + "\"" + infomtl::did_you_mean(first, commands);
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine line;
  CLI::App app{"", "infomtl"};
  describe(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const std::string wrong = explain_command(app, argc, argv);
    if (!wrong.empty()) return report(wrong, 2);
    if (error.get_exit_code() == 0) {  // help or version
      app.exit(error);
      return std::cout.flush() && std::fflush(stdout) == 0 ? 0 : report("stdout: writing failed", 1);
    }
    return report(std::string(error.what()) + "; see infomtl --help", 2);
  }
  try {
    infomtl::log::set_level(line.log_level);
    set_threads(line.threads);
    load_plugins(line.plugins);
    const int status = line.command();
    // A full disk shows when the last of the output leaves.
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) return report("stdout: writing failed", 1);
    return status;
  } catch (const infomtl::Error& error) {
    return report(error.what(), error.exit_status());
  } catch (const std::filesystem::filesystem_error& error) {  // a link to itself, a folder that may not be read
    return report(error.path1().string() + ": " + error.code().message(), 2);
  } catch (const std::exception& error) {
    const std::string message = error.what();
    return report(message.substr(0, message.find('\n')), 1);  // LibTorch puts a backtrace behind its first line
  }
}
