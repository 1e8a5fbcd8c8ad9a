#include "infomtl/report/report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "infomtl/core/errors.h"
#include "infomtl/core/utf8.h"
#include "report/html_text.h"
#include "report/run_folders.h"
#include "support/message_of.h"

namespace infomtl {
namespace {

using testing::message_of;
using testing::nesting_fault;
using testing::occurrences;
using testing::TemporaryFolder;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // times mean little then
#else
constexpr bool kSanitized = false;
#endif

/// A page that is whole: every element closed, nothing loaded from elsewhere, no script, ids once, links that lead somewhere.
void expect_whole(const std::string& html) {
  EXPECT_TRUE(html.starts_with("<!DOCTYPE html>"));
  EXPECT_EQ(nesting_fault(html), "");
  EXPECT_EQ(find_invalid_utf8(html), std::string_view::npos);
  for (const char* outside : {"<script", "http:", "https:", "src=", "url(", "@import", "javascript"}) {
    const std::size_t expected = std::string(outside) == "http:" ? occurrences(html, "xmlns='http:") : 0;
    EXPECT_EQ(occurrences(html, outside), expected) << outside;
  }
  EXPECT_EQ(occurrences(html, "<svg role='img'"), occurrences(html, "<desc>"));
  EXPECT_EQ(html.find(">nan<"), std::string::npos);
  EXPECT_EQ(html.find(">inf<"), std::string::npos);
  for (std::size_t at = html.find("href='#"); at != std::string::npos; at = html.find("href='#", at + 1)) {
    const std::string id = html.substr(at + 7, html.find('\'', at + 7) - at - 7);
    EXPECT_EQ(occurrences(html, " id='" + id + "'"), 1U) << id;
  }
}

bool holds(const std::string& text, const std::string& wanted) { return text.find(wanted) != std::string::npos; }

void expect_narrow(const std::string& text, std::size_t columns) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    EXPECT_LE(display_width(text.substr(begin, end - begin)), columns) << text.substr(begin, end - begin);
    begin = end + 1;
  }
}

TEST(Report, OfOneFinishedRun) {
  const TemporaryFolder folder;
  testing::write_run(folder, "first", 7);
  const std::string html = html_report(folder / "first");
  expect_whole(html);
  EXPECT_TRUE(holds(html, "<h1><bdi>first</bdi></h1>"));
  EXPECT_TRUE(holds(html, "One finished run"));
  for (const char* shown :
       {"60.00", "2.0000", "macro_f1, %", "mean_squared_error, lower is better", "Training losses", "nats",
        "gradient norm", "clipped above", "Task weights", "I(X;Z), nats", "weighting/conflicts", "-0.25", "Environment",
        "finished", "12.5", "All metrics", "0.7500"}) {
    EXPECT_TRUE(holds(html, shown)) << shown;
  }
  EXPECT_FALSE(holds(html, "Differences against")) << "there is no baseline";
  const std::string text = text_report(folder / "first");
  EXPECT_TRUE(holds(text, "One finished run"));
  EXPECT_TRUE(holds(text, "60.00"));
  EXPECT_TRUE(holds(text, "1.4 to 1.1")) << text;
  expect_narrow(text, 80);
}

TEST(Report, PanelsStandInTheOrderOfTheTables) {
  const TemporaryFolder folder;
  Json results = testing::results_json(0, 0.5, 2.0);
  results["tasks"] = {{"stars", results["tasks"]["stars"]}, {"hate", results["tasks"]["hate"]}};
  folder.write("run/results.json", results.dump());
  folder.write("run/log.jsonl", R"({"step": 1, "weights/hate": 1.0, "weights/stars": 2.0})"
                                "\n");
  const std::string html = html_report(folder / "run");
  const std::size_t stars = html.find("<h4><bdi>stars</bdi></h4>");
  ASSERT_NE(stars, std::string::npos);
  EXPECT_LT(stars, html.find("<h4><bdi>hate</bdi></h4>"));
}

TEST(Report, LeavesOutTermsThatStayZero) {
  const TemporaryFolder folder;
  folder.write("run/log.jsonl", R"({"step": 1, "loss/hate/information/raw": 0.0, "loss/hate/timin/raw": 0.5})"
                                "\n");
  const std::string html = html_report(folder / "run");
  EXPECT_TRUE(holds(html, "<h3><bdi>timin</bdi></h3>"));
  EXPECT_FALSE(holds(html, "<h3><bdi>information</bdi></h3>"));
}

TEST(Report, SpeaksOfTheClippingLineOnlyWhereItIsDrawn) {
  const TemporaryFolder folder;
  testing::write_run(folder, "says", 7);
  EXPECT_TRUE(holds(html_report(folder / "says"), "the dashed line is the norm"));
  folder.write("silent/log.jsonl", testing::log_text());
  folder.write("silent/config.json", R"({"training": {"epochs": 2}})");
  EXPECT_TRUE(holds(html_report(folder / "silent"), "norm before clipping"));
  EXPECT_FALSE(holds(html_report(folder / "silent"), "the dashed line is the norm"));
  folder.write("silent/config.json", R"({"training": {"clip": "none", "clip_norm": 1}})");
  EXPECT_FALSE(holds(html_report(folder / "silent"), "clipped above"));
}

TEST(Report, OfAnUnfinishedRun) {
  const TemporaryFolder folder;
  folder.write("half/log.jsonl", testing::log_text());
  const std::string html = html_report(folder / "half");
  expect_whole(html);
  EXPECT_TRUE(holds(html, "not finished"));
  EXPECT_TRUE(holds(html, "unfinished, step 40 of 40"));
  EXPECT_TRUE(holds(html, "Training losses"));
  EXPECT_FALSE(holds(html, "id='p0-scores'"));
  EXPECT_TRUE(holds(text_report(folder / "half"), "not finished, step 40 of 40"));
}

TEST(Report, OfSeeds) {
  const TemporaryFolder folder;
  for (const int seed : {0, 1, 10})
    testing::write_run(folder, "seeds/seed-" + std::to_string(seed), seed, 0.6 + 0.01 * seed);
  folder.write("seeds/summary.json", "{}");
  const std::string html = html_report(folder / "seeds");
  expect_whole(html);
  EXPECT_TRUE(holds(html, "One config under 3 seeds (summary.json)"));
  EXPECT_TRUE(holds(html, "0, 1, 10"));
  EXPECT_TRUE(holds(html,
                    "63.67 ± 13.68"));  // t(0.975, 2) = 4.3027, deviation 5.508
}

TEST(Report, OfAComparison) {
  const TemporaryFolder folder;
  testing::write_comparison(folder, "main", testing::comparison_json());
  const std::string html = html_report(folder / "main");
  expect_whole(html);
  for (const char* shown : {"A comparison (comparison.json) of 2 methods with 4 runs", "<small>(baseline)</small>",
                            "64.30 ± 2.50", "+4.30 ± 2.00", "0.012", "2 of 2", "+5.50", "12 345", "12.5 %", "stars",
                            "3.21 points", "class='zero'", "id='p0-settings'", "imtl"}) {
    EXPECT_TRUE(holds(html, shown)) << shown;
  }
  const std::string text = text_report(folder / "main");
  EXPECT_TRUE(holds(text, "+4.30 ± 2.00"));
  expect_narrow(text, 80);
  expect_narrow(text_report(folder / "main", 50), 60);
}

TEST(Report, OfAComparisonWithAxes) {
  const TemporaryFolder folder;
  Json json = testing::comparison_json();
  const Json cell = json["cells"][0];
  json["cells"] = Json::array();
  for (const double fraction : {0.5, 0.1}) {
    Json own = cell;
    own["axes"] = {{"data.train_fraction", fraction}};
    own["folder"] = fraction == 0.5 ? "half" : "tenth";
    json["cells"].push_back(own);
  }
  folder.write("axes/comparison.json", json.dump());
  testing::write_run(folder, "axes/half/plain/seed-0", 0);
  const std::string html = html_report(folder / "axes");
  expect_whole(html);
  EXPECT_TRUE(holds(html, "in 2 cells"));
  EXPECT_TRUE(holds(html, "Over the settings"));
  EXPECT_TRUE(holds(html, "data.train_fraction = 0.1"));
  EXPECT_TRUE(holds(html, "no run folder that can be read, so without curves: plain, seed 1; InfoMTL, seed 0, 1."));
}

TEST(Report, ContentsOfManyCellsNameTheCellsAlone) {
  const TemporaryFolder folder;
  Json json = testing::comparison_json();
  const Json cell = json["cells"][0];
  for (const int cells : {2, 12}) {
    json["cells"] = Json::array();
    for (int i = 0; i < cells; ++i) {
      Json own = cell;
      own["axes"] = {{"data.max_train_rows", 100 + i}};
      own["folder"] = "cell" + std::to_string(i);
      json["cells"].push_back(own);
    }
    folder.write("axes/comparison.json", json.dump());
    const std::string html = html_report(folder / "axes");
    const std::string contents = html.substr(0, html.find("</nav>"));
    EXPECT_EQ(holds(contents, "href='#p0-scores'"), cells == 2) << contents;
    EXPECT_TRUE(holds(contents, "data.max_train_rows = 101</bdi></a>")) << contents;
    EXPECT_TRUE(holds(html, "<section id='p0-scores'"));
  }
}

TEST(Report, OfAnOldComparisonSaysSo) {
  const TemporaryFolder folder;
  testing::write_comparison(folder, "old",
                            {{"format", 1}, {"baseline", "plain"}, {"methods", {{"plain", {}}, {"infomtl", {}}}}});
  const std::string html = html_report(folder / "old");
  expect_whole(html);
  EXPECT_TRUE(holds(html, "comparison.json has format 1"));
  EXPECT_TRUE(holds(html, "64.00"));
  Json strange = testing::comparison_json();
  strange["format"] = 9;
  folder.write("old/comparison.json", strange.dump());
  EXPECT_TRUE(holds(message_of<ConfigError>([&] { html_report(folder / "old"); }), "found 9"));
}

TEST(Report, OfASearch) {
  const TemporaryFolder folder;
  folder.write("search/search.json",
               R"({"format": 1, "methods": {"infomtl": {"best": "b", "cost_examples": 10, "trials": [
    {"id": "a", "settings": {"lr": 0.1}, "rungs": [{"epochs": 1, "score": null, "cost_examples": 5}]},
    {"id": "b", "settings": {"lr": 0.2}, "rungs": [{"epochs": 1, "score": 0.5, "cost_examples": 5}]}]}}})");
  const std::string html = html_report(folder / "search");
  expect_whole(html);
  EXPECT_TRUE(holds(html, "A search (search.json) with 2 trials"));
  EXPECT_TRUE(holds(html, "class='winner'"));
  EXPECT_TRUE(holds(text_report(folder / "search"), "★ b"));
}

TEST(Report, OfAFolderOfSuch) {
  const TemporaryFolder folder;
  testing::write_comparison(folder, "all/main", testing::comparison_json());
  testing::write_run(folder, "all/single", 3);
  testing::write_run(folder, "all/deep/er/seed-1", 1);
  folder.write("all/search/search.json", R"({"format": 1, "methods": {}})");
  folder.write("all/notes.txt", "nothing");
  const std::string html = html_report(folder / "all");
  expect_whole(html);
  EXPECT_TRUE(holds(html, "holds 2 tables of comparisons or searches and 2 single runs"));
  for (const char* part : {"<bdi>main</bdi>", "Single runs", "deep/er"}) EXPECT_TRUE(holds(html, part)) << part;
}

TEST(Report, OneBrokenRunOfSeveralIsNamed) {
  const TemporaryFolder folder;
  testing::write_comparison(folder, "main", testing::comparison_json());
  folder.write("main/plain/seed-1/results.json", "{\"format\": 1");
  folder.write("main/infomtl/seed-0/log.jsonl", "{\"step\": 1}\nrubbish\n{\"step\": 2}\n");
  const std::string html = html_report(folder / "main");
  expect_whole(html);
  EXPECT_TRUE(holds(html, "plain/seed-1 could not be read and is left out"));
  EXPECT_TRUE(holds(html, "log.jsonl, line 2"));
}

TEST(Report, RefusesWhatIsNoFolderOfRuns) {
  const TemporaryFolder folder;
  folder.write("empty/notes.txt", "nothing");
  EXPECT_TRUE(holds(message_of<UserError>([&] { html_report(folder / "empty"); }), "holds no run"));
  EXPECT_TRUE(holds(message_of<UserError>([&] { text_report(folder / "missing"); }), "missing: is not a folder"));
  EXPECT_TRUE(holds(message_of<UserError>([&] { html_report(folder / "empty/notes.txt"); }), "is not a folder"));
  folder.write("broken/results.json", "[]");
  EXPECT_TRUE(holds(message_of<FormatError>([&] { html_report(folder / "broken"); }), "results.json"));
  folder.write("broken2/comparison.json", "{\"format\": 2}");
  EXPECT_TRUE(holds(message_of<ConfigError>([&] { html_report(folder / "broken2"); }), "comparison.json#/split"));
}

TEST(Report, LinksThatLeadNowhereAndConfigsByTheNameOfResultsAreNamed) {
  const TemporaryFolder folder;
  for (const char* const name : {"results.json", "config.json", "log.jsonl", "comparison.json", "search.json"}) {
    const auto run = folder / (std::string("of-") + name);
    testing::write_run(folder, run.filename().string(), 1);
    std::filesystem::remove(run / name);
    std::filesystem::create_symlink(run / "nowhere", run / name);
    EXPECT_TRUE(holds(message_of<IoError>([&] { html_report(run); }), std::string(name) + ": is a link to")) << name;
  }
  folder.write("best/comparison.json", "// Confirms the search above this folder.\n{\"methods\": []}\n");
  EXPECT_TRUE(holds(message_of<UserError>([&] { html_report(folder / "best"); }), "is a comparison's config"));
}

TEST(Report, ReadsNothingOutsideTheFolder) {
  const TemporaryFolder folder;
  for (const char* outside : {"../elsewhere", "/etc", "a/../../b"}) {
    Json json = testing::comparison_json();
    json["cells"][0]["methods"][1]["folder"] = outside;
    testing::write_comparison(folder, "main", json);
    EXPECT_TRUE(holds(message_of<ConfigError>([&] { html_report(folder / "main"); }), "not below")) << outside;
  }
}

TEST(Report, EscapesEverythingThatComesFromFiles) {
  const std::string hostile = "<script>alert('1')</script>\"&\x1b[31m\u202e" + std::string(300, 'x') + "😀שלום";
  const TemporaryFolder folder;
  Json json = testing::comparison_json(hostile);
  json["tasks"][0]["name"] = hostile;
  json["tasks"][0]["metric"] = hostile;
  json["left_out_tasks"] = Json::array({hostile});
  json["split"] = hostile;
  json["cells"][0]["axes"] = {{hostile, hostile}};
  for (Json& method : json["cells"][0]["methods"]) {
    method["per_task"] = {{hostile, method["per_task"]["hate"]}};
    method["budget"]["passes"] = {{hostile, 1}};
    if (method["against_baseline"].is_object()) {
      method["against_baseline"]["per_task"] = {{hostile, method["against_baseline"]["per_task"]["hate"]}};
    }
  }
  testing::write_comparison(folder, "main", json);
  Json results = testing::results_json(0, 0.5, 2.0);
  results["environment"] = {{hostile, hostile}};
  results["tasks"][hostile] = results["tasks"]["hate"];
  results["task_similarity"] = {{hostile, {{hostile, 0.5}, {"hate", "no number"}}}, {"hate", 3}};
  results["task_weights"] = {{hostile, {{hostile, {{"hate", 0.5}}}, {"hate", 3}}}, {"weight_prior", 4}};
  results["loss_weights"] = {{hostile, 0.5}, {"hate", "no number"}};
  folder.write("main/plain/seed-0/results.json", results.dump());
  Json config = testing::config_json(0);
  config[hostile] = {{"name", hostile}, {"list", {hostile, hostile, 1}}};
  folder.write("main/infomtl/seed-0/config.json", config.dump());
  const Json record = {{"step", 1},
                       {"loss/" + hostile + "/" + "<b>/raw", 1.0},
                       {"weights/" + hostile, 1.0},
                       {"diagnostics/" + hostile, 1.0},
                       {"diagnostics/information/" + hostile + "/lower", 1.0},
                       {"diagnostics/information/" + hostile + "/upper", 2.0}};
  folder.write("main/plain/seed-0/log.jsonl",
               record.dump() + "\n" +
                   Json{{"step", 1}, {"epoch", 0}, {"best", true}, {"validation/" + hostile, 0.5}}.dump() + "\n");
  const std::string html = html_report(folder / "main");
  expect_whole(html);
  EXPECT_FALSE(holds(html, "<b>"));
  EXPECT_FALSE(holds(html, "\x1b"));
  EXPECT_FALSE(holds(html, "\u202e"));
  EXPECT_TRUE(holds(html, "&lt;script&gt;alert(&#39;1&#39;)"));
  EXPECT_TRUE(holds(html, "😀"));
  const std::string text = text_report(folder / "main");
  EXPECT_FALSE(holds(text, "\x1b")) << "a terminal would obey it";
  EXPECT_FALSE(holds(text, "\u202e"));
  expect_narrow(text, 80);
}

TEST(Report, ShowsWhichClassesAreTakenForWhich) {
  const TemporaryFolder folder;
  Json results = testing::results_json(0, 0.5, 2.0);
  results["tasks"]["hate"]["classes"]["validation"] = {{"labels", {"no", "<b>"}},
                                                       {"counts", {{3, 1, 1}, {1, 1, 1}}},
                                                       {"confusion", {{0, 0, 3}, {0, 1, 1}, {1, 0, 1}, {1, 1, 1}}}};
  testing::write_run(folder, "one", 0);
  folder.write("one/results.json", results.dump());
  const std::string html = html_report(folder / "one");
  expect_whole(html);
  for (const char* shown : {"Which classes are taken for which", "hate, validation", ">0.75<", ">0.25<", "&lt;b&gt;"}) {
    EXPECT_TRUE(holds(html, shown)) << shown;
  }
}

TEST(Report, EscapesTheNamesOfFolders) {
  const TemporaryFolder folder;
  const std::string name = "<img onerror=x>&'\xff";
  testing::write_run(folder, name, 0);
  const std::string html = html_report(folder / name);
  expect_whole(html);
  EXPECT_TRUE(holds(html, "&lt;img onerror=x&gt;&amp;&#39;\xEF\xBF\xBD"));
  expect_whole(html_report(folder.path()));
}

TEST(Report, HugeNumbersAndNullsDoNotBreakIt) {
  const TemporaryFolder folder;
  Json json = testing::comparison_json();
  for (Json& method : json["cells"][0]["methods"]) {
    method["average"] = {
        {"mean", 1e308}, {"deviation", nullptr}, {"half_width_95", 1e308}, {"values", {1e308, -1e308}}};
    for (auto& [key, value] : method["budget"].items()) {
      if (value.is_number()) value = 1e300;
    }
    if (method["against_baseline"].is_object()) {
      for (const char* key : {"difference", "half_width_95", "p", "delta_p_percent"})
        method["against_baseline"][key] = 1e308;
    }
  }
  json["cells"][0]["power"] = nullptr;
  testing::write_comparison(folder, "main", json);
  std::string log;
  for (int step = 1; step < 50; ++step) {
    const Json value = step % 3 == 0 ? Json(1e308) : step % 3 == 1 ? Json(nullptr) : Json(-1e308);
    log += Json{{"step", step},
                {"gradient_norm", value},
                {"loss/hate/supervised/raw", value},
                {"weights/hate", 1e99 * step}}
               .dump() +
           "\n";
  }
  folder.write("main/plain/seed-0/log.jsonl", log);
  Json results = testing::results_json(0, 1e308, -1e308);
  results["training"] = {{"steps", 1e300}, {"seconds", nullptr}, {"peak_memory_bytes", "much"}};
  results["environment"] = nullptr;
  results["average"]["validation"] = nullptr;
  folder.write("main/plain/seed-0/results.json", results.dump());
  const std::string html = html_report(folder / "main");
  expect_whole(html);
  EXPECT_TRUE(holds(html, "numbers of the logs are null, not finite or beyond 1e100"));
  EXPECT_FALSE(holds(html, "00000000000000000000"));
  expect_narrow(text_report(folder / "main"), 80);
}

TEST(Report, OfSixtyFiveRunsIsSmallAndQuick) {
  const TemporaryFolder folder;
  const std::vector<std::string> tasks = {"emotion", "hate", "irony", "offensive", "sentiment", "stance"};
  Json json = testing::comparison_json();
  json["cells"][0]["methods"] = Json::array();
  std::string log;
  for (int step = 10; step <= 4000; step += 10) {
    Json record = {{"step", step}, {"epoch", step / 500}, {"total_steps", 4000}, {"gradient_norm", 1 + step % 7}};
    for (const std::string& task : tasks) {
      for (const char* term : {"supervised", "simax", "timin"}) {
        record["loss/" + task + "/" + term + "/raw"] = 1.0 / step + step % 13;
        record["loss/" + task + "/" + term + "/count"] = 32;
      }
      record["weights/" + task] = 1 + step % 3;
    }
    log += record.dump() + "\n";
  }
  for (int method = 0; method < 13; ++method) {
    const std::string key = "method_" + std::to_string(method);
    json["cells"][0]["methods"].push_back(testing::compared_method(key, key, 0.6, method == 0));
    for (int seed = 0; seed < 5; ++seed) {
      const std::string run = "main/" + key + "/seed-" + std::to_string(seed);
      testing::write_run(folder, run, seed);
      folder.write(run + "/log.jsonl", log);
    }
  }
  json["baseline"] = "method_0";
  folder.write("main/comparison.json", json.dump());
  const std::clock_t begin = std::clock();  // of the processor: a busy machine is not the page's fault
  const std::string html = html_report(folder / "main");
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  expect_whole(html);
  EXPECT_LT(html.size(), 2U << 20U);
  EXPECT_LT(seconds, kSanitized ? 300.0 : 5.0);
  EXPECT_TRUE(holds(html, " points are thinned to so many"));
  RecordProperty("seconds", std::to_string(seconds));
}

}  // namespace
}  // namespace infomtl
