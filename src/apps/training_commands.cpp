// Commands that train, or look at what would be trained.
#include "command_line.h"

namespace infomtl::commands {

void add_training_commands(CLI::App& app, CommandLine& line) {
  CLI::App* train = add_command(app, line, "train", "train a config; writes a run folder and prints a table",
                                "infomtl train configs/quickstart.json --set training.epochs=3 --seeds 0,1,2",
                                line.train, &commands::train);
  train->add_option("config", line.train.config, "config file; with --resume also a run folder, for its own config")
      ->required();
  add_overrides(train, line.train.overrides, "override a field: losses.1.weight=0.3 (repeatable)");
  CLI::Option* seed = train->add_option("--seed", line.train.seed, "seed of the run")->check(seed_numbers());
  add_list(train, "--seeds", line.train.seeds, "several seeds, one run each: 0,1,2", seed_numbers())->excludes(seed);
  train->add_option("--output", line.train.output, "run folder (default: runs/<config>-seed<N>)")->check(a_name());
  train
      ->add_option("--split", line.train.split,
                   "the scores that are printed: validation, test or all (results.json has all)")
      ->check(CLI::IsMember({"validation", "test", "all"}))
      ->capture_default_str();
  train->add_flag("--resume", line.train.resume,
                  "go on from checkpoints/last; a finished run for more epochs: --set training.epochs=20");
  train->add_option("--data", line.train.data_root, "folder of the data, in place of data.root")->type_name("FOLDER");
  train->add_flag("--quiet", line.train.quiet, "no progress on standard error");

  CLI::App* compare = add_command(
      app, line, "compare",
      "train several methods under the same seeds; prints tables with paired tests. Several processes may work on one "
      "folder; the same command goes on where it was broken off",
      "infomtl compare configs/experiments/quick_comparison.json --seeds 0,1,2", line.compare, &commands::compare);
  compare->add_option("config", line.compare.config, "comparison config: experiment, methods, seeds, split, axes")
      ->required();
  add_overrides(compare, line.compare.overrides, "override a field of every run (repeatable)");
  add_list(compare, "--seeds", line.compare.seeds, "instead of the config's: 0,1,2", seed_numbers());
  compare->add_option("--output", line.compare.output, "folder of the runs (default: runs/<its name, or the config's>)")
      ->check(a_name());
  compare
      ->add_option("--split", line.compare.split,
                   "what is scored and shown, instead of the config's: validation or test")
      ->check(CLI::IsMember({"validation", "test"}));
  CLI::Option* format = compare->add_option("--format", line.compare.format, "text, markdown, latex, csv or json")
                            ->check(CLI::IsMember({"text", "markdown", "latex", "csv", "json"}))
                            ->capture_default_str();
  compare
      ->add_flag_callback(
          "--json", [&line] { line.compare.format = "json"; }, "the same as --format json")
      ->excludes(format);

  CLI::App* search = add_command(
      app, line, "search", "choose settings of several methods on validation, with equal budgets",
      "infomtl search configs/experiments/search_quick.json --output runs/search", line.search, &commands::search);
  search
      ->add_option("config", line.search.config, "search config: experiment, methods, space, algorithm, budget, seeds")
      ->required();
  add_overrides(search, line.search.overrides, "override a field of every run (repeatable)");
  search->add_option("--output", line.search.output, "folder of the trials (default: runs/<config>)")->check(a_name());
  search->add_flag("--json", line.search.json, "print search.json");

  CLI::App* check = add_command(
      app, line, "check",
      "dry run of a config, a comparison or a search: model, data, labels, lengths, duplicates, memory, and every "
      "problem, each once",
      "infomtl check configs/quickstart.json --examples", line.check, &commands::check);
  check->add_option("config", line.check.config, "config of a run, a comparison or a search")->required();
  add_overrides(check, line.check.overrides, "override a field (repeatable)");
  check->add_flag("--examples", line.check.examples,
                  "for each class of each split: rows, what the files have for it, three texts");
  check->add_flag("--json", line.check.json, "print the report as JSON");
}

}  // namespace infomtl::commands
