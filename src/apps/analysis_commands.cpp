// Commands that analyse and show.
#include <string>

#include "command_line.h"

namespace infomtl::commands {

void add_analysis_commands(CLI::App& app, CommandLine& line) {
  CLI::App* influence = add_command(
      app, line, "influence", "which training rows of which task help or harm which task; writes RUN/influence",
      "infomtl influence runs/first --shared adapter:32\n"
      "  infomtl influence runs/first --shared none --leave-one-out 100\n"
      "  infomtl influence runs/first --select 0.1 --write leave_out.json     (for data.leave_out of a config)",
      line.influence, &commands::influence);
  influence
      ->add_option("run", line.influence.run, "run folder; its encoder stays frozen, linear heads are trained on it")
      ->required();
  influence->add_option("--data", line.influence.data_root, "folder of the data, in place of the run's data.root")
      ->type_name("FOLDER");
  add_list(influence, "--tasks", line.influence.tasks, "these tasks only: hate,irony", CLI::Validator("TASK"));
  influence->add_option("--shared", line.influence.shared,
                        "what tasks share above the encoder: none, common or adapter:RANK (default: adapter:32)");
  influence->add_option("--sharing", line.influence.sharing, "hard or soft (default: hard)")
      ->check(CLI::IsMember({"hard", "soft"}));
  influence->add_option("--penalty", line.influence.penalty, "of soft sharing (default: 0.1)")
      ->check(number_in(above(0), "NUMBER"));
  influence->add_option("--ridge", line.influence.ridge, "in training and curvature alike (default: 0.01)")
      ->check(number_in(at_least(0), "NUMBER"));
  influence->add_option("--backend", line.influence.backend,
                        "auto, explicit, cg, lissa, arnoldi, ekfac, random_projection or identity (default: auto)");
  add_overrides(influence, line.influence.overrides,
                "tolerance, iterations, curvature, damping, cg_tolerance, ..., seed (repeatable)");
  influence
      ->add_option("--leave-one-out", line.influence.leave_one_out,
                   "check: retrain without each of so many rows, print Pearson's correlation")
      ->check(CLI::Range(std::int64_t{2}, std::int64_t{1} << 24));
  influence
      ->add_option("--subsets", line.influence.subsets,
                   "check: train on so many random halves, print the linear datamodelling score (LDS)")
      ->check(CLI::Range(std::int64_t{3}, std::int64_t{1} << 24));
  influence
      ->add_option("--mislabel", line.influence.mislabel,
                   "check: flip this share of the labels, print the AUC of finding them")
      ->check(number_in(between(0.001, 0.5), "SHARE"));
  CLI::Option* select =
      influence->add_option("--select", line.influence.select, "the most harmful share of every task's rows, ...")
          ->check(number_in({.low = 0, .high = 1, .low_open = true, .high_open = true}, "SHARE"));
  influence->add_option("--write", line.influence.write, "... as a file for data.leave_out")->type_name("FILE.json");
  CLI::Option* by_chance =
      influence->add_option("--select-random", line.influence.select_random, "instead, as many rows by chance")
          ->check(seed_numbers())
          ->needs(select);
  influence->add_option("--target", line.influence.target, "harmful to this task (default: the mean over all)")
      ->needs(select)
      ->excludes(by_chance);
  influence->add_flag("--json", line.influence.json, "print influence.json");

  CLI::App* relatedness =
      add_command(app, line, "relatedness",
                  "how the tasks of some runs relate: covariances, gradients, influence, transfer between pairs, "
                  "learned weights and "
                  "labels side by side, how the measures agree, and which tasks to train together",
                  "infomtl relatedness runs/pairs", line.relatedness, &commands::relatedness);
  relatedness
      ->add_option("paths", line.relatedness.paths,
                   "runs, folders of runs (a comparison of pairs, say), or a config, of the model that it starts from")
      ->required();
  relatedness->add_option("--data", line.relatedness.data_root, "folder of the data, in place of the runs' data.root")
      ->type_name("FOLDER");
  relatedness
      ->add_option("--output", line.relatedness.output,
                   "folder of relatedness.json and relatedness.svg (default: the first folder given)")
      ->type_name("FOLDER")
      ->check(a_name());
  relatedness->add_option("--split", line.relatedness.split, "of scores and covariances: validation or test")
      ->check(CLI::IsMember({"validation", "test"}))
      ->capture_default_str();
  relatedness
      ->add_option("--draws", line.relatedness.draws, "pairs of batches per run for the gradient cosines; 0: none")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  relatedness->add_option("--rows", line.relatedness.rows, "training rows of a task in such a batch")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  relatedness->add_flag("--json", line.relatedness.json, "print relatedness.json");

  CLI::App* information =
      add_command(app, line, "information", "estimators of mutual information against the truth on Gaussian data",
                  "infomtl information --set targets=[2,4] --set steps=500 --picture information.svg", line.information,
                  &commands::information);
  add_overrides(information, line.information.overrides, "targets, steps, rows, critic, estimators, seed, ...");
  information->add_option("--picture", line.information.picture, "write the curves as an SVG");
  information->add_flag("--json", line.information.json, "print the report as JSON");

  CLI::App* report = add_command(app, line, "report", "a page for the browser, or text, of a folder of runs",
                                 "infomtl report runs/first --output first.html", line.report, &commands::report);
  report->add_option("folder", line.report.folder, "run, seeds, comparison, search, or a folder of such")->required();
  CLI::Option* page =
      report->add_option("--output", line.report.output, "the page (default: report.html in the folder)")
          ->type_name("FILE.html")
          ->check(a_name());
  report->add_flag("--text", line.report.text, "print tables and small curves instead, 80 columns wide")
      ->excludes(page);
}

}  // namespace infomtl::commands
