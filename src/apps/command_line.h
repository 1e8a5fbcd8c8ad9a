#pragma once
// The command line: what the program reads from it, and its commands with their options, by what they are for.

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "infomtl/core/settings.h"

namespace infomtl::commands {

/// Options of the program and of every command, with their defaults; the command that was chosen is `command`.
struct CommandLine {
  std::string log_level = "info";
  int threads = 0;
  std::vector<std::string> plugins;
  TrainOptions train;
  CompareOptions compare;
  SearchOptions search;
  EvaluateOptions evaluate;
  PredictOptions predict;
  EncodeOptions encode;
  TokenizeOptions tokenize;
  CheckOptions check;
  ListOptions list;
  InfluenceOptions influence;
  InformationOptions information;
  RelatednessOptions relatedness;
  ReportOptions report;
  SynthesizeOptions synthesize;
  std::function<int()> command;
};

/// Adds a command that reads `options` and runs `run` with them.
template <class Options>
CLI::App* add_command(CLI::App& app, CommandLine& line, const std::string& name, const std::string& what,
                      const std::string& example, Options& options, int (*run)(const Options&)) {
  CLI::App* command = app.add_subcommand(name, what);
  command->footer("Example:\n  " + example);
  command->callback([&line, &options, run] { line.command = [&options, run] { return run(options); }; });
  return command;
}

/// A name that is not empty.
CLI::Validator a_name();
/// What a seed may be: 0 or more, of at most 18 digits.
CLI::Validator seed_numbers();
/// A finite number of this range. CLI's own checks take NaN. @param type  as the help calls it
CLI::Validator number_in(const Range& range, const std::string& type);

/// The parts of what an option was given, divided by commas. @throws CLI::ValidationError for an empty one
std::vector<std::string> parts_of_list(const std::string& option, const std::vector<std::string>& given);

/// An option that takes several values, divided by commas. @param check  of each value
template <class Value>
CLI::Option* add_list(CLI::App* command, const std::string& option, std::vector<Value>& values, const std::string& what,
                      const CLI::Validator& check) {
  const auto take = [option, &values, check](const std::vector<std::string>& given) {
    values.clear();
    for (std::string& part : parts_of_list(option, given)) {
      if (const std::string wrong = check(part); !wrong.empty()) throw CLI::ValidationError(option, wrong);
      CLI::detail::lexical_cast(part, values.emplace_back());
    }
  };
  return command->add_option_function<std::vector<std::string>>(option, take, what)->type_name(check.get_description());
}

/// --set KEY=VALUE, repeatable. @param what  its help
void add_overrides(CLI::App* command, std::vector<std::string>& overrides, const std::string& what);

/// train, compare, search, check.
void add_training_commands(CLI::App& app, CommandLine& line);
/// evaluate, predict, encode, tokenize.
void add_model_commands(CLI::App& app, CommandLine& line);
/// influence, relatedness, information, report.
void add_analysis_commands(CLI::App& app, CommandLine& line);

}  // namespace infomtl::commands
